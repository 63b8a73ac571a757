package org.cosmograd.autodiff.kernel;

/// What one thread needs to compute a block of a convolution; reused from call to call.
final class ConvScratch {
    private static final ThreadLocal<ConvScratch> MINE = ThreadLocal.withInitial(ConvScratch::new);

    /// In an array of its own region under G1, these elements start on a cache line.
    static final int FIRST_ALIGNED = 12;

    private float[] floats = {};
    private double[] doubles = {};

    private ConvScratch() {}

    /// An array of at least `length` elements from `FIRST_ALIGNED` on.
    static Object array(boolean isDouble, int length) {
        ConvScratch mine = MINE.get();
        int size = FIRST_ALIGNED + length;
        if (isDouble) {
            if (mine.doubles.length < size) {
                mine.doubles = new double[size + size / 4];
            }
            return mine.doubles;
        }
        if (mine.floats.length < size) {
            mine.floats = new float[size + size / 4];
        }
        return mine.floats;
    }
}
