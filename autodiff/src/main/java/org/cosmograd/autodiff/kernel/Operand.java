package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// A view into a buffer: element `(i, j, …)` lies at `offset + i·strides[0] + j·strides[1] + …`.
///
/// @param buffer number of the buffer
/// @param offset place of the first element
/// @param strides distance between neighbours along each axis
public record Operand(int buffer, int offset, int[] strides) {
    @Override
    public boolean equals(Object o) {
        return o instanceof Operand x && buffer == x.buffer && offset == x.offset && Arrays.equals(strides, x.strides);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * buffer + offset) + Arrays.hashCode(strides);
    }

    @Override
    public String toString() {
        return "b" + buffer + "+" + offset + Arrays.toString(strides);
    }
}
