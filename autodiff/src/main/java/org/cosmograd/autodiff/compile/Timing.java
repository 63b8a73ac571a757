package org.cosmograd.autodiff.compile;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// How long each step took, over all runs so far.
final class Timing {
    private final long[] total;
    private final long[] best;
    private long runs;

    /// Whether times are taken, for all executables on one memory.
    static final class Switch {
        private final int steps;
        private @Nullable Timing timing;

        Switch(int steps, boolean on) {
            this.steps = steps;
            set(on);
        }

        void set(boolean on) {
            timing = on ? new Timing(steps) : null;
        }

        @Nullable Timing now() {
            return timing;
        }
    }

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
