package org.cosmograd.autodiff.kernel;

/// Philox 4x32 with 10 rounds (Salmon, Moraes, Dror & Shaw 2011): 128 random bits as a pure function of a 64-bit key and a 128-bit
/// counter. An instance is a stream over ascending counters, for code that draws one number after the other.
public final class Philox {
    private static final int M0 = 0xD2511F53;
    private static final int M1 = 0xCD9E8D57;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;
    // counters of draws, folds and streams never meet: they differ in the last word
    private static final int DRAW = 0;
    private static final int FOLD = 1;
    private static final int STREAM = 2;

    private final long key;
    private final int[] block = new int[4];
    private long counter;
    private int used = 4;

    /// The stream of a key.
    public Philox(long key) {
        this.key = key;
    }

    /// The four words for a key and a counter, into `out`.
    static void block(long key, int c0, int c1, int c2, int c3, int[] out) {
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = (M0 & 0xffffffffL) * (c0 & 0xffffffffL);
            long p1 = (M1 & 0xffffffffL) * (c2 & 0xffffffffL);
            int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            c0 = n0;
            c2 = n2;
            k0 += W0;
            k1 += W1;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }

    /// Key number `index` of those that follow from `key`.
    public static long fold(long key, int index) {
        int[] out = new int[4];
        block(key, index, 0, 0, FOLD, out);
        return (out[0] & 0xffffffffL) | ((long) out[1] << 32);
    }

    private int next() {
        if (used == 4) {
            block(key, (int) counter, (int) (counter >>> 32), 0, STREAM, block);
            counter++;
            used = 0;
        }
        return block[used++];
    }

    /// The next 64 random bits.
    public long nextLong() {
        int low = next();
        return (low & 0xffffffffL) | ((long) next() << 32);
    }

    /// The next number, uniform on (0, 1).
    public double uniform() {
        return unit(nextLong());
    }

    /// The next standard normal number.
    public double normal() {
        return quantile(uniform());
    }

    /// The next integer in `0 … bound-1`.
    public int integer(int bound) {
        return (int) (((next() & 0xffffffffL) * bound) >>> 32);
    }

    private static double unit(long bits) {
        return ((bits >>> 12) + 0.5) * 0x1p-52;
    }

    private static float unit(int bits) {
        return ((bits >>> 9) + 0.5f) * 0x1p-23f;
    }

    /// Uniform numbers `from … to-1` of the draw that belongs to `key`.
    static void uniform(long key, float[] out, int offset, int from, int to) {
        int[] w = new int[4];
        for (int i = from & ~3; i < to; i += 4) {
            block(key, i >>> 2, 0, 0, DRAW, w);
            for (int j = Math.max(0, from - i); j < Math.min(4, to - i); j++) {
                out[offset + i + j] = unit(w[j]);
            }
        }
    }

    /// Uniform numbers `from … to-1` of the draw that belongs to `key`.
    static void uniform(long key, double[] out, int offset, int from, int to) {
        int[] w = new int[4];
        for (int i = from & ~1; i < to; i += 2) {
            block(key, i >>> 1, 0, 0, DRAW, w);
            for (int j = Math.max(0, from - i); j < Math.min(2, to - i); j++) {
                out[offset + i + j] = unit((w[2 * j] & 0xffffffffL) | ((long) w[2 * j + 1] << 32));
            }
        }
    }

    /// Random integers `from … to-1` of the draw that belongs to `key`.
    static void bits(long key, int[] out, int offset, int from, int to) {
        int[] w = new int[4];
        for (int i = from & ~3; i < to; i += 4) {
            block(key, i >>> 2, 0, 0, DRAW, w);
            for (int j = Math.max(0, from - i); j < Math.min(4, to - i); j++) {
                out[offset + i + j] = w[j];
            }
        }
    }

    /// Normal numbers `from … to-1` of the draw that belongs to `key`.
    static void normal(long key, float[] out, int offset, int from, int to) {
        uniform(key, out, offset, from, to);
        for (int i = offset + from; i < offset + to; i++) {
            out[i] = (float) quantile(out[i]);
        }
    }

    /// Normal numbers `from … to-1` of the draw that belongs to `key`.
    static void normal(long key, double[] out, int offset, int from, int to) {
        uniform(key, out, offset, from, to);
        for (int i = offset + from; i < offset + to; i++) {
            out[i] = quantile(out[i]);
        }
    }

    /// `Φ⁻¹(p)`, the normal quantile, to about 1e-16 relative (Wichura 1988, algorithm AS 241, PPND16). Domain (0, 1).
    public static double quantile(double p) {
        double q = p - 0.5;
        if (Math.abs(q) <= 0.425) {
            double r = 0.180625 - q * q;
            double num = ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
                                                                    + 4.5921953931549871457e4) * r
                                                            + 1.3731693765509461125e4) * r
                                                    + 1.9715909503065514427e3) * r
                                            + 1.3314166789178437745e2) * r
                    + 3.3871328727963666080e0;
            double den = ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
                                                                    + 2.1213794301586595867e4) * r
                                                            + 5.3941960214247511077e3) * r
                                                    + 6.8718700749205790830e2) * r
                                            + 4.2313330701600911252e1) * r
                    + 1;
            return q * num / den;
        }
        double r = Math.sqrt(-StrictMath.log(q < 0 ? p : 1 - p));
        double x;
        if (r <= 5) {
            r -= 1.6;
            double num = ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
                                                                    + 1.27045825245236838258e0) * r
                                                            + 3.64784832476320460504e0) * r
                                                    + 5.76949722146069140550e0) * r
                                            + 4.63033784615654529590e0) * r
                    + 1.42343711074968357734e0;
            double den = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
                                                                    + 1.48103976427480074590e-1) * r
                                                            + 6.89767334985100004550e-1) * r
                                                    + 1.67638483018380384940e0) * r
                                            + 2.05319162663775882187e0) * r
                    + 1;
            x = num / den;
        } else {
            r -= 5;
            double num = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
                                                                    + 2.65321895265761230930e-2) * r
                                                            + 2.96560571828504891230e-1) * r
                                                    + 1.78482653991729133580e0) * r
                                            + 5.46378491116411436990e0) * r
                    + 6.65790464350110377720e0;
            double den = ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
                                                                    + 7.86869131145613259100e-4) * r
                                                            + 1.48753612908506148525e-2) * r
                                                    + 1.36929880922735805310e-1) * r
                                            + 5.99832206555887937690e-1) * r
                    + 1;
            x = num / den;
        }
        return q < 0 ? -x : x;
    }
}
