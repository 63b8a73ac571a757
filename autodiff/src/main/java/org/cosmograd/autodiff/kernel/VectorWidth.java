package org.cosmograd.autodiff.kernel;

import jdk.incubator.vector.FloatVector;

/// Whether, and how wide, this machine computes with vectors.
final class VectorWidth {
    private static final int BITS = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent() ? Vectors.preferred() : 0;

    private VectorWidth() {}

    /// Width of the preferred vector in bits; 0 if the module `jdk.incubator.vector` is not readable.
    static int bits() {
        return BITS;
    }

    /// Apart, so that a machine without the module never links it.
    private static final class Vectors {
        static int preferred() {
            return Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize());
        }
    }
}
