package org.cosmograd.autodiff.kernel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;

/// One background thread that brings SIMD twins to full speed on scratch data, those with the most work behind them first. Each takes
/// over as soon as it is compiled, and is watched from then on ([CodeWatch]).
///
/// HotSpot compiles a method with its profiling compiler after 200 calls and with its optimising compiler after 5000 more. Until
/// then each vector operation is an object and costs about a microsecond, so the calls that only count are empty ones; a few real ones
/// among them show the profile that loops are long and that every branch is taken. While the optimising compiler has much to do, methods
/// are compiled without a profile first, and all calls have to be made again: so they go on until the kernel is machine code.
final class Warmer {
    private Warmer() {}

    private static final System.Logger LOG = System.getLogger("org.cosmograd.autodiff");

    /// Calls at first, a little above the threshold.
    private static final int CALLS = 5600;
    /// Calls between looks. In code without a profile HotSpot decides anew at every 2048th call.
    private static final int MORE_CALLS = 2048;
    /// One real call in so many.
    private static final int REAL_EVERY = 200;

    private static final int MORE_REAL_EVERY = 512;
    /// Calls, and seconds, after which a kernel stays what it is.
    private static final int MOST_CALLS = 200_000;

    private static final Duration GIVE_UP = Duration.ofSeconds(60);
    /// Length of a real call, in vectors.
    private static final int REAL_VECTORS = 24;

    /// Slower than this per vector and operation means: not compiled yet.
    private static final double COLD_NANOS = 30;

    private static final int PROBE_VECTORS = 6;

    private static final int RARE_VECTORS = 9;
    /// Numbers that after most functions still are among those that [Lanes#rarely] is for.
    private static final double[] RARE = {1e30, -1e30, -1e-30, 1e-30, 0.75};

    /// Kernels that wait for the compilers at the same time.
    private static final int AT_ONCE = 4;
    /// Milliseconds between looks at them.
    private static final int LONGEST_PAUSE = 24;

    private static final List<Loops.Tiered> WAITING = new ArrayList<>();
    private static final List<Job> COOLED = new ArrayList<>();
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
            while (busy || !WAITING.isEmpty() || !COOLED.isEmpty()) {
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

    /// A kernel on its way, and then in its place.
    ///
    /// @param attempt how many times it was emitted before
    private record Job(Loops.Tiered kernel, LoopKernel simd, Session session, int attempt) implements CodeWatch.Kernel {
        @Override
        public void probe() {
            session.real();
        }

        @Override
        public void cooled() {
            kernel.cool();
            session.begin();
            synchronized (WAITING) {
                COOLED.add(this);
                WAITING.notifyAll();
            }
        }
    }

    private static void work() {
        VectorClasses.initialise();
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
            busy = !active.isEmpty() || !COOLED.isEmpty();
            WAITING.notifyAll();
            while (WAITING.isEmpty() && COOLED.isEmpty() && active.isEmpty()) {
                try {
                    WAITING.wait();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("cosmograd: warming was interrupted", e);
                }
            }
            active.addAll(COOLED);
            COOLED.clear();
            busy = true;
            if (WAITING.isEmpty() || active.size() >= AT_ONCE) {
                return Optional.empty();
            }
            Loops.Tiered next = WAITING.stream().max(Comparator.comparingLong(Loops.Tiered::work)).orElseThrow();
            WAITING.remove(next);
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

    /// Puts a kernel in its place when it is ready. A flawed one is emitted and compiled once more, but not for ever: it is not slow.
    private static boolean isDone(Job job, List<Job> again) {
        try {
            CodeWatch.State state = job.session.state();
            if (state == CodeWatch.State.FLAWED && job.attempt < CodeWatch.ATTEMPTS) {
                prime(job.kernel, job.attempt + 1).ifPresent(again::add);
                return true;
            }
            if (state == CodeWatch.State.COLD) {
                return job.session.isLate();
            }
            job.kernel.replace(job.simd);
            if (state == CodeWatch.State.SOUND) {
                CodeWatch.add(job);
            }
            return true;
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
        for (int pause = 1; session.state() == CodeWatch.State.COLD; pause = Math.min(LONGEST_PAUSE, 2 * pause)) {
            if (session.isLate()) {
                return false;
            }
            Session.pause(pause);
        }
        return true;
    }

    private static final class Session {
        private long begin;
        private int calls;
        private final LoopKernel kernel;
        private final int length;
        private final int lanes;
        private final int operations;
        private final int room;
        private final Object[] arrays;
        private final int[] geometry;
        private final int[] atTheEnd;
        private final int[] atRare;

        Session(LoopSpec spec, LoopKernel kernel) {
            begin();
            this.kernel = kernel;
            this.length = spec.length();
            DType type = spec.type(spec.sinks().getFirst().value());
            this.lanes = Simd.bits() / (8 * type.bytes());
            this.operations = LoopEmitter.operations(spec);
            this.room = (REAL_VECTORS + 1) * lanes;
            int all = room + RARE_VECTORS * lanes;
            int operands = spec.sources().size() + spec.sinks().size();
            int tables = spec.indexed().size();
            this.arrays = new Object[operands + tables];
            this.geometry = new int[3 * (operands + tables)];
            for (int t = operands; t < operands + tables; t++) {
                arrays[t] = new int[REAL_VECTORS + 1];
            }
            for (int k = 0; k < operands; k++) {
                boolean source = k < spec.sources().size();
                Access access = source ? spec.sources().get(k).access() : spec.sinks().get(k - spec.sources().size()).access();
                int step = access == Access.STRIDED ? 2 : 1;
                if (type == DType.F32) {
                    float[] a = new float[step * all];
                    Arrays.fill(a, 0.75f);
                    for (int i = step * room; i < a.length; i++) {
                        a[i] = (float) RARE[i / step % RARE.length];
                    }
                    arrays[k] = a;
                } else {
                    double[] a = new double[step * all];
                    Arrays.fill(a, 0.75);
                    for (int i = step * room; i < a.length; i++) {
                        a[i] = RARE[i / step % RARE.length];
                    }
                    arrays[k] = a;
                }
                geometry[3 * k + 2] = access == Access.SPLAT ? 0 : step;
            }
            this.atRare = geometry.clone();
            this.atTheEnd = geometry.clone();
            for (int k = 0; k < operands; k++) {
                atRare[3 * k] = Math.max(1, geometry[3 * k + 2]) * room;
                int size = type == DType.F32 ? ((float[]) arrays[k]).length : ((double[]) arrays[k]).length;
                atTheEnd[3 * k] = size - Math.max(1, 3 * geometry[3 * k + 2]);
            }
        }

        /// From now on the time counts.
        void begin() {
            begin = System.nanoTime();
            calls = 0;
        }

        /// As many calls as make the compilers take notice.
        void prime() {
            for (int i = 0; i < 400; i++) {
                empty();
            }
            pause(1);
            calls(CALLS, REAL_EVERY);
        }

        private void calls(int count, int realEvery) {
            for (int i = 0; i < count; i++) {
                empty();
                if (i % realEvery == realEvery / 2) {
                    real();
                }
            }
            calls += count;
        }

        /// What the kernel runs as; if not as machine code, some more calls are made.
        CodeWatch.State state() {
            CodeWatch.State now = CodeWatch.state(isFast(), calls, this::real);
            now = now == CodeWatch.State.SOUND ? CodeWatch.state(true, calls, this::real) : now;
            if (now == CodeWatch.State.COLD) {
                calls(MORE_CALLS, MORE_REAL_EVERY);
            }
            return now;
        }

        boolean isLate() {
            return calls > MOST_CALLS && System.nanoTime() - begin > GIVE_UP.toNanos();
        }

        private void empty() {
            kernel.run(arrays, geometry, 0, 0, 0);
        }

        /// Two rows, long enough that the compiler unrolls; then a rest of a row at the end of an array, an empty row, and elements that
        /// take the way around by [Lanes#rarely].
        private void real() {
            if (length > 0) {
                kernel.run(arrays, atRare, 0, 1, length);
                kernel.run(arrays, geometry, 0, REAL_VECTORS, length);
                kernel.run(arrays, geometry, 0, 1, length);
                return;
            }
            kernel.run(arrays, geometry, 0, 2, REAL_VECTORS * lanes + 3);
            kernel.run(arrays, atTheEnd, 0, 1, 3);
            kernel.run(arrays, geometry, 0, 1, 0);
            kernel.run(arrays, atRare, 0, 1, (RARE_VECTORS - 1) * lanes + 3);
            kernel.run(arrays, atRare, 0, 1, (RARE_VECTORS - 2) * lanes + 3);
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
