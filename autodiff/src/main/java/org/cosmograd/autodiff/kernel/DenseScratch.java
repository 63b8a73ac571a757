package org.cosmograd.autodiff.kernel;

/// Arrays of the thread for steps of [Dense]; they grow with the largest need.
final class DenseScratch {
    private static final ThreadLocal<DenseScratch> MINE = ThreadLocal.withInitial(DenseScratch::new);

    private double[] doubles = new double[0];
    private int[] ints = new int[0];

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
}
