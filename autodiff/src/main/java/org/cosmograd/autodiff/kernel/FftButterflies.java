package org.cosmograd.autodiff.kernel;

import java.util.function.IntUnaryOperator;

/// The arithmetic of Fourier transforms, stated once for all forms of [FftEmitter]: butterflies of radix 1, 2, 3, 4, 5 and 8, and the
/// step between a real transform of length `2m` and a complex one of length `m`. Multiplications by `±i` are only exchanges of real
/// and imaginary parts.
final class FftButterflies {
    private final FftEmitter.Body make;

    FftButterflies(FftEmitter.Body make) {
        this.make = make;
    }

    /// The constants that butterflies of a radix need, as values.
    int[] constants(int radix) {
        double third = Math.sqrt(0.75);
        double s1 = StrictMath.sin(2 * Math.PI / 5);
        double s2 = StrictMath.sin(4 * Math.PI / 5);
        double[] c = switch (radix) {
            case 3 -> new double[] {-0.5, third, -third};
            case 5 -> new double[] {StrictMath.cos(2 * Math.PI / 5), StrictMath.cos(4 * Math.PI / 5), s1, s2, -s1, -s2};
            case 8 -> new double[] {Math.sqrt(0.5), -Math.sqrt(0.5)};
            default -> new double[0];
        };
        int[] values = new int[c.length];
        for (int i = 0; i < c.length; i++) {
            values[i] = make.constant(c[i]);
        }
        return values;
    }

    /// `y_j = Σ_k x_k e^(-2πi jk/r)`
    void butterfly(int radix, int[] c) {
        int[][] y = transform(radix, c);
        for (int j = 0; j < radix; j++) {
            make.store(y[j][0], false, j);
            make.store(y[j][1], true, j);
        }
    }

    /// `y_j = w_j Σ_k x_k e^(-2πi jk/r)`; value `3(j-1)` of `w` is the real part of `w_j`, then the imaginary part, and its negative.
    void butterfly(int radix, int[] c, IntUnaryOperator w) {
        int[][] y = transform(radix, c);
        make.store(y[0][0], false, 0);
        make.store(y[0][1], true, 0);
        for (int j = 1; j < radix; j++) {
            int k = 3 * (j - 1);
            int re = w.applyAsInt(k);
            int im = w.applyAsInt(k + 1);
            int negative = w.applyAsInt(k + 2);
            make.store(make.fma(y[j][1], negative, make.mul(y[j][0], re)), false, j);
            make.store(make.fma(y[j][0], im, make.mul(y[j][1], re)), true, j);
        }
    }

    private int[] leg(int j) {
        return new int[] {make.re(j), make.im(j)};
    }

    private int[] add(int[] a, int[] b) {
        return new int[] {make.add(a[0], b[0]), make.add(a[1], b[1])};
    }

    private int[] sub(int[] a, int[] b) {
        return new int[] {make.sub(a[0], b[0]), make.sub(a[1], b[1])};
    }

    /// `a + i·b`
    private int[] addTurned(int[] a, int[] b) {
        return new int[] {make.sub(a[0], b[1]), make.add(a[1], b[0])};
    }

    /// `a - i·b`
    private int[] subTurned(int[] a, int[] b) {
        return new int[] {make.add(a[0], b[1]), make.sub(a[1], b[0])};
    }

    /// `c·b + a` for a real `c`
    private int[] fma(int c, int[] b, int[] a) {
        return new int[] {make.fma(c, b[0], a[0]), make.fma(c, b[1], a[1])};
    }

    private int[][] transform(int radix, int[] c) {
        return switch (radix) {
            case 1 -> new int[][] {leg(0)};
            case 2 -> {
                int[] a = leg(0);
                int[] b = leg(1);
                yield new int[][] {add(a, b), sub(a, b)};
            }
            case 3 -> three(c);
            case 4 -> four(leg(0), leg(1), leg(2), leg(3));
            case 5 -> five(c);
            case 8 -> eight(c);
            default -> throw new IllegalArgumentException("fft: no butterfly of radix " + radix);
        };
    }

    private int[][] three(int[] c) {
        int[] a = leg(0);
        int[] b1 = leg(1);
        int[] b2 = leg(2);
        int[] s = add(b1, b2);
        int[] d = sub(b1, b2);
        int[] m = fma(c[0], s, a);
        return new int[][] {
            add(a, s),
            {make.fma(c[1], d[1], m[0]), make.fma(c[2], d[0], m[1])},
            {make.fma(c[2], d[1], m[0]), make.fma(c[1], d[0], m[1])}
        };
    }

    private int[][] four(int[] a0, int[] a1, int[] a2, int[] a3) {
        int[] s = add(a0, a2);
        int[] d = sub(a0, a2);
        int[] t = add(a1, a3);
        int[] e = sub(a1, a3);
        return new int[][] {add(s, t), subTurned(d, e), sub(s, t), addTurned(d, e)};
    }

    private int[][] five(int[] c) {
        int[] a = leg(0);
        int[] x1 = leg(1);
        int[] x4 = leg(4);
        int[] s1 = add(x1, x4);
        int[] d1 = sub(x1, x4);
        int[] x2 = leg(2);
        int[] x3 = leg(3);
        int[] s2 = add(x2, x3);
        int[] d2 = sub(x2, x3);
        int[] m1 = fma(c[1], s2, fma(c[0], s1, a));
        int[] m2 = fma(c[0], s2, fma(c[1], s1, a));
        int[] n1 = {make.fma(c[3], d2[0], make.mul(c[2], d1[0])), make.fma(c[3], d2[1], make.mul(c[2], d1[1]))};
        int[] n2 = {make.fma(c[4], d2[0], make.mul(c[3], d1[0])), make.fma(c[4], d2[1], make.mul(c[3], d1[1]))};
        return new int[][] {add(add(a, s1), s2), subTurned(m1, n1), subTurned(m2, n2), addTurned(m2, n2), addTurned(m1, n1)};
    }

    private int[][] eight(int[] c) {
        int[][] e = four(leg(0), leg(2), leg(4), leg(6));
        int[][] o = four(leg(1), leg(3), leg(5), leg(7));
        // √½·o₁·(1 - i) and √½·o₃·(-1 - i), before the factor √½
        int[] p = {make.add(o[1][0], o[1][1]), make.sub(o[1][1], o[1][0])};
        int[] q = {make.sub(o[3][1], o[3][0]), make.add(o[3][0], o[3][1])};
        return new int[][] {
            add(e[0], o[0]),
            fma(c[0], p, e[1]),
            subTurned(e[2], o[2]),
            {make.fma(c[0], q[0], e[3][0]), make.fma(c[1], q[1], e[3][1])},
            sub(e[0], o[0]),
            fma(c[1], p, e[1]),
            addTurned(e[2], o[2]),
            {make.fma(c[1], q[0], e[3][0]), make.fma(c[0], q[1], e[3][1])}
        };
    }

    /// From `Z₀`, the sum of even elements and the sum of odd ones: `X₀ = s(Re Z₀ + Im Z₀)`, `X_m = s(Re Z₀ - Im Z₀)`.
    void unpackEdges(int s) {
        int re = make.re(0);
        int im = make.im(0);
        int zero = make.constant(0);
        make.store(make.mul(s, make.add(re, im)), false, 0);
        make.store(zero, true, 0);
        make.store(make.mul(s, make.sub(re, im)), false, 1);
        make.store(zero, true, 1);
    }

    /// `X_k = s(E + T)` and `X_(m-k) = s conj(E - T)` with `E = Z_k + conj Z_(m-k)`, `T = -i w (Z_k - conj Z_(m-k))`, where the factor
    /// is `s·w` (its real part also negative) and `s` half the scale.
    void unpack(int s, int wRe, int wIm, int wReNegative) {
        int[] z = leg(0);
        int[] mirror = leg(1);
        int eRe = make.mul(s, make.add(z[0], mirror[0]));
        int eIm = make.mul(s, make.sub(z[1], mirror[1]));
        int dRe = make.sub(z[0], mirror[0]);
        int dIm = make.add(z[1], mirror[1]);
        int tRe = make.fma(wIm, dRe, make.mul(wRe, dIm));
        int tIm = make.fma(wReNegative, dRe, make.mul(wIm, dIm));
        make.store(make.add(eRe, tRe), false, 0);
        make.store(make.add(eIm, tIm), true, 0);
        make.store(make.sub(eRe, tRe), false, 1);
        make.store(make.sub(tIm, eIm), true, 1);
    }

    /// `Z₀ = s((Re X₀ + Re X_m) + i(Re X₀ - Re X_m))`
    void packEdges(int s) {
        int first = make.re(0);
        int last = make.re(1);
        make.store(make.mul(s, make.add(first, last)), false, 0);
        make.store(make.mul(s, make.sub(first, last)), true, 0);
    }

    /// `Z_k = s E + i u D` and `Z_(m-k) = s conj E + i conj(u D)` with `E = X_k + conj X_(m-k)`, `D = X_k - conj X_(m-k)`.
    void pack(int s, int uRe, int uIm) {
        int[] x = leg(0);
        int[] mirror = leg(1);
        int eRe = make.mul(s, make.add(x[0], mirror[0]));
        int eIm = make.mul(s, make.sub(x[1], mirror[1]));
        int dRe = make.sub(x[0], mirror[0]);
        int dIm = make.add(x[1], mirror[1]);
        int p = make.sub(make.mul(uRe, dRe), make.mul(uIm, dIm));
        int q = make.fma(uRe, dIm, make.mul(uIm, dRe));
        make.store(make.sub(eRe, q), false, 0);
        make.store(make.add(eIm, p), true, 0);
        make.store(make.add(eRe, q), false, 1);
        make.store(make.sub(p, eIm), true, 1);
    }
}
