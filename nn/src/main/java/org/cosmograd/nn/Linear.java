package org.cosmograd.nn;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// The affine map `y = x W + b`: `x[…, inputs] → y[…, outputs]`.
///
/// @param weight `W`, `[inputs, outputs]`
/// @param bias `b`, `[outputs]`
public record Linear(Tensor weight, Tensor bias) implements Layer {

    /// A layer with first values as in PyTorch's linear layer.
    public static Linear of(Key key, int inputs, int outputs) {
        return of(key, Initialiser.LINEAR, inputs, outputs);
    }

    /// A layer with first values as chosen.
    public static Linear of(Key key, Initialiser initialiser, int inputs, int outputs) {
        return new Linear(
                initialiser.weight(key.fold(0), inputs, outputs), initialiser.bias(key.fold(1), inputs, outputs));
    }

    /// The number of input features.
    public int inputs() {
        return weight.dim(0);
    }

    /// The number of output features.
    public int outputs() {
        return weight.dim(1);
    }

    @Override
    public Tensor apply(Tensor x) {
        if (x.shape().rank() == 0 || x.dim(-1) != inputs()) {
            throw new ShapeException("Linear: needs " + inputs() + " features in the last axis, got " + x.type());
        }
        return x.matmul(weight).add(bias);
    }

    @Override
    public String toString() {
        return "Linear(" + inputs() + " -> " + outputs() + ")";
    }
}
