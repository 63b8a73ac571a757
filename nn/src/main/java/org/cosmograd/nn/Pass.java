package org.cosmograd.nn;

import java.util.function.UnaryOperator;
import org.cosmograd.autodiff.Tensor;

/// What comes of a pass through a layer in training: the result, and the layer with the tensors that the pass itself moved, such as
/// running averages, in their new place. All others are the very tensors the layer had: the optimiser's, not the pass's, to move.
///
///     Pass<ResNet> pass = net.train(images, key);
///     Pass<ResNet> loss = pass.then(y -> y.sub(truth).square().mean());
///
/// @param y the result
/// @param layer the layer after the pass
/// @param <L> the kind of layer, or of any model
public record Pass<L>(Tensor y, L layer) {

    /// The same layer with a function of the result, as a loss is.
    public Pass<L> then(UnaryOperator<Tensor> f) {
        return new Pass<>(f.apply(y), layer);
    }
}
