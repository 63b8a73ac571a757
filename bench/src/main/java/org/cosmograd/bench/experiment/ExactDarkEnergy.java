package org.cosmograd.bench.experiment;

import java.nio.file.Files;
import java.util.Set;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Philox;
import org.cosmograd.bench.Run;
import org.cosmograd.flows.Support;
import org.cosmograd.sbi.io.Npz;
import org.cosmograd.sbi.mcmc.Chains;
import org.cosmograd.sbi.mcmc.Hmc;
import org.cosmograd.simulators.cosmology.BackgroundLikelihood;
import org.cosmograd.simulators.cosmology.BackgroundParameter;

/// The exact posterior of the dark-energy experiment: draws by Hamiltonian Monte Carlo through the differentiable likelihood, and the best
/// fits with and without evolving dark energy.
///
/// @param draws draws, `[n, 5]`
/// @param chiSquared least `χ²` with `w₀` and `wₐ` free
/// @param chiSquaredLcdm least `χ²` for a cosmological constant
record ExactDarkEnergy(double[][] draws, double chiSquared, double chiSquaredLcdm) {
    static ExactDarkEnergy of(Run run, BackgroundLikelihood likelihood, int hmcDraws) {
        double[] best = fit(likelihood, usual());
        Set<BackgroundParameter> fixed =
                Set.of(BackgroundParameter.OMEGA_M, BackgroundParameter.H0_RD, BackgroundParameter.OFFSET);
        BackgroundLikelihood lcdm = BackgroundLikelihood.of(likelihood.surveys(), fixed);
        double[] bestLcdm = fit(lcdm, lcdm.free().stream().mapToDouble(BackgroundParameter::usual).toArray());
        double chi = likelihood.chiSquared(Tensor.of(best), likelihood.observed(DType.F64)).item();
        double chiLcdm = lcdm.chiSquared(Tensor.of(bestLcdm), lcdm.observed(DType.F64)).item();
        run.figure("tension_lcdm_sigma", sigmas(chiLcdm - chi));
        run.say("best fits: χ² %.2f with w0wa, %.2f with a cosmological constant", chi, chiLcdm);

        double[][] draws;
        if (Files.exists(run.file("exact.npz"))) {
            draws = Npz.read(run.file("exact.npz")).array("theta").matrix();
            run.say("exact posterior: %d draws from before", draws.length);
        } else {
            int chains = 64;
            Tensor width = Tensor.of(0.02, 0.1, 0.3, 100, 0.05);
            Tensor start = Tensor.of(new double[][] {best})
                    .add(run.key().fold(1).normal(DType.F64, chains, 5).mul(width).mul(0.5));
            Chains c = Hmc.of(t -> likelihood.logLikelihood(t).add(likelihood.logPrior(t)), Support.of(DarkEnergyExperiment.low(), DarkEnergyExperiment.high()))
                    .draws(hmcDraws)
                    .run(start, run.key().fold(2));
            run.say("exact posterior: %d chains of %d draws, R-hat %.3f, %.0f effective draws, %.1f s", chains, hmcDraws, c.rHat(), c.ess(), c.seconds());
            draws = c.samples().toRows();
            DarkEnergyExperiment.save(run, "exact", draws);
            run.figure("hmc_rhat", c.rHat());
            run.figure("hmc_ess", c.ess());
            run.figure("hmc_seconds", c.seconds());
        }
        return new ExactDarkEnergy(draws, chi, chiLcdm);
    }

    private static double[] usual() {
        return new double[] {0.33, -0.7, -1, 9740, 0};
    }

    /// The parameters of least `χ²`, by Gauss and Newton's method with steps halved where it would rise.
    private static double[] fit(BackgroundLikelihood likelihood, double[] start) {
        Tensor theta = Tensor.of(start);
        Tensor x = likelihood.observed(DType.F64);
        double chi = likelihood.chiSquared(theta, x).item();
        for (int i = 0; i < 40; i++) {
            Tensor r = likelihood.whiten(x.sub(likelihood.theory(theta)));
            Tensor j = Gradient.jacobian(r, theta);
            Tensor l = j.transpose().matmul(j).cholesky();
            Tensor g = j.transpose().matmul(r.expand(1));
            Tensor step = l.solveTriangular(l.solveTriangular(g, false), true).squeeze(1);
            double before = chi;
            for (double size = 1; size > 1e-6; size /= 2) {
                Tensor next = Tensor.of(theta.sub(step.mul(size)).toDoubles());
                double there = likelihood.chiSquared(next, x).item();
                if (there <= chi) {
                    theta = next;
                    chi = there;
                    break;
                }
            }
            if (before - chi < 1e-9) {
                break;
            }
        }
        return theta.toDoubles();
    }

    /// `Δχ²` of two further parameters as the standard deviations of a normal distribution with the same probability beyond:
    /// `e^(-Δχ²/2) = 2 (1 - Φ(n))`.
    private static double sigmas(double difference) {
        double p = Math.exp(-difference / 2);
        return -Philox.quantile(Math.max(p / 2, 1e-300));
    }

    /// How strongly the data prefer evolving dark energy, as the significance of two parameters more.
    double tension() {
        return sigmas(chiSquaredLcdm - chiSquared);
    }
}
