package org.cosmograd.simulators.sbibm;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// A task whose posterior can be sampled exactly.
public sealed interface KnownPosterior extends SbibmTask permits TwoMoons, GaussianLinear, GaussianLinearUniform, GaussianMixture {

    /// `n` independent draws from `p(θ|x)`, `[n, parameters]`, for one observation `x`, `[observables]`.
    Tensor samplePosterior(Tensor x, Key key, int n);
}
