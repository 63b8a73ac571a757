package org.cosmograd.sbi.mcmc;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.cosmograd.autodiff.Tensor;

/// The draws of many chains, and what they say about themselves.
///
/// @param draws parameters by draw and chain, `[N, C, D]`
/// @param logDensity the log-density of the parameters, `[N, C]`, without the volume term of any transformation
/// @param acceptance the mean probability of acceptance
/// @param divergences how many trajectories after warm-up went astray (energy error above 1000, or NaN)
/// @param tuning step size and metric after warm-up
/// @param gradients how many gradients of all chains were computed, warm-up included
/// @param seconds the time the run took
/// @param complete whether the deadline left time for all draws
/// @param parameters the diagnosis of each parameter
public record Chains(
        Tensor draws,
        Tensor logDensity,
        double acceptance,
        int divergences,
        Hmc.Tuning tuning,
        long gradients,
        double seconds,
        boolean complete,
        List<Convergence> parameters) {

    /// The diagnosis of each parameter of draws `[N, C, D]`, `N` at least 4.
    public static List<Convergence> diagnose(Tensor draws) {
        int n = draws.dim(0);
        int c = draws.dim(1);
        int d = draws.dim(2);
        double[] flat = draws.toDoubles();
        List<Convergence> out = new ArrayList<>();
        for (int k = 0; k < d; k++) {
            double[][] chains = new double[c][n];
            for (int t = 0; t < n; t++) {
                for (int i = 0; i < c; i++) {
                    chains[i][t] = flat[(t * c + i) * d + k];
                }
            }
            out.add(Convergence.of(chains));
        }
        return List.copyOf(out);
    }

    /// All draws as rows, `[N·C, D]`.
    public Tensor samples() {
        return draws.reshape(-1, draws.dim(2));
    }

    /// The largest `R̂` of all parameters.
    public double rHat() {
        return parameters.stream().mapToDouble(Convergence::rHat).max().orElse(1);
    }

    /// The smallest effective number of samples of all parameters, in bulk and tails.
    public double ess() {
        return parameters.stream()
                .mapToDouble(p -> Math.min(p.bulkEss(), p.tailEss()))
                .min()
                .orElse(0);
    }

    @Override
    public String toString() {
        StringBuilder s = new StringBuilder(String.format(
                Locale.ROOT,
                "Chains[%d x %d draws, R-hat %.4f, ESS %.0f (%.0f/s), acceptance %.2f, %d divergences, step %.3g, %d gradients, %.2f s%s]",
                draws.dim(1), draws.dim(0), rHat(), ess(), ess() / seconds, acceptance, divergences,
                tuning.stepSize().item(), gradients, seconds, complete ? "" : ", stopped at the deadline"));
        for (int k = 0; k < parameters.size(); k++) {
            s.append("\n  ").append(k).append("  ").append(parameters.get(k));
        }
        return s.toString();
    }
}
