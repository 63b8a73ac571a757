package org.cosmograd.sbi.plot;

import java.util.Arrays;

/// How far counts of uniform numbers may stray.
final class UniformBand {

    private UniformBand() {}

    /// `ln n!` for 0…n.
    private static double[] logFactorials(int n) {
        double[] out = new double[n + 1];
        for (int i = 2; i <= n; i++) out[i] = out[i - 1] + Math.log(i);
        return out;
    }

    /// Probabilities of 0…n successes in n trials.
    private static double[] binomial(int n, double p, double[] lf) {
        double[] out = new double[n + 1];
        if (p <= 0 || p >= 1) {
            out[p <= 0 ? 0 : n] = 1;
            return out;
        }
        for (int k = 0; k <= n; k++) out[k] = Math.exp(lf[n] - lf[k] - lf[n - k] + k * Math.log(p) + (n - k) * Math.log1p(-p));
        return out;
    }

    /// The central interval of a binomial: `{lo, hi}`, with at most `(1 − mass)/2` of the probability strictly below and strictly above.
    static int[] binomialInterval(int n, double p, double mass) {
        return interval(binomial(n, p, logFactorials(n)), (1 - mass) / 2);
    }

    private static int[] interval(double[] probability, double tail) {
        int lo = 0;
        for (double sum = probability[0]; sum <= tail && lo < probability.length - 1; ) sum += probability[++lo];
        int hi = probability.length - 1;
        for (double sum = probability[hi]; sum <= tail && hi > 0; ) sum += probability[--hi];
        return new int[] {lo, Math.max(lo, hi)};
    }

    /// Bounds `{lo[], hi[]}` on the number of `n` independent uniform numbers that are at most `z`, such that the whole curve stays between
    /// them with probability `mass` (Säilynoja, Bürkner and Vehtari, Statistics and Computing 32 (2022) 32, section 2.2).
    ///
    /// The bounds are pointwise binomial intervals of one common tail probability, which is found by bisection; the chance that a
    /// curve stays inside is summed exactly over the Markov chain of counts.
    ///
    /// @param z increasing, in `(0, 1)`
    static int[][] simultaneous(int n, double[] z, double mass) {
        double[] lf = logFactorials(n);
        double[][] probability = new double[z.length][];
        for (int i = 0; i < z.length; i++) probability[i] = binomial(n, z[i], lf);
        double narrow = 1 - mass;
        double wide = (1 - mass) / (2 * z.length);
        for (int step = 0; step < 14; step++) {
            double tail = Math.sqrt(narrow * wide);
            if (staysInside(n, z, bounds(probability, tail / 2), lf) >= mass) wide = tail;
            else narrow = tail;
        }
        return bounds(probability, wide / 2);
    }

    private static int[][] bounds(double[][] probability, double tail) {
        int[][] out = new int[2][probability.length];
        for (int i = 0; i < probability.length; i++) {
            int[] interval = interval(probability[i], tail);
            out[0][i] = interval[0];
            out[1][i] = interval[1];
        }
        return out;
    }

    /// The probability that all counts are within their bounds.
    static double staysInside(int n, double[] z, int[][] bounds, double[] lf) {
        double[] state = {1};
        int first = 0;
        double before = 0;
        for (int i = 0; i < z.length; i++) {
            int lo = bounds[0][i];
            int hi = bounds[1][i];
            double p = (z[i] - before) / (1 - before);
            double[] next = new double[hi - lo + 1];
            for (int c = first; c < first + state.length; c++) {
                double weight = state[c - first];
                if (weight < 1e-300) continue;
                int rest = n - c;
                // Only increments within eight standard deviations matter.
                double spread = 8 * Math.sqrt(rest * p * (1 - p)) + 8;
                int from = Math.max(Math.max(lo - c, 0), (int) (rest * p - spread));
                int to = Math.min(Math.min(hi - c, rest), (int) (rest * p + spread));
                if (from > to) continue;
                double term = weight * Math.exp(lf[rest] - lf[from] - lf[rest - from] + from * Math.log(p) + (rest - from) * Math.log1p(-p));
                for (int d = from; d <= to; d++) {
                    next[c + d - lo] += term;
                    term *= (rest - d) / (d + 1.0) * p / (1 - p);
                }
            }
            state = next;
            first = lo;
            before = z[i];
        }
        return Arrays.stream(state).sum();
    }

    static double staysInside(int n, double[] z, int[][] bounds) {
        return staysInside(n, z, bounds, logFactorials(n));
    }
}
