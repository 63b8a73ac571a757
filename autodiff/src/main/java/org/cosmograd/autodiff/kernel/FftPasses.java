package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.kernel.FftEmitter.Kind;

/// Transforms of lengths `2^a·3^b·5^c`: passes of butterflies within a panel, decimating in frequency (Gentleman and Sande 1966). The first
/// pass may read from where the source lies, and the last, which undoes the reversal of digits, writes to where the result goes; so
/// nothing but one panel needs to be in the nearest cache.
///
/// Pass `i` with radix `r` and `m = n/(r₀ … r)`: in each of the `n/(rm)` blocks of `rm` rows, for `p < m`,
/// `x[p + mj] ← e^(-2πi pj/(rm)) Σ_k x[p + mk] e^(-2πi jk/r)`.
final class FftPasses implements FftAxis {
    private final int n;
    private final int[] radices;
    /// Rows between the legs of a pass.
    private final int[] legs;
    private final Object factors;
    private final List<FftLoops.Name> names = new ArrayList<>();
    private final FftLoop[] scalar;
    private FftLoop[] simd;
    /// Groups of the last pass, but for the first digit: the row where they lie and the row of their result.
    private final int[] lastFrom;
    private final int[] lastTo;

    /// @param columns whether sequences come from outside the panel
    FftPasses(boolean doubles, int n, int[] radices, boolean columns) {
        this.n = n;
        this.radices = radices;
        this.factors = twiddles(doubles, n, radices);
        this.legs = new int[radices.length];
        int last = radices.length - 1;
        int rest = n;
        for (int i = 0; i <= last; i++) {
            rest /= radices[i];
            legs[i] = rest;
        }
        for (int i = 0; i < last; i++) {
            names.add(new FftLoops.Name(i == 0 && columns ? Kind.FIRST : Kind.MIDDLE, radices[i], legs[i]));
        }
        names.add(last == 0 && columns ? new FftLoops.Name(Kind.DIRECT, n, 0) : new FftLoops.Name(Kind.LAST, radices[last], 1));
        this.scalar = names.stream().map(FftLoops.of(doubles)::scalar).toArray(FftLoop[]::new);
        this.simd = scalar;
        int groups = last == 0 ? 1 : n / radices[0] / radices[last];
        this.lastFrom = new int[groups];
        this.lastTo = new int[groups];
        for (int g = 0; g < groups; g++) {
            int digits = g;
            int to = radices[0];
            for (int i = 1; i < last; i++) {
                lastFrom[g] += digits % radices[i] * legs[i];
                lastTo[g] += digits % radices[i] * to;
                to *= radices[i];
                digits /= radices[i];
            }
        }
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
        simd = loops.toArray(FftLoop[]::new);
    }

    @Override
    public void through(boolean vectors, int lanes, Object x, int xRe, int xIm, int xStep, Object y, int yRe, int yIm, int yStep,
            Object own, int panel) {
        FftLoop[] loops = vectors ? simd : scalar;
        FftLoop first = loops[0];
        if (radices.length == 1) {
            first.run(x, xRe, xIm, 0, xStep, y, yRe, yIm, 0, yStep, factors, 0, 1, lanes);
        } else {
            int row = 2 * lanes;
            first.run(x, xRe, xIm, xStep, legs[0] * xStep, own, panel, 0, row, legs[0] * row, factors, 0, legs[0], lanes);
            finish(loops, lanes, 1, own, panel, y, yRe, yIm, yStep);
        }
    }

    @Override
    public void within(boolean vectors, int lanes, Object own, int panel, Object y, int yRe, int yIm, int yStep) {
        finish(vectors ? simd : scalar, lanes, 0, own, panel, y, yRe, yIm, yStep);
    }

    /// The passes from number `pass` on.
    private void finish(FftLoop[] loops, int lanes, int pass, Object own, int panel, Object y, int yRe, int yIm, int yStep) {
        int row = 2 * lanes;
        int last = radices.length - 1;
        int at = 0;
        for (int i = 0; i < last; i++) {
            int leg = legs[i];
            if (i >= pass) {
                loops[i].run(own, 0, 0, leg * radices[i] * row, n * row, own, panel, 0, row, leg * row, factors, at, leg, lanes);
            }
            at += 3 * leg * (radices[i] - 1);
        }
        int outer = last == 0 ? 1 : radices[0];
        int step = n / radices[last] * yStep;
        for (int g = 0; g < lastFrom.length; g++) {
            int to = lastTo[g] * yStep;
            loops[last].run(own, panel + lastFrom[g] * row, 0, legs[0] * row, row, y, yRe + to, yIm + to, yStep, step, factors, 0, outer, lanes);
        }
    }
}
