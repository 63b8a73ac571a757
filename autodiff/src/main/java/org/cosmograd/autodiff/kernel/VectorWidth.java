package org.cosmograd.autodiff.kernel;

import jdk.incubator.vector.VectorShape;

/// Whether, and how wide, kernels compute with vectors. It is found without loading the vectors themselves ([Simd]): that takes forty milliseconds.
///
/// One width for all kernels of a virtual machine: where a few compute with another, C2 sees two classes of vectors and leaves some as objects,
/// in kernels that have nothing to do with these.
final class VectorWidth {
    private static final int BITS = Loops.SIMD ? Shape.OURS.vectorBitSize() : 0;

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
    static final class Shape {
        private static final int MOST_BITS = 512;

        /// `cosmograd.simd.bits` (128, 256 or 512) overrides the choice of the JDK.
        static final VectorShape OURS = shape(Integer.getInteger("cosmograd.simd.bits", 0));

        private Shape() {}

        private static VectorShape shape(int bits) {
            return VectorShape.forBitSize(Math.min(MOST_BITS, bits == 0 ? VectorShape.preferredShape().vectorBitSize() : bits));
        }

        static int widest() {
            return VectorShape.S_Max_BIT.vectorBitSize();
        }
    }
}
