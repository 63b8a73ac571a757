package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.kernel.FftEmitter.Kind;

/// Transforms of lengths `2^a·3^b·5^c` by Stockham's algorithm: passes of butterflies between two buffers, which leave the result in
/// order. The first pass reads from where the source lies and the last writes to where the result goes.
///
/// Pass with radix `r` after passes of product `s`, `m = n/(r s)`: for `p < m`, `q < s`
/// `y[q + s(rp + j)] = e^(-2πi pj/(rm)) Σ_k x[q + s(p + mk)] e^(-2πi jk/r)`.
final class FftPasses implements FftAxis {
    private final int n;
    private final int[] radices;
    private final Object factors;
    private final List<FftLoops.Name> names;
    private final FftLoop[] scalar;
    private final FftLoop[] simd;

    FftPasses(boolean doubles, int n, int[] radices) {
        this.n = n;
        this.radices = radices;
        this.factors = twiddles(doubles, n, radices);
        this.names = new ArrayList<>();
        for (int i = 0; i < radices.length; i++) {
            names.add(new FftLoops.Name(i == radices.length - 1 ? Kind.LAST : i == 0 ? Kind.FIRST : Kind.MIDDLE, radices[i]));
        }
        this.scalar = names.stream().map(FftLoops.of(doubles)::scalar).toArray(FftLoop[]::new);
        this.simd = new FftLoop[radices.length];
    }

    /// The radices of the passes, or nothing for a length with other prime factors.
    static Optional<int[]> factors(int n) {
        List<Integer> out = new ArrayList<>();
        int rest = n;
        for (int r : new int[] {5, 3}) {
            for (; rest % r == 0; rest /= r) {
                out.add(r);
            }
        }
        while (rest % 8 == 0 && rest != 16) {
            out.add(8);
            rest /= 8;
        }
        for (; rest % 4 == 0; rest /= 4) {
            out.add(4);
        }
        if (rest == 2 || n == 1) {
            out.add(n == 1 ? 1 : 2);
            rest = 1;
        }
        return rest == 1 ? Optional.of(out.stream().mapToInt(Integer::intValue).toArray()) : Optional.empty();
    }

    private static Object twiddles(boolean doubles, int n, int[] radices) {
        List<Double> out = new ArrayList<>();
        int rest = n;
        for (int r : radices) {
            for (int p = 0; p < rest / r && rest > r; p++) {
                for (int j = 1; j < r; j++) {
                    double re = cosine((long) p * j, rest);
                    double im = -sine((long) p * j, rest);
                    out.addAll(List.of(re, im, -im));
                }
            }
            rest /= r;
        }
        return array(doubles, out);
    }

    /// `cos(2π j/n)`, to rounding.
    static double cosine(long j, int n) {
        return sine(4 * j + n, 4L * n, n);
    }

    /// `sin(2π j/n)`, to rounding.
    static double sine(long j, int n) {
        return sine(4 * j, 4L * n, n);
    }

    /// `sin(2π a/whole)`, the angle brought into the first eighth of the circle, where nothing is lost.
    private static double sine(long a, long whole, long quarter) {
        long angle = Math.floorMod(a, whole);
        double sign = angle >= 2 * quarter ? -1 : 1;
        angle %= 2 * quarter;
        angle = Math.min(angle, 2 * quarter - angle);
        double turn = Math.PI / (2.0 * quarter);
        return sign * (2 * angle <= quarter ? StrictMath.sin(angle * turn) : StrictMath.cos((quarter - angle) * turn));
    }

    static Object array(boolean doubles, List<Double> values) {
        double[] d = values.stream().mapToDouble(Double::doubleValue).toArray();
        if (doubles) {
            return d;
        }
        float[] f = new float[d.length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) d[i];
        }
        return f;
    }

    @Override
    public int n() {
        return n;
    }

    @Override
    public List<FftLoops.Name> loops() {
        return names;
    }

    @Override
    public void use(List<FftLoop> loops) {
        for (int i = 0; i < simd.length; i++) {
            simd[i] = loops.get(i);
        }
    }

    @Override
    public int target(int first, int second) {
        return radices.length % 2 == 1 ? first : second;
    }

    @Override
    public void run(boolean vectors, int lanes, Object x, int xRe, int xIm, int xStep, Object y, int yRe, int yIm, int yStep,
            Object buffer, int first, int second) {
        FftLoop[] loops = vectors ? simd : scalar;
        int last = radices.length - 1;
        int imaginary = n * lanes + GAP;
        int s = 1;
        int at = 0;
        Object from = x;
        int re = xRe;
        int im = xIm;
        int step = xStep;
        for (int i = 0; i < last; i++) {
            int r = radices[i];
            int m = n / (r * s);
            int to = (i & 1) == 0 ? first : second;
            // With s = 1 the inner loop is one row, which may be anywhere; later on rows are neighbours.
            loops[i].run(from, re, im, s * step, s * m * step, buffer, to, to + imaginary, s * r * lanes, s * lanes, factors, at, m,
                    s * lanes);
            at += 3 * m * (r - 1);
            s *= r;
            from = buffer;
            re = to;
            im = to + imaginary;
            step = lanes;
        }
        loops[last].run(from, re, im, step, s * step, y, yRe, yIm, yStep, s * yStep, factors, 0, s, lanes);
    }
}
