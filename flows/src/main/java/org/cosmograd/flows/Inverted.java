package org.cosmograd.flows;

import org.cosmograd.autodiff.Tensor;

/// `y = f⁻¹(x)`
///
/// @param of `f`
public record Inverted(Bijection of) implements Bijection {
    @Override
    public int dimension() {
        return of.dimension();
    }

    @Override
    public Mapped forward(Tensor x) {
        return of.inverse(x);
    }

    @Override
    public Mapped inverse(Tensor y) {
        return of.forward(y);
    }

    @Override
    public Bijection inverted() {
        return of;
    }
}
