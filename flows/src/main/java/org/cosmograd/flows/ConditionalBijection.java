package org.cosmograd.flows;

import org.cosmograd.autodiff.Tensor;

/// A bijection of `ℝᵈ` for each context.
public interface ConditionalBijection {
    /// The number of dimensions `d`.
    int dimension();

    /// The bijection for one context `[1, C]`, or row by row for `[n, C]`.
    Bijection given(Tensor context);
}
