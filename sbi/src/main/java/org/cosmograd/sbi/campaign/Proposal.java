package org.cosmograd.sbi.campaign;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Where parameters of simulations come from: a prior, or a posterior of an earlier round. `prior::sample` is one.
@FunctionalInterface
public interface Proposal {
    /// `n` independent rows of parameters, `[n, D]`.
    Tensor sample(Key key, int n);
}
