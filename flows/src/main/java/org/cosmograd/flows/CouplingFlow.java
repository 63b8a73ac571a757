package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.nn.Activation;

/// A normalising flow: `z = fₙ(… f₁(θ | c) …| c)` with `z` standard normal, so
/// `ln p(θ | c) = ln N(z; 0, 1) + Σ ln |det ∂fᵢ|`. The maps run from `θ` to `z` when densities are computed, as in training, and
/// backwards when samples are drawn; both directions are explicit.
///
/// @param maps `f₁` to `fₙ`
/// @param contextSize the number of features of the context; 0 for none
public record CouplingFlow(List<ConditionalBijection> maps, int contextSize) implements Conditional {

    /// The form of a flow.
    ///
    /// @param layers coupling layers
    /// @param width features of the hidden layers
    /// @param depth hidden layers of each network
    /// @param bins bins of the splines
    /// @param bound the splines act on `[-bound, bound]`
    /// @param mixing whether a learned linear map stands between coupling layers, where there is more than one dimension
    /// @param activation between the layers of networks
    public record Form(int layers, int width, int depth, int bins, double bound, boolean mixing, Activation activation) {
        /// 5 layers, 2 x 50 features, 10 bins on [-6, 6].
        public static final Form DEFAULT = new Form(5, 50, 2, 10, 6, true, Activation.SILU);

        /// With another number of layers.
        public Form withLayers(int n) {
            return new Form(n, width, depth, bins, bound, mixing, activation);
        }

        /// With other hidden layers.
        public Form withHidden(int features, int count) {
            return new Form(layers, features, count, bins, bound, mixing, activation);
        }

        /// With other splines.
        public Form withBins(int n, double range) {
            return new Form(layers, width, depth, n, range, mixing, activation);
        }
    }

    private interface LayerMaker {
        ConditionalBijection make(Key key, int from, int to);
    }

    /// A flow of affine coupling layers ([AffineCoupling]).
    public static CouplingFlow affine(Key key, int dimension, int contextSize, Form form) {
        return of(
                key,
                dimension,
                contextSize,
                form,
                (k, from, to) -> AffineCoupling.of(k, dimension, from, to, contextSize, form.width, form.depth, form.activation));
    }

    /// A flow of rational-quadratic spline coupling layers ([SplineCoupling]).
    public static CouplingFlow splines(Key key, int dimension, int contextSize, Form form) {
        return of(
                key,
                dimension,
                contextSize,
                form,
                (k, from, to) -> SplineCoupling.of(
                        k, dimension, from, to, contextSize, form.width, form.depth, form.bins, form.bound, form.activation));
    }

    private static CouplingFlow of(Key key, int dimension, int contextSize, Form form, LayerMaker maker) {
        List<ConditionalBijection> maps = new ArrayList<>();
        int half = dimension / 2;
        for (int i = 0; i < form.layers; i++) {
            Key k = key.fold(i);
            if (i > 0 && dimension > 2) {
                maps.add(Permutation.random(k.fold(1), dimension));
            }
            if (i > 0 && dimension > 1 && form.mixing) {
                maps.add(LuLinear.identity(dimension));
            }
            maps.add(i % 2 == 0 ? maker.make(k.fold(0), half, dimension) : maker.make(k.fold(0), 0, dimension - half));
        }
        return new CouplingFlow(List.copyOf(maps), contextSize);
    }

    /// Checks that there are maps of one dimension.
    public CouplingFlow {
        maps = List.copyOf(maps);
        if (maps.isEmpty()) {
            throw new ShapeException("CouplingFlow: needs at least one map");
        }
    }

    @Override
    public int dimension() {
        return maps.getFirst().dimension();
    }

    @Override
    public Distribution given(Tensor context) {
        Tensor c = Conditional.rows("CouplingFlow", context, contextSize);
        Bijection toNormal = new Chain(maps.stream().map(m -> m.given(c)).toList());
        return new Transformed(Normal.standard(dimension(), Tree.leaves(maps).getFirst().dtype()), toNormal.inverted());
    }
}
