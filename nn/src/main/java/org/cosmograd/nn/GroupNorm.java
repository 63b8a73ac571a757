package org.cosmograd.nn;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// `y = a (x - μ)/√(σ² + 10⁻⁵) + b` with mean `μ` and variance `σ²` over all pixels and the channels of a group, for each row and
/// group by itself: `x[B, …, n] → y[B, …, n]`; Wu & He 2018, arXiv:1803.08494. One channel to a group is instance normalisation,
/// Ulyanov et al. 2016, arXiv:1607.08022; one group is layer normalisation over the whole image.
///
/// Rows do not mix, so training and use are the same function, whatever the batch.
///
/// @param scale `a`, `[n]`
/// @param shift `b`, `[n]`
/// @param groups the number of groups of neighbouring channels, a divisor of `n`
public record GroupNorm(Tensor scale, Tensor shift, int groups) implements Layer {
    /// Checks that the groups divide the channels.
    public GroupNorm {
        if (groups < 1 || scale.dim(0) % groups != 0) {
            throw new ShapeException("GroupNorm: " + scale.dim(0) + " channels do not divide into " + groups + " groups");
        }
    }

    /// A layer over `n` channels in groups with `a = 1`, `b = 0`.
    public static GroupNorm of(int groups, int n) {
        return new GroupNorm(Tensor.ones(DType.F32, n), Tensor.zeros(DType.F32, n), groups);
    }

    /// Instance normalisation: each channel is a group.
    public static GroupNorm instance(int n) {
        return of(n, n);
    }

    @Override
    public Tensor apply(Tensor x) {
        int n = scale.dim(0);
        if (x.shape().rank() < 2 || x.dim(-1) != n) {
            throw new ShapeException("GroupNorm: needs rows with " + n + " channels in the last axis, got " + x.type());
        }
        int rows = x.dim(0);
        int pixels = x.shape().size() / Math.max(1, rows * n);
        Tensor grouped = x.reshape(rows, pixels, groups, n / groups);
        return Moments.normal(grouped, 1, 3).reshape(x.shape()).mul(scale).add(shift);
    }

    @Override
    public String toString() {
        return groups == scale.dim(0) ? "GroupNorm(" + groups + ", each channel)" : "GroupNorm(" + scale.dim(0) + " in " + groups + ")";
    }
}
