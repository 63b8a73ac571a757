package org.cosmograd.autodiff.kernel;

/// What emitted loops call: small arrays of the thread for partial sums and strided operands, and loops over them.
///
/// A strided operand passes through such an array one vector at a time; element by element that is as fast as gather and scatter
/// instructions, and needs no index vectors.
final class LoopScratch {
    private LoopScratch() {}

    /// Partial sums of a row ([LoopSpec.Mode#ROW_SUM]), and room for one vector of any width.
    static final int SLOT = 64;

    private static final ThreadLocal<float[]> FLOATS = ThreadLocal.withInitial(() -> new float[8 * SLOT]);
    private static final ThreadLocal<double[]> DOUBLES = ThreadLocal.withInitial(() -> new double[8 * SLOT]);

    private static final ThreadLocal<int[]> GEOMETRY = ThreadLocal.withInitial(() -> new int[96]);

    /// Room for the geometry of one call.
    static int[] geometry(int length) {
        int[] g = GEOMETRY.get();
        if (g.length < length) {
            g = new int[length];
            GEOMETRY.set(g);
        }
        return g;
    }

    private static final ThreadLocal<int[]> MOVED = ThreadLocal.withInitial(() -> new int[96]);

    /// A copy for one call whose operands a loop moves: `geometry` is the caller's, and other threads may be reading it.
    static int[] moved(int[] geometry) {
        int[] g = MOVED.get();
        if (g.length < geometry.length) {
            g = new int[geometry.length];
            MOVED.set(g);
        }
        System.arraycopy(geometry, 0, g, 0, geometry.length);
        return g;
    }

    static float[] floats(int slots) {
        float[] s = FLOATS.get();
        if (s.length < slots * SLOT) {
            s = new float[slots * SLOT];
            FLOATS.set(s);
        }
        return s;
    }

    static double[] doubles(int slots) {
        double[] s = DOUBLES.get();
        if (s.length < slots * SLOT) {
            s = new double[slots * SLOT];
            DOUBLES.set(s);
        }
        return s;
    }

    /// The error of a loop whose array has no room behind a row.
    static IllegalStateException noRoom() {
        return new IllegalStateException("a loop writes the rest of a row where its array has no room for a whole vector");
    }

    static void clear(float[] s, int at, int count) {
        for (int i = 0; i < count; i++) {
            s[at + i] = 0;
        }
    }

    static void clear(double[] s, int at, int count) {
        for (int i = 0; i < count; i++) {
            s[at + i] = 0;
        }
    }

    static float sum(float[] s, int at, int count) {
        for (int half = count / 2; half > 0; half >>= 1) {
            for (int j = at; j < at + half; j++) {
                s[j] += s[j + half];
            }
        }
        return s[at];
    }

    static double sum(double[] s, int at, int count) {
        for (int half = count / 2; half > 0; half >>= 1) {
            for (int j = at; j < at + half; j++) {
                s[j] += s[j + half];
            }
        }
        return s[at];
    }

    static void load(float[] from, int index, int stride, int count, float[] s, int at) {
        for (int i = 0; i < count; i++) {
            s[at + i] = from[index + i * stride];
        }
    }

    static void load(double[] from, int index, int stride, int count, double[] s, int at) {
        for (int i = 0; i < count; i++) {
            s[at + i] = from[index + i * stride];
        }
    }

    static void store(float[] to, int index, int stride, int count, float[] s, int at) {
        for (int i = 0; i < count; i++) {
            to[index + i * stride] = s[at + i];
        }
    }

    static void store(double[] to, int index, int stride, int count, double[] s, int at) {
        for (int i = 0; i < count; i++) {
            to[index + i * stride] = s[at + i];
        }
    }
}
