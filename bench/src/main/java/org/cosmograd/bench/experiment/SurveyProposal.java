package org.cosmograd.bench.experiment;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Philox;
import org.cosmograd.simulators.cosmology.BackgroundLikelihood;

/// Where universes for training are drawn: half from the prior, half generously around where today's cosmology lies.
final class SurveyProposal {
    private static final double[] ORIGIN = {0.31, -0.85, -0.6, 9900, 0};
    private static final double[] SPREAD = {0.07, 0.35, 1.4, 500, 0.25};
    /// How many are drawn there.
    private static final double CLOSE = 0.5;
    private static final double[] LOW = DarkEnergyExperiment.low();
    private static final double[] HIGH = DarkEnergyExperiment.high();

    private SurveyProposal() {}

    /// Today's cosmology, about: `θ₀`.
    static Tensor origin() {
        return Tensor.of(ORIGIN);
    }

    /// `p̃/p = ½ + ½ N(θ; θ₀, spread²)/p(θ)`, the second term weakened by `e^(-penalty)`.
    static Tensor ratio(Tensor theta, Tensor penalty) {
        double log = 0;
        for (int k = 0; k < SPREAD.length; k++) {
            log += Math.log((HIGH[k] - LOW[k]) / (SPREAD[k] * Math.sqrt(2 * Math.PI)));
        }
        Tensor z = theta.sub(origin().cast(theta.dtype())).div(Tensor.of(SPREAD).cast(theta.dtype()));
        Tensor near = z.square().sum(1).mul(-0.5).add(log).sub(penalty).clamp(-30, 20).exp();
        return near.mul(CLOSE).add(1 - CLOSE);
    }

    /// Parameters from the proposal, `[n, 5]`.
    static Tensor draw(BackgroundLikelihood likelihood, Key key, int n) {
        double[][] theta = likelihood.samplePrior(key.fold(0), DType.F64, n).toRows();
        double[] choice = key.fold(1).uniform(DType.F64, n).toDoubles();
        Philox random = key.fold(2).stream();
        for (int i = 0; i < n; i++) {
            while (choice[i] < CLOSE) {
                double[] c = new double[ORIGIN.length];
                boolean inside = true;
                for (int k = 0; k < c.length; k++) {
                    c[k] = ORIGIN[k] + SPREAD[k] * random.normal();
                    inside &= c[k] > LOW[k] && c[k] < HIGH[k];
                }
                if (inside && c[1] + c[2] < 0) {
                    theta[i] = c;
                    break;
                }
            }
        }
        return Tensor.of(theta).cast(DType.F32).evaluated();
    }
}
