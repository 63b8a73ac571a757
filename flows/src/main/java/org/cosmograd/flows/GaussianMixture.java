package org.cosmograd.flows;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// A mixture of `K` normal distributions with full covariances, by Cholesky factors of their inverses:
/// `p(x) = Σₖ wₖ N(x; μₖ, (AₖᵀAₖ)⁻¹)` with `Aₖ = diag(e^sₖ) (1 + Nₖ)`, so `ln N = -½ |A(x - μ)|² + Σ s - d/2 ln 2π`.
///
/// Tensors have `R` rows in front: 1, or one mixture for each row of `x`.
///
/// @param logits logarithms of the weights up to a constant, `[R, K]`
/// @param means `μ`, `[R, K, d]`
/// @param logScales `s`, `[R, K, d]`
/// @param lower `N`, strictly lower triangular (the rest is not read), `[R, K, d, d]`
public record GaussianMixture(Tensor logits, Tensor means, Tensor logScales, Tensor lower) implements Distribution {
    @Override
    public int dimension() {
        return means.dim(-1);
    }

    @Override
    public DType dtype() {
        return means.dtype();
    }

    private Tensor strict() {
        int d = dimension();
        double[][] mask = new double[d][d];
        for (int i = 0; i < d; i++) {
            java.util.Arrays.fill(mask[i], 0, i, 1);
        }
        return lower.mul(Tensor.of(mask).cast(dtype()));
    }

    @Override
    public Tensor logProb(Tensor x) {
        Support.check("GaussianMixture.logProb", dimension(), x);
        Tensor off = x.expand(1).sub(means);
        Tensor mixed = dimension() == 1 ? off : off.add(strict().mul(off.expand(-2)).sum(-1));
        Tensor square = mixed.mul(logScales.exp()).square().sum(-1);
        Tensor log = square.mul(-0.5).add(logScales.sum(-1)).sub(dimension() * Gaussian.LOG_ROOT_TAU);
        return log.add(logits.logSoftmax(-1)).logSumExp(-1);
    }

    @Override
    public Tensor sample(Key key, int n) {
        int k = logits.dim(-1);
        Tensor chosen = Mixture.choose(key.fold(0), logits, n);
        Tensor hot = chosen.expand(-1).equal(Tensor.iota(k).cast(dtype())).expand(-1);
        Tensor z = key.fold(1).normal(dtype(), n, 1, dimension()).mul(logScales.neg().exp());
        if (dimension() > 1) {
            Tensor eye = Tensor.eye(dimension(), dtype());
            Tensor inverse = strict().add(eye).solveTriangular(eye, false);
            z = inverse.mul(z.expand(-2)).sum(-1);
        }
        return z.add(means).mul(hot).sum(1);
    }
}
