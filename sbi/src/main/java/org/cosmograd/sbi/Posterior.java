package org.cosmograd.sbi;

import org.cosmograd.autodiff.Tensor;

/// A posterior for any observation: `x ↦ p(θ | x)`.
public interface Posterior {
    /// The number of parameters.
    int dimension();

    /// The number of features of an observation.
    int features();

    /// The posterior of one observation `[F]` or `[1, F]`, checked at once:
    ///
    ///     Posterior.given: the observation has 4 features, the network was trained on 6
    ///     Posterior.given: feature 3 of the observation is NaN; fill it in, or train without it
    ObservedPosterior given(Tensor x);
}
