package org.cosmograd.flows;

import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.Standardise;

/// A conditional density made ready for raw data: `p(θ | x) = body(u | embedding(x̂)) · |det ∂u/∂θ|`, where `u` is `θ` mapped from its
/// support onto `ℝᵈ` ([Constrain]) and brought to mean 0 and variance 1, and `x̂` is the standardised data ([Standardise#apply]).
///
/// Samples lie in the support by construction and the density is normalised over it. The statistics are constants computed once from
/// training data.
///
/// @param support where `θ` lives
/// @param target statistics of the mapped `θ`
/// @param input statistics of the data
/// @param embedding data to context
/// @param body the density of `u`
public record ConditionalDensity(Support support, Standardise target, Standardise input, Embedding embedding, Conditional body)
        implements Conditional {

    /// A density around `body`, with statistics of `θ[N, D]` and data `x[N, C]`.
    public static ConditionalDensity of(Support support, Tensor theta, Tensor x, Embedding embedding, Conditional body) {
        Support.check("ConditionalDensity: theta", support.dimension(), theta);
        Tensor u = new Constrain(support).inverse(theta).value();
        return new ConditionalDensity(support, Standardise.of(u), Standardise.of(x), embedding, body);
    }

    @Override
    public int dimension() {
        return support.dimension();
    }

    @Override
    public Distribution given(Tensor context) {
        Tensor x = Conditional.rows("ConditionalDensity", context, input.features());
        Distribution inner = body.given(embedding.apply(input.apply(x)));
        Bijection scale = Affine.unscale(target);
        return new Transformed(inner, support.isReal() ? scale : Chain.of(scale, new Constrain(support)));
    }
}
