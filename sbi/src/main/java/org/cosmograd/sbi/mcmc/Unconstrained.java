package org.cosmograd.sbi.mcmc;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;

/// The map from all of ℝᴰ onto a box, parameter by parameter:
/// `θ = a + (b - a)·logistic(z)` between two finite ends, `θ = a + eᶻ` above one, `θ = b - eᶻ` below one, `θ = z` without ends.
///
/// A density of `θ` becomes one of `z` with the volume term `ln|∂θ/∂z|`; a sampler of `z` cannot leave the box.
///
/// @param low the lower ends, `f64[D]`, `-∞` for none
/// @param high the upper ends, `f64[D]`, `+∞` for none
public record Unconstrained(Tensor low, Tensor high) {

    /// The map onto the box between `low` and `high`, which must be in order.
    public static Unconstrained of(double[] low, double[] high) {
        if (low.length != high.length) {
            throw new IllegalArgumentException("Unconstrained: " + low.length + " lower and " + high.length + " upper ends");
        }
        for (int i = 0; i < low.length; i++) {
            if (!(low[i] < high[i])) {
                throw new IllegalArgumentException("Unconstrained: the ends of parameter " + i + " are not in order: " + low[i] + " and " + high[i]);
            }
        }
        return new Unconstrained(Tensor.of(low), Tensor.of(high));
    }

    /// All of ℝᴰ.
    public static Unconstrained everywhere(int dimension) {
        return new Unconstrained(
                Tensor.full(Double.NEGATIVE_INFINITY, DType.F64, dimension), Tensor.full(Double.POSITIVE_INFINITY, DType.F64, dimension));
    }

    /// The number of parameters.
    public int dimension() {
        return low.dim(0);
    }

    /// The kinds of ends as masks, and ends without infinities, all `[D]`.
    private record Ends(Tensor both, Tensor below, Tensor above, Tensor low, Tensor high, boolean anyBoth, boolean anyOne) {}

    private Ends ends(DType dtype) {
        double[] a = low.toDoubles();
        double[] b = high.toDoubles();
        int d = a.length;
        double[] both = new double[d];
        double[] below = new double[d];
        double[] above = new double[d];
        boolean anyBoth = false;
        boolean anyOne = false;
        for (int i = 0; i < d; i++) {
            boolean lower = a[i] > Double.NEGATIVE_INFINITY;
            boolean upper = b[i] < Double.POSITIVE_INFINITY;
            both[i] = lower && upper ? 1 : 0;
            below[i] = lower && !upper ? 1 : 0;
            above[i] = upper && !lower ? 1 : 0;
            anyBoth |= lower && upper;
            anyOne |= lower != upper;
            a[i] = lower ? a[i] : 0;
            b[i] = upper ? b[i] : 1;
        }
        return new Ends(
                Tensor.of(both).cast(dtype), Tensor.of(below).cast(dtype), Tensor.of(above).cast(dtype),
                Tensor.of(a).cast(dtype), Tensor.of(b).cast(dtype), anyBoth, anyOne);
    }

    /// `θ(z)`, for `z: [n, D]`.
    public Tensor constrain(Tensor z) {
        Ends e = ends(z.dtype());
        Tensor theta = z;
        if (e.anyBoth) {
            theta = e.both.where(e.low.add(e.high.sub(e.low).mul(z.logistic())), theta);
        }
        if (e.anyOne) {
            Tensor grown = e.both.add(e.below).add(e.above).where(e.both.where(0, z), 0).exp();
            theta = e.below.where(e.low.add(grown), theta);
            theta = e.above.where(e.high.sub(grown), theta);
        }
        return theta;
    }

    /// `ln|∂θ/∂z|`, for `z: [n, D]`, as `[n]`.
    public Tensor logDet(Tensor z) {
        Ends e = ends(z.dtype());
        Tensor each = z.like(0);
        if (e.anyBoth) {
            Tensor slope = e.high.sub(e.low).log().sub(z.softplus()).sub(z.neg().softplus());
            each = e.both.where(slope, each);
        }
        if (e.anyOne) {
            each = e.below.add(e.above).where(z, each);
        }
        return each.sum(1);
    }

    /// `z(θ)`, for `theta: [n, D]`; points on or beyond an end are moved a hair inside.
    public Tensor free(Tensor theta) {
        Ends e = ends(theta.dtype());
        double hair = theta.dtype() == DType.F32 ? 1e-6 : 1e-12;
        Tensor z = theta;
        if (e.anyBoth) {
            Tensor u = theta.sub(e.low).div(e.high.sub(e.low)).clamp(hair, 1 - hair);
            z = e.both.where(u.log().sub(u.neg().log1p()), z);
        }
        if (e.anyOne) {
            z = e.below.where(theta.sub(e.low).max(hair).log(), z);
            z = e.above.where(e.high.sub(theta).max(hair).log(), z);
        }
        return z;
    }
}
