package org.cosmograd.autodiff.kernel;

import java.util.List;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The classes of the vectors, masks and shuffles that kernels use.
///
/// HotSpot compiles a kernel on the assumption that a class has no subclasses but those it has met. When the first mask of `double`s
/// appears, it discards the machine code of every kernel of `float`s with a mask, and a kernel that is called a few times in a step is
/// then not compiled again for a long time. So all of them are initialised before the first kernel is compiled.
final class VectorClasses {
    private VectorClasses() {}

    /// All classes, initialised once.
    private static final class Known {
        static final List<Class<?>> ALL = List.of(Simd.F32, Simd.F64, Simd.BITS32, Simd.BITS64).stream()
                .<Class<?>>flatMap(s -> classes(s).stream())
                .toList();
    }

    /// Initialises the classes if that is still to be done, which takes about 20 ms; for threads in the background, and only where the
    /// incubator module can be read.
    static List<Class<?>> initialise() {
        return Known.ALL;
    }

    private static List<Class<?>> classes(VectorSpecies<?> s) {
        return List.of(s.zero().getClass(), s.maskAll(true).getClass(), VectorShuffle.iota(s, 0, 1, true).getClass());
    }
}
