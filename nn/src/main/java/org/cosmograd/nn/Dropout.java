package org.cosmograd.nn;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Each element set to zero with probability `p`, the others divided by `1 - p`, in training; the identity otherwise.
/// Srivastava et al. 2014, JMLR 15, 1929.
///
/// @param rate `p`, in `[0, 1)`
public record Dropout(double rate) implements Layer {
    /// Checks the probability.
    public Dropout {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("Dropout: the rate must be in [0, 1), got " + rate);
        }
    }

    /// The identity: what is used after training.
    @Override
    public Tensor apply(Tensor x) {
        return x;
    }

    @Override
    public Pass<Dropout> train(Tensor x, Key key) {
        return new Pass<>(apply(x, key), this);
    }

    /// A random thinning of `x`, for training.
    public Tensor apply(Tensor x, Key key) {
        if (rate == 0) {
            return x;
        }
        Tensor kept = key.uniform(x.dtype(), x.shape().dims()).greaterEqual(rate);
        return x.mul(kept).div(1 - rate);
    }

    @Override
    public String toString() {
        return "Dropout(" + rate + ")";
    }
}
