package org.cosmograd.autodiff.kernel;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;

/// One background thread that brings SIMD twins to full speed on scratch data, those with the most work behind them first. Each takes
/// over as soon as it is compiled.
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

    private static final int PROBE_VECTORS = 6;

    /// Most repetitions for a kernel in whose machine code vectors are objects.
    private static final int ATTEMPTS = 2;

    /// Kernels that wait for the compilers at the same time.
    private static final int AT_ONCE = 4;
    /// Milliseconds between looks at them.
    private static final int LONGEST_PAUSE = 24;

    private static final Duration GIVE_UP = Duration.ofSeconds(60);

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

    /// A kernel on its way.
    ///
    /// @param attempt how many times it was emitted before
    private record Job(Loops.Tiered kernel, LoopKernel simd, Session session, int attempt) {}

    /// What a thread has allocated; asked for in the background only, as its first use loads many classes.
    private static final class Allocated {
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        static long bytes() {
            return THREADS.getCurrentThreadAllocatedBytes();
        }
    }

    private static void work() {
        List<Job> active = new ArrayList<>();
        int idle = 0;
        while (true) {
            Optional<Loops.Tiered> next = next(active);
            next.flatMap(kernel -> prime(kernel, 0)).ifPresent(active::add);
            List<Job> again = new ArrayList<>();
            boolean done = active.removeIf(job -> isDone(job, again));
            active.addAll(again);
            idle = done || next.isPresent() ? 0 : idle + 1;
            if (idle > 0) {
                Session.pause(Math.min(LONGEST_PAUSE, 1 << Math.min(idle, 20)));
            }
        }
    }

    /// The kernel with the most work behind it, if there is one and room for it; waits for one if there is nothing else to do.
    private static Optional<Loops.Tiered> next(List<Job> active) {
        synchronized (WAITING) {
            busy = !active.isEmpty();
            WAITING.notifyAll();
            while (WAITING.isEmpty() && active.isEmpty()) {
                try {
                    WAITING.wait();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("cosmograd: warming was interrupted", e);
                }
            }
            if (WAITING.isEmpty() || active.size() == AT_ONCE) {
                return Optional.empty();
            }
            Loops.Tiered next = WAITING.stream().max(Comparator.comparingLong(Loops.Tiered::work)).orElseThrow();
            WAITING.remove(next);
            busy = true;
            return Optional.of(next);
        }
    }

    private static Optional<Job> prime(Loops.Tiered kernel, int attempt) {
        try {
            Optional<LoopKernel> simd = LoopEmitter.simd(kernel.spec);
            if (simd.isPresent()) {
                Session session = new Session(kernel.spec, simd.get());
                session.prime();
                return Optional.of(new Job(kernel, simd.get(), session, attempt));
            }
        } catch (Throwable e) {
            report(kernel, e);
        }
        return Optional.empty();
    }

    /// Puts a kernel in place when it is ready. Now and then the compiler leaves a vector an object; then the kernel, which is not slow,
    /// takes its place all the same, but is emitted and compiled once more.
    private static boolean isDone(Job job, List<Job> again) {
        try {
            if (job.session.isReady()) {
                job.kernel.replace(job.simd);
                if (job.attempt < ATTEMPTS && job.session.allocates()) {
                    prime(job.kernel, job.attempt + 1).ifPresent(again::add);
                }
                return true;
            }
            return job.session.isLate();
        } catch (Throwable e) {
            report(job.kernel, e);
            return true;
        }
    }

    private static void report(Loops.Tiered kernel, Throwable e) {
        LOG.log(System.Logger.Level.WARNING, "cosmograd: a kernel stays scalar, its SIMD form failed: " + kernel.spec, e);
    }

    /// Runs `kernel` until it is compiled. False if that does not happen.
    static boolean warm(LoopSpec spec, LoopKernel kernel) {
        Session session = new Session(spec, kernel);
        session.prime();
        for (int pause = 1; !session.isReady(); pause = Math.min(LONGEST_PAUSE, 2 * pause)) {
            if (session.isLate()) {
                return false;
            }
            Session.pause(pause);
        }
        return true;
    }

    private static final class Session {
        private final long begin = System.nanoTime();
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

        /// As many calls as make the compilers take notice.
        void prime() {
            for (int i = 0; i < 400; i++) {
                empty();
            }
            pause(1);
            for (int i = 0; i < CALLS; i++) {
                empty();
                if (i % REAL_EVERY == REAL_EVERY / 2) {
                    real();
                }
            }
        }

        /// Whether the kernel is compiled and stays so when it meets real work.
        boolean isReady() {
            for (int j = 0; j < 20; j++) {
                empty();
            }
            if (!isFast()) {
                return false;
            }
            real();
            real();
            return isFast();
        }

        /// Whether real work makes objects.
        boolean allocates() {
            long least = Long.MAX_VALUE;
            for (int t = 0; t < 3 && least > 0; t++) {
                long before = Allocated.bytes();
                real();
                least = Math.min(least, Allocated.bytes() - before);
            }
            return least > 0;
        }

        boolean isLate() {
            return System.nanoTime() - begin > GIVE_UP.toNanos();
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

        /// Whether the better of two short runs is that of compiled code. They are short because slow ones make the compilers waste their
        /// time on what vectors are before they are machine code.
        private boolean isFast() {
            long best = Long.MAX_VALUE;
            for (int t = 0; t < 2; t++) {
                long start = System.nanoTime();
                if (length > 0) {
                    kernel.run(arrays, geometry, 0, Math.max(1, PROBE_VECTORS / ((length + lanes - 1) / lanes)), length);
                } else {
                    kernel.run(arrays, geometry, 0, 1, PROBE_VECTORS * lanes);
                }
                best = Math.min(best, System.nanoTime() - start);
            }
            return best < 250 + COLD_NANOS * PROBE_VECTORS * operations / 4;
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
