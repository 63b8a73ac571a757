package org.cosmograd.nn;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// A shortcut around three convolutions, each after normalisation and activation: `y = S(x) + B(x)` with
/// `B = C₃ σ N₃ C₂ σ N₂ C₁ σ N₁`, where `C₁` has kernels of one pixel to a quarter of the output channels, `C₂` of three pixels with
/// the stride, `C₃` of one pixel again; He et al. 2016, arXiv:1603.05027, figure 4e. `x[B, …, inputs] → y[B, …, outputs]`.
///
/// `S` is the identity where sizes and channels allow it, and a convolution with kernels of one pixel otherwise. `C₃` begins at zero,
/// so a deep network begins as a shallow one. For a network with [SqueezeExcitation], put it at the end of the body.
///
/// @param body `B`
/// @param shortcut `S`
public record Bottleneck(Sequential body, Layer shortcut) implements Layer {

    /// A block that makes images smaller by `stride`.
    public static Bottleneck of(Key key, Recipe recipe, int inputs, int outputs, int stride) {
        if (outputs < 4 || outputs % 4 != 0) {
            throw new ShapeException("Bottleneck: the output channels must be a multiple of 4, got " + outputs);
        }
        int inner = outputs / 4;
        Sequential body = Sequential.of(
                recipe.norm().of(inputs),
                recipe.activation(),
                recipe.conv(key.fold(0), inputs, inner, 1, 1),
                recipe.norm().of(inner),
                recipe.activation(),
                recipe.conv(key.fold(1), inner, inner, 3, stride),
                recipe.norm().of(inner),
                recipe.activation(),
                recipe.conv(key.fold(2), Initialiser.ZEROS, inner, outputs, 1, 1));
        boolean same = inputs == outputs && stride == 1;
        Layer shortcut = same ? Activation.IDENTITY : recipe.conv(key.fold(3), Initialiser.GLOROT, inputs, outputs, 1, stride);
        return new Bottleneck(body, shortcut);
    }

    @Override
    public Tensor apply(Tensor x) {
        return shortcut.apply(x).add(body.apply(x));
    }

    @Override
    public Pass<Bottleneck> train(Tensor x, Key key) {
        Pass<? extends Layer> s = shortcut.train(x, key.fold(0));
        Pass<Sequential> b = body.train(x, key.fold(1));
        return new Pass<>(s.y().add(b.y()), new Bottleneck(b.layer(), s.layer()));
    }

    @Override
    public String toString() {
        return "Bottleneck(" + body + " + " + shortcut + ")";
    }
}
