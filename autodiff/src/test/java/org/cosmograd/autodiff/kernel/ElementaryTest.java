package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.junit.jupiter.api.Test;

/// The special cases of C99 (annex F), and the borders of overflow and underflow.
class ElementaryTest {
    private interface Function {
        Lane value(Lanes l, Lane x);
    }

    private static double evaluate(Function f, DType type, double x) {
        return ScalarLanes.evaluate((l, v) -> f.value(l, v.getFirst()), type, x);
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
