package org.cosmograd.autodiff;

/// What is known of a tensor before it is computed; printed as `f32[128, 10]`.
///
/// @param dtype element type
/// @param shape sizes of the axes
public record TensorType(DType dtype, Shape shape) {
    // by hand: the methods that records are given take milliseconds to link, which is much of a first call
    @Override
    public boolean equals(Object o) {
        return o instanceof TensorType t && dtype == t.dtype && shape.equals(t.shape);
    }

    @Override
    public int hashCode() {
        return 31 * shape.hashCode() + dtype.ordinal();
    }

    @Override
    public String toString() {
        return dtype.toString() + shape;
    }
}
