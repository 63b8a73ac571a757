package org.cosmograd.sbi.diagnostics;

import java.util.Arrays;
import java.util.Locale;
import org.cosmograd.autodiff.Tensor;

/// Expected coverage: how often the credible region of level `α` holds the truth, against `α`.
///
/// For highest-density regions the truth `θ` of a pair lies in the region of level `α` when the share of draws with
/// `q(θ_l|x) > q(θ|x)` is below `α`; for the right posterior that share is uniform. Coverage above the diagonal is a conservative
/// posterior, below an overconfident one.
///
/// Source: Hermans et al. 2022, "A trust crisis in simulation-based inference?", arXiv 2110.06581, equation 8.
///
/// @param ranks for each pair the number of draws inside the smallest region that holds the truth, `i32[n]`
/// @param draws the number of draws
/// @param uniformity the test of the ranks
public record Coverage(Tensor ranks, int draws, Uniformity uniformity) {

    /// Highest-density regions from the log-probabilities of the truths `[n]` and of the draws `[n, L]` under the posterior of
    /// the same observation. Constants that depend on the observation alone do not matter.
    public static Coverage of(Tensor logProbTruth, Tensor logProbDraws) {
        if (logProbTruth.shape().rank() != 1
                || logProbDraws.shape().rank() != 2
                || logProbDraws.dim(0) != logProbTruth.dim(0)) {
            throw new IllegalArgumentException("Coverage: expected log-probabilities [n] of truths and [n, draws] of draws, got "
                    + logProbTruth.type() + " and " + logProbDraws.type());
        }
        int n = logProbTruth.dim(0);
        int l = logProbDraws.dim(1);
        double[] t = logProbTruth.toDoubles();
        double[] s = logProbDraws.toDoubles();
        int[] ranks = new int[n];
        for (int i = 0; i < n; i++) {
            if (Double.isNaN(t[i])) {
                throw new IllegalArgumentException("Coverage: the log-probability of truth " + i + " is NaN");
            }
            for (int j = 0; j < l; j++) {
                ranks[i] += s[i * l + j] > t[i] ? 1 : 0;
            }
        }
        return ofRanks(ranks, l);
    }

    static Coverage ofRanks(int[] ranks, int draws) {
        return new Coverage(Tensor.of(ranks), draws, Uniformity.of(ranks, draws));
    }

    /// For each pair the level of the smallest region that holds the truth, in (0, 1).
    public double[] levels() {
        return Arrays.stream(ranks.toInts()).mapToDouble(r -> (r + 0.5) / (draws + 1)).toArray();
    }

    /// The share of truths in regions of each level `α`, for levels `[m]` in [0, 1]. Between two possible ranks it is linear, so
    /// the expectation under the right posterior is `α` itself.
    public double[] at(double... levels) {
        int[] sorted = Arrays.stream(ranks.toInts()).sorted().toArray();
        int[] below = new int[draws + 2];
        for (int r : sorted) {
            below[r + 1]++;
        }
        for (int r = 0; r <= draws; r++) {
            below[r + 1] += below[r];
        }
        return Arrays.stream(levels)
                .map(a -> {
                    double at = Math.clamp(a, 0.0, 1.0) * (draws + 1);
                    int r = (int) Math.min(draws, Math.floor(at));
                    return (below[r] + (at - r) * (below[r + 1] - below[r])) / sorted.length;
                })
                .toArray();
    }

    /// `max_α |coverage(α) - α|`
    public double maxError() {
        return uniformity.ks();
    }

    /// `∫ (coverage(α) - α) dα`: above 0 for a conservative posterior, below 0 for an overconfident one. Its standard error for the
    /// right posterior is `1/√(12 n)`.
    public double bias() {
        double mean = Arrays.stream(ranks.toInts()).average().orElse(0);
        return 0.5 - (mean + 0.5) / (draws + 1);
    }

    /// The p-value of the hypothesis that coverage is right at all levels.
    public double p() {
        return uniformity.p();
    }

    @Override
    public String toString() {
        double[] c = at(0.5, 0.68, 0.95);
        return String.format(
                Locale.ROOT,
                "Coverage[50%%: %.1f%%, 68%%: %.1f%%, 95%%: %.1f%%, max error %.3f, bias %+.3f, p %.3g]",
                100 * c[0], 100 * c[1], 100 * c[2], maxError(), bias(), p());
    }
}
