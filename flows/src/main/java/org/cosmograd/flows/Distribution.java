package org.cosmograd.flows;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// A probability density `p(x)` on `ℝᵈ`, and a way to draw from it.
///
/// Laws: `∫ p = 1`; samples have the density `p` and lie in the support; outside it `ln p = -∞`. Both are expressions, so they can be
/// differentiated, by `x` as well as by the tensors the distribution is made of.
///
/// Where parameters have one row per sample, row `i` of the result uses row `i` of them.
public interface Distribution {
    /// The number of dimensions `d`.
    int dimension();

    /// The element type of samples.
    DType dtype();

    /// `ln p(x)` for each row: `x[n, d] → [n]`.
    Tensor logProb(Tensor x);

    /// `n` independent samples `[n, d]`.
    Tensor sample(Key key, int n);

    /// The smallest known box outside of which the density vanishes.
    default Support support() {
        return Support.real(dimension());
    }
}
