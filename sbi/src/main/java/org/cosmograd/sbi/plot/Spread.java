package org.cosmograd.sbi.plot;

import java.util.Arrays;

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
}
