package org.cosmograd.flows;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.Activation;

/// A coupling layer with a [RationalQuadraticSpline] for each mapped dimension, whose knots and slopes are a network of the other
/// dimensions and the context. Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032, sect. 3.
///
/// @param net `(x_a, context) →` raw numbers of the splines
/// @param dimension the number of dimensions
/// @param from the first dimension mapped
/// @param to the one behind the last dimension mapped
/// @param bins `K`
/// @param bound `T`: the splines act on `[-T, T]`
public record SplineCoupling(Conditioner net, int dimension, int from, int to, int bins, double bound)
        implements ConditionalBijection {

    /// A layer that begins as the identity.
    public static SplineCoupling of(
            Key key, int dimension, int from, int to, int contextSize, int width, int depth, int bins, double bound,
            Activation activation) {
        int mapped = to - from;
        int outputs = mapped * RationalQuadraticSpline.numbers(bins);
        return new SplineCoupling(
                Conditioner.of(key, dimension - mapped, contextSize, outputs, width, depth, activation), dimension, from, to, bins, bound);
    }

    @Override
    public Bijection given(Tensor context) {
        return new Coupling(
                net,
                raw -> new RationalQuadraticSpline(raw.reshape(raw.dim(0), to - from, RationalQuadraticSpline.numbers(bins)), bound),
                dimension,
                from,
                to,
                context);
    }
}
