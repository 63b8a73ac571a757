package org.cosmograd.flows;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;

/// A learned linear map by its triangular factors: `y = L U x` with unit lower triangular `L` and upper triangular `U` of diagonal
/// `eˢ`; `ln |det J| = Σ s`. Kingma & Dhariwal 2018, arXiv:1807.03039, eq. 10, with the permutation left to [Permutation].
///
/// @param lower `L` below its diagonal, `[d, d]`; the rest is not read
/// @param upper `Uᵀ` below its diagonal, `[d, d]`; the rest is not read
/// @param logDiagonal `s`, `[d]`
public record LuLinear(Tensor lower, Tensor upper, Tensor logDiagonal) implements Bijection {

    /// The identity.
    public static LuLinear identity(int dimension) {
        Tensor zero = Tensor.zeros(DType.F32, dimension, dimension);
        return new LuLinear(zero, zero, Tensor.zeros(DType.F32, dimension));
    }

    @Override
    public int dimension() {
        return logDiagonal.dim(0);
    }

    // in rows: y = x Uᵀ Lᵀ
    @Override
    public Mapped forward(Tensor x) {
        Support.check("LuLinear", dimension(), x);
        return new Mapped(x.matmul(transposedUpper().matmul(unitLower().transpose())), volume(x));
    }

    @Override
    public Mapped inverse(Tensor y) {
        Support.check("LuLinear", dimension(), y);
        Tensor left = unitLower().solveTriangular(y.transpose(), false);
        Tensor x = transposedUpper().solveTriangular(left, true).transpose();
        return new Mapped(x, volume(y).neg());
    }

    private Tensor unitLower() {
        Tensor eye = Tensor.eye(dimension(), lower.dtype());
        return lower.lowerTriangle().mul(eye.neg().add(1)).add(eye);
    }

    private Tensor transposedUpper() {
        Tensor eye = Tensor.eye(dimension(), upper.dtype());
        return upper.lowerTriangle().mul(eye.neg().add(1)).add(eye.mul(logDiagonal.exp()));
    }

    private Tensor volume(Tensor x) {
        return logDiagonal.sum().broadcastTo(x.dim(0));
    }
}
