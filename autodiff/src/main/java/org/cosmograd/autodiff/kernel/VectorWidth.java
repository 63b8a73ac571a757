package org.cosmograd.autodiff.kernel;

/// Whether, and how wide, the hand-designed kernels compute with vectors: as wide as the generated loops, see [Simd].
final class VectorWidth {
    private static final int BITS = Loops.SIMD ? Shape.bits() : 0;

    private VectorWidth() {}

    /// Width of a vector in bits; 0 where kernels run without SIMD.
    static int bits() {
        return BITS;
    }

    /// Whether the machine has thirty-two vector registers (else sixteen).
    static boolean manyRegisters() {
        return BITS > 0 && (Shape.widest() >= 512 || "aarch64".equals(System.getProperty("os.arch")));
    }

    /// Apart, so that a machine without the incubator module never links it.
    private static final class Shape {
        static int bits() {
            return Math.min(512, Simd.bits());
        }

        static int widest() {
            return jdk.incubator.vector.VectorShape.S_Max_BIT.vectorBitSize();
        }
    }
}
