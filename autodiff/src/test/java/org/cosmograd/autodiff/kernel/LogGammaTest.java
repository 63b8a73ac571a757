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

    @Test
    void relativeErrorFromMinusOneToZero() {
        Random random = new Random(3);
        for (DType type : TYPES) {
            Ulps worst = new Ulps("lgamma (-1, 0)", type);
            for (int i = 0; i < 300; i++) {
                double u = i % 2 == 0 ? random.nextDouble() : Math.scalb(1 + random.nextDouble(), -1 - random.nextInt(60));
                double x = round(type, -u);
                if (x > -1 && x < 0) {
                    worst.add(x, lgamma(type, x), Digits.lgammaAnywhere(new BigDecimal(x)));
                }
            }
            worst.check(2.5);
        }
    }

    @Test
    void errorOfNegativeArgumentsIsThatOfTheLargerTerm() {
        Random random = new Random(4);
        for (DType type : TYPES) {
            double worst = 0;
            for (int i = 0; i < 300; i++) {
                double x = round(type, -1 - 50 * random.nextDouble() * random.nextDouble());
                double truth = Digits.lgammaAnywhere(new BigDecimal(x)).doubleValue();
                double term = Math.max(1, Math.max(Math.abs(truth), Digits.lgamma(new BigDecimal(-x)).doubleValue()));
                double ulp = type == DType.F32 ? Math.ulp((float) term) : Math.ulp(term);
                worst = Math.max(worst, Math.abs(lgamma(type, x) - truth) / ulp);
            }
            assertTrue(worst <= 2.5, type + ": " + worst);
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
