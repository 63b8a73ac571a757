package org.cosmograd.sbi.diagnostics;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// Simulation-based calibration: if `(θ, x) ~ p(θ) p(x|θ)` and `θ₁ … θ_L ~ q(θ|x)` with the right posterior `q`, the rank of each
/// parameter of `θ` among its draws is uniform on `0 … L`.
///
/// A U-shape of the ranks means a posterior too narrow, a hill one too wide, a slope one shifted. Ranks of single parameters do not
/// see a wrong correlation; ranks of a quantity such as `θ₁θ₂`, or [Coverage] and [Tarp], do.
///
/// Draws must be independent: thin Markov chains first.
///
/// Source: Talts et al. 2018, arXiv 1804.06788; quantities: Modrák et al. 2023, arXiv 2211.02383.
///
/// @param ranks the number of draws below the truth, `i32[n, D]`
/// @param draws the number of draws `L`
/// @param parameters the tests of each parameter
public record Sbc(Tensor ranks, int draws, List<Uniformity> parameters) {

    /// Ranks of truths `[n, D]` among draws `[n, L, D]`.
    public static Sbc of(Tensor truth, Tensor draws) {
        Samples.pairs("Sbc", truth, draws);
        int n = truth.dim(0);
        int l = draws.dim(1);
        int d = truth.dim(1);
        double[] t = truth.toDoubles();
        double[] s = draws.toDoubles();
        int[] ranks = new int[n * d];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < l; j++) {
                for (int k = 0; k < d; k++) {
                    double v = s[(i * l + j) * d + k];
                    if (Double.isNaN(v)) {
                        throw new IllegalArgumentException("Sbc: draw " + j + " of pair " + i + " is NaN in parameter " + k);
                    }
                    if (v < t[i * d + k]) {
                        ranks[i * d + k]++;
                    }
                }
            }
        }
        List<Uniformity> tests = new ArrayList<>();
        for (int k = 0; k < d; k++) {
            int[] column = new int[n];
            for (int i = 0; i < n; i++) {
                column[i] = ranks[i * d + k];
            }
            tests.add(Uniformity.of(column, l));
        }
        return new Sbc(Tensor.of(Shape.of(n, d), ranks), l, List.copyOf(tests));
    }

    /// Ranks of quantities of the parameters, `quantities: [m, D] → [m, Q]`.
    public static Sbc of(Tensor truth, Tensor draws, UnaryOperator<Tensor> quantities) {
        Samples.pairs("Sbc", truth, draws);
        Tensor flat = quantities.apply(draws.reshape(-1, draws.dim(2)));
        return of(quantities.apply(truth), flat.reshape(draws.dim(0), draws.dim(1), flat.dim(1)));
    }

    /// One p-value of all parameters: the smallest times their number, at most 1 (Bonferroni).
    public double p() {
        double least = parameters.stream().mapToDouble(Uniformity::p).min().orElse(1);
        return Math.min(1, least * parameters.size());
    }

    @Override
    public String toString() {
        StringBuilder s = new StringBuilder(String.format(Locale.ROOT, "Sbc[p %.3g, %d pairs, %d draws]", p(), ranks.dim(0), draws));
        for (int k = 0; k < parameters.size(); k++) {
            s.append("\n  ").append(k).append("  ").append(parameters.get(k));
        }
        return s.toString();
    }
}
