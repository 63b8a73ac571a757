package org.cosmograd.sbi.plot;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/// Where weighted samples of one number lie.
///
/// @param sorted the samples with positive weight, ascending
/// @param below fraction of the weight up to the middle of each sorted sample
/// @param count effective number of samples, `(Σw)² / Σw²`
record Spread(double[] sorted, double[] below, double count) {

    static Spread of(double[] x, double[] w) {
        Integer[] order = new Integer[x.length];
        int kept = 0;
        for (int i = 0; i < x.length; i++) if (w[i] > 0) order[kept++] = i;
        Arrays.sort(order, 0, kept, (a, b) -> Double.compare(x[a], x[b]));
        double[] sorted = new double[kept];
        double[] below = new double[kept];
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < kept; i++) {
            sorted[i] = x[order[i]];
            below[i] = sum + 0.5 * w[order[i]];
            sum += w[order[i]];
            squares += w[order[i]] * w[order[i]];
        }
        for (int i = 0; i < kept; i++) below[i] /= sum;
        return new Spread(sorted, below, sum * sum / squares);
    }

    double lo() {
        return sorted[0];
    }

    double hi() {
        return sorted[sorted.length - 1];
    }

    /// The value below which a fraction `p` of the weight lies, interpolated between samples.
    double quantile(double p) {
        int at = Arrays.binarySearch(below, p);
        if (at >= 0) return sorted[at];
        int i = -at - 1;
        if (i == 0) return lo();
        if (i == sorted.length) return hi();
        double t = (p - below[i - 1]) / (below[i] - below[i - 1]);
        return sorted[i - 1] + t * (sorted[i] - sorted[i - 1]);
    }

    /// A standard deviation that far outliers do not inflate: the smaller of the central 68 % and 50 % ranges, scaled to a normal.
    double robust() {
        double by68 = (quantile(0.8413) - quantile(0.1587)) / 2;
        double by50 = (quantile(0.75) - quantile(0.25)) / 1.349;
        return by50 > 0 ? Math.min(by68, by50) : by68;
    }

    /// Which half of `n` samples number `i` belongs to when each half is to foretell the other: alternate tenths, since
    /// neighbours in a Markov chain resemble each other.
    static int half(int i, int n) {
        return (int) (10L * i / n % 2);
    }

    /// `Σ test log f`, where `f` is the density that was fitted to the other half, mixed with a little of a uniform one so that
    /// a lone far sample does not decide. Only cells with `inside > 0` count.
    static double foretells(double[] fitted, double[] test, double[] inside) {
        double total = 0;
        for (int k = 0; k < fitted.length; k++) if (inside[k] > 0) total += fitted[k];
        double sum = 0;
        for (int k = 0; k < fitted.length; k++)
            if (test[k] > 0 && inside[k] > 0) sum += test[k] * Math.log(fitted[k] / total + 1e-3 / fitted.length);
        return sum;
    }

    /// The last choice whose score per sample is within two units of log likelihood, over all samples, of the best.
    static int smoothest(int choices, double count, IntToDoubleFunction score) {
        double[] scores = IntStream.range(0, choices).mapToDouble(score).toArray();
        double best = Arrays.stream(scores).max().orElseThrow();
        int last = choices - 1;
        while (last > 0 && scores[last] < best - 2 / count) last--;
        return last;
    }
}
