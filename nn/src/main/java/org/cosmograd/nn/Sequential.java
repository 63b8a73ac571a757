package org.cosmograd.nn;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Layers one after the other: `y = Lₙ ∘ … ∘ L₁ (x)`. Without any, the identity.
///
/// @param layers `L₁` to `Lₙ`
public record Sequential(List<Layer> layers) implements Layer {
    /// Copies the list.
    public Sequential {
        layers = List.copyOf(layers);
    }

    /// Layers, the first to act first.
    public static Sequential of(Layer... layers) {
        return new Sequential(List.of(layers));
    }

    /// These and then further ones.
    public Sequential then(Sequential further) {
        return new Sequential(Stream.concat(layers.stream(), further.layers.stream()).toList());
    }

    @Override
    public Tensor apply(Tensor x) {
        Tensor y = x;
        for (Layer layer : layers) {
            y = layer.apply(y);
        }
        return y;
    }

    @Override
    public Pass<Sequential> train(Tensor x, Key key) {
        Pass<List<Layer>> p = Layer.train(layers, x, key);
        return new Pass<>(p.y(), p.layer() == layers ? this : new Sequential(p.layer()));
    }

    @Override
    public String toString() {
        return layers.stream().map(Layer::toString).collect(Collectors.joining(", ", "Sequential(", ")"));
    }
}
