package org.cosmograd.flows;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// The distribution of `x = f(z)` with `z` from a base distribution: `ln p(x) = ln p_z(f⁻¹(x)) + ln |det ∂f⁻¹/∂x|`.
///
/// @param base the distribution of `z`
/// @param bijection `f`
public record Transformed(Distribution base, Bijection bijection) implements Distribution {
    /// Checks that the dimensions agree.
    public Transformed {
        if (base.dimension() != bijection.dimension()) {
            throw new ShapeException("Transformed: the base has " + base.dimension() + " dimensions, the bijection " + bijection.dimension());
        }
    }

    @Override
    public int dimension() {
        return base.dimension();
    }

    @Override
    public DType dtype() {
        return base.dtype();
    }

    @Override
    public Tensor logProb(Tensor x) {
        Support.check("Transformed.logProb", dimension(), x);
        Support support = support();
        Bijection.Mapped z = bijection.inverse(support.clip(x));
        Tensor log = base.logProb(z.value()).add(z.logDet());
        return support.isReal() ? log : support.contains(x).where(log, Double.NEGATIVE_INFINITY);
    }

    @Override
    public Tensor sample(Key key, int n) {
        return bijection.forward(base.sample(key, n)).value();
    }

    @Override
    public Support support() {
        return bijection.image(base.support());
    }
}
