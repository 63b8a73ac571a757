package org.cosmograd.flows;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Independent normal variables kept within bounds `a ≤ x ≤ b`: `p(x) = φ((x - μ)/σ) / (σ (Φ(β) - Φ(α)))` with `α = (a - μ)/σ`,
/// `β = (b - μ)/σ`. Samples come from the inverse distribution function; the bounds may lie far in a tail.
///
/// @param mean `μ`, `[d]`
/// @param sd `σ > 0`, `[d]`
/// @param support the bounds
public record TruncatedNormal(Tensor mean, Tensor sd, Support support) implements Distribution {
    @Override
    public int dimension() {
        return support.dimension();
    }

    @Override
    public DType dtype() {
        return mean.dtype();
    }

    /// Both bounds in units of `σ`, mirrored if need be so that most of the mass lies below 0, where logarithms of `Φ` are exact.
    private record Limits(Tensor mirror, Tensor logLow, Tensor logHigh, Tensor logMass) {}

    private Limits limits() {
        Tensor alpha = support.low(dtype()).sub(mean).div(sd);
        Tensor beta = support.high(dtype()).sub(mean).div(sd);
        Tensor mirror = alpha.add(beta).greater(0);
        Tensor logLow = Gaussian.logCdf(mirror.where(beta.neg(), alpha));
        Tensor logHigh = Gaussian.logCdf(mirror.where(alpha.neg(), beta));
        return new Limits(mirror, logLow, logHigh, logHigh.add(logLow.sub(logHigh).exp().neg().log1p()));
    }

    @Override
    public Tensor logProb(Tensor x) {
        Tensor z = support.clip(x).sub(mean).div(sd);
        Tensor log = Gaussian.logDensity(z).sub(sd.log()).sub(limits().logMass).sum(-1);
        return support.contains(x).where(log, Double.NEGATIVE_INFINITY);
    }

    @Override
    public Tensor sample(Key key, int n) {
        Limits l = limits();
        Tensor u = key.uniform(dtype(), n, dimension());
        Tensor ratio = l.logLow.sub(l.logHigh).exp();
        Tensor z = Gaussian.quantile(u.add(u.neg().add(1).mul(ratio)).log().add(l.logHigh));
        return support.clip(l.mirror.where(z.neg(), z).mul(sd).add(mean));
    }
}
