package org.cosmograd.autodiff.kernel;

/// Arrays for packed panels, which grow as they are needed.
final class GemmBuffer {
    /// A buffer of so many bytes is an array of its own region under G1, and begins at the same place in a cache line every time.
    static final int OWN_REGION_BYTES = 9 << 20;
    private static final int SMALL_BYTES = 64 << 10;
    /// The last step of a packed tile of one row writes a whole vector.
    private static final int SLACK = 64;

    private GemmBuffer() {}

    /// An array with room for `size` elements: this one, if it has.
    static float[] grown(float[] buffer, int size) {
        return buffer.length >= size + SLACK ? buffer : new float[room(size + SLACK, Float.BYTES)];
    }

    /// An array with room for `size` elements: this one, if it has.
    static double[] grown(double[] buffer, int size) {
        return buffer.length >= size + SLACK ? buffer : new double[room(size + SLACK, Double.BYTES)];
    }

    private static int room(int size, int bytes) {
        int twice = Integer.highestOneBit(size) * 2;
        return size * bytes <= SMALL_BYTES ? twice : Math.max(twice, OWN_REGION_BYTES / bytes);
    }
}
