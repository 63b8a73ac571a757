package org.cosmograd.sbi.diagnostics;

import java.util.Arrays;
import java.util.Locale;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Maximum mean discrepancy with the kernel `k(x, y) = exp(-|x - y|²/2s²)`, `s` the median distance in the reference:
/// `MMD² = E k(x, x') + E k(y, y') - 2 E k(x, y)`, unbiased, with a permutation test. Samples are divided by the reference's standard
/// deviation first. The first 1000 rows of each sample are used, since work grows with the square.
///
/// Source: Gretton et al. 2012, "A kernel two-sample test", equation 3.
///
/// @param squared `MMD²`, which may be slightly negative
/// @param p the share of 200 random relabellings with a larger value
public record Mmd(double squared, double p) {
    private static final int MOST = 1000;
    private static final int PERMUTATIONS = 200;

    /// The discrepancy of a sample `[m, d]` from a reference `[n, d]`.
    public static Mmd of(Tensor reference, Tensor sample, Key key) {
        double[][] x = Samples.rows("Mmd", "reference", reference);
        double[][] y = Samples.rows("Mmd", "sample", sample);
        int d = x[0].length;
        if (y[0].length != d) {
            throw new IllegalArgumentException("Mmd: the samples have " + d + " and " + y[0].length + " parameters");
        }
        int n = Math.min(MOST, x.length);
        int m = Math.min(MOST, y.length);
        if (n < 4 || m < 4) {
            throw new IllegalArgumentException("Mmd: samples of " + n + " and " + m + " are too few, at least 4 are needed");
        }
        double[] weight = new double[d];
        for (int k = 0; k < d; k++) {
            int column = k;
            double mean = Arrays.stream(x).mapToDouble(r -> r[column]).average().orElse(0);
            double variance = Arrays.stream(x).mapToDouble(r -> (r[column] - mean) * (r[column] - mean)).average().orElse(0);
            weight[k] = variance > 0 ? 1 / variance : 1;
        }
        int all = n + m;
        double[][] kernel = new double[all][all];
        double[] within = new double[n * (n - 1) / 2];
        int next = 0;
        for (int i = 0; i < all; i++) {
            double[] a = i < n ? x[i] : y[i - n];
            for (int j = 0; j < i; j++) {
                double[] b = j < n ? x[j] : y[j - n];
                double s = 0;
                for (int k = 0; k < d; k++) {
                    s += weight[k] * (a[k] - b[k]) * (a[k] - b[k]);
                }
                kernel[i][j] = s;
                if (i < n) {
                    within[next++] = s;
                }
            }
        }
        Arrays.sort(within);
        double median = Math.max(within[within.length / 2], 1e-300);
        for (int i = 0; i < all; i++) {
            for (int j = 0; j < i; j++) {
                double v = Math.exp(-kernel[i][j] / (2 * median));
                kernel[i][j] = v;
                kernel[j][i] = v;
            }
        }
        boolean[] first = new boolean[all];
        Arrays.fill(first, 0, n, true);
        double observed = squared(kernel, first, n);
        int larger = 1;
        for (int t = 0; t < PERMUTATIONS; t++) {
            int[] order = key.fold(t).permutation(all).toInts();
            boolean[] labels = new boolean[all];
            for (int i = 0; i < n; i++) {
                labels[order[i]] = true;
            }
            larger += squared(kernel, labels, n) >= observed ? 1 : 0;
        }
        return new Mmd(observed, (double) larger / (PERMUTATIONS + 1));
    }

    private static double squared(double[][] kernel, boolean[] first, int n) {
        int m = first.length - n;
        double xx = 0;
        double yy = 0;
        double xy = 0;
        for (int i = 0; i < first.length; i++) {
            double same = 0;
            double other = 0;
            double[] row = kernel[i];
            for (int j = 0; j < first.length; j++) {
                if (first[j] == first[i]) {
                    same += row[j];
                } else {
                    other += row[j];
                }
            }
            if (first[i]) {
                xx += same;
            } else {
                yy += same;
            }
            xy += other / 2;
        }
        return xx / n / (n - 1) + yy / m / (m - 1) - 2 * xy / n / m;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "Mmd[squared %.3g, p %.3g]", squared, p);
    }
}
