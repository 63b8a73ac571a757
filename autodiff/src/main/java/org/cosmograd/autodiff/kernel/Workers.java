package org.cosmograd.autodiff.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/// The one pool of threads. The caller works too; chunks are claimed one by one, so a descheduled worker delays only its own chunk.
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
    /// The same for a caller whose last chunks are under way elsewhere, in pauses; after so many more it naps.
    private static final int PAUSES_OF_CALLER = 1_000;
    private static final int YIELDS_OF_CALLER = 2_000;
    private static final long NAP_NANOS = 50_000;

    /// Counters live this many longs apart: two cache lines, because the hardware fetches lines in pairs.
    private static final int APART = 16;
    /// Generation of the run in the upper half, number of unclaimed chunks in the lower half. A claim takes one off, so nobody can
    /// claim from a run that is over, whatever its successor has already written into the fields below.
    private static final int TICKET = APART;
    private static final int DONE = 2 * APART;
    private static final int BUSY = 3 * APART;
    private static final int FIRST_PARKED = 4 * APART;
    private static final int MAX_THREADS = 256;
    private static final long[] COUNTERS = new long[FIRST_PARKED + MAX_THREADS * APART];
    private static final VarHandle COUNTER = MethodHandles.arrayElementVarHandle(long[].class);

    private static final Thread[] POOL = new Thread[MAX_THREADS];
    private static volatile int threads = defaultThreads();

    // The run under way. Written before its ticket is published; read after its ticket, and trusted only if a claim with that
    // ticket then succeeds.
    private static Task task;
    private static int chunks;
    private static volatile Throwable failure;

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

    /// Runs `task` for the chunks `0 … chunks-1` and returns when all are done.
    ///
    /// If a chunk throws, chunks not yet begun are skipped and one of the exceptions is thrown here.
    public static void run(int chunks, Task task) {
        int helpers = Math.min(threads, chunks) - 1;
        if (helpers <= 0 || !COUNTER.compareAndSet(COUNTERS, BUSY, 0L, 1L)) {
            for (int chunk = 0; chunk < chunks; chunk++) {
                task.run(chunk);
            }
            return;
        }
        try {
            share(chunks, task, helpers);
        } finally {
            Workers.task = null;
            COUNTER.setRelease(COUNTERS, BUSY, 0L);
        }
    }

    private static void share(int chunks, Task task, int helpers) {
        Workers.task = task;
        Workers.chunks = chunks;
        failure = null;
        COUNTER.set(COUNTERS, DONE, 0L);
        long ticket = ((COUNTERS[TICKET] >>> 32) + 1) << 32 | chunks;
        COUNTER.setVolatile(COUNTERS, TICKET, ticket);
        for (int w = 0; w < helpers; w++) {
            if (POOL[w] == null) {
                start(w);
            } else if (COUNTER.compareAndSet(COUNTERS, FIRST_PARKED + w * APART, 1L, 0L)) {
                // Once only: it may be a while before it runs.
                LockSupport.unpark(POOL[w]);
            }
        }
        work(ticket);
        for (int spins = 0; (long) COUNTER.getAcquire(COUNTERS, DONE) < chunks; spins++) {
            if (spins < PAUSES_OF_CALLER) {
                Thread.onSpinWait();
            } else if (spins < PAUSES_OF_CALLER + YIELDS_OF_CALLER) {
                // Whoever has the chunk may be waiting for this processor.
                Thread.yield();
            } else {
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            throw Workers.<RuntimeException>unchecked(thrown);
        }
    }

    /// Claims and runs chunks while the run of this ticket has any.
    private static void work(long ticket) {
        long finished = 0;
        long seen = ticket;
        while ((int) seen != 0) {
            Task claimed = task;
            int chunk = chunks - (int) seen;
            if (COUNTER.compareAndSet(COUNTERS, TICKET, seen, seen - 1)) {
                if (failure == null) {
                    try {
                        claimed.run(chunk);
                    } catch (Throwable thrown) {
                        failure = thrown;
                    }
                }
                finished++;
                seen--;
            } else {
                seen = (long) COUNTER.getVolatile(COUNTERS, TICKET);
                if (seen >>> 32 != ticket >>> 32) {
                    break;
                }
            }
        }
        if (finished > 0) {
            COUNTER.getAndAdd(COUNTERS, DONE, finished);
        }
    }

    private static void start(int w) {
        POOL[w] = Thread.ofPlatform().daemon().name("cosmograd-worker-" + (w + 1)).start(() -> idle(w));
    }

    /// The life of worker `w`: wait for a ticket not seen before, work, repeat.
    private static void idle(int w) {
        long last = 0;
        long patience = MOST_PATIENCE_NANOS;
        while (true) {
            boolean soon = spin(w, last, patience);
            patience = patience(patience, soon);
            if (!soon) {
                park(w, last);
            }
            long ticket = (long) COUNTER.getVolatile(COUNTERS, TICKET);
            last = ticket >>> 32;
            work(ticket);
        }
    }

    /// How long to wait for the next run, after a wait of `patience` at most in which a run came or not.
    static long patience(long patience, boolean came) {
        return came ? MOST_PATIENCE_NANOS : Math.max(LEAST_PATIENCE_NANOS, patience / 2);
    }

    private static boolean called(int w, long last) {
        return (long) COUNTER.getVolatile(COUNTERS, TICKET) >>> 32 != last && w < threads - 1;
    }

    /// Waits awake.
    ///
    /// @return whether there is a ticket not seen before
    private static boolean spin(int w, long last, long patience) {
        long start = System.nanoTime();
        for (int spins = 1; !called(w, last); spins++) {
            if (spins % PAUSES_PER_LOOK_AT_THE_CLOCK == 0) {
                long waited = System.nanoTime() - start;
                if (waited > patience) {
                    return false;
                } else if (waited > SPIN_NANOS) {
                    Thread.yield();
                }
            }
            Thread.onSpinWait();
        }
        return true;
    }

    private static void park(int w, long last) {
        while (true) {
            // Announce first, look again, then park: a ticket published in between is either seen here or its publisher sees us.
            COUNTER.setVolatile(COUNTERS, FIRST_PARKED + w * APART, 1L);
            if (called(w, last)) {
                COUNTER.setVolatile(COUNTERS, FIRST_PARKED + w * APART, 0L);
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
