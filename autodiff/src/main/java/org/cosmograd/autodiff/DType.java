package org.cosmograd.autodiff;

/// The element type of a tensor.
public enum DType {
    /// 32-bit IEEE 754 binary floating point.
    F32("f32", 4),
    /// 64-bit IEEE 754 binary floating point.
    F64("f64", 8),
    /// 32-bit two's complement integer: indices and counters.
    I32("i32", 4);

    private final String label;
    private final int bytes;

    DType(String label, int bytes) {
        this.label = label;
        this.bytes = bytes;
    }

    /// Size of one element in bytes.
    public int bytes() {
        return bytes;
    }

    /// Whether derivatives pass through this type.
    public boolean isFloating() {
        return this != I32;
    }

    @Override
    public String toString() {
        return label;
    }
}
