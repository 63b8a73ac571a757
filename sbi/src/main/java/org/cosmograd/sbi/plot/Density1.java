package org.cosmograd.sbi.plot;

import java.util.Arrays;

/// A kernel density estimate on a line, on a regular grid.
///
/// Samples are binned (each shared between its two nearest cells), then convolved with a Gaussian of width `h`. `h` solves
/// the fixed-point equation of Botev, Grotowski and Kroese, Annals of Statistics 38 (2010) 2916, section 5, which needs no
/// normal reference and so does not oversmooth several modes.
///
/// Where a hard limit cuts the kernel, the estimate is divided by the part of the kernel that is inside. One multiplicative
/// correction, `f₁(x) = f₀(x) Σᵢ wᵢ K(x − xᵢ) / f₀(xᵢ)` (Jones, Linton and Nielsen, Biometrika 82 (1995) 327), removes the
/// leading bias of smoothing, both at peaks and at limits where the density has a slope.
///
/// @param lo left edge of the grid
/// @param hi right edge
/// @param values density at the cell centres; integrates to 1 over the grid
record Density1(double lo, double hi, double[] values) {

    private static final int CELLS = 512;

    /// @param x samples
    /// @param w weights, not negative
    /// @param lower hard lower limit, or -∞
    /// @param upper hard upper limit, or ∞
    static Density1 of(double[] x, double[] w, double lower, double upper) {
        Spread spread = Spread.of(x, w);
        double room = 0.25 * (spread.hi() - spread.lo());
        if (!(room > 0)) room = spread.lo() == 0 ? 1e-9 : 1e-6 * Math.abs(spread.lo());
        double lo = Math.max(spread.lo() - room, lower);
        double hi = Math.min(spread.hi() + room, upper);
        // A spike on a limit, or samples beyond it, must still have a grid.
        if (!(hi > lo)) {
            lo = spread.lo() - room;
            hi = spread.hi() + room;
        }
        double[] bins = new double[CELLS];
        double step = (hi - lo) / CELLS;
        for (int i = 0; i < x.length; i++) {
            double t = (x[i] - lo) / step - 0.5;
            if (t < -0.5 || t > CELLS - 0.5) continue;
            int j = Math.clamp((long) Math.floor(t), 0, CELLS - 2);
            double part = Math.clamp(t - j, 0.0, 1.0);
            bins[j] += w[i] * (1 - part);
            bins[j + 1] += w[i] * part;
        }
        double total = Arrays.stream(bins).sum();
        for (int j = 0; j < CELLS; j++) bins[j] /= total;

        double silverman = 0.9 * spread.robust() * Math.pow(spread.count(), -0.2) / step;
        double h = Math.clamp(1.1 * bandwidth(bins, spread.count(), silverman), 0.15 * silverman + 1e-3, 2 * silverman + 0.5);

        double[] inside = new double[CELLS];
        Arrays.fill(inside, 1);
        inside = Gaussian.smooth(inside, h);
        // Without a limit the kernel is not cut at that end: the grid has room there.
        for (int j = 0; j < CELLS; j++) {
            boolean near = j < CELLS / 2 ? lo == lower : hi == upper;
            if (!near) inside[j] = 1;
        }
        double[] f = Gaussian.smooth(bins, h);
        for (int j = 0; j < CELLS; j++) f[j] /= inside[j];
        double[] ratio = new double[CELLS];
        for (int j = 0; j < CELLS; j++) ratio[j] = bins[j] > 0 ? bins[j] / f[j] : 0;
        double[] correction = Gaussian.smooth(ratio, h);
        for (int j = 0; j < CELLS; j++) f[j] *= correction[j] / inside[j];
        double mass = Arrays.stream(f).sum() * step;
        for (int j = 0; j < CELLS; j++) f[j] /= mass;
        return new Density1(lo, hi, f);
    }

    /// The coordinate of a cell's centre.
    double centre(int j) {
        return lo + (j + 0.5) * (hi - lo) / values.length;
    }

    double peak() {
        return Arrays.stream(values).max().orElse(0);
    }

    /// The bandwidth in cells.
    private static double bandwidth(double[] bins, double count, double fallback) {
        int n = bins.length;
        double[] power = new double[n];
        double[] cosine = new double[4 * n];
        for (int m = 0; m < 4 * n; m++) cosine[m] = Math.cos(Math.PI * m / (2.0 * n));
        for (int k = 1; k < n; k++) {
            double sum = 0;
            for (int j = 0; j < n; j++) sum += bins[j] * cosine[(int) ((long) k * (2 * j + 1) % (4 * n))];
            power[k] = sum * sum;
        }
        double before = 0;
        for (double t = 1e-7; t < 0.1; t *= 1.3) {
            if (excess(t, count, power) >= 0 && before > 0) {
                double a = before;
                double b = t;
                for (int i = 0; i < 30; i++) {
                    double middle = 0.5 * (a + b);
                    if (excess(middle, count, power) >= 0) b = middle;
                    else a = middle;
                }
                return Math.sqrt(b) * n;
            }
            before = t;
        }
        return fallback;
    }

    /// `t − ξ γ⁽⁵⁾(t)` of the paper's section 5, with the squared cosine coefficients of the binned samples.
    private static double excess(double t, double count, double[] power) {
        double f = norm(7, t, power);
        for (int s = 6; s >= 2; s--) {
            double odd = 1;
            for (int i = 3; i < 2 * s; i += 2) odd *= i;
            double k0 = odd / Math.sqrt(2 * Math.PI);
            double constant = (1 + Math.pow(0.5, s + 0.5)) / 3;
            f = norm(s, Math.pow(2 * constant * k0 / (count * f), 2.0 / (3 + 2 * s)), power);
        }
        return t - Math.pow(2 * count * Math.sqrt(Math.PI) * f, -0.4);
    }

    /// `½ ‖f⁽ˢ⁾‖²` for the density smoothed by time `t`.
    private static double norm(int s, double t, double[] power) {
        double sum = 0;
        for (int k = 1; k < power.length; k++) {
            double decay = (double) k * k * Math.PI * Math.PI * t;
            if (decay > 700) break;
            sum += Math.pow(k, 2 * s) * power[k] * Math.exp(-decay);
        }
        return 2 * Math.pow(Math.PI, 2 * s) * sum;
    }
}
