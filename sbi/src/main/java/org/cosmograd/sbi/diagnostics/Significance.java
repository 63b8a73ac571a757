package org.cosmograd.sbi.diagnostics;

/// Tail probabilities of the test statistics used here.
final class Significance {
    private Significance() {}

    /// `P(X ≥ x)` for `X ~ χ²(dof)`: the regularised upper incomplete gamma function `Q(dof/2, x/2)`, by its series below
    /// `dof/2 + 1` and by Lentz's continued fraction above (Numerical Recipes, section 6.2).
    static double chiSquare(double x, double dof) {
        if (Double.isNaN(x)) {
            return Double.NaN;
        } else if (x <= 0 || dof <= 0) {
            return 1;
        } else if (Double.isInfinite(x)) {
            return 0;
        }
        double a = dof / 2;
        double z = x / 2;
        double front = Math.exp(a * Math.log(z) - z - logGamma(a));
        if (z < a + 1) {
            double term = 1 / a;
            double sum = term;
            for (int n = 1; n < 10_000 && term > sum * 1e-16; n++) {
                term *= z / (a + n);
                sum += term;
            }
            return Math.clamp(1 - front * sum, 0.0, 1.0);
        }
        double tiny = 1e-300;
        double b = z + 1 - a;
        double c = 1 / tiny;
        double d = 1 / b;
        double h = d;
        for (int n = 1; n < 10_000; n++) {
            double an = -n * (n - a);
            b += 2;
            d = an * d + b;
            d = 1 / (Math.abs(d) < tiny ? tiny : d);
            c = b + an / c;
            c = Math.abs(c) < tiny ? tiny : c;
            h *= d * c;
            if (Math.abs(d * c - 1) < 1e-15) {
                break;
            }
        }
        return Math.clamp(front * h, 0.0, 1.0);
    }

    /// `P(D ≥ d)` of Kolmogorov and Smirnov's statistic of `n` numbers: `2 Σ (-1)ᵏ⁻¹ exp(-2k²t²)` at
    /// `t = (√n + 0.12 + 0.11/√n) d` (Stephens 1970), good to a few per cent from `n = 5`.
    static double kolmogorov(double d, int n) {
        double root = Math.sqrt(n);
        double t = (root + 0.12 + 0.11 / root) * d;
        if (t < 0.2) {
            return 1;
        }
        double sum = 0;
        for (int k = 1; k <= 100; k++) {
            double term = Math.exp(-2.0 * k * k * t * t);
            sum += k % 2 == 1 ? term : -term;
            if (term < 1e-18) {
                break;
            }
        }
        return Math.clamp(2 * sum, 0.0, 1.0);
    }

    /// `ln Γ(x)` for positive `x`, to 1e-13: Stirling's series from 10 on, by recurrence below.
    static double logGamma(double x) {
        double shift = 0;
        double y = x;
        while (y < 10) {
            shift += Math.log(y);
            y++;
        }
        double s = 1 / (y * y);
        double series = (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s / 1188)))) / y;
        return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
    }
}
