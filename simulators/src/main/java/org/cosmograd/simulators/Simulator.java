package org.cosmograd.simulators;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Draws `x ~ p(x|θ)`: a function `(theta, key) → x` over a batch, with the prior `p(θ)` that belongs to it.
///
/// Shapes: `theta` is `[n, parameters]`, `x` is `[n, observables]`, both of one floating-point type. Everything is an expression,
/// so a simulator can be traced into a program and differentiated with respect to `theta` at a fixed key.
///
/// Laws: the same `theta` and key give the same bits; derivatives equal finite differences; the score `∂ ln p(x|θ)/∂θ` has mean zero
/// under `p(x|θ)` wherever the support of `x` does not depend on `θ`.
public interface Simulator {
    /// A short name in lower case.
    String name();

    /// The number of parameters.
    int parameters();

    /// The number of observed numbers.
    int observables();

    /// `n` parameter vectors from the prior, `[n, parameters]`.
    Tensor samplePrior(Key key, DType dtype, int n);

    /// `ln p(θ)`, `[n]`; `-∞` outside the prior's support.
    Tensor logPrior(Tensor theta);

    /// One observation for each row of `theta`, `[n, observables]`.
    Tensor simulate(Tensor theta, Key key);

    /// `ln p(x|θ)`, `[n]`; `x` is `[n, observables]`, or `[observables]` for one observation under many parameters.
    Tensor logLikelihood(Tensor theta, Tensor x);
}
