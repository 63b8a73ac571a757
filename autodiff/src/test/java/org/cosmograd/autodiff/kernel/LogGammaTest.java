package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.cosmograd.autodiff.DType;
import org.junit.jupiter.api.Test;

/// The logarithm of the gamma function against 70 digits over the whole domain, and its poles.
class LogGammaTest {
    private static final DType[] TYPES = {DType.F32, DType.F64};

    private static double lgamma(DType type, double x) {
        return ScalarLanes.evaluate((l, v) -> Elementary.lgamma(l, v.getFirst()), type, x);
    }

    private static double round(DType type, double x) {
        return type == DType.F32 ? (float) x : x;
    }

    private static double nearby(Random random, DType type, double x) {
        return x + (random.nextBoolean() ? 1 : -1) * Math.scalb(1 + random.nextDouble(), -2 - random.nextInt(type == DType.F32 ? 19 : 48));
    }

    @Test
    void relativeErrorOfPositiveArguments() {
        Random random = new Random(2);
        for (DType type : TYPES) {
            int exponents = type == DType.F32 ? 120 : 1010;
            Ulps worst = new Ulps("lgamma", type);
            for (int i = 0; i < 1000; i++) {
                double x = round(type, switch (i % 5) {
                    case 0 -> nearby(random, type, 1);
                    case 1 -> nearby(random, type, 2);
                    case 2 -> 6 * random.nextDouble();
                    case 3 -> 40 * random.nextDouble();
                    default -> Math.scalb(1 + random.nextDouble(), random.nextInt(2 * exponents) - exponents);
                });
                if (x != 1 && x != 2) {
                    worst.add(x, lgamma(type, x), Digits.lgamma(new BigDecimal(x)));
                }
            }
            worst.check(1.6);
        }
    }

    /// Zeros lie between -2 and -3, -3 and -4, … close to the poles from -4 on.
    @Test
    void relativeErrorOfNegativeArguments() {
        Random random = new Random(3);
        double[] zeros = {
            -2.4570247382208006, -2.747682646727413, -3.143580888349980, -3.955294284858598, -4.039361839740537, -4.991544640560048,
            -5.008218168440511, -5.998607480080876, -6.001385294453155, -6.999801507890638, -9.000002755731922, -12.000000002087676
        };
        for (DType type : TYPES) {
            Ulps worst = new Ulps("lgamma < 0", type);
            for (int i = 0; i < 1500; i++) {
                double x = round(type, switch (i % 5) {
                    case 0 -> -random.nextDouble();
                    case 1 -> -Math.scalb(1 + random.nextDouble(), -1 - random.nextInt(type == DType.F32 ? 140 : 1020));
                    case 2 -> -40 * random.nextDouble();
                    case 3 -> Math.rint(-40 * random.nextDouble()) + Math.scalb(random.nextDouble() - 0.5, -random.nextInt(40));
                    default -> {
                        double zero = zeros[i / 5 % zeros.length];
                        yield zero * (1 + Math.scalb(random.nextDouble() - 0.5, -8 - random.nextInt(44)));
                    }
                });
                if (x < 0 && x != Math.rint(x)) {
                    worst.add(x, lgamma(type, x), Digits.lgammaAnywhere(new BigDecimal(x)));
                }
            }
            worst.check(2);
        }
    }

    @Test
    void polesAndZeros() {
        double inf = Double.POSITIVE_INFINITY;
        for (DType type : TYPES) {
            for (double pole : new double[] {0.0, -0.0, -1, -2, -3, -0x1p30, -0x1p60, -inf, inf}) {
                assertEquals(inf, lgamma(type, pole), type + " " + pole);
            }
            assertEquals(0.0, lgamma(type, 1));
            assertEquals(0.0, lgamma(type, 2));
            assertEquals(Double.NaN, lgamma(type, Double.NaN));
        }
        assertEquals(inf, lgamma(DType.F64, 1e308));
        assertEquals(6.897755278982137e302, lgamma(DType.F64, 1e300));
        assertEquals(744.4400719213812, lgamma(DType.F64, Double.MIN_VALUE));
        assertEquals(744.4400719213812, lgamma(DType.F64, -Double.MIN_VALUE));
        assertEquals(inf, lgamma(DType.F32, 1e38));
    }
}
