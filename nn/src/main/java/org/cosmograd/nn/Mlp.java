package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// A multilayer perceptron `y = Lₙ ∘ σ ∘ … ∘ σ ∘ L₁ (x)` with linear maps `Lᵢ` and an activation `σ` between them:
/// `x[B, sizes₀] → y[B, sizesₙ]`.
///
/// @param layers the linear maps, first to last
/// @param activation `σ`
public record Mlp(List<Linear> layers, Activation activation) implements Layer {

    /// A network through layers of the given sizes, inputs first, outputs last.
    public static Mlp of(Key key, Activation activation, int... sizes) {
        if (sizes.length < 2) {
            throw new ShapeException("Mlp: needs the number of inputs and of outputs at least, got " + sizes.length + " sizes");
        }
        List<Linear> layers = new ArrayList<>();
        for (int i = 0; i + 1 < sizes.length; i++) {
            layers.add(Linear.of(key.fold(i), sizes[i], sizes[i + 1]));
        }
        return new Mlp(List.copyOf(layers), activation);
    }

    @Override
    public Tensor apply(Tensor x) {
        Tensor y = layers.getFirst().apply(x);
        for (Linear layer : layers.subList(1, layers.size())) {
            y = layer.apply(activation.apply(y));
        }
        return y;
    }

    @Override
    public String toString() {
        return layers.stream().map(l -> " -> " + l.outputs()).collect(Collectors.joining("", "Mlp(" + layers.getFirst().inputs(), ""))
                + ", " + activation + ", " + Tree.size(this) + " numbers)";
    }
}
