package org.cosmograd.autodiff.compile;

import java.util.Arrays;

/// How long each step took, over all runs so far.
final class Timing {
    private final long[] total;
    private final long[] best;
    private long runs;

    Timing(int steps) {
        this.total = new long[steps];
        this.best = new long[steps];
        Arrays.fill(best, Long.MAX_VALUE);
    }

    void run() {
        runs++;
    }

    void step(int s, long nanos) {
        total[s] += nanos;
        best[s] = Math.min(best[s], nanos);
    }

    long runs() {
        return runs;
    }

    double meanMicros(int s) {
        return runs == 0 ? 0 : total[s] / 1e3 / runs;
    }

    double bestMicros(int s) {
        return runs == 0 ? 0 : best[s] / 1e3;
    }
}
