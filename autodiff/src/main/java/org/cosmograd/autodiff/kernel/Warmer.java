package org.cosmograd.autodiff.kernel;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One background thread that takes SIMD kernels from fresh bytecode to machine code, those with the most work behind them first, and
/// then goes on looking at them:
///
///     wanted → emitted → called → placed, if sound ⟶ looked at ⟶ withdrawn, if cooled → called → …
///                   ↖ flawed ↙      placed, if flawed several times ⟶ after a while → emitted → …
///                   ↖ cold for long ↙   ↘ given up, if cold for a minute
///
/// HotSpot compiles a method with its profiling compiler after 200 calls and with its optimising compiler after 5000 more. Until
/// then each vector operation is an object and costs about a microsecond, so the calls that only count do nothing; a few real ones
/// among them show the profile that loops are long and that every branch is taken. While the optimising compiler has much to do, methods
/// are compiled without a profile first, and all calls have to be made again: so they go on until the kernel is machine code.
///
/// HotSpot discards machine code whose assumptions fail: a class was loaded, a branch taken that never was before. A kernel that is called
/// a few times in a step would not be compiled again for minutes. Such a kernel gives its place to its plain twin until it is warm again.
///
/// Each step on the way is logged at level `DEBUG`.
final class Warmer {
    private Warmer() {}

    /// What kinds of kernels differ in. All calls come from one thread and work on scratch data, which kernels may share.
    ///
    /// @param <K> the kernel's interface
    interface Kernel<K> {
        /// The SIMD form, as a new class: its way to machine code begins anew. Empty if there is none.
        Optional<K> emit();

        /// A call that returns at once.
        void idle(K simd);

        /// Work of a few hundred vector operations, through every branch: whenever a compiler looks at the profile, it must not find
        /// one that seems never taken. Makes no objects besides vectors, except the first time.
        void real(K simd);

        /// Work of about a hundred vector operations: short, because slow ones make the compilers waste their time on what vectors are
        /// before they are machine code.
        void timed(K simd);

        /// What [#timed] takes at most as machine code.
        long fastNanos();

        /// Plain work done so far, in element operations, or an estimate: kernels with more come first.
        long urgency();
    }

    private static final System.Logger LOG = System.getLogger("org.cosmograd.autodiff");

    /// Calls that make the profiling compiler take notice.
    private static final int FIRST_CALLS = 400;
    /// Calls before the first look, a little above the threshold of the optimising compiler.
    private static final int CALLS = 6000;
    /// Calls between looks. In code without a profile HotSpot decides anew at every 2048th call.
    private static final int MORE_CALLS = 2048;
    /// One real call in so many.
    private static final int REAL_EVERY = 200;

    private static final int MORE_REAL_EVERY = 512;
    /// How many times the better of short runs is sought.
    private static final int TIMED = 4;
    /// A run of so many times what machine code takes is not worth a second look.
    private static final int FAR = 20;
    /// A cold kernel is emitted once more when the compilers have finished nothing for so long; every further time after twice the time.
    /// HotSpot forgets methods for which the first compiler fails when it shall add the profile ("out of virtual registers"), as happens
    /// with the longest tiles. Where the cores are busy, a long loop takes the optimising compiler two seconds, and may have to wait for others:
    /// emitted once more, it would wait again.
    private static final long COLD_NANOS = 3_000_000_000L;
    /// How many times that is done before a kernel stays plain.
    private static final int MOST_COLD = 4;

    /// How many times a flawed kernel is emitted once more before it is taken: it is not slow.
    static final int ATTEMPTS = 4;
    /// Time until a flawed kernel in its place is emitted once more; every further time comes after twice the time.
    private static final long FLAWED_NANOS = 1_000_000_000;
    /// How many times that is done.
    private static final int MOST_FLAWED = 6;

    /// Kernels that wait for the compilers at the same time.
    private static final int AT_ONCE = 4;
    /// Milliseconds between looks at them.
    private static final int LONGEST_PAUSE = 24;
    /// Nanoseconds to the first look at a kernel in its place; every further look comes after twice the time.
    private static final long FIRST_WATCH = 20_000_000;

    private static final long LONGEST_WATCH = 4_000_000_000L;

    // guarded by LOCK
    private static final Object LOCK = new Object();
    private static final List<Way<?>> WAITING = new ArrayList<>();
    private static int open;
    private static boolean started;

    // of the thread
    private static final List<Way<?>> ACTIVE = new ArrayList<>();
    private static final List<Way<?>> PLACED = new ArrayList<>();
    private static final @Nullable CompilationMXBean COMPILERS = ManagementFactory.getCompilationMXBean();
    private static long compilation;
    private static long compiled = System.nanoTime();

    /// Warms a kernel; for [Twins].
    static <K> void submit(Twins<K> twins, Kernel<K> kernel) {
        enter(new Way<>(twins, kernel));
    }

    private static void enter(Way<?> way) {
        synchronized (LOCK) {
            open++;
            WAITING.add(way);
            if (!started) {
                started = true;
                Thread.ofPlatform().name("cosmograd-warmer").daemon().priority(Thread.NORM_PRIORITY - 1).start(Warmer::work);
            }
            LOCK.notifyAll();
        }
    }

    /// Waits until no kernel is on its way; false if `limit` passed first.
    static boolean await(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        synchronized (LOCK) {
            while (open > 0) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return false;
                }
                try {
                    LOCK.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
            return true;
        }
    }

    private static void work() {
        VectorClasses.initialise();
        try {
            int idle = 0;
            while (true) {
                boolean progress = look() | fill();
                watchCompilers();
                for (int i = ACTIVE.size() - 1; i >= 0; i--) {
                    if (ACTIVE.get(i).advance()) {
                        ACTIVE.remove(i);
                        progress = true;
                        synchronized (LOCK) {
                            open--;
                            LOCK.notifyAll();
                        }
                    }
                }
                idle = progress ? 0 : idle + 1;
                if (!ACTIVE.isEmpty()) { // the compilers need the core, too
                    Thread.sleep(Math.min(LONGEST_PAUSE, 1 << Math.min(idle, 20)));
                }
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private static void watchCompilers() {
        long time = COMPILERS == null ? 0 : COMPILERS.getTotalCompilationTime();
        if (time != compilation) {
            compilation = time;
            compiled = System.nanoTime();
        }
    }

    /// Takes the kernels with the most work behind them while there is room; if there is nothing else to do, waits for one, or until it is
    /// time to look at those in their places.
    private static boolean fill() throws InterruptedException {
        synchronized (LOCK) {
            while (WAITING.isEmpty() && ACTIVE.isEmpty()) {
                long left = due();
                if (left <= 0) {
                    return false;
                }
                LOCK.wait(left / 1_000_000 + 1);
            }
            boolean some = false;
            while (!WAITING.isEmpty() && ACTIVE.size() < AT_ONCE) {
                Way<?> next = WAITING.getFirst();
                for (Way<?> w : WAITING) {
                    next = w.kernel.urgency() > next.kernel.urgency() ? w : next;
                }
                WAITING.remove(next);
                ACTIVE.add(next);
                some = true;
            }
            return some;
        }
    }

    /// Nanoseconds until it is time to look at a kernel in its place.
    private static long due() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < PLACED.size(); i++) { // without an iterator, so that nothing is allocated
            least = Math.min(least, PLACED.get(i).due - System.nanoTime());
        }
        return least;
    }

    /// Looks at the kernels whose time it is. What made one of them cool may have made others.
    private static boolean look() {
        boolean any = false;
        for (int i = PLACED.size() - 1; i >= 0; i--) {
            Way<?> way = PLACED.get(i);
            if (way.due - System.nanoTime() <= 0 && !way.holds()) {
                PLACED.remove(i);
                enter(way); // before it is withdrawn, so that whoever waits for all kernels waits for it
                way.leave();
                any = true;
            }
        }
        for (int i = 0; any && i < PLACED.size(); i++) {
            PLACED.get(i).lookAfter(FIRST_WATCH);
        }
        return any;
    }

    private static void log(System.Logger.Level level, String what, Object kernel, @Nullable Throwable why) {
        if (LOG.isLoggable(level)) {
            LOG.log(level, "cosmograd: " + what + ": " + kernel, why);
        }
    }

    /// The way of one kernel.
    private static final class Way<K> {
        private final Twins<K> twins;
        private final Kernel<K> kernel;
        private final Runnable real = this::real;
        private @Nullable K simd;
        private CodeState state = CodeState.COLD;
        private int calls;
        private int attempts;
        private int colds;
        private int flaws;
        /// Bytes of objects that a flawed kernel may make in its place; none may a sound one.
        private long most;
        private boolean cooled;
        private long begin;
        private long pause = FIRST_WATCH;
        private long due;
        /// When it is emitted once more, or 0.
        private long again;

        Way(Twins<K> twins, Kernel<K> kernel) {
            this.twins = twins;
            this.kernel = kernel;
        }

        private void begin(K form) {
            log(System.Logger.Level.DEBUG, "a kernel is emitted", kernel, null);
            simd = form;
            begin = System.nanoTime();
            calls = FIRST_CALLS;
            for (int i = 0; i < FIRST_CALLS; i++) {
                kernel.idle(form);
            }
        }

        /// Calls the kernel some more, and puts it in its place if it is ready. Whether there is no more to do for now.
        boolean advance() {
            try {
                K form = simd;
                if (form == null) {
                    Optional<K> emitted = kernel.emit();
                    emitted.ifPresent(this::begin);
                    return emitted.isEmpty();
                }
                state = turn(form);
                return switch (state) {
                    case COLD -> isLate() && (colds++ < MOST_COLD ? again() : giveUp());
                    case FLAWED -> attempts++ < ATTEMPTS ? again() : place(form);
                    case SOUND -> place(form);
                };
            } catch (Throwable e) {
                twins.place(twins.plain);
                log(System.Logger.Level.WARNING, "a kernel stays plain, its SIMD form failed", kernel, e);
                return true;
            }
        }

        /// What the kernel runs as after some more calls.
        private CodeState turn(K form) {
            if (calls < CALLS) {
                call(form, CALLS - calls, REAL_EVERY);
            }
            CodeState now = !isFast(form) ? CodeState.COLD : CodeState.of(calls, real);
            now = now == CodeState.SOUND ? CodeState.of(calls, real) : now;
            if (now == CodeState.COLD) {
                call(form, MORE_CALLS, MORE_REAL_EVERY);
            }
            return now;
        }

        private void call(K form, int count, int realEvery) {
            for (int i = 0; i < count; i++) {
                kernel.idle(form);
                if (i % realEvery == realEvery / 2) {
                    kernel.real(form);
                }
            }
            calls += count;
        }

        private boolean isFast(K form) {
            long limit = kernel.fastNanos();
            for (int i = 0; i < TIMED; i++) {
                long start = System.nanoTime();
                kernel.timed(form);
                long nanos = System.nanoTime() - start;
                if (nanos < limit || nanos > FAR * limit) {
                    return nanos < limit;
                }
            }
            return false;
        }

        private void real() {
            if (simd != null) {
                kernel.real(simd);
            }
        }

        private boolean isLate() {
            long now = System.nanoTime();
            return calls > 3 * CALLS && Math.min(now - begin, now - compiled) > COLD_NANOS << colds;
        }

        private boolean giveUp() {
            twins.place(twins.plain);
            log(System.Logger.Level.WARNING, "a kernel stays plain, HotSpot does not compile its SIMD form", kernel, null);
            return true;
        }

        private boolean again() {
            log(System.Logger.Level.DEBUG, "a kernel is emitted once more, it is " + state + after(), kernel, null);
            simd = null;
            return false;
        }

        private String after() {
            return " after " + calls + " calls and " + (System.nanoTime() - begin) / 1_000_000 + " ms";
        }

        private boolean place(K form) {
            twins.place(form);
            log(System.Logger.Level.DEBUG, "a kernel is " + state + after(), kernel, null);
            most = state == CodeState.SOUND ? 0 : 2 * CodeState.bytes(real);
            again = state == CodeState.FLAWED && flaws < MOST_FLAWED ? System.nanoTime() + (FLAWED_NANOS << flaws++) : 0;
            lookAfter(FIRST_WATCH);
            PLACED.add(this);
            return true;
        }

        /// Whether the kernel stays in its place for now.
        boolean holds() {
            try {
                cooled = CodeState.bytes(real) > most;
            } catch (Throwable e) { // comes again on its way
                cooled = true;
            }
            lookAfter(Math.min(LONGEST_WATCH, 2 * pause));
            return !cooled && (again == 0 || System.nanoTime() - again < 0);
        }

        /// Goes back: one that has cooled to calls; a flawed kernel to bytecode, while its old form still runs.
        void leave() {
            if (cooled) {
                twins.place(twins.plain);
                begin = System.nanoTime();
                calls = CALLS;
                attempts = 0;
                colds = 0;
            } else {
                simd = null;
            }
            log(System.Logger.Level.DEBUG, cooled ? "a kernel has cooled" : "a flawed kernel is emitted once more", kernel, null);
        }

        /// Looks at the kernel in its place in so many nanoseconds, then after twice the time.
        void lookAfter(long nanos) {
            pause = nanos;
            due = System.nanoTime() + nanos;
        }
    }
}
