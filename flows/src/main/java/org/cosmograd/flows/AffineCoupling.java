package org.cosmograd.flows;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.Activation;

/// An affine coupling layer: `y_b = x_b · e^s + t` for one part of the dimensions, where `s, t` are a network of the other part `x_a` and
/// the context, and `y_a = x_a`; `ln |det J| = Σ s`. Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803, eqs. 4-6, 9.
///
/// The scale is limited smoothly: `s = 3 tanh(s'/3)`.
///
/// @param net `(x_a, context) → (s', t)`
/// @param dimension the number of dimensions
/// @param from the first dimension of `x_b`
/// @param to the one behind the last dimension of `x_b`
public record AffineCoupling(Conditioner net, int dimension, int from, int to) implements ConditionalBijection {

    /// A layer that begins as the identity.
    public static AffineCoupling of(
            Key key, int dimension, int from, int to, int contextSize, int width, int depth, Activation activation) {
        int mapped = to - from;
        return new AffineCoupling(
                Conditioner.of(key, dimension - mapped, contextSize, 2 * mapped, width, depth, activation), dimension, from, to);
    }

    @Override
    public Bijection given(Tensor context) {
        int m = to - from;
        return new Coupling(
                net,
                raw -> new Affine(raw.slice(1, 0, m).div(3).tanh().mul(3).exp(), raw.slice(1, m, 2 * m)),
                dimension,
                from,
                to,
                context);
    }
}
