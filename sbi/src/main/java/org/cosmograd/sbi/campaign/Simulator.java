package org.cosmograd.sbi.campaign;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// A simulator of batches: parameters `[B, D]` and a key to data `[B, …]`, row by row. It may be differentiable.
@FunctionalInterface
public interface Simulator {
    /// Data for each row of parameters.
    Tensor simulate(Tensor theta, Key key);
}
