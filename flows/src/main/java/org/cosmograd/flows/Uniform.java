package org.cosmograd.flows;

import java.util.Arrays;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// The uniform distribution on a box: `p(x) = 1/volume` inside.
///
/// @param support the box; all bounds finite
/// @param dtype the element type of samples
public record Uniform(Support support, DType dtype) implements Distribution {
    /// Checks that the box is bounded.
    public Uniform {
        if (!support.isBounded()) {
            throw new IllegalArgumentException("Uniform: all bounds must be finite, got " + support);
        }
    }

    /// Uniform between two corners, in single precision.
    public static Uniform of(double[] lower, double[] upper) {
        return new Uniform(Support.of(lower, upper), DType.F32);
    }

    /// Uniform on `[lower, upper]ᵈ`, in single precision.
    public static Uniform of(double lower, double upper, int dimension) {
        double[] low = new double[dimension];
        double[] high = new double[dimension];
        Arrays.fill(low, lower);
        Arrays.fill(high, upper);
        return of(low, high);
    }

    @Override
    public int dimension() {
        return support.dimension();
    }

    @Override
    public Tensor logProb(Tensor x) {
        double log = 0;
        for (int i = 0; i < dimension(); i++) {
            log -= Math.log(support.upper().get(i) - support.lower().get(i));
        }
        return support.contains(x).where(Tensor.scalar(log, x.dtype()), Double.NEGATIVE_INFINITY);
    }

    @Override
    public Tensor sample(Key key, int n) {
        Tensor low = support.low(dtype);
        Tensor u = key.uniform(dtype, n, dimension());
        return support.clip(u.mul(support.high(dtype).sub(low)).add(low));
    }
}
