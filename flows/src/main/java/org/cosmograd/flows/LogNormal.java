package org.cosmograd.flows;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Independent positive variables whose logarithms are normal: `p(x) = Π N(ln xᵢ; μᵢ, σᵢ²)/xᵢ`.
///
/// @param mean `μ`, the mean of the logarithm, `[d]`
/// @param sd `σ > 0`, its standard deviation, `[d]`
public record LogNormal(Tensor mean, Tensor sd) implements Distribution {
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
        return transformed().logProb(x);
    }

    @Override
    public Tensor sample(Key key, int n) {
        return transformed().sample(key, n);
    }

    @Override
    public Support support() {
        return Support.positive(dimension());
    }

    private Transformed transformed() {
        return new Transformed(new Normal(mean, sd), new Constrain(support()));
    }
}
