package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// What one thread needs to compute a block of a convolution; reused from call to call.
@SuppressWarnings("NullAway") // arrays are named for a call only
final class ConvScratch {
    private static final ThreadLocal<ConvScratch> MINE = ThreadLocal.withInitial(ConvScratch::new);

    /// In an array of its own region under G1, these elements start on a cache line.
    static final int FIRST_ALIGNED = 12;

    private float[] floats = {};
    private double[] doubles = {};
    private float[] floatSums = {};
    private double[] doubleSums = {};
    /// Room for the arguments of a [LoopKernel].
    final Object[] arrays = new Object[2 * DepthwiseTask.MOST_TAPS + 2];
    final int[] geometry = new int[3 * arrays.length];

    private ConvScratch() {}

    static ConvScratch mine() {
        return MINE.get();
    }

    /// An array of at least `length` elements from `FIRST_ALIGNED` on.
    static Object array(boolean isDouble, int length) {
        ConvScratch mine = MINE.get();
        int size = FIRST_ALIGNED + length + Storage.ROOM;
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

    /// Room for `count` partial sums of [ConvScalar].
    static float[] floatSums(int count) {
        ConvScratch mine = MINE.get();
        mine.floatSums = mine.floatSums.length < count ? new float[count] : mine.floatSums;
        return mine.floatSums;
    }

    /// Room for `count` partial sums of [ConvScalar].
    static double[] doubleSums(int count) {
        ConvScratch mine = MINE.get();
        mine.doubleSums = mine.doubleSums.length < count ? new double[count] : mine.doubleSums;
        return mine.doubleSums;
    }

    /// Names operand `k` of a kernel: its array, its first element, and how far apart its rows are.
    void operand(int k, Object array, int at, int rowStep) {
        arrays[k] = array;
        geometry[3 * k] = at;
        geometry[3 * k + 1] = rowStep;
        geometry[3 * k + 2] = 1;
    }

    /// Lets go of the arrays named last.
    void forget() {
        Arrays.fill(arrays, null);
    }
}
