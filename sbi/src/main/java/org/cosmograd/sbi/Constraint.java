package org.cosmograd.sbi;

import org.cosmograd.autodiff.Tensor;

/// A condition on parameters beyond a box, such as `w₀ + w_a < 0`:
///
///     Constraint matter = theta -> theta.at(1, 2).add(theta.at(1, 3)).less(0);
@FunctionalInterface
public interface Constraint {
    /// 1 for each row of `theta[n, D]` that is allowed, else 0: `[n]`.
    Tensor allows(Tensor theta);
}
