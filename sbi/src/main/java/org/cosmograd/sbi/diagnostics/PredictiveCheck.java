package org.cosmograd.sbi.diagnostics;

import java.util.Arrays;
import java.util.Locale;
import org.cosmograd.autodiff.Tensor;

/// Posterior predictive check: does the model, with parameters from its posterior, make data like the observation?
///
/// For each feature, the two-sided share of replicated data as extreme as the observation. For all together,
/// `T(x) = (x - μ)ᵀ Σ⁻¹ (x - μ)` with `μ`, `Σ` of the first half of the replications; the share of the second half with a larger
/// `T` is an exact p-value whatever the distribution. Where the first half has less than three times as many replications as there are
/// features, `Σ` keeps its diagonal only.
///
/// Source: Gelman, Meng, Stern 1996, "Posterior predictive assessment of model fitness".
///
/// @param features the two-sided p-value of each feature, `f64[F]`
/// @param chiSquare `T` of the observation
/// @param chiSquareP the probability of a larger `T` for Gaussian data, from `χ²(F)`
/// @param p the share of replications with a larger `T`
/// @param number how many replications there were
public record PredictiveCheck(Tensor features, double chiSquare, double chiSquareP, double p, int number) {

    /// The check of an observation `[F]` against replications `[n, F]`.
    public static PredictiveCheck of(Tensor observation, Tensor replications) {
        double[][] rep = Samples.rows("PredictiveCheck", "replications", replications);
        int n = rep.length;
        int f = rep[0].length;
        if (observation.shape().size() != f) {
            throw new IllegalArgumentException(
                    "PredictiveCheck: the observation has " + observation.shape().size() + " features, the replications have " + f);
        }
        if (n < 40) {
            throw new IllegalArgumentException("PredictiveCheck: " + n + " replications are too few, at least 40 are needed");
        }
        double[] x = observation.toDoubles();
        double[] features = new double[f];
        for (int k = 0; k < f; k++) {
            int below = 1;
            int above = 1;
            for (double[] r : rep) {
                below += r[k] <= x[k] ? 1 : 0;
                above += r[k] >= x[k] ? 1 : 0;
            }
            features[k] = Math.min(1, 2.0 * Math.min(below, above) / (n + 1));
        }
        int half = n / 2;
        double[] mean = mean(rep, half);
        double[][] factor = cholesky(covariance(rep, half, mean));
        double observed = distance(factor, mean, x);
        int larger = 1;
        for (int i = half; i < n; i++) {
            larger += distance(factor, mean, rep[i]) >= observed ? 1 : 0;
        }
        double p = (double) larger / (n - half + 1);
        return new PredictiveCheck(Tensor.of(features), observed, Significance.chiSquare(observed, f), p, n);
    }

    private static double[] mean(double[][] rows, int n) {
        double[] mean = new double[rows[0].length];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < mean.length; k++) {
                mean[k] += rows[i][k] / n;
            }
        }
        return mean;
    }

    private static double[][] covariance(double[][] rows, int n, double[] mean) {
        int f = mean.length;
        double[][] c = new double[f][f];
        for (int i = 0; i < n; i++) {
            for (int a = 0; a < f; a++) {
                for (int b = 0; b <= a; b++) {
                    if (a == b || n >= 3 * f) {
                        c[a][b] += (rows[i][a] - mean[a]) * (rows[i][b] - mean[b]) / (n - 1);
                    }
                }
            }
        }
        return c;
    }

    /// The lower factor; directions without spread get a spread of a millionth of the feature's own, or 1e-150 for a constant.
    private static double[][] cholesky(double[][] c) {
        int f = c.length;
        double[][] l = new double[f][f];
        for (int a = 0; a < f; a++) {
            for (int b = 0; b <= a; b++) {
                double s = c[a][b];
                for (int k = 0; k < b; k++) {
                    s -= l[a][k] * l[b][k];
                }
                l[a][b] = a == b ? Math.sqrt(Math.max(s, 1e-12 * c[a][a] + 1e-300)) : s / l[b][b];
            }
        }
        return l;
    }

    private static double distance(double[][] l, double[] mean, double[] x) {
        double[] z = new double[x.length];
        double sum = 0;
        for (int a = 0; a < x.length; a++) {
            double s = x[a] - mean[a];
            for (int k = 0; k < a; k++) {
                s -= l[a][k] * z[k];
            }
            z[a] = s / l[a][a];
            sum += z[a] * z[a];
        }
        return sum;
    }

    @Override
    public String toString() {
        double least = Arrays.stream(features.toDoubles()).min().orElse(1);
        return String.format(
                Locale.ROOT,
                "PredictiveCheck[p %.3g, chi2 %.1f for %d features (p %.3g), least feature p %.3g, %d replications]",
                p, chiSquare, features.dim(0), chiSquareP, least, number);
    }
}
