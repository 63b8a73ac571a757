package org.cosmograd.autodiff.kernel;

import static org.cosmograd.autodiff.kernel.Digits.DIGITS;
import static org.cosmograd.autodiff.kernel.Digits.ONE;
import static org.cosmograd.autodiff.kernel.Digits.PI;
import static org.cosmograd.autodiff.kernel.Digits.exp;
import static org.cosmograd.autodiff.kernel.Digits.log;
import static org.cosmograd.autodiff.kernel.Digits.over;
import static org.cosmograd.autodiff.kernel.Digits.sin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import java.util.function.DoubleFunction;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.junit.jupiter.api.Test;

/// Errors in ulp against series in 70 digits, and the special cases of C99 (annex F).
class ElementaryTest {
    private interface Function {
        Lane value(Lanes l, Lane x);
    }

    private static double evaluate(Function f, DType type, double x) {
        return ScalarLanes.evaluate((l, v) -> f.value(l, v.getFirst()), type, x);
    }

    private static void check(String name, double bound, Function f, java.util.function.Function<BigDecimal, BigDecimal> truth,
            DoubleFunction<double[]> ranges) {
        Random random = new Random(name.hashCode());
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            Ulps worst = new Ulps(name, type);
            for (int i = 0; i < 400; i++) {
                double[] range = ranges.apply(type == DType.F32 ? 1 : 8);
                double spread = range[1] - range[0];
                double x = range[0] + spread * random.nextDouble() * (i % 4 == 0 ? 1e-2 : 1);
                x = type == DType.F32 ? (float) x : x;
                BigDecimal y = truth.apply(new BigDecimal(x));
                worst.add(x, evaluate(f, type, x), y);
            }
            worst.check(bound);
        }
    }

    @Test
    void errorsAreOneOrTwoUlp() {
        check("exp", 1, Elementary::exp, Digits::exp, s -> new double[] {-80 * s, 80 * s});
        check("exp small", 1, Elementary::exp, Digits::exp, s -> new double[] {-1, 1});
        check("expm1", 1.7, Elementary::expm1, x -> exp(x).subtract(ONE), s -> new double[] {-2, 3});
        check("log", 1.1, Elementary::log, Digits::log, s -> new double[] {0.01, 20});
        check("log large", 1.1, Elementary::log, Digits::log, s -> new double[] {1e-30, 1e30});
        check("log1p", 1.5, Elementary::log1p, x -> log(x.add(ONE)), s -> new double[] {-0.9, 3});
        check("sin", 1.6, Elementary::sin, Digits::sin, s -> new double[] {-7, 7});
        check("sin far", 1.6, Elementary::sin, Digits::sin, s -> new double[] {-1e5 * Math.pow(s, 3), 1e5 * Math.pow(s, 3)});
        check("cos", 2.1, Elementary::cos, x -> sin(x.add(over(PI, 2))), s -> new double[] {-70, 70});
        check("tanh", 1.5, Elementary::tanh, Digits::tanh, s -> new double[] {-9, 9});
        check("tanh small", 1.5, Elementary::tanh, Digits::tanh, s -> new double[] {-1, 1});
        check("logistic", 2, Elementary::logistic, x -> ONE.divide(ONE.add(exp(x.negate())), DIGITS), s -> new double[] {-60, 20});
        check("softplus", 2, Elementary::softplus, x -> log(ONE.add(exp(x))), s -> new double[] {-30, 20});
        check("erf", 1.2, Elementary::erf, Digits::erf, s -> new double[] {-5, 5});
        check("erf small", 1.2, Elementary::erf, Digits::erf, s -> new double[] {-1, 1});
    }

    private static String at(Function f, double... x) {
        StringBuilder s = new StringBuilder();
        for (double v : x) {
            double f32 = evaluate(f, DType.F32, v);
            double f64 = evaluate(f, DType.F64, v);
            s.append(s.isEmpty() ? "" : " ").append((float) f64);
            assertEquals(Float.toString((float) f64), Float.toString((float) f32), "f32 and f64 at " + v);
        }
        return s.toString();
    }

    @Test
    void specialCases() {
        double inf = Double.POSITIVE_INFINITY;
        double[] x = {0.0, -0.0, inf, -inf, Double.NaN};
        assertEquals("1.0 1.0 Infinity 0.0 NaN", at(Elementary::exp, x));
        assertEquals("0.0 -0.0 Infinity -1.0 NaN", at(Elementary::expm1, x));
        assertEquals("-Infinity -Infinity Infinity NaN NaN", at(Elementary::log, x));
        assertEquals("0.0 -0.0 Infinity NaN NaN", at(Elementary::log1p, x));
        assertEquals("-Infinity NaN", at(Elementary::log1p, -1, -2));
        assertEquals("0.0 -0.0 NaN NaN NaN", at(Elementary::sin, x));
        assertEquals("1.0 1.0 NaN NaN NaN", at(Elementary::cos, x));
        assertEquals("0.0 -0.0 1.0 -1.0 NaN", at(Elementary::tanh, x));
        assertEquals("0.0 -0.0 1.0 -1.0 NaN", at(Elementary::erf, x));
        assertEquals("0.5 0.5 1.0 0.0 NaN", at(Elementary::logistic, x));
        assertEquals("0.6931472 0.6931472 Infinity 0.0 NaN", at(Elementary::softplus, x));
        assertEquals("0.0 -0.0 Infinity -Infinity NaN", at(Elementary::floor, x));
        assertEquals("-1.0 1.0 -2.0 8388609.0", at(Elementary::floor, -0.5, 1.5, -2, 8388609));
        assertEquals("0.0 -0.0 1.0 -1.0 NaN", at(Elementary::sign, x));
        assertEquals("Infinity -Infinity 0.0 -0.0 NaN", at(Elementary::reciprocal, x));
        // a NaN with a payload stays a NaN
        double odd = Float.intBitsToFloat(0x7fc12345);
        assertEquals("NaN NaN NaN NaN NaN NaN", at(Elementary::exp, odd) + " " + at(Elementary::tanh, odd) + " " + at(Elementary::erf, odd)
                + " " + at(Elementary::log, odd) + " " + at(Elementary::sin, odd) + " " + at(Elementary::softplus, odd));
    }

    @Test
    void overflowAndUnderflow() {
        assertEquals(Math.nextUp(0f), (float) evaluate(Elementary::exp, DType.F32, -103.5));
        assertEquals(0, evaluate(Elementary::exp, DType.F32, -104.5));
        assertEquals(Float.POSITIVE_INFINITY, evaluate(Elementary::exp, DType.F32, 88.73));
        assertTrue(evaluate(Elementary::exp, DType.F32, 88.72) < Float.MAX_VALUE);
        assertEquals(Double.MIN_VALUE, evaluate(Elementary::exp, DType.F64, -745));
        assertEquals(Double.POSITIVE_INFINITY, evaluate(Elementary::exp, DType.F64, 709.79));
        assertTrue(evaluate(Elementary::expm1, DType.F64, 709.78) < Double.MAX_VALUE);
        assertEquals(-744.4400719213812, evaluate(Elementary::log, DType.F64, Double.MIN_VALUE));
        assertEquals(709.782712893384, evaluate(Elementary::log1p, DType.F64, Double.MAX_VALUE));
    }

    @Test
    void sineAndCosineNeverExceedOne() {
        for (int i = 0; i < 100_000; i++) {
            double x = i * 1e-7;
            assertTrue(evaluate(Elementary::cos, DType.F32, x) <= 1);
            assertTrue(evaluate(Elementary::sin, DType.F32, Math.PI / 2 + x) <= 1);
        }
    }

    @Test
    void gammaFunctions() {
        // values: mpmath 1.3, 40 digits
        assertEquals(-0.57721566490153286, Special.digamma(1), 1e-15);
        assertEquals(0.03648997397857652, Special.digamma(-0.5), 1e-14);
        assertEquals(1.6449340668482264, Special.polygamma(1, 1), 1e-15);
        assertEquals(-24.886266123440878, Special.polygamma(4, 1), 1e-13);
        assertEquals(Double.NaN, Special.digamma(0));
    }
}
