package org.cosmograd.autodiff.kernel;

import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The shapes that emitted loops use, as constants the compiler can see. It is loaded only where the incubator module can be read.
final class Simd {
    private Simd() {}

    private static final VectorShape SHAPE = VectorWidth.Shape.OURS;

    static final VectorSpecies<Float> F32 = VectorSpecies.of(float.class, SHAPE);
    static final VectorSpecies<Double> F64 = VectorSpecies.of(double.class, SHAPE);
    static final VectorSpecies<Integer> BITS32 = VectorSpecies.of(int.class, SHAPE);
    static final VectorSpecies<Long> BITS64 = VectorSpecies.of(long.class, SHAPE);

    // exchange of lanes `l` and `l xor d`: constants only to C2 if they are static and final
    static final VectorShuffle<Float> SWAP_F32_1 = swap(F32, 1);
    static final VectorShuffle<Float> SWAP_F32_2 = swap(F32, 2);
    static final VectorShuffle<Float> SWAP_F32_4 = swap(F32, 4);
    static final VectorShuffle<Float> SWAP_F32_8 = swap(F32, 8);
    static final VectorShuffle<Double> SWAP_F64_1 = swap(F64, 1);
    static final VectorShuffle<Double> SWAP_F64_2 = swap(F64, 2);
    static final VectorShuffle<Double> SWAP_F64_4 = swap(F64, 4);

    private static <E> VectorShuffle<E> swap(VectorSpecies<E> species, int d) {
        return VectorShuffle.fromOp(species, lane -> (lane ^ d) % species.length());
    }

    static int bits() {
        return SHAPE.vectorBitSize();
    }
}
