package org.cosmograd.flows;

import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.Layer;

/// A network that turns data `[B, C]` into the context of a density, `[B, outputs]`. Implementations are records, so they are trained
/// together with the density.
public interface Embedding extends Layer {
    /// The number of features of the result.
    int outputs();

    /// The data themselves.
    static Embedding none(int features) {
        return new Same(features);
    }

    /// A layer with the given number of outputs.
    static Embedding of(Layer layer, int outputs) {
        return new Of(layer, outputs);
    }

    /// The data themselves.
    ///
    /// @param outputs their number of features
    record Same(int outputs) implements Embedding {
        @Override
        public Tensor apply(Tensor x) {
            return x;
        }
    }

    /// A layer as an embedding.
    ///
    /// @param layer the network
    /// @param outputs the number of features of its result
    record Of(Layer layer, int outputs) implements Embedding {
        @Override
        public Tensor apply(Tensor x) {
            return layer.apply(x);
        }
    }
}
