package org.cosmograd.autodiff.kernel;

import static org.cosmograd.autodiff.kernel.Digits.DIGITS;
import static org.cosmograd.autodiff.kernel.Digits.ONE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoublePredicate;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Law: over the whole domain (every exponent, both signs, subnormal numbers, around zeros and limits) no function of one argument is off
/// by more than two units in the last place, in float or double. The truth is that of 70 digits.
class ElementaryDomainTest {
    private static final double BOUND = 2;

    private interface Function {
        Lane value(Lanes l, Lane x);
    }

    private static final double[] HALF_TURNS = halfTurns();

    /// The functions, each with the truth, where it is defined, and where it deserves a closer look.
    enum F {
        EXP(Elementary::exp, x -> Digits.exp(near(x, 800)), any(), 0, 88.7228, -87.3365, -103.9721, 709.7827, -708.3964, -745.1332),
        EXPM1(Elementary::expm1, x -> Digits.expm1(near(x, 800)), any(), 0, 0.3466, -0.3466, 88.7228, -17.33, 709.7827, -37.4),
        LOG(Elementary::log, Digits::log, x -> x > 0, 1, 0.70710678, 1.41421356),
        LOG1P(Elementary::log1p, Digits::log1p, x -> x > -1, -1, 0, 0.41421356, -0.29289322, 0x1p30, 0x1p60),
        SIN(Elementary::sin, Digits::sin, any(), HALF_TURNS),
        COS(Elementary::cos, Digits::cos, any(), HALF_TURNS),
        TANH(Elementary::tanh, x -> Digits.tanh(near(x, 60)), any(), 0.625, -0.625, 9.01, 19.06, -10),
        ERF(Elementary::erf, x -> Digits.erf(near(x, 7)), any(), 0.94, -0.94, 3.9, 5.9, -6),
        LOGISTIC(Elementary::logistic, x -> Digits.logistic(near(x, 800)), any(), 0, -87.3365, -103.9721, -708.3964, -745.1332, 17, 37),
        SOFTPLUS(Elementary::softplus, Digits::softplus, any(), 0, -0.8813735, -87.3365, -103.9721, -708.3964, -745.1332, 17, 37),
        LGAMMA(Elementary::lgamma, Digits::lgammaAnywhere, x -> x != Math.rint(x) || x > 2, 1, 2, 3, 4, 5, -1, -2, -3, -2.457025, -2.7476826, -3.143581, -26),
        DIGAMMA(Elementary::digamma, Digits::digamma, x -> x > 0, 1, 1.46163214496836, 2, 0.5),
        TRIGAMMA(Elementary::trigamma, Digits::trigamma, x -> x > 0, 1, 2, 0x1p-64, 0x1p-63, 0x1p-512),
        SQRT((l, x) -> l.sqrt(x), x -> x.sqrt(DIGITS), x -> x > 0, 1),
        RECIPROCAL(Elementary::reciprocal, x -> ONE.divide(x, DIGITS), x -> x != 0, 1, 0x1p-127, 0x1p127, 0x1p-1023, 0x1p1023);

        private final Function function;
        private final UnaryOperator<BigDecimal> truth;
        private final DoublePredicate domain;
        private final double[] places;

        F(Function function, UnaryOperator<BigDecimal> truth, DoublePredicate domain, double... places) {
            this.function = function;
            this.truth = truth;
            this.domain = domain;
            this.places = places;
        }

        double value(DType type, double x) {
            return ScalarLanes.evaluate((l, v) -> function.value(l, v.getFirst()), type, x);
        }
    }

    private static DoublePredicate any() {
        return x -> true;
    }

    /// Beyond the limit the function no longer changes, in either type.
    private static BigDecimal near(BigDecimal x, int limit) {
        return x.min(BigDecimal.valueOf(limit)).max(BigDecimal.valueOf(-limit));
    }

    /// Multiples of π/2, among them the double that is nearest to one, and the borders of the ways to reduce an angle.
    private static double[] halfTurns() {
        List<Double> out = new ArrayList<>(List.of(1e5, 1e13, 0x1p22, 0x1p50, 0x1.6ac5b262ca1ffp+849));
        for (double k = 1; k < 1e300; k = k < 20 ? k + 1 : Math.floor(k * 7.3)) {
            out.add(k * Math.PI / 2);
        }
        return out.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static DoubleStream arguments(F f, DType type) {
        boolean single = type == DType.F32;
        Random random = new Random(f.ordinal());
        DoubleStream.Builder out = DoubleStream.builder();
        int least = single ? -149 : -1074;
        int largest = single ? 127 : 1023;
        for (int e = least; e <= largest; e += single ? 1 : 3) {
            double x = Math.scalb(1 + random.nextDouble(), e);
            out.add(x).add(-x);
        }
        for (int i = 0; i < 400; i++) {
            out.add(Math.scalb(random.nextDouble() - 0.5, 1 + i % 6));
        }
        for (double place : f.places) {
            double x = single ? (float) place : place;
            double ulp = single ? Math.ulp((float) x) : Math.ulp(x);
            out.add(x).add(x + ulp).add(x - ulp);
            for (int k = 2; k < (f.places.length > 20 ? 5 : 50); k += single ? 1 : 2) {
                double d = Math.scalb(1 + random.nextDouble(), -k) * Math.max(1, Math.abs(x));
                out.add(x + d).add(x - d);
            }
        }
        double max = single ? Float.MAX_VALUE : Double.MAX_VALUE;
        double min = single ? Float.MIN_VALUE : Double.MIN_VALUE;
        double normal = single ? Float.MIN_NORMAL : Double.MIN_NORMAL;
        out.add(max).add(-max).add(min).add(-min).add(normal).add(-normal).add(normal - min).add(normal + min);
        return out.build().map(x -> single ? (float) x : x).filter(x -> Double.isFinite(x) && x != 0 && f.domain.test(x));
    }

    @ParameterizedTest
    @EnumSource
    void noErrorIsLargerThanTwoUlp(F f) {
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            Ulps worst = new Ulps(f.name().toLowerCase(), type);
            arguments(f, type).forEach(x -> worst.add(x, f.value(type, x), f.truth.apply(new BigDecimal(x))));
            worst.check(BOUND);
        }
    }

    @ParameterizedTest
    @EnumSource
    void nanStaysNan(F f) {
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            assertEquals(Double.NaN, f.value(type, Double.NaN));
        }
    }
}
