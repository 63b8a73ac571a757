package org.cosmograd.flows;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Independent normal variables: `p(x) = Π N(xᵢ; μᵢ, σᵢ²)`, the normal distribution of diagonal covariance.
///
/// @param mean `μ`, `[d]`, or one row per sample `[n, d]`
/// @param sd `σ > 0`, like `μ`
public record Normal(Tensor mean, Tensor sd) implements Distribution {

    /// Mean 0 and variance 1 in each dimension.
    public static Normal standard(int dimension, DType dtype) {
        return new Normal(Tensor.zeros(dtype, dimension), Tensor.ones(dtype, dimension));
    }

    @Override
    public int dimension() {
        return mean.dim(-1);
    }

    @Override
    public DType dtype() {
        return mean.dtype();
    }

    @Override
    public Tensor logProb(Tensor x) {
        Support.check("Normal.logProb", dimension(), x);
        Tensor z = x.sub(mean).div(sd);
        Tensor sum = z.square().sum(-1).mul(-0.5).sub(dimension() * Gaussian.LOG_ROOT_TAU);
        return sum.sub(sd.log().sum(-1));
    }

    @Override
    public Tensor sample(Key key, int n) {
        return key.normal(dtype(), n, dimension()).mul(sd).add(mean);
    }
}
