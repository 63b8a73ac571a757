package org.cosmograd.flows;

import org.cosmograd.autodiff.Tensor;

/// An invertible differentiable map `y = f(x)` of rows `[n, d]`, with the logarithm of its volume change.
///
/// Laws: `inverse(forward(x)) = x`; `logDet = ln |det ∂f/∂x|`, and that of the inverse is its negative at the same point.
public interface Bijection extends ConditionalBijection {

    /// A mapped batch.
    ///
    /// @param value the images `[n, d]`
    /// @param logDet `ln |det J|` of the map that was applied, `[n]`
    record Mapped(Tensor value, Tensor logDet) {}

    /// `y = f(x)`
    Mapped forward(Tensor x);

    /// `x = f⁻¹(y)`
    Mapped inverse(Tensor y);

    /// A box that holds the images of a box.
    default Support image(Support of) {
        return Support.real(dimension());
    }

    /// The same map for every context.
    @Override
    default Bijection given(Tensor context) {
        return this;
    }

    /// `f⁻¹`
    default Bijection inverted() {
        return new Inverted(this);
    }
}
