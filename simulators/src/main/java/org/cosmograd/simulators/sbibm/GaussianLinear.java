package org.cosmograd.simulators.sbibm;

import java.util.Collections;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// `θ ~ N(0, 0.1 I)`, `x ~ N(θ, 0.1 I)` in ten dimensions; the posterior is `N(x/2, 0.05 I)`.
///
/// 0.1 is the variance in both (sbibm's code names it a scale and uses it as covariance).
/// Source: sbibm task `gaussian_linear`, T.1 of arXiv:2101.04653.
public record GaussianLinear() implements KnownPosterior {
    private static final double VARIANCE = 0.1;

    @Override
    public String name() {
        return "gaussian_linear";
    }

    @Override
    public TaskPrior prior() {
        return new TaskPrior.Normal(Collections.nCopies(10, 0.0), Collections.nCopies(10, VARIANCE));
    }

    @Override
    public int observables() {
        return 10;
    }

    @Override
    public Tensor simulate(Tensor theta, Key key) {
        return shifted(Rows.of(this, "simulate", theta), key);
    }

    @Override
    public Tensor logLikelihood(Tensor theta, Tensor x) {
        return density(Rows.of(this, "logLikelihood", theta), x);
    }

    @Override
    public Tensor samplePosterior(Tensor x, Key key, int n) {
        return key.normal(x.dtype(), n, 10).mul(Math.sqrt(VARIANCE / 2)).add(x.mul(0.5));
    }

    /// `N(θ, 0.1 I)`
    static Tensor shifted(Tensor theta, Key key) {
        return theta.add(key.normal(theta.dtype(), theta.shape().dims()).mul(Math.sqrt(VARIANCE)));
    }

    /// `ln N(x; θ, 0.1 I)`
    static Tensor density(Tensor theta, Tensor x) {
        return x.sub(theta)
                .square()
                .sum(-1)
                .mul(-0.5 / VARIANCE)
                .sub(theta.dim(-1) * Math.log(2 * Math.PI * VARIANCE) / 2);
    }
}
