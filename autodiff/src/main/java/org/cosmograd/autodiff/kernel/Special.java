package org.cosmograd.autodiff.kernel;

/// Functions too long or too rarely used for a polynomial of their own: computed in double, one element at a time.
///
/// Everything goes through `StrictMath`, so results do not depend on the machine.
public final class Special {
    private Special() {}

    private static final double HALF_LOG_2PI = 0.9189385332046728;

    /// `B_{2k}` for `k = 1, 2, …`
    private static final double[] BERNOULLI = {
        1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510, 43867.0 / 798, -174611.0 / 330
    };

    /// From here on Stirling's series with ten terms is exact to double precision.
    private static final double ASYMPTOTIC = 10;

    /// `x^y`
    public static double pow(double x, double y) {
        return StrictMath.pow(x, y);
    }

    /// `log |Γ(x)|`; ∞ at 0, -1, -2, … Relative accuracy is lost near the negative zeros only.
    ///
    /// Stirling's series after raising the argument by `Γ(x) = Γ(x+n) / (x (x+1) … (x+n-1))`; Taylor's series around the zeros 1 and
    /// 2; reflection `Γ(x) Γ(1-x) = π / sin πx` for negative arguments.
    public static double lgamma(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        if (Double.isInfinite(x)) {
            return Double.POSITIVE_INFINITY;
        }
        if (x <= 0) {
            if (x == Math.rint(x)) {
                return Double.POSITIVE_INFINITY;
            }
            double s = Math.abs(sinPi(x));
            return x > -1e-17 ? -StrictMath.log(-x) : StrictMath.log(Math.PI / s) - lgamma(1 - x);
        }
        if (x < 1e-17) {
            return -StrictMath.log(x);
        }
        if (Math.abs(x - 2) <= 0.3) {
            return nearTwo(x - 2);
        }
        if (Math.abs(x - 1) <= 0.3) {
            return nearTwo(x - 1) - StrictMath.log1p(x - 1);
        }
        if (x > 1e17) {
            return x * (StrictMath.log(x) - 1);
        }
        double product = 1;
        double z = x;
        while (z < ASYMPTOTIC) {
            product *= z++;
        }
        double w = 1 / (z * z);
        double series = 0;
        for (int k = BERNOULLI.length; k >= 1; k--) {
            series = series * w + BERNOULLI[k - 1] / (2.0 * k * (2.0 * k - 1));
        }
        double log = (z - 0.5) * StrictMath.log(z) - z + HALF_LOG_2PI + series / z;
        return product == 1 ? log : log - StrictMath.log(product);
    }

    /// `log Γ(2 + t) = (1 - γ) t + Σ_{k≥2} (-1)^k (ζ(k) - 1) t^k / k` for `|t| ≤ 0.3`: relative accuracy at the zeros of lgamma.
    private static double nearTwo(double t) {
        double sum = 0;
        for (int k = ZETA_LESS_ONE.length + 1; k >= 2; k--) {
            double c = ZETA_LESS_ONE[k - 2] / k;
            sum = sum * t + (k % 2 == 0 ? c : -c);
        }
        return t * (0.42278433509846713 + t * sum);
    }

    /// `ζ(k) - 1` for `k = 2, 3, …`
    private static final double[] ZETA_LESS_ONE = zetaLessOne(24);

    private static double[] zetaLessOne(int count) {
        double[] zeta = new double[count];
        for (int i = 0; i < count; i++) {
            int s = i + 2;
            double tail = hurwitz(s, ASYMPTOTIC);
            double sum = tail;
            for (int j = (int) ASYMPTOTIC - 1; j >= 2; j--) {
                sum += 1 / power(j, s);
            }
            zeta[i] = sum;
        }
        return zeta;
    }

    /// `Σ_{j≥0} (j + z)^-s` by the Euler-Maclaurin formula, for `z ≥ 10`.
    private static double hurwitz(int s, double z) {
        double power = 1 / power(z, s);
        double sum = z * power / (s - 1) + power / 2;
        double term = s * power / z / 2; // s (s+1) … (s+2k-2) z^-(s+2k-1) / (2k)!
        for (int k = 1; k <= BERNOULLI.length; k++) {
            sum += BERNOULLI[k - 1] * term;
            term *= (s + 2.0 * k - 1) * (s + 2 * k) / ((2 * k + 1) * (2 * k + 2)) / (z * z);
        }
        return sum;
    }

    /// `x^n` for a positive whole number `n`, by squaring; unlike the library's it allocates nothing.
    private static double power(double x, int n) {
        double y = 1;
        for (double square = x; n > 0; n >>= 1, square *= square) {
            y = (n & 1) == 0 ? y : y * square;
        }
        return y;
    }

    /// `sin πx` with an exact reduction.
    private static double sinPi(double x) {
        double r = x - 2 * Math.rint(x / 2); // in [-1, 1], exact
        if (Math.abs(r) > 0.5) {
            r = Math.copySign(1 - Math.abs(r), r);
        }
        return StrictMath.sin(Math.PI * r);
    }

    private static double cosPi(double x) {
        double r = Math.abs(x - 2 * Math.rint(x / 2)); // in [0, 1], exact
        return StrictMath.sin(Math.PI * (0.5 - r));
    }

    /// `ψ(x) = d/dx log Γ(x)`; NaN at 0, -1, -2, …; the error is absolute (about 1e-15) near its zeros.
    public static double digamma(double x) {
        if (Double.isNaN(x) || x == Double.NEGATIVE_INFINITY || x <= 0 && x == Math.rint(x)) {
            return Double.NaN;
        }
        if (x < 0) {
            return digamma(1 - x) - Math.PI * cosPi(x) / sinPi(x);
        }
        double shift = 0;
        double z = x;
        while (z < ASYMPTOTIC) {
            shift += 1 / z++;
        }
        double w = 1 / (z * z);
        double series = 0;
        for (int k = BERNOULLI.length; k >= 1; k--) {
            series = (series + BERNOULLI[k - 1] / (2.0 * k)) * w;
        }
        return StrictMath.log(z) - 0.5 / z - series - shift;
    }

    /// The `n`-th derivative of [#digamma], `n` a whole number: `(-1)^(n+1) n! Σ_j (x+j)^-(n+1)`. NaN at 0, -1, -2, … and for other `n`.
    ///
    /// Negative arguments are raised step by step, which takes time proportional to `|x|`; below -10⁶ the result is NaN.
    public static double polygamma(double n, double x) {
        if (n == 0) {
            return digamma(x);
        }
        if (!(n > 0) || n != Math.rint(n) || n > 170 || !(x > -1e6) || x <= 0 && x == Math.rint(x)) {
            return Double.NaN;
        }
        if (x == Double.POSITIVE_INFINITY) {
            return n % 2 == 0 ? -0.0 : 0.0;
        }
        int s = (int) n + 1;
        double raised = 0;
        double z = x;
        double large = Math.max(ASYMPTOTIC, s); // the series needs z to grow with the order
        while (z < large) {
            raised += 1 / power(z++, s);
        }
        double factorial = 1;
        for (int i = 2; i <= n; i++) {
            factorial *= i;
        }
        double value = factorial * (raised + hurwitz(s, z));
        return n % 2 == 0 ? -value : value;
    }
}
