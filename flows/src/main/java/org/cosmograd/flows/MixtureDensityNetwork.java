package org.cosmograd.flows;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.Activation;
import org.cosmograd.nn.Initialiser;
import org.cosmograd.nn.Linear;
import org.cosmograd.nn.Mlp;

/// A mixture of `K` normal distributions with full covariances whose parameters are a neural network of the context:
/// `p(θ | c) = Σₖ wₖ(c) N(θ; μₖ(c), (Aₖ(c)ᵀ Aₖ(c))⁻¹)`, see [GaussianMixture]. Bishop 1994, "Mixture density networks",
/// Aston University NCRG/94/004; full covariances as in Papamakarios & Murray 2016, arXiv:1605.06376.
///
/// The network's outputs are, in this order, `K` logits, `K d` means, `K d` log scales (limited to ±10) and `K d²` matrix elements.
///
/// @param net context `[B, C]` to outputs `[B, K (1 + 2d + d²)]`
/// @param components `K`
/// @param dimension `d`
public record MixtureDensityNetwork(Mlp net, int components, int dimension) implements Conditional {

    /// A network with hidden layers of the given widths.
    public static MixtureDensityNetwork of(
            Key key, int dimension, int contextSize, int components, Activation activation, int... hidden) {
        int outputs = components * (1 + 2 * dimension + dimension * dimension);
        int[] sizes = new int[hidden.length + 2];
        sizes[0] = contextSize;
        System.arraycopy(hidden, 0, sizes, 1, hidden.length);
        sizes[sizes.length - 1] = outputs;
        Mlp net = Mlp.of(key.fold(0), activation, sizes);
        // components begin as standard normals at different places
        int width = sizes[sizes.length - 2];
        Tensor weight = Initialiser.LINEAR.weight(key.fold(1), width, outputs).mul(0.3);
        Tensor means = key.fold(2).normal(weight.dtype(), components * dimension).mul(components == 1 ? 0 : 0.7);
        Tensor bias = means.pad(0, components, outputs - components - components * dimension);
        java.util.List<Linear> layers = new java.util.ArrayList<>(net.layers());
        layers.set(layers.size() - 1, new Linear(weight, bias));
        return new MixtureDensityNetwork(new Mlp(java.util.List.copyOf(layers), activation), components, dimension);
    }

    @Override
    public GaussianMixture given(Tensor context) {
        Tensor c = Conditional.rows("MixtureDensityNetwork", context, net.layers().getFirst().inputs());
        int k = components;
        int d = dimension;
        Tensor out = net.apply(c);
        int rows = c.dim(0);
        return new GaussianMixture(
                out.slice(1, 0, k),
                out.slice(1, k, k + k * d).reshape(rows, k, d),
                out.slice(1, k + k * d, k + 2 * k * d).clamp(-10, 10).reshape(rows, k, d),
                out.slice(1, k + 2 * k * d, k * (1 + 2 * d + d * d)).reshape(rows, k, d, d));
    }
}
