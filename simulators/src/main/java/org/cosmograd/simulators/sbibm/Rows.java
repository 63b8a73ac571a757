package org.cosmograd.simulators.sbibm;

import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// The check that parameters come as a batch of rows.
final class Rows {
    private Rows() {}

    /// `theta`, known to be `[n, parameters]`.
    static Tensor of(SbibmTask task, String operation, Tensor theta) {
        if (theta.shape().rank() != 2 || theta.dim(1) != task.parameters() || !theta.dtype().isFloating()) {
            throw new ShapeException(task.name() + "." + operation + ": theta is " + theta.type() + ", needs [n, " + task.parameters()
                    + "] of a floating-point type");
        }
        return theta;
    }
}
