package org.cosmograd.simulators.cosmology;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// Fixed numbers in both precisions, so that an expression built twice shares them.
record Constant(Tensor single, Tensor full) {
    static Constant of(double... values) {
        return of(Shape.of(values.length), values);
    }

    static Constant of(Shape shape, double... values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) values[i];
        }
        return new Constant(Tensor.of(shape, rounded), Tensor.of(shape, values));
    }

    Tensor in(DType dtype) {
        return dtype == DType.F32 ? single : full;
    }
}
