package org.cosmograd.nn;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// Channels weighted by what the whole image shows: `y = x · σ(W₂ σ₁(W₁ x̄ + b₁) + b₂)` with the mean `x̄` over all pixels, a logistic
/// function `σ` and a rectifier `σ₁`; Hu et al. 2018, arXiv:1709.01507, eq. 2-4. `x[B, …, n] → y[B, …, n]`.
///
/// @param squeeze `W₁, b₁`, to fewer features
/// @param excite `W₂, b₂`, back to one weight for each channel
public record SqueezeExcitation(Linear squeeze, Linear excite) implements Layer {

    /// A layer over `channels` with `channels/reduction` features between, but at least one; 16 is the paper's reduction.
    public static SqueezeExcitation of(Key key, int channels, int reduction) {
        int between = Math.max(1, channels / reduction);
        return new SqueezeExcitation(
                Linear.of(key.fold(0), Initialiser.HE, channels, between), Linear.of(key.fold(1), between, channels));
    }

    @Override
    public Tensor apply(Tensor x) {
        int n = squeeze.inputs();
        if (x.shape().rank() < 3 || x.dim(-1) != n) {
            throw new ShapeException("SqueezeExcitation: needs images with " + n + " channels in the last axis, got " + x.type());
        }
        Tensor weight = excite.apply(squeeze.apply(GlobalPool.AVERAGE.apply(x)).relu()).logistic();
        int[] over = new int[x.shape().rank()];
        java.util.Arrays.fill(over, 1);
        over[0] = x.dim(0);
        over[over.length - 1] = n;
        return x.mul(weight.reshape(over));
    }

    @Override
    public String toString() {
        return "SqueezeExcitation(" + squeeze.inputs() + " -> " + squeeze.outputs() + " -> " + excite.outputs() + ")";
    }
}
