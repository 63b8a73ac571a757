package org.cosmograd.bench.speed;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.cosmograd.autodiff.kernel.WarmUp;
import org.cosmograd.autodiff.kernel.Workers;

/// Times a case: sets it up, runs it until it has come to its lasting speed, then times runs one by one.
///
/// A kernel begins as scalar code and becomes SIMD code once it is hot, so blocks of runs are repeated until no kernel is waiting
/// and the best run has not become shorter for some blocks. Vectors that are not compiled yet are objects, so a while is granted for
/// runs to stop allocating too.
///
/// Then as many runs are timed as the peers time, because a best of more is better, and that several times over about half a second, while
/// the work goes on in between: the thirty runs of a short case take less time than a system may leave two threads on one processor. The
/// time of the case is the median of these samples, in the best run as in the median run.
public final class Stopwatch {
    private static final long BLOCK_NANOS = 150_000_000;
    private static final int FEWEST_RUNS_OF_BLOCK = 2;
    private static final int CALM_BLOCKS = 3;
    private static final int MOST_CALM_BLOCKS = 30;
    private static final long FEW_BYTES = 4096;
    private static final double SHORTER = 0.98;
    private static final int WARM_RUNS = 3;
    /// A sample of runs begins so long after another began, if it is over by then.
    private static final long SAMPLE_NANOS = 33_000_000;

    private static final int MOST_SAMPLES = 15;
    private static final long SAMPLING_NANOS = SAMPLE_NANOS * MOST_SAMPLES;
    private static final int ALLOCATION_ROUNDS = 5;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /// Who the timings are of.
    public static final String OURS = "cosmograd";

    private final Duration limit;

    /// With a limit of the warm-up of one case.
    public Stopwatch(Duration limit) {
        this.limit = limit;
    }

    /// Times a case on so many threads; empty if the machine cannot do the work.
    public Optional<Timing> time(Case c, int threads) {
        return c.meter().map(m -> m.get().map(r -> timing(c, threads, r))).orElseGet(() -> Optional.of(timing(c, threads)));
    }

    private static Timing timing(Case c, int threads, Case.Rate r) {
        double ms = c.flop() * 1e-6 / r.gigaflops();
        Map<String, Double> more = new LinkedHashMap<>();
        more.put(Timing.GFLOPS, r.gigaflops());
        more.put(Timing.FRACTION, r.gigaflops() / r.peak());
        return new Timing(who(), c.name(), threads, ms, ms, more);
    }

    private Timing timing(Case c, int threads) {
        int before = Workers.threads();
        Workers.threads(threads);
        try {
            Runnable work = c.setUp().get();
            boolean settled = warmUp(work, limit);
            long[][] samples = samples(work, c.runs());
            long best = median(samples, 0);
            Map<String, Double> more = new LinkedHashMap<>();
            if (c.flop() > 0) {
                more.put(Timing.GFLOPS, c.flop() / best);
            }
            if (c.items() > 0) {
                more.put(Timing.NANOS, (double) best * threads / c.items());
            }
            more.put(Timing.BYTES, allocated(work, Math.clamp(BLOCK_NANOS / Math.max(1, best), 2, 10)));
            if (!settled) {
                more.put(Timing.UNSETTLED, limit.toNanos() * 1e-9);
            }
            return new Timing(who(), c.name(), threads, median(samples, c.runs() / 2) * 1e-6, best * 1e-6, more);
        } finally {
            Workers.threads(before);
        }
    }

    /// Times of `runs` runs in ascending order, an odd number of times.
    static long[][] samples(Runnable work, int runs) {
        List<long[]> samples = new ArrayList<>();
        long begin = System.nanoTime();
        do {
            long[] nanos = new long[runs];
            for (int i = -WARM_RUNS; i < runs; i++) {
                long start = System.nanoTime();
                work.run();
                nanos[Math.max(i, 0)] = System.nanoTime() - start;
            }
            Arrays.sort(nanos);
            samples.add(nanos);
            while (System.nanoTime() - begin < samples.size() * SAMPLE_NANOS) {
                work.run();
            }
        } while (samples.size() % 2 == 0 || System.nanoTime() - begin < SAMPLING_NANOS);
        return samples.toArray(long[][]::new);
    }

    /// The median over samples of the run of that rank.
    static long median(long[][] samples, int rank) {
        return Arrays.stream(samples).mapToLong(s -> s[rank]).sorted().skip(samples.length / 2).findFirst().orElseThrow();
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

    /// Bytes that one run allocates, in all threads. The smallest of some rounds: another thread may allocate meanwhile. That is mostly the
    /// one that warms kernels, which begins again when one gets hot or has cooled; so it is waited for.
    private double allocated(Runnable work, int runs) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ALLOCATION_ROUNDS && least > 0; round++) {
            WarmUp.await(limit);
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
