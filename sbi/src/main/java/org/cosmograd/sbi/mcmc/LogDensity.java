package org.cosmograd.sbi.mcmc;

import org.cosmograd.autodiff.Tensor;

/// The logarithm of a density, up to a constant: `[n, D] → [n]`, row by row. NaN counts as `-∞`.
@FunctionalInterface
public interface LogDensity {
    /// `ln p` of each row.
    Tensor of(Tensor theta);
}
