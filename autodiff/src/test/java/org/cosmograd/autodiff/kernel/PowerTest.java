package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.cosmograd.autodiff.DType;
import org.junit.jupiter.api.Test;

/// Powers against 70 digits over the whole domain, and the special cases of `Math.pow`, by `StrictMath.pow`: the intrinsic form of the
/// former takes 2⁵² - ½ for an odd number.
class PowerTest {
    private static double pow(DType type, double x, double y) {
        return ScalarLanes.evaluate((l, v) -> Elementary.pow(l, v.get(0), v.get(1)), type, x, y);
    }

    private static double round(DType type, double x) {
        return type == DType.F32 ? (float) x : x;
    }

    private static double ulp(DType type, double x) {
        return type == DType.F32 ? Math.ulp((float) x) : Math.ulp(x);
    }

    @Test
    void errorIsOneUlp() {
        Random random = new Random(1);
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            int exponents = type == DType.F32 ? 149 : 1074;
            int largestExponent = type == DType.F32 ? 127 : 1023;
            double largest = type == DType.F32 ? 88.7 : 709.7; // log of the largest number
            double least = type == DType.F32 ? -103 : -744; // of the least, which is subnormal
            Ulps worst = new Ulps("pow", type);
            for (int i = 0; i < 600; i++) {
                double x = switch (i % 3) {
                    case 0 -> Math.scalb(1 + random.nextDouble(), random.nextInt(exponents + largestExponent) - exponents);
                    case 1 -> 1 + (random.nextDouble() - 0.5) * Math.scalb(1.0, -random.nextInt(type == DType.F32 ? 20 : 48));
                    default -> 10 * random.nextDouble();
                };
                x = round(type, x);
                double y = round(type, (least + (largest - least) * random.nextDouble()) / Math.log(x));
                if (x != 1 && x != 0 && Double.isFinite(y)) {
                    BigDecimal truth = Digits.exp(Digits.log(new BigDecimal(x)).multiply(new BigDecimal(y)));
                    worst.add(x, pow(type, x, y), truth);
                }
            }
            worst.check(1);
        }
    }

    @Test
    void specialCasesAreThoseOfTheLibrary() {
        double inf = Double.POSITIVE_INFINITY;
        double[] values = {
            0.0, 1, 2, 0.5, 3, 1.5, inf, 1e300, 1e30, Double.MIN_VALUE, Math.nextUp(1.0), Math.nextDown(1.0), 0x1p52, 0x1p52 + 1, 0x1p52 - 0.5,
            0x1p53, 0x1p53 - 1, 0x1p23 - 0.5, 0x1p23 + 1, 0x1p24 - 1, 0x1p24, 0x1p24 + 2
        };
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            for (int i = -1; i < 2 * values.length; i++) {
                for (int j = -1; j < 2 * values.length; j++) {
                    double x = i < 0 ? Double.NaN : round(type, i % 2 == 0 ? values[i / 2] : -values[i / 2]);
                    double y = j < 0 ? Double.NaN : round(type, j % 2 == 0 ? values[j / 2] : -values[j / 2]);
                    double wanted = round(type, StrictMath.pow(x, y));
                    double got = pow(type, x, y);
                    boolean number = Double.isFinite(wanted) && wanted != 0;
                    if (number) {
                        assertTrue(Math.abs(got - wanted) <= 2 * ulp(type, wanted), type + " " + x + " ^ " + y + ": " + got);
                    } else {
                        assertEquals(wanted, got, type + " " + x + " ^ " + y); // zeros with their signs
                    }
                }
            }
        }
    }

    @Test
    void wholePowersOfSmallNumbersAreExact() {
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            for (int x = -9; x <= 9; x++) {
                for (int y = 0; y <= 5; y++) {
                    assertEquals(Math.pow(x, y), pow(type, x, y), type + " " + x + " ^ " + y);
                }
            }
        }
    }
}
