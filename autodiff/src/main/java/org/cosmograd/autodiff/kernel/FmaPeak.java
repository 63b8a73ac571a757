package org.cosmograd.autodiff.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// What one core can do at most: single-precision fused multiply-adds on registers, for comparison in benchmarks.
///
/// Twelve independent sums keep two units of a latency of up to six busy. The wider of the vectors that the machine has are not always
/// the faster ones, so all widths are tried.
public final class FmaPeak {
    private static final int SUMS = 12;
    private static final int SHORT = 4;
    private static final int CALLS = 8_000;
    private static final int LONG = 20_000;
    private static final int ROUNDS = 40;

    private FmaPeak() {}

    /// Billions of floating-point operations per second, two for each multiply-add; NaN where there is no SIMD.
    public static double gigaflops() {
        return VectorWidth.bits() == 0 ? Double.NaN : Widths.best();
    }

    /// Apart, so that a machine without the incubator module never links it.
    private static final class Widths {
        private static final VectorSpecies<Float> S128 = FloatVector.SPECIES_128;
        private static final VectorSpecies<Float> S256 = FloatVector.SPECIES_256;
        private static final VectorSpecies<Float> S512 = FloatVector.SPECIES_512;

        /// What is computed goes here, so that it is computed.
        private static float sink;

        static double best() {
            int widest = FloatVector.SPECIES_MAX.vectorBitSize();
            double best = 0;
            for (int bits = 128; bits <= Math.min(512, widest); bits *= 2) {
                for (int i = 0; i < CALLS; i++) {
                    sink += run(bits, SHORT);
                }
                for (int i = 0; i < ROUNDS; i++) {
                    long start = System.nanoTime();
                    sink += run(bits, LONG);
                    best = Math.max(best, 2.0 * SUMS * (bits / Float.SIZE) * LONG / (System.nanoTime() - start));
                }
            }
            return best;
        }

        private static float run(int bits, int n) {
            return switch (bits) {
                case 512 -> run512(n);
                case 256 -> run256(n);
                default -> run128(n);
            };
        }

        private static float run512(int n) {
            FloatVector x = FloatVector.broadcast(S512, 0.5f);
            FloatVector y = FloatVector.broadcast(S512, 0.25f);
            FloatVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int p = 0; p < n; p++) {
                a = x.fma(y, a);
                b = x.fma(y, b);
                c = x.fma(y, c);
                d = x.fma(y, d);
                e = x.fma(y, e);
                f = x.fma(y, f);
                g = x.fma(y, g);
                h = x.fma(y, h);
                i = x.fma(y, i);
                j = x.fma(y, j);
                k = x.fma(y, k);
                l = x.fma(y, l);
            }
            return a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).add(i.add(j).add(k.add(l))).reduceLanes(VectorOperators.MAX);
        }

        private static float run256(int n) {
            FloatVector x = FloatVector.broadcast(S256, 0.5f);
            FloatVector y = FloatVector.broadcast(S256, 0.25f);
            FloatVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int p = 0; p < n; p++) {
                a = x.fma(y, a);
                b = x.fma(y, b);
                c = x.fma(y, c);
                d = x.fma(y, d);
                e = x.fma(y, e);
                f = x.fma(y, f);
                g = x.fma(y, g);
                h = x.fma(y, h);
                i = x.fma(y, i);
                j = x.fma(y, j);
                k = x.fma(y, k);
                l = x.fma(y, l);
            }
            return a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).add(i.add(j).add(k.add(l))).reduceLanes(VectorOperators.MAX);
        }

        private static float run128(int n) {
            FloatVector x = FloatVector.broadcast(S128, 0.5f);
            FloatVector y = FloatVector.broadcast(S128, 0.25f);
            FloatVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int p = 0; p < n; p++) {
                a = x.fma(y, a);
                b = x.fma(y, b);
                c = x.fma(y, c);
                d = x.fma(y, d);
                e = x.fma(y, e);
                f = x.fma(y, f);
                g = x.fma(y, g);
                h = x.fma(y, h);
                i = x.fma(y, i);
                j = x.fma(y, j);
                k = x.fma(y, k);
                l = x.fma(y, l);
            }
            return a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).add(i.add(j).add(k.add(l))).reduceLanes(VectorOperators.MAX);
        }
    }
}
