package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// Whether the steps of a program that is run again and again are shared by threads or all run on the caller's: what is faster is found
/// out by trying both, time and again. Results have the same bits either way.
///
/// What a second thread gains in a short program depends on how far away its processor is. A line of memory that one processor has
/// written and another reads or writes next takes some 50 ns to cross between cores that share a cache, 200 to 300 ns between others, and
/// a virtual machine may be moved from one state to the other while a program runs. A training step of 0.15 ms that gains a quarter by a
/// second thread in the first state loses two thirds in the second.
///
/// Not thread-safe.
public final class Sharing {
    /// Runs of a trial; the median counts.
    static final int RUNS = 9;
    /// For so long after a change runs do not count: data are still in the caches of another processor, and a worker has to wake up.
    static final long SETTLING_NANOS = 2_000_000;
    /// So many runs lie between trials at least.
    static final int RUNS_BETWEEN = 500;

    static final long LEAST_NANOS = 50_000_000;
    static final long MOST_NANOS = 800_000_000;
    /// Longer runs are shared without trial.
    static final long LONG_RUN_NANOS = 3_000_000;

    private static final int RUNS_PER_LOOK_AT_THE_CLOCK = 8;
    private static final double FASTER = 0.97;

    private enum Phase {
        STAYING,
        TIMING_THIS,
        TIMING_OTHER
    }

    private Phase phase = Phase.STAYING;
    private boolean alone;
    private boolean here;
    private int runs;
    private long start;
    private long settled;
    private long next;
    private long between = LEAST_NANOS;
    private long known;
    private final long[] nanos = new long[RUNS];

    /// Of a program that has not been run; its runs are shared until a trial says otherwise.
    public Sharing() {
        this(System.nanoTime());
    }

    Sharing(long now) {
        this.next = now;
    }

    /// Before a run.
    public void begin() {
        here = false;
        if (Workers.threads() == 1 || Workers.isBusy()) {
            return;
        }
        here = true;
        boolean looks = isTrial() || runs >= RUNS_BETWEEN && runs % RUNS_PER_LOOK_AT_THE_CLOCK == 0;
        Workers.alone(begin(looks ? System.nanoTime() : 0));
    }

    /// After a run, however it ended.
    public void end() {
        if (here) {
            Workers.alone(false);
            if (isTrial()) {
                end(System.nanoTime());
            } else {
                runs++;
            }
        }
    }

    /// @param now the time, or 0 if nobody has looked
    /// @return whether the run is to be the caller's alone
    boolean begin(long now) {
        if (phase == Phase.STAYING && now != 0 && now - next >= 0) {
            turn(Phase.TIMING_THIS, now);
        }
        start = now;
        return alone != (phase == Phase.TIMING_OTHER);
    }

    /// The end of a run of a trial.
    void end(long now) {
        if (start - settled < 0) {
            return;
        }
        nanos[runs] = now - start;
        if (++runs < RUNS) {
            return;
        }
        Arrays.sort(nanos);
        long median = nanos[RUNS / 2];
        if (phase == Phase.TIMING_THIS && median < LONG_RUN_NANOS) {
            known = median;
            turn(Phase.TIMING_OTHER, now);
            return;
        }
        boolean change = phase == Phase.TIMING_THIS ? alone : median < FASTER * known;
        between = change ? LEAST_NANOS : Math.min(2 * between, MOST_NANOS);
        alone ^= change;
        next = now + between;
        turn(Phase.STAYING, now);
    }

    private void turn(Phase to, long now) {
        phase = to;
        runs = 0;
        settled = to == Phase.TIMING_OTHER ? now + SETTLING_NANOS : now;
    }

    /// Whether the run is one of a trial.
    boolean isTrial() {
        return phase != Phase.STAYING;
    }

    /// Whether runs are the caller's alone at present, but for trials.
    boolean isAlone() {
        return alone;
    }
}
