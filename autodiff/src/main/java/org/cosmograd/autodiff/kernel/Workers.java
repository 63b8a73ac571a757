package org.cosmograd.autodiff.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/// The one pool of threads. The caller works too. Every thread has a range of chunks of its own, the same at each run of as many, so that what
/// it left in its caches is there when the next run comes; once through, it takes over chunks from the ends of others' ranges, so that a
/// descheduled thread delays only its own chunk.
///
/// The boundaries of chunks are the caller's business and must depend on the problem alone, never on [#threads()]; then a result
/// has the same bits on any number of threads. A run allocates nothing. A run started inside a chunk, or while another thread
/// has the pool, runs inline on its own thread, chunks in ascending order.
///
/// To wake a parked worker costs its caller tens of microseconds, on a virtual machine a hundred, and there the worker may come up on
/// the caller's own processor and compete with it for milliseconds. So idle workers stay awake for a while after a run: they spin, and
/// soon offer their processor to others at every look. That while is [#MOST_PATIENCE_NANOS] as long as runs follow each other; each time
/// it passes in vain the next one is half as long, so that runs far apart cost little.
@SuppressWarnings("NullAway") // fields hold the work at hand
public final class Workers {
    /// What is run, once per chunk. Chunks may run at the same time and in any order.
    @FunctionalInterface
    public interface Task {
        /// Runs chunk number `chunk`.
        void run(int chunk);
    }

    /// How long a worker stays awake for the next run.
    static final long MOST_PATIENCE_NANOS = 3_000_000;

    static final long LEAST_PATIENCE_NANOS = 100_000;
    /// For so long it waits without offering its processor to other threads.
    private static final long SPIN_NANOS = 50_000;
    private static final int PAUSES_PER_LOOK_AT_THE_CLOCK = 16;
    /// A caller whose last chunks are under way elsewhere naps only after this long, more than a turn on a processor takes: while it
    /// sleeps, the system may move a worker that is waiting for its turn to the caller's processor, where both then stay for long.
    private static final long NO_NAP_NANOS = 5_000_000;

    private static final long NAP_NANOS = 50_000;

    /// A worker that does not see the clock for so long has waited for a processor.
    private static final long STARVED_NANOS = 2_000_000;
    /// It parks after this long in any case.
    private static final long MOST_STARVING_NANOS = 100_000_000;
    /// Linux does not move a thread to another processor within half a millisecond after it ran.
    private static final long NUDGE_DELAY_NANOS = 700_000;
    static final long LEAST_CALM_NANOS = 4_000_000;
    static final long MOST_CALM_NANOS = 500_000_000;

    /// Counters of a thread live this many longs from those of the next: two cache lines, because the hardware fetches lines in pairs.
    private static final int APART = 16;
    /// The chunks of a thread's range that nobody has claimed: the first of them in the lower half, the one after the last in the upper.
    /// The thread claims from the beginning, others from the end. A claim that succeeds is one of the run under way, however old the
    /// range that was read, and keeps that run from ending.
    private static final int RANGE = 0;
    /// 1 if a worker is parked or about to be.
    private static final int PARKED = 1;
    /// 1 if a worker that was awake has waited for a processor.
    private static final int STARVED = 2;
    /// How many chunks a worker has completed since it was started; in the second line, which a caller may watch without disturbing claims.
    private static final int DONE = 8;

    private static final long ONE_AT_END = 1L << 32;

    private static final int MAX_THREADS = 256;
    /// Counters of the caller, of each worker, and of the pool.
    private static final long[] COUNTERS = new long[(MAX_THREADS + 1) * APART];
    /// 1 during a run.
    private static final int BUSY = MAX_THREADS * APART;
    /// What workers have completed when the run under way is over.
    private static final int COMPLETED = BUSY + 1;
    /// When a thread is to be started for the sake of a starved worker, or 0, and when the last one was.
    private static final int NUDGE = BUSY + 2;
    private static final int NUDGED = BUSY + 3;
    /// How long after it no other is.
    private static final int CALM = BUSY + 4;
    private static final VarHandle COUNTER = MethodHandles.arrayElementVarHandle(long[].class);

    /// Workers by their numbers, from 1 on.
    private static final Thread[] POOL = new Thread[MAX_THREADS];
    private static volatile int threads = defaultThreads();

    // The run under way: written before its ranges, read after a claim.
    private static Task task;
    private static volatile Throwable failure;
    /// Who started it; a thread finds itself here only if it is true.
    private static Thread caller;

    /// The thread whose runs are not shared at present, if there is one. It knows of itself; what others see of it matters only for speed.
    private static Thread alone;

    /// How many workers there are, for the thread that has the pool.
    private static int workers;

    private Workers() {}

    /// How many threads, the caller included, share a run: the system property `cosmograd.threads`, or all processors.
    public static int threads() {
        return threads;
    }

    /// Sets how many threads, the caller included, share the runs that start from now on.
    public static void threads(int count) {
        if (count < 1 || count > MAX_THREADS) {
            throw new IllegalArgumentException("threads: expected 1 to " + MAX_THREADS + ", got " + count);
        }
        threads = count;
    }

    /// Whether a run that this thread starts now is not shared: there is one thread, this is inside a chunk, or it has been asked for.
    static boolean isInline() {
        Thread me = Thread.currentThread();
        return threads == 1 || caller == me || alone == me || me instanceof Worker;
    }

    /// Whether runs of this thread are not shared from now on. One thread at a time can ask for this; another that does so ends it for the first.
    static void alone(boolean on) {
        Thread now = on ? Thread.currentThread() : null;
        if (alone != now) {
            alone = now;
        }
    }

    /// Whether a thread has the pool.
    static boolean isBusy() {
        return (long) COUNTER.getOpaque(COUNTERS, BUSY) != 0;
    }

    /// Runs `task` for the chunks `0 … chunks-1` and returns when all are done.
    ///
    /// If a chunk throws, chunks not yet begun are skipped and one of the exceptions is thrown here.
    public static void run(int chunks, Task task) {
        int helpers = Math.min(threads, chunks) - 1;
        if (helpers <= 0 || alone == Thread.currentThread() || !COUNTER.compareAndSet(COUNTERS, BUSY, 0L, 1L)) {
            for (int chunk = 0; chunk < chunks; chunk++) {
                task.run(chunk);
            }
            return;
        }
        try {
            caller = Thread.currentThread();
            share(chunks, task, helpers);
        } finally {
            caller = null;
            Workers.task = null;
            COUNTER.setRelease(COUNTERS, BUSY, 0L);
        }
    }

    private static void share(int chunks, Task task, int helpers) {
        for (int w = workers + 1; w <= helpers; w++) {
            start(w);
        }
        Workers.task = task;
        int parties = helpers + 1;
        for (int w = 0; w <= helpers; w++) {
            long begin = (long) chunks * w / parties;
            long end = (long) chunks * (w + 1) / parties;
            COUNTER.setRelease(COUNTERS, w * APART + RANGE, end << 32 | begin);
        }
        VarHandle.fullFence();
        for (int w = 1; w <= helpers; w++) {
            if (COUNTERS[w * APART + PARKED] != 0 && COUNTER.compareAndSet(COUNTERS, w * APART + PARKED, 1L, 0L)) {
                // Once only: it may be a while before it runs.
                LockSupport.unpark(POOL[w]);
            }
        }
        int mine = work(0);
        if (mine == chunks) {
            unaided(helpers);
        }
        long all = COUNTERS[COMPLETED] + chunks - mine;
        COUNTERS[COMPLETED] = all;
        if (done() < all) {
            awaitOthers(all);
        }
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            throw Workers.<RuntimeException>unchecked(thrown);
        }
    }

    /// After a run without help: worker and caller may be on one processor although another is idle. On a virtual machine, where an idle
    /// processor is one that has been given back, the system can leave them so for seconds, because a waiting worker's turns are so short
    /// that it always ran a moment ago. A thread that has only just been started goes to the idle processor, which when that
    /// thread has ended looks for something else to do, and takes the worker over.
    private static void unaided(int helpers) {
        long starved = 0;
        for (int w = 1; w <= helpers; w++) {
            starved += (long) COUNTER.getOpaque(COUNTERS, w * APART + STARVED);
        }
        if (starved == 0) {
            return;
        }
        long now = System.nanoTime();
        if (COUNTERS[NUDGE] == 0) {
            COUNTERS[NUDGE] = now + NUDGE_DELAY_NANOS;
        } else if (now - COUNTERS[NUDGE] >= 0) {
            for (int w = 1; w <= helpers; w++) {
                COUNTER.setOpaque(COUNTERS, w * APART + STARVED, 0L);
            }
            COUNTERS[NUDGE] = 0;
            long since = now - COUNTERS[NUDGED];
            if (since >= COUNTERS[CALM]) {
                COUNTERS[CALM] = calm(since, COUNTERS[CALM]);
                COUNTERS[NUDGED] = now;
                Thread.ofPlatform().daemon().name("cosmograd-nudge").start(() -> {});
            }
        }
    }

    /// How long to leave it at that after a thread was started, if the one before it was started `since` ago and then `calm` was the answer:
    /// where starting threads does not help, because other processes have the processors, it must not cost much.
    static long calm(long since, long calm) {
        return since > 2 * MOST_CALM_NANOS ? LEAST_CALM_NANOS : Math.clamp(2 * calm, LEAST_CALM_NANOS, MOST_CALM_NANOS);
    }

    /// What workers have completed since they were started.
    private static long done() {
        long sum = 0;
        for (int w = 1; w <= workers; w++) {
            sum += (long) COUNTER.getAcquire(COUNTERS, w * APART + DONE);
        }
        return sum;
    }

    private static void awaitOthers(long all) {
        long start = System.nanoTime();
        for (int spins = 1; done() < all; spins++) {
            Thread.onSpinWait();
            if (spins % PAUSES_PER_LOOK_AT_THE_CLOCK == 0) {
                long waited = System.nanoTime() - start;
                if (waited > NO_NAP_NANOS) {
                    LockSupport.parkNanos(NAP_NANOS);
                } else if (waited > SPIN_NANOS) {
                    // Whoever has the chunk may be waiting for this processor.
                    Thread.yield();
                }
            }
        }
    }

    /// Claims and runs chunks, of thread `me` first, until no thread has any.
    ///
    /// @return how many
    private static int work(int me) {
        int finished = 0;
        for (int chunk = claimOwn(me * APART + RANGE); chunk >= 0; chunk = claimOwn(me * APART + RANGE)) {
            run(chunk);
            finished++;
        }
        int all = threads;
        for (int i = 1; i < all; i++) {
            int other = me + i < all ? me + i : me + i - all;
            for (int chunk = takeOver(other * APART + RANGE); chunk >= 0; chunk = takeOver(other * APART + RANGE)) {
                run(chunk);
                finished++;
            }
        }
        return finished;
    }

    /// The first chunk of a range, or -1.
    private static int claimOwn(int at) {
        for (long range = (long) COUNTER.getAcquire(COUNTERS, at); left(range); range = (long) COUNTER.getAcquire(COUNTERS, at)) {
            if (COUNTER.compareAndSet(COUNTERS, at, range, range + 1)) {
                return (int) range;
            }
        }
        return -1;
    }

    /// The last chunk of a range, or -1.
    private static int takeOver(int at) {
        for (long range = (long) COUNTER.getAcquire(COUNTERS, at); left(range); range = (long) COUNTER.getAcquire(COUNTERS, at)) {
            if (COUNTER.compareAndSet(COUNTERS, at, range, range - ONE_AT_END)) {
                return (int) (range >>> 32) - 1;
            }
        }
        return -1;
    }

    private static boolean left(long range) {
        return (int) range < (int) (range >>> 32);
    }

    private static void run(int chunk) {
        if (failure == null) {
            try {
                task.run(chunk);
            } catch (Throwable thrown) {
                failure = thrown;
            }
        }
    }

    private static void start(int w) {
        POOL[w] = new Worker(w);
        POOL[w].start();
        workers = w;
    }

    private static final class Worker extends Thread {
        private final int number;

        Worker(int number) {
            super("cosmograd-worker-" + number);
            this.number = number;
            setDaemon(true);
        }

        @Override
        public void run() {
            idle(number);
        }
    }

    /// The life of worker `w`: wait for chunks, work, repeat.
    private static void idle(int w) {
        long patience = MOST_PATIENCE_NANOS;
        long done = 0;
        while (true) {
            boolean soon = spin(w, patience);
            patience = patience(patience, soon);
            if (!soon) {
                park(w);
            }
            int finished = work(w);
            if (finished > 0) {
                done += finished;
                COUNTER.setRelease(COUNTERS, w * APART + DONE, done);
            }
        }
    }

    /// How long to wait for the next run, after a wait of `patience` at most in which a run came or not.
    static long patience(long patience, boolean came) {
        return came ? MOST_PATIENCE_NANOS : Math.max(LEAST_PATIENCE_NANOS, patience / 2);
    }

    private static boolean called(int w) {
        return left((long) COUNTER.getAcquire(COUNTERS, w * APART + RANGE));
    }

    /// Waits awake.
    ///
    /// @return whether there are chunks in the range
    private static boolean spin(int w, long patience) {
        long begin = System.nanoTime();
        long start = begin;
        long last = begin;
        for (int spins = 1; !called(w); spins++) {
            if (spins % PAUSES_PER_LOOK_AT_THE_CLOCK == 0) {
                long now = System.nanoTime();
                if (now - last > STARVED_NANOS) {
                    // This was no waiting for a run.
                    COUNTER.setOpaque(COUNTERS, w * APART + STARVED, 1L);
                    start += now - last;
                }
                if (now - start > patience || now - begin > MOST_STARVING_NANOS) {
                    return false;
                } else if (now - start > SPIN_NANOS) {
                    Thread.yield();
                }
                last = now;
            }
            Thread.onSpinWait();
        }
        if (System.nanoTime() - last > STARVED_NANOS) {
            COUNTER.setOpaque(COUNTERS, w * APART + STARVED, 1L);
        }
        return true;
    }

    private static void park(int w) {
        while (true) {
            // Announce first, look again, then park: a range published in between is either seen here or its publisher sees us.
            COUNTER.setVolatile(COUNTERS, w * APART + PARKED, 1L);
            if (called(w)) {
                COUNTER.setVolatile(COUNTERS, w * APART + PARKED, 0L);
                return;
            }
            LockSupport.park(Workers.class);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T unchecked(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private static int defaultThreads() {
        int count = Integer.getInteger("cosmograd.threads", Runtime.getRuntime().availableProcessors());
        return Math.clamp(count, 1, MAX_THREADS);
    }
}
