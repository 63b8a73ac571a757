package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// A view into a buffer: element `(i, j, …)` lies at `offset + i·strides[0] + j·strides[1] + …`.
///
/// @param buffer number of the buffer
/// @param offset place of the first element
/// @param strides distance between neighbours along each axis
public record Operand(int buffer, int offset, int[] strides) {
    /// A whole buffer, whatever its form.
    static Operand of(int buffer) {
        return new Operand(buffer, 0, new int[0]);
    }

    /// The same places in another buffer.
    public Operand in(int buffer) {
        return new Operand(buffer, offset, strides);
    }

    /// Looks up the arrays of operands and the places in them where the operands begin.
    static void bind(Memory memory, Object[] arrays, int[] bases, Operand... operands) {
        for (int i = 0; i < operands.length; i++) {
            arrays[i] = memory.array(operands[i].buffer);
            bases[i] = memory.base(operands[i].buffer) + operands[i].offset;
        }
    }

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
