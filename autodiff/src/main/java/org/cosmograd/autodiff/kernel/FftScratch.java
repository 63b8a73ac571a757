package org.cosmograd.autodiff.kernel;

import org.cosmograd.autodiff.DType;

/// The arrays in which threads keep panels and slabs. They grow to the largest need and stay.
final class FftScratch {
    private FftScratch() {}

    private static final ThreadLocal<float[]> FLOATS = ThreadLocal.withInitial(() -> new float[0]);
    private static final ThreadLocal<double[]> DOUBLES = ThreadLocal.withInitial(() -> new double[0]);

    static Object array(boolean doubles, int length) {
        if (doubles) {
            double[] known = DOUBLES.get();
            if (known.length < length) {
                known = (double[]) Storage.slab(DType.F64, length).array();
                DOUBLES.set(known);
            }
            return known;
        }
        float[] known = FLOATS.get();
        if (known.length < length) {
            known = (float[]) Storage.slab(DType.F32, length).array();
            FLOATS.set(known);
        }
        return known;
    }
}
