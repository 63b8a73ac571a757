package org.cosmograd.autodiff.kernel;

import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The shapes that emitted loops use, as constants the compiler can see. It is loaded only where the incubator module can be read.
final class Simd {
    private Simd() {}

    /// `cosmograd.simd.bits` (128, 256 or 512) overrides the choice of the JDK.
    private static final VectorShape SHAPE = shape(Integer.getInteger("cosmograd.simd.bits", 0));

    static final VectorSpecies<Float> F32 = VectorSpecies.of(float.class, SHAPE);
    static final VectorSpecies<Double> F64 = VectorSpecies.of(double.class, SHAPE);
    static final VectorSpecies<Integer> BITS32 = VectorSpecies.of(int.class, SHAPE);
    static final VectorSpecies<Long> BITS64 = VectorSpecies.of(long.class, SHAPE);

    private static VectorShape shape(int bits) {
        return bits == 0 ? VectorShape.preferredShape() : VectorShape.forBitSize(bits);
    }

    static int bits() {
        return SHAPE.vectorBitSize();
    }
}
