package org.cosmograd.simulators.cosmology;

import org.cosmograd.autodiff.Tensor;

/// The geometry of space: flat, or curved with density parameter `Ωk = -K (c/H0)²` (positive is open).
///
/// Flat is a choice of its own, not `Ωk = 0`, because it saves the work; a derivative with respect to `Ωk` at zero needs
/// [Curved] with `Ωk = 0`, and the two agree there.
public sealed interface Curvature {

    /// `Ωk = 0`
    record Flat() implements Curvature {}

    /// Any sign, and zero.
    ///
    /// @param omegaK `Ωk`, scalar or `[B]`
    record Curved(Tensor omegaK) implements Curvature {}
}
