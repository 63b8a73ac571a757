package org.cosmograd.autodiff.kernel;

import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The constants of the transposition that [NarrowEmitter] emits: constants only to C2 if they are static and final.
///
/// `SWAP` exchanges lanes `l` and `l xor d`; `ODD` has the lanes with bit `d` set.
final class NarrowSwaps {
    private static final VectorShape SHAPE = VectorShape.forBitSize(NarrowEmitter.BITS);
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, SHAPE);
    private static final VectorSpecies<Double> DOUBLES = VectorSpecies.of(double.class, SHAPE);
    static final VectorShuffle<Float> SWAP_FLOATS_1 = swap(FLOATS, 1);
    static final VectorMask<Float> ODD_FLOATS_1 = odd(FLOATS, 1);
    static final VectorShuffle<Float> SWAP_FLOATS_2 = swap(FLOATS, 2);
    static final VectorMask<Float> ODD_FLOATS_2 = odd(FLOATS, 2);
    static final VectorMask<Float> ODD_FLOATS_4 = odd(FLOATS, 4);
    static final VectorShuffle<Double> SWAP_DOUBLES_1 = swap(DOUBLES, 1);
    static final VectorMask<Double> ODD_DOUBLES_1 = odd(DOUBLES, 1);
    static final VectorMask<Double> ODD_DOUBLES_2 = odd(DOUBLES, 2);

    private NarrowSwaps() {}

    private static <E> VectorShuffle<E> swap(VectorSpecies<E> species, int d) {
        return VectorShuffle.fromOp(species, lane -> (lane ^ d) % species.length());
    }

    private static <E> VectorMask<E> odd(VectorSpecies<E> species, int d) {
        boolean[] odd = new boolean[species.length()];
        for (int lane = 0; lane < odd.length; lane++) {
            odd[lane] = (lane & d) != 0;
        }
        return VectorMask.fromArray(species, odd, 0);
    }
}
