package org.cosmograd.autodiff.kernel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;

/// One background thread that brings SIMD twins to full speed on scratch data, the one with the most work behind it first.
///
/// HotSpot compiles a method with its profiling compiler after 200 calls and with its optimising compiler after 5000 calls. Until
/// then each vector operation is an object and costs about a microsecond, so the calls that only count are empty ones; a few real ones
/// among them show the profile that loops are long and that every branch is taken.
final class Warmer {
    private Warmer() {}

    private static final System.Logger LOG = System.getLogger("org.cosmograd.autodiff");

    /// Calls in all, a little above the threshold.
    private static final int CALLS = 5600;
    /// One real call in so many.
    private static final int REAL_EVERY = 200;
    /// Length of a real call, in vectors.
    private static final int REAL_VECTORS = 24;

    /// Slower than this per vector and operation means: not compiled yet.
    private static final double COLD_NANOS = 30;

    private static final Duration GIVE_UP = Duration.ofSeconds(30);

    private static final List<Loops.Tiered> WAITING = new ArrayList<>();
    private static boolean busy;
    private static boolean started;

    static void submit(Loops.Tiered kernel) {
        synchronized (WAITING) {
            WAITING.add(kernel);
            if (!started) {
                started = true;
                Thread.ofPlatform().name("cosmograd-warmer").daemon().priority(Thread.NORM_PRIORITY - 1).start(Warmer::work);
            }
            WAITING.notifyAll();
        }
    }

    static boolean await(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        synchronized (WAITING) {
            while (busy || !WAITING.isEmpty()) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return false;
                }
                try {
                    WAITING.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
            return true;
        }
    }

    private static void work() {
        while (true) {
            Loops.Tiered next;
            synchronized (WAITING) {
                busy = false;
                WAITING.notifyAll();
                while (WAITING.isEmpty()) {
                    try {
                        WAITING.wait();
                    } catch (InterruptedException e) {
                        return;
                    }
                }
                next = WAITING.stream().max(Comparator.comparingLong(Loops.Tiered::work)).orElseThrow();
                WAITING.remove(next);
                busy = true;
            }
            try {
                Optional<LoopKernel> simd = LoopEmitter.simd(next.spec);
                if (simd.isPresent() && warm(next.spec, simd.get())) {
                    next.replace(simd.get());
                }
            } catch (Throwable e) {
                LOG.log(System.Logger.Level.WARNING, "cosmograd: a kernel stays scalar, its SIMD form failed: " + next.spec, e);
            }
        }
    }

    /// Runs `kernel` until it is compiled. False if that does not happen.
    static boolean warm(LoopSpec spec, LoopKernel kernel) {
        return new Session(spec, kernel).run();
    }

    private static final class Session {
        private final LoopKernel kernel;
        private final int length;
        private final int lanes;
        private final int operations;
        private final int room;
        private final Object[] arrays;
        private final int[] geometry;
        private final int[] atTheEnd;

        Session(LoopSpec spec, LoopKernel kernel) {
            this.kernel = kernel;
            this.length = spec.length();
            DType type = spec.type(spec.sinks().getFirst().value());
            this.lanes = Simd.bits() / (8 * type.bytes());
            this.operations = LoopEmitter.operations(spec);
            this.room = (REAL_VECTORS + 1) * lanes;
            int operands = spec.sources().size() + spec.sinks().size();
            this.arrays = new Object[operands];
            this.geometry = new int[3 * operands];
            for (int k = 0; k < operands; k++) {
                boolean source = k < spec.sources().size();
                Access access = source ? spec.sources().get(k).access() : spec.sinks().get(k - spec.sources().size()).access();
                int step = access == Access.STRIDED ? 2 : 1;
                if (type == DType.F32) {
                    float[] a = new float[step * room];
                    Arrays.fill(a, 0.75f);
                    arrays[k] = a;
                } else {
                    double[] a = new double[step * room];
                    Arrays.fill(a, 0.75);
                    arrays[k] = a;
                }
                geometry[3 * k + 2] = access == Access.SPLAT ? 0 : step;
            }
            this.atTheEnd = geometry.clone();
            for (int k = 0; k < operands; k++) {
                int size = type == DType.F32 ? ((float[]) arrays[k]).length : ((double[]) arrays[k]).length;
                atTheEnd[3 * k] = size - Math.max(1, 3 * geometry[3 * k + 2]);
            }
        }

        boolean run() {
            long end = System.nanoTime() + GIVE_UP.toNanos();
            for (int i = 0; i < 400; i++) {
                empty();
            }
            pause(1);
            int i = 0;
            do {
                for (; i < CALLS; i++) {
                    empty();
                    if (i % REAL_EVERY == REAL_EVERY / 2) {
                        real();
                    }
                }
                while (!isFast()) {
                    for (int j = 0; j < 20; j++) {
                        empty();
                    }
                    pause(2);
                    if (System.nanoTime() > end) {
                        return false;
                    }
                }
                real();
                real();
            } while (!isFast());
            return true;
        }

        private void empty() {
            kernel.run(arrays, geometry, 0, 0, 0);
        }

        /// Two rows, long enough that the compiler unrolls; then a rest of a row at the end of an array, and an empty row.
        private void real() {
            if (length > 0) {
                kernel.run(arrays, geometry, 0, REAL_VECTORS, length);
                kernel.run(arrays, geometry, 0, 1, length);
                return;
            }
            kernel.run(arrays, geometry, 0, 2, REAL_VECTORS * lanes + 3);
            kernel.run(arrays, atTheEnd, 0, 1, 3);
            kernel.run(arrays, geometry, 0, 1, 0);
        }

        /// Whether the best of three short runs is that of compiled code.
        private boolean isFast() {
            long best = Long.MAX_VALUE;
            for (int t = 0; t < 3; t++) {
                long start = System.nanoTime();
                if (length > 0) {
                    kernel.run(arrays, geometry, 0, 16 / ((length + lanes - 1) / lanes), length);
                } else {
                    kernel.run(arrays, geometry, 0, 1, 16 * lanes);
                }
                best = Math.min(best, System.nanoTime() - start);
            }
            return best < 200 + COLD_NANOS * 16 * operations / 4;
        }

        private static void pause(int milliseconds) {
            try {
                Thread.sleep(milliseconds);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
