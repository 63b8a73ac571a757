package org.cosmograd.autodiff.kernel;

/// Arrays of the thread for steps of [Dense]; they grow with the largest need.
final class DenseScratch {
    private static final ThreadLocal<DenseScratch> MINE = ThreadLocal.withInitial(DenseScratch::new);

    /// Room for the operands of a call.
    static final int MOST_OPERANDS = 32;

    private double[] doubles = new double[0];
    private int[] ints = new int[0];
    private float[] floats = new float[0];
    private final Object[] operands = new Object[MOST_OPERANDS];

    private DenseScratch() {}

    /// At least `count` doubles, with anything in them.
    static double[] doubles(int count) {
        DenseScratch s = MINE.get();
        if (s.doubles.length < count) {
            s.doubles = new double[count];
        }
        return s.doubles;
    }

    /// At least `count` integers, with anything in them.
    static int[] ints(int count) {
        DenseScratch s = MINE.get();
        if (s.ints.length < count) {
            s.ints = new int[count];
        }
        return s.ints;
    }

    /// At least `count` floats, with anything in them.
    static float[] floats(int count) {
        DenseScratch s = MINE.get();
        if (s.floats.length < count) {
            s.floats = new float[count];
        }
        return s.floats;
    }

    /// Room for the operands of a call; to be emptied after use.
    static Object[] operands() {
        return MINE.get().operands;
    }
}
