package org.cosmograd.bench.speed;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.cosmograd.autodiff.kernel.WarmUp;
import org.cosmograd.autodiff.kernel.Workers;

/// Times a case: sets it up, runs it until it has come to its lasting speed, then times runs one by one.
///
/// A kernel begins as scalar code and becomes SIMD code once it is hot, so blocks of runs are repeated until no kernel is waiting
/// and the best run has not become shorter for some blocks. Vectors that are not compiled yet are objects, so a while is granted for
/// runs to stop allocating too.
public final class Stopwatch {
    private static final long BLOCK_NANOS = 150_000_000;
    private static final int FEWEST_RUNS_OF_BLOCK = 2;
    private static final int CALM_BLOCKS = 3;
    private static final int MOST_CALM_BLOCKS = 30;
    private static final long FEW_BYTES = 4096;
    private static final double SHORTER = 0.98;
    private static final int WARM_RUNS = 3;
    private static final int ALLOCATION_ROUNDS = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /// Who the timings are of.
    public static final String OURS = "cosmograd";

    private final Duration limit;

    /// With a limit of the warm-up of one case.
    public Stopwatch(Duration limit) {
        this.limit = limit;
    }

    /// Times a case on so many threads.
    public Timing time(Case c, int threads) {
        int before = Workers.threads();
        Workers.threads(threads);
        try {
            Runnable work = c.setUp().get();
            boolean settled = warmUp(work, limit);
            long[] nanos = new long[c.runs()];
            for (int i = -WARM_RUNS; i < nanos.length; i++) {
                long start = System.nanoTime();
                work.run();
                nanos[Math.max(i, 0)] = System.nanoTime() - start;
            }
            Arrays.sort(nanos);
            Map<String, Double> more = new LinkedHashMap<>();
            if (c.flop() > 0) {
                more.put(Timing.GFLOPS, c.flop() / nanos[0]);
            }
            if (c.items() > 0) {
                more.put(Timing.NANOS, (double) nanos[0] * threads / c.items());
            }
            more.put(Timing.BYTES, allocated(work, Math.min(c.runs(), 10)));
            if (!settled) {
                more.put(Timing.UNSETTLED, limit.toNanos() * 1e-9);
            }
            return new Timing(who(), c.name(), threads, nanos[nanos.length / 2] * 1e-6, nanos[0] * 1e-6, more);
        } finally {
            Workers.threads(before);
        }
    }

    private static String who() {
        String version = Stopwatch.class.getPackage().getImplementationVersion();
        return OURS + "-" + (version == null ? "development" : version);
    }

    /// Runs until it gets no faster.
    ///
    /// @return false if the limit passed first
    public static boolean warmUp(Runnable work, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        long best = Long.MAX_VALUE;
        boolean allocates = true;
        for (int calm = 0; calm < CALM_BLOCKS || allocates && calm < MOST_CALM_BLOCKS; ) {
            long before = allocatedBytes();
            long block = block(work);
            allocates = allocatedBytes() - before > FEW_BYTES;
            long left = end - System.nanoTime();
            if (left <= 0 || !WarmUp.await(Duration.ofNanos(left))) {
                return false;
            }
            calm = block < SHORTER * best ? 0 : calm + 1;
            best = Math.min(best, block);
        }
        return true;
    }

    /// The best of some runs.
    private static long block(Runnable work) {
        long begin = System.nanoTime();
        long best = Long.MAX_VALUE;
        long now = begin;
        for (int i = 0; i < FEWEST_RUNS_OF_BLOCK || now - begin < BLOCK_NANOS; i++) {
            long start = now;
            work.run();
            now = System.nanoTime();
            best = Math.min(best, now - start);
        }
        return best;
    }

    /// Bytes that one run allocates, in all threads. The smallest of some rounds: another thread may allocate meanwhile.
    private static double allocated(Runnable work, int runs) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ALLOCATION_ROUNDS && least > 0; round++) {
            long before = allocatedBytes();
            for (int i = 0; i < runs; i++) {
                work.run();
            }
            least = Math.min(least, allocatedBytes() - before);
        }
        return (double) least / runs;
    }

    /// Bytes allocated so far by all threads; 0 if the virtual machine does not count them.
    private static long allocatedBytes() {
        return THREADS instanceof com.sun.management.ThreadMXBean counting ? counting.getTotalThreadAllocatedBytes() : 0;
    }
}
