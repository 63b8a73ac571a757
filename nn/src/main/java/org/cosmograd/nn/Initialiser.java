package org.cosmograd.nn;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// First values of weights: uniform on `[-b, b]`, for a weight matrix `[inputs, outputs]`, or a kernel whose results each depend on
/// `inputs` numbers of its receptive field and whose inputs each reach `outputs` results.
public enum Initialiser {
    /// `b = 1/√inputs`, for the bias too: the default of PyTorch's linear layer.
    LINEAR,
    /// `b = √(6/inputs)`, keeps the variance through rectifiers; He et al. 2015, arXiv:1502.01852, eq. 10.
    HE,
    /// `b = √(6/(inputs + outputs))`; Glorot & Bengio 2010, AISTATS 9, eq. 16.
    GLOROT,
    /// `b = 0`
    ZEROS;

    /// The bound `b`.
    public double bound(int inputs, int outputs) {
        return switch (this) {
            case LINEAR -> 1 / Math.sqrt(Math.max(1, inputs));
            case HE -> Math.sqrt(6.0 / Math.max(1, inputs));
            case GLOROT -> Math.sqrt(6.0 / Math.max(1, inputs + outputs));
            case ZEROS -> 0;
        };
    }

    /// A weight matrix `f32[inputs, outputs]`.
    public Tensor weight(Key key, int inputs, int outputs) {
        return weight(key, inputs, outputs, Shape.of(inputs, outputs));
    }

    /// Weights of any shape between `inputs` and `outputs`.
    public Tensor weight(Key key, int inputs, int outputs, Shape shape) {
        return symmetric(key, bound(inputs, outputs), shape.dims());
    }

    /// A bias `f32[outputs]`: like the weights for [#LINEAR], zero otherwise.
    public Tensor bias(Key key, int inputs, int outputs) {
        return bias(key, inputs, outputs, outputs);
    }

    /// A bias `f32[n]` beside weights between `inputs` and `outputs`.
    public Tensor bias(Key key, int inputs, int outputs, int n) {
        return symmetric(key, this == LINEAR ? bound(inputs, outputs) : 0, n);
    }

    private static Tensor symmetric(Key key, double bound, int... dims) {
        return bound == 0
                ? Tensor.zeros(DType.F32, dims)
                : key.uniform(DType.F32, dims).mul(2).sub(1).mul(bound);
    }
}
