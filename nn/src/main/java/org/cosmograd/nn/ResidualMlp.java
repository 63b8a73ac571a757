package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// A perceptron with shortcuts: `h₀ = L(x)`, `hᵢ = hᵢ₋₁ + Bᵢ σ(Aᵢ σ(hᵢ₋₁))`, `y = M(σ(hₙ))`, with pre-activation blocks as in
/// He et al. 2016, arXiv:1603.05027. `x[B, inputs] → y[B, outputs]`.
///
/// The `Bᵢ` begin at zero, so a deep network begins as a shallow one.
///
/// @param first `L`
/// @param blocks the pairs `(Aᵢ, Bᵢ)`
/// @param last `M`
/// @param activation `σ`
public record ResidualMlp(Linear first, List<Block> blocks, Linear last, Activation activation) implements Layer {

    /// One shortcut: `h → h + B σ(A σ(h))`.
    ///
    /// @param inner `A`
    /// @param outer `B`
    public record Block(Linear inner, Linear outer) {}

    /// A network with `blocks` shortcuts over `width` features.
    public static ResidualMlp of(Key key, Activation activation, int inputs, int width, int blocks, int outputs) {
        List<Block> list = new ArrayList<>();
        for (int i = 0; i < blocks; i++) {
            Key k = key.fold(2 + i);
            list.add(new Block(Linear.of(k.fold(0), width, width), Linear.of(k.fold(1), Initialiser.ZEROS, width, width)));
        }
        return new ResidualMlp(
                Linear.of(key.fold(0), inputs, width), List.copyOf(list), Linear.of(key.fold(1), width, outputs), activation);
    }

    @Override
    public Tensor apply(Tensor x) {
        Tensor h = first.apply(x);
        for (Block b : blocks) {
            h = h.add(b.outer.apply(activation.apply(b.inner.apply(activation.apply(h)))));
        }
        return last.apply(activation.apply(h));
    }

    @Override
    public String toString() {
        return "ResidualMlp(" + first.inputs() + " -> " + first.outputs() + " x " + blocks.size() + " -> " + last.outputs() + ", "
                + activation + ", " + Tree.size(this) + " numbers)";
    }
}
