package org.cosmograd.sbi.diagnostics;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Tests of accuracy with random points: the credible region of a pair is the ball around a reference point `r` that reaches to
/// the truth, its level the share of draws nearer to `r` than the truth, `#{l: |θ_l - r| < |θ - r|}/L`. With references that do not
/// depend on the truth and any posterior that is right, the level is uniform; with enough references a posterior that passes is right.
///
/// Distances are Euclidean after division by **one** scale per parameter, the standard deviation of the truths, for truths, draws and
/// references alike. (Scaling draws by their own mean and width, as other packages did, hides the very bias that is looked for.)
///
/// Source: Lemos et al. 2023, arXiv 2302.03026.
public final class Tarp {
    private Tarp() {}

    /// Levels of truths `[n, D]` among draws `[n, L, D]`, with references uniform in the box that the truths span.
    public static Coverage of(Tensor truth, Tensor draws, Key key) {
        Samples.pairs("Tarp", truth, draws);
        Tensor low = truth.minOver(0);
        Tensor span = truth.maxOver(0).sub(low);
        Tensor u = key.uniform(DType.F64, truth.dim(0), truth.dim(1)).cast(truth.dtype());
        return of(truth, draws, u.mul(span).add(low));
    }

    /// Levels with references of one's own, `[n, D]`. They may depend on the observation, never on the truth; references that
    /// depend on the observation also see a posterior that ignores the data.
    public static Coverage of(Tensor truth, Tensor draws, Tensor references) {
        Samples.pairs("Tarp", truth, draws);
        if (!references.shape().equals(truth.shape())) {
            throw new IllegalArgumentException("Tarp: the references " + references.type() + " must have the shape of the truths " + truth.type());
        }
        int n = truth.dim(0);
        int l = draws.dim(1);
        int d = truth.dim(1);
        double[] t = truth.toDoubles();
        double[] s = draws.toDoubles();
        double[] r = references.toDoubles();
        double[] weight = inverseVariances(t, n, d);
        int[] ranks = new int[n];
        for (int i = 0; i < n; i++) {
            double limit = distance(t, i * d, r, i * d, weight);
            if (Double.isNaN(limit)) {
                throw new IllegalArgumentException("Tarp: truth or reference " + i + " is NaN");
            }
            for (int j = 0; j < l; j++) {
                ranks[i] += distance(s, (i * l + j) * d, r, i * d, weight) < limit ? 1 : 0;
            }
        }
        return Coverage.ofRanks(ranks, l);
    }

    private static double distance(double[] a, int i, double[] b, int j, double[] weight) {
        double sum = 0;
        for (int k = 0; k < weight.length; k++) {
            double gap = a[i + k] - b[j + k];
            sum += weight[k] * gap * gap;
        }
        return sum;
    }

    private static double[] inverseVariances(double[] t, int n, int d) {
        double[] out = new double[d];
        for (int k = 0; k < d; k++) {
            double mean = 0;
            for (int i = 0; i < n; i++) {
                mean += t[i * d + k] / n;
            }
            double variance = 0;
            for (int i = 0; i < n; i++) {
                variance += (t[i * d + k] - mean) * (t[i * d + k] - mean) / n;
            }
            out[k] = variance > 0 ? 1 / variance : 0;
        }
        return out;
    }
}
