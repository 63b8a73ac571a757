package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// A function of a tensor that is itself a tree of tensors: `x[B, …] → y[B, …]`, row by row.
///
/// Implementations are records, so a model made of layers can be differentiated, trained, saved and printed as one tree. Images and
/// volumes have their channels last: `x[B, height, width, channels]`.
@FunctionalInterface
public interface Layer {
    /// The result for a batch of rows.
    Tensor apply(Tensor x);

    /// The result in training, where it may differ: [Dropout] draws from `key`, [BatchNorm] uses the statistics of the batch and moves
    /// its running averages, and layers made of layers pass both on. For all others this is [#apply] and the layer unchanged. An
    /// implementation gives back a layer of its own kind.
    default Pass<? extends Layer> train(Tensor x, Key key) {
        return new Pass<>(apply(x), this);
    }

    /// Layers in training one after the other, each with a key of its own.
    @SuppressWarnings("unchecked") // a layer gives back one of its own kind
    static <L extends Layer> Pass<List<L>> train(List<L> layers, Tensor x, Key key) {
        List<L> next = new ArrayList<>();
        Tensor y = x;
        boolean same = true;
        for (int i = 0; i < layers.size(); i++) {
            Pass<L> p = (Pass<L>) layers.get(i).train(y, key.fold(i));
            y = p.y();
            same &= p.layer() == layers.get(i);
            next.add(p.layer());
        }
        return new Pass<>(y, same ? layers : List.copyOf(next));
    }
}
