package org.cosmograd.autodiff.kernel;

/// Functions too long or too rarely used for a polynomial of their own: computed in double, one element at a time.
///
/// Everything goes through `StrictMath`, so results do not depend on the machine.
public final class Special {
    private Special() {}

    /// `B_{2k}` for `k = 1, 2, …`
    private static final double[] BERNOULLI = {
        1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510, 43867.0 / 798, -174611.0 / 330
    };

    /// From here on Stirling's series with ten terms is exact to double precision.
    private static final double ASYMPTOTIC = 10;

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
        return Math.copySign(HugeAngle.sine(Math.PI * Math.abs(r), 0), r);
    }

    private static double cosPi(double x) {
        double r = Math.abs(x - 2 * Math.rint(x / 2)); // in [0, 1], exact
        return Math.copySign(HugeAngle.sine(Math.PI * Math.abs(0.5 - r), 0), 0.5 - r);
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
    /// From the second order on, negative arguments are raised step by step, which takes time proportional to `|x|`; below -10⁶ the result
    /// is NaN.
    public static double polygamma(double n, double x) {
        if (n == 0) {
            return digamma(x);
        }
        if (!(n > 0) || n != Math.rint(n) || n > 170 || !(x > (n == 1 ? Double.NEGATIVE_INFINITY : -1e6)) || x <= 0 && x == Math.rint(x)) {
            return Double.NaN;
        }
        if (n == 1 && x < 0) {
            double a = Math.PI / sinPi(x);
            return a * a - polygamma(1, 1 - x);
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
