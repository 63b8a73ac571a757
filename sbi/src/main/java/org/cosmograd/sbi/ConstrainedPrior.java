package org.cosmograd.sbi;

import java.time.Duration;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.flows.Distribution;
import org.cosmograd.flows.Support;

/// A prior cut down to where a constraint holds: `p(θ) = p₀(θ) 1[θ allowed]/A`, `A = P₀(θ allowed)`.
///
/// Samples come by rejection and never take longer than a minute: if fewer than asked for are there by then, an error says what share of
/// candidates was allowed.
///
/// @param base `p₀`
/// @param constraint what is allowed
/// @param acceptance `A`, estimated from 100 000 samples of `p₀`
public record ConstrainedPrior(Distribution base, Constraint constraint, double acceptance) implements Distribution {
    private static final int TRIALS = 100_000;

    /// The part of `base` where `constraint` holds.
    public static ConstrainedPrior of(Distribution base, Constraint constraint) {
        Tensor allowed = constraint.allows(base.sample(Key.of(0), TRIALS));
        if (allowed.shape().rank() != 1 || allowed.dim(0) != TRIALS) {
            throw new IllegalArgumentException(
                    "ConstrainedPrior: the constraint must give [" + TRIALS + "] for " + TRIALS + " rows, got " + allowed.type());
        }
        double share = allowed.cast(DType.F64).mean().item();
        if (share == 0) {
            throw new IllegalArgumentException("ConstrainedPrior: none of " + TRIALS + " samples of the prior is allowed by the constraint");
        }
        return new ConstrainedPrior(base, constraint, share);
    }

    @Override
    public int dimension() {
        return base.dimension();
    }

    @Override
    public DType dtype() {
        return base.dtype();
    }

    @Override
    public Support support() {
        return base.support();
    }

    @Override
    public Tensor logProb(Tensor x) {
        return constraint.allows(x).where(base.logProb(x).sub(Math.log(acceptance)), Double.NEGATIVE_INFINITY);
    }

    @Override
    public Tensor sample(Key key, int n) {
        return draw(key, n, Duration.ofMinutes(1)).all("ConstrainedPrior.sample").cast(dtype());
    }

    /// As many of `n` samples as there is time for.
    public Draws draw(Key key, int n, Duration deadline) {
        return Rejection.draw(base::sample, constraint, dimension(), key, n, deadline);
    }
}
