package org.cosmograd.simulators.sbibm;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// `θ ~ U(−10, 10)²`, `x ~ ½ N(θ, I) + ½ N(θ, 0.1² I)`, where 0.1 is a standard deviation and each row draws its own component, one
/// for both dimensions; the posterior is the same mixture about `x`, cut off at the box.
///
/// Source: sbibm task `gaussian_mixture`, T.7 of arXiv:2101.04653 (sbibm before v1.1.0 drew one component for a whole batch).
public record GaussianMixture() implements KnownPosterior {
    private static final double NARROW = 0.1;

    @Override
    public String name() {
        return "gaussian_mixture";
    }

    @Override
    public TaskPrior.Box prior() {
        return TaskPrior.Box.cube(-10, 10, 2);
    }

    @Override
    public int observables() {
        return 2;
    }

    @Override
    public Tensor simulate(Tensor theta, Key key) {
        return scattered(Rows.of(this, "simulate", theta), key);
    }

    @Override
    public Tensor logLikelihood(Tensor theta, Tensor x) {
        Tensor square = x.sub(Rows.of(this, "logLikelihood", theta)).square().sum(-1);
        Tensor wide = square.mul(-0.5);
        Tensor narrow = square.mul(-0.5 / (NARROW * NARROW)).sub(2 * Math.log(NARROW));
        return Tensor.stack(-1, wide, narrow).logSumExp(-1).sub(Math.log(4 * Math.PI));
    }

    @Override
    public Tensor samplePosterior(Tensor x, Key key, int n) {
        Tensor centre = x.broadcastTo(n, 2);
        return Rejection.sample(name(), key, n, k -> scattered(centre, k), prior()::contains);
    }

    private static Tensor scattered(Tensor centre, Key key) {
        Tensor wide = key.fold(0).uniform(centre.dtype(), centre.dim(0), 1).less(0.5);
        Tensor sd = wide.where(wide.like(1), NARROW);
        return centre.add(key.fold(1).normal(centre.dtype(), centre.shape().dims()).mul(sd));
    }
}
