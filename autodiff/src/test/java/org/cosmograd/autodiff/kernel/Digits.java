package org.cosmograd.autodiff.kernel;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.function.BiFunction;

/// Elementary functions in 70 digits, by series.
final class Digits {
    private Digits() {}

    static final MathContext DIGITS = new MathContext(70);
    static final BigDecimal ONE = BigDecimal.ONE;
    static final BigDecimal LN2 = logNear1(BigDecimal.valueOf(2));
    private static final BigDecimal LONG_PI = longPi();
    static final BigDecimal PI = LONG_PI.round(DIGITS);

    static BigDecimal series(BigDecimal first, BiFunction<BigDecimal, Integer, BigDecimal> next) {
        BigDecimal sum = first;
        BigDecimal term = first;
        int least = Math.min(0, first.precision() - first.scale()) - 80;
        for (int k = 1; term.signum() != 0 && term.precision() - term.scale() > least; k++) {
            term = next.apply(term, k).round(DIGITS);
            sum = sum.add(term);
        }
        return sum;
    }

    static BigDecimal over(BigDecimal a, long b) {
        return a.divide(BigDecimal.valueOf(b), DIGITS);
    }

    static BigDecimal exp(BigDecimal x) {
        BigDecimal r = x.divide(BigDecimal.valueOf(2).pow(14), DIGITS);
        return series(ONE, (t, k) -> over(t.multiply(r), k)).pow(1 << 14, DIGITS);
    }

    /// `2 artanh((x-1)/(x+1))`
    static BigDecimal logNear1(BigDecimal x) {
        return artanhTwice(x.subtract(ONE).divide(x.add(ONE), DIGITS));
    }

    private static BigDecimal artanhTwice(BigDecimal z) {
        BigDecimal z2 = z.multiply(z).round(DIGITS);
        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal power = z;
        int least = z.precision() - z.scale() - 75;
        for (int k = 1; power.signum() != 0 && power.precision() - power.scale() > least; k += 2) {
            sum = sum.add(over(power, k));
            power = power.multiply(z2).round(DIGITS);
        }
        return sum.multiply(BigDecimal.valueOf(2));
    }

    static BigDecimal log(BigDecimal x) {
        double rounded = x.doubleValue();
        if (Double.isInfinite(rounded)) {
            return log(x.divide(BigDecimal.valueOf(2).pow(600), DIGITS)).add(LN2.multiply(BigDecimal.valueOf(600)));
        }
        int e = rounded < Double.MIN_NORMAL ? Math.getExponent(rounded * 0x1p54) - 54 : Math.getExponent(rounded);
        BigDecimal scale = e >= 0 ? BigDecimal.valueOf(2).pow(e) : ONE.divide(BigDecimal.valueOf(2).pow(-e));
        return logNear1(x.divide(scale, DIGITS)).add(LN2.multiply(BigDecimal.valueOf(e)));
    }

    /// In as many digits as the largest double needs; by Machin.
    private static BigDecimal longPi() {
        return atanInverse(5).multiply(BigDecimal.valueOf(16)).subtract(atanInverse(239).multiply(BigDecimal.valueOf(4)));
    }

    private static BigDecimal atanInverse(int n) {
        MathContext digits = new MathContext(450);
        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal power = ONE.divide(BigDecimal.valueOf(n), digits);
        for (int k = 0; power.precision() - power.scale() > -450; k++) {
            BigDecimal term = power.divide(BigDecimal.valueOf(2 * k + 1), digits);
            sum = k % 2 == 0 ? sum.add(term) : sum.subtract(term);
            power = power.divide(BigDecimal.valueOf((long) n * n), digits);
        }
        return sum;
    }

    static BigDecimal sin(BigDecimal x) {
        BigDecimal turns = x.divide(LONG_PI, 0, java.math.RoundingMode.HALF_EVEN);
        BigDecimal r = x.subtract(turns.multiply(LONG_PI)).round(DIGITS);
        BigDecimal s = series(r, (t, k) -> over(t.multiply(r).round(DIGITS).multiply(r).negate(), 2L * k * (2 * k + 1)));
        return turns.toBigInteger().testBit(0) ? s.negate() : s;
    }

    static BigDecimal cos(BigDecimal x) {
        return sin(x.add(over2(LONG_PI)));
    }

    private static BigDecimal over2(BigDecimal a) {
        return a.multiply(new BigDecimal("0.5"));
    }

    /// `eˣ - 1`, with all digits near 0.
    static BigDecimal expm1(BigDecimal x) {
        return x.abs().compareTo(ONE) > 0 ? exp(x).subtract(ONE) : series(x, (t, k) -> over(t.multiply(x), k + 1L));
    }

    /// `log(1 + x)`, with all digits near 0.
    static BigDecimal log1p(BigDecimal x) {
        BigDecimal sum = x.add(ONE);
        return x.abs().compareTo(new BigDecimal("0.5")) > 0 ? log(sum) : artanhTwice(x.divide(x.add(BigDecimal.TWO), DIGITS));
    }

    static BigDecimal logistic(BigDecimal x) {
        return ONE.divide(ONE.add(exp(x.negate())), DIGITS);
    }

    /// `log(1 + eˣ)`
    static BigDecimal softplus(BigDecimal x) {
        return x.max(BigDecimal.ZERO).add(log1p(exp(x.abs().min(BigDecimal.valueOf(800)).negate())));
    }

    static BigDecimal tanh(BigDecimal x) {
        BigDecimal e = expm1(x.add(x));
        return e.divide(e.add(BigDecimal.TWO), DIGITS);
    }

    static BigDecimal erf(BigDecimal x) {
        BigDecimal x2 = x.multiply(x);
        BigDecimal[] power = {x};
        BigDecimal sum = series(x, (t, k) -> {
            power[0] = over(power[0].multiply(x2).negate(), k).round(DIGITS);
            return over(power[0], 2L * k + 1);
        });
        return sum.multiply(BigDecimal.valueOf(2)).divide(PI.sqrt(DIGITS), DIGITS);
    }

    /// `B_{2k} / (2k (2k-1))` for `k = 1, 2, …`
    private static final BigDecimal[] STIRLING = stirling(40);

    private static BigDecimal[] stirling(int count) {
        BigDecimal[] b = new BigDecimal[2 * count + 1];
        BigDecimal[] out = new BigDecimal[count];
        MathContext exact = new MathContext(200); // the recurrence cancels
        for (int m = 0; m < b.length; m++) {
            BigDecimal binomial = ONE; // of m + 1 over k
            BigDecimal sum = BigDecimal.ZERO;
            for (int k = 0; k < m; k++) {
                sum = sum.add(binomial.multiply(b[k]));
                binomial = binomial.multiply(BigDecimal.valueOf(m + 1 - k)).divide(BigDecimal.valueOf(k + 1), exact);
            }
            b[m] = m == 0 ? ONE : sum.negate().divide(BigDecimal.valueOf(m + 1), exact);
            if (m > 0 && m % 2 == 0) {
                out[m / 2 - 1] = over(b[m], (long) m * (m - 1));
            }
        }
        return out;
    }

    /// `log Γ(x)` for `x > 0`, by Stirling's series beyond 60.
    static BigDecimal lgamma(BigDecimal x) {
        BigDecimal z = x.round(DIGITS);
        BigDecimal product = ONE;
        for (; z.compareTo(BigDecimal.valueOf(60)) < 0; z = z.add(ONE)) {
            product = product.multiply(z).round(DIGITS);
        }
        BigDecimal power = ONE.divide(z, DIGITS);
        BigDecimal square = power.multiply(power).round(DIGITS);
        BigDecimal sum = BigDecimal.ZERO;
        for (BigDecimal c : STIRLING) {
            sum = sum.add(c.multiply(power));
            power = power.multiply(square).round(DIGITS);
        }
        BigDecimal half = over(ONE, 2);
        return z.subtract(half).multiply(log(z)).subtract(z).add(log(PI.add(PI)).multiply(half)).add(sum).subtract(log(product));
    }

    /// `ψ(x)` for `x > 0`
    static BigDecimal digamma(BigDecimal x) {
        BigDecimal shift = BigDecimal.ZERO;
        BigDecimal z = x.round(DIGITS);
        for (; z.compareTo(BigDecimal.valueOf(60)) < 0; z = z.add(ONE)) {
            shift = shift.add(ONE.divide(z, DIGITS));
        }
        BigDecimal inverse = ONE.divide(z, DIGITS);
        BigDecimal square = inverse.multiply(inverse).round(DIGITS);
        BigDecimal power = square;
        BigDecimal sum = log(z).subtract(over2(inverse));
        for (int k = 1; k <= STIRLING.length; k++) {
            sum = sum.subtract(STIRLING[k - 1].multiply(BigDecimal.valueOf(2L * k - 1)).multiply(power));
            power = power.multiply(square).round(DIGITS);
        }
        return sum.subtract(shift);
    }

    /// `ψ'(x)` for `x > 0`
    static BigDecimal trigamma(BigDecimal x) {
        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal z = x.round(DIGITS);
        for (; z.compareTo(BigDecimal.valueOf(60)) < 0; z = z.add(ONE)) {
            BigDecimal inverse = ONE.divide(z, DIGITS);
            sum = sum.add(inverse.multiply(inverse));
        }
        BigDecimal inverse = ONE.divide(z, DIGITS);
        BigDecimal square = inverse.multiply(inverse).round(DIGITS);
        BigDecimal power = square.multiply(inverse).round(DIGITS);
        sum = sum.add(inverse).add(over2(square));
        for (int k = 1; k <= STIRLING.length; k++) {
            sum = sum.add(STIRLING[k - 1].multiply(BigDecimal.valueOf(2L * k * (2 * k - 1))).multiply(power));
            power = power.multiply(square).round(DIGITS);
        }
        return sum;
    }

    /// `log |Γ(x)|` by reflection for negative `x`.
    static BigDecimal lgammaAnywhere(BigDecimal exact) {
        BigDecimal x = exact.round(DIGITS); // exact but for numbers near 0
        return x.signum() > 0 ? lgamma(x) : log(PI.divide(sin(PI.multiply(x)).abs(), DIGITS)).subtract(lgamma(ONE.subtract(x)));
    }
}
