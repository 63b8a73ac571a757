package org.cosmograd.autodiff.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What one core can do at this moment, as the measure for what kernels do.
public final class Peak {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int STEPS = 4000;
    private static final int CHAINS = 12;

    private static float[] sink = new float[CHAINS * SPECIES.length()];

    private Peak() {}

    /// Floating-point operations a second of fused multiply-adds in registers, best of some milliseconds.
    public static double flops() {
        double best = 0;
        for (int i = 0; i < 400; i++) {
            long start = System.nanoTime();
            multiplyAndAdd(sink, STEPS);
            long time = System.nanoTime() - start;
            best = Math.max(best, 2.0 * CHAINS * SPECIES.length() * STEPS / time * 1e9);
        }
        return best;
    }

    private static void multiplyAndAdd(float[] to, int steps) {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector y = FloatVector.broadcast(SPECIES, 0.001f);
        FloatVector a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int s = 0; s < steps; s++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
            k = k.fma(x, y);
            l = l.fma(x, y);
        }
        int n = SPECIES.length();
        a.intoArray(to, 0);
        b.intoArray(to, n);
        c.intoArray(to, 2 * n);
        d.intoArray(to, 3 * n);
        e.intoArray(to, 4 * n);
        f.intoArray(to, 5 * n);
        g.intoArray(to, 6 * n);
        h.intoArray(to, 7 * n);
        i.intoArray(to, 8 * n);
        j.intoArray(to, 9 * n);
        k.intoArray(to, 10 * n);
        l.intoArray(to, 11 * n);
    }

    /// Bytes a second that a copy of large arrays reads and writes, best of some.
    public static double bandwidth() {
        float[] from = new float[16 << 20];
        float[] to = new float[16 << 20];
        double best = 0;
        for (int i = 0; i < 8; i++) {
            long start = System.nanoTime();
            System.arraycopy(from, 0, to, 0, from.length);
            best = Math.max(best, 8.0 * from.length / (System.nanoTime() - start) * 1e9);
        }
        return best;
    }
}
