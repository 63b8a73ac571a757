package org.cosmograd.autodiff;

/// What is known of a tensor before it is computed; printed as `f32[128, 10]`.
///
/// @param dtype element type
/// @param shape sizes of the axes
public record TensorType(DType dtype, Shape shape) {
    @Override
    public String toString() {
        return dtype.toString() + shape;
    }
}
