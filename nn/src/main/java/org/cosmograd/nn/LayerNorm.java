package org.cosmograd.nn;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// `y = a (x - μ)/√(σ² + 10⁻⁵) + b` with mean `μ` and variance `σ²` over the last axis; Ba, Kiros & Hinton 2016, arXiv:1607.06450.
/// `x[…, n] → y[…, n]`.
///
/// @param scale `a`, `[n]`
/// @param shift `b`, `[n]`
public record LayerNorm(Tensor scale, Tensor shift) implements Layer {

    /// A layer over `n` features with `a = 1`, `b = 0`.
    public static LayerNorm of(int n) {
        return new LayerNorm(Tensor.ones(DType.F32, n), Tensor.zeros(DType.F32, n));
    }

    @Override
    public Tensor apply(Tensor x) {
        if (x.shape().rank() == 0 || x.dim(-1) != scale.dim(0)) {
            throw new ShapeException("LayerNorm: needs " + scale.dim(0) + " features in the last axis, got " + x.type());
        }
        return Moments.normal(x, -1).mul(scale).add(shift);
    }

    @Override
    public String toString() {
        return "LayerNorm(" + scale.dim(0) + ")";
    }
}
