package org.cosmograd.flows;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// The normal distribution `N(μ, Σ)` with `Σ = L Lᵀ`: `ln p(x) = -½ |L⁻¹(x - μ)|² - Σ ln Lᵢᵢ - d/2 ln 2π`.
///
/// @param mean `μ`, `[d]`
/// @param factor `L`, lower triangular, `[d, d]`
public record MultivariateNormal(Tensor mean, Tensor factor) implements Distribution {
    /// Checks the shapes.
    public MultivariateNormal {
        int d = mean.shape().rank() == 1 ? mean.dim(0) : -1;
        if (factor.shape().rank() != 2 || factor.dim(0) != d || factor.dim(1) != d) {
            throw new ShapeException("MultivariateNormal: needs a mean [d] and a matrix [d, d], got " + mean.type() + " and " + factor.type());
        }
    }

    /// The distribution of a mean `[d]` and a covariance `[d, d]`.
    public static MultivariateNormal of(Tensor mean, Tensor covariance) {
        return new MultivariateNormal(mean, covariance.cholesky());
    }

    @Override
    public int dimension() {
        return mean.dim(0);
    }

    @Override
    public DType dtype() {
        return mean.dtype();
    }

    @Override
    public Tensor logProb(Tensor x) {
        Support.check("MultivariateNormal.logProb", dimension(), x);
        Tensor z = factor.solveTriangular(x.sub(mean).transpose(), false);
        Tensor constant = factor.diagonal().log().sum().add(dimension() * Gaussian.LOG_ROOT_TAU);
        return z.square().sum(0).mul(-0.5).sub(constant);
    }

    @Override
    public Tensor sample(Key key, int n) {
        return key.normal(dtype(), n, dimension()).matmul(factor.lowerTriangle().transpose()).add(mean);
    }
}
