package org.cosmograd.sbi.diagnostics;

import java.util.Arrays;
import java.util.Locale;

/// Two tests of whether ranks are uniform on `0 … draws`.
///
/// `χ² = Σ_b (n_b - e_b)²/e_b` over at most 20 bins of at least 5 expected ranks each sees widths and edges;
/// `D = max_r |F_n(r) - (r + 1)/(draws + 1)|` (Kolmogorov and Smirnov, the largest distance of the ECDF from the diagonal) sees
/// shifts. Expectations count the exact number of ranks in a bin, so `draws + 1` need not be divisible by the number of bins.
///
/// @param chiSquare `χ²`
/// @param chiSquareP the probability of a larger `χ²` for uniform ranks
/// @param ks `D`
/// @param ksP the probability of a larger `D` for uniform ranks (conservative where ranks are few)
/// @param number how many ranks were tested
public record Uniformity(double chiSquare, double chiSquareP, double ks, double ksP, int number) {

    /// Both tests of ranks between 0 and `draws`, both included.
    public static Uniformity of(int[] ranks, int draws) {
        int n = ranks.length;
        if (n < 10) {
            throw new IllegalArgumentException("uniformity: " + n + " ranks are too few to test, at least 10 are needed");
        }
        int[] counts = new int[draws + 1];
        for (int r : ranks) {
            if (r < 0 || r > draws) {
                throw new IllegalArgumentException("uniformity: the rank " + r + " is outside 0 ... " + draws);
            }
            counts[r]++;
        }
        int bins = Math.clamp(Math.min(n / 5, draws + 1), 2, 20);
        double chi = 0;
        double ks = 0;
        int seen = 0;
        int from = 0;
        for (int b = 0; b < bins; b++) {
            int to = (int) ((b + 1L) * (draws + 1) / bins);
            int inBin = 0;
            for (int r = from; r < to; r++) {
                inBin += counts[r];
                seen += counts[r];
                ks = Math.max(ks, Math.abs((double) seen / n - (r + 1.0) / (draws + 1)));
            }
            double expected = (double) n * (to - from) / (draws + 1);
            if (to > from) {
                chi += (inBin - expected) * (inBin - expected) / expected;
            }
            from = to;
        }
        int dof = Math.min(bins, draws + 1) - 1;
        return new Uniformity(chi, Significance.chiSquare(chi, dof), ks, Significance.kolmogorov(ks, n), n);
    }

    /// Both tests of numbers on [0, 1].
    public static Uniformity of(double[] u) {
        int fine = 1 << 20;
        return of(Arrays.stream(u).mapToInt(v -> (int) Math.min(fine - 1, v * fine)).toArray(), fine - 1);
    }

    /// One p-value of both tests: twice the smaller one, at most 1 (Bonferroni).
    public double p() {
        return Math.min(1, 2 * Math.min(chiSquareP, ksP));
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "Uniformity[chi2 %.1f (p %.3g), KS %.4f (p %.3g), %d ranks]", chiSquare, chiSquareP, ks, ksP, number);
    }
}
