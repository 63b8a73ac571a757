package org.cosmograd.nn;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;

/// A factor on the learning rate as a function of the number of steps made, `i32[] → f32[]`.
@FunctionalInterface
public interface Schedule {
    /// The factor for a step, the first being 0.
    Tensor at(Tensor step);

    /// Always 1.
    static Schedule constant() {
        return step -> Tensor.scalar(1, DType.F32);
    }

    /// Half a cosine from 1 down to `last` over `steps` steps, then `last`; Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5.
    static Schedule cosine(int steps, double last) {
        return step -> step.cast(DType.F32)
                .min(steps)
                .mul(Math.PI / steps)
                .cos()
                .add(1)
                .mul((1 - last) / 2)
                .add(last);
    }

    /// `2^(-step/halfLife)`
    static Schedule exponential(double halfLife) {
        return step -> step.cast(DType.F32).mul(-Math.log(2) / halfLife).exp();
    }

    /// This schedule, begun after a straight rise from 0 over the first `steps` steps.
    default Schedule warmUp(int steps) {
        return step -> {
            Tensor rise = step.cast(DType.F32).add(1).div(steps).min(1);
            Tensor late = step.sub(steps);
            return rise.mul(at(late.max(0)));
        };
    }
}
