package org.cosmograd.sbi.plot;

import java.util.Arrays;

/// A kernel density estimate on a line, on a regular grid.
///
/// Samples are binned (each shared between its two nearest cells), then convolved with a Gaussian of width `h`. Where a hard limit cuts
/// the kernel, the estimate is divided by the part of the kernel that is inside. A multiplicative correction,
/// `f₁(x) = f₀(x) Σᵢ wᵢ K(x − xᵢ) / f₀(xᵢ)` (Jones, Linton and Nielsen, Biometrika 82 (1995) 327), applied twice, removes most of the
/// bias of smoothing, both at peaks and at limits where the density has a slope; so kernels can be wide and curves smooth.
///
/// `h` is the largest multiple of `n^(-1/5)` under which each half of the samples foretells the other as well as under the best
/// one, to within two units of log likelihood: one normal peak gets a wide kernel, narrow and far apart ones a narrow kernel.
///
/// @param lo left edge of the grid
/// @param hi right edge
/// @param values density at the cell centres; integrates to 1 over the grid
record Density1(double lo, double hi, double[] values) {

    private static final int CELLS = 512;
    private static final double[] FACTORS = {0.2, 0.32, 0.45, 0.65, 0.9, 1.2, 1.6, 2.1};

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
        double step = (hi - lo) / CELLS;
        double[][] halves = new double[2][CELLS];
        for (int i = 0; i < x.length; i++) {
            double t = (x[i] - lo) / step - 0.5;
            if (t < -0.5 || t > CELLS - 0.5) continue;
            int j = Math.clamp((long) Math.floor(t), 0, CELLS - 2);
            double part = Math.clamp(t - j, 0.0, 1.0);
            double[] bins = halves[Spread.half(i, x.length)];
            bins[j] += w[i] * (1 - part);
            bins[j + 1] += w[i] * part;
        }
        double total = Arrays.stream(halves[0]).sum() + Arrays.stream(halves[1]).sum();
        double[] all = new double[CELLS];
        for (int j = 0; j < CELLS; j++) {
            halves[0][j] /= total;
            halves[1][j] /= total;
            all[j] = halves[0][j] + halves[1][j];
        }

        double[] everywhere = new double[CELLS];
        Arrays.fill(everywhere, 1);
        boolean[] cut = {lo == lower, hi == upper};
        double scale = spread.robust() * Math.pow(spread.count(), -0.2) / step;
        double[] widths = Arrays.stream(FACTORS).map(f -> Math.max(f * scale, 0.6)).toArray();
        double h = widths[Spread.smoothest(widths.length, spread.count(), k -> {
            double[] first = estimate(halves[0], widths[k], cut);
            double[] second = estimate(halves[1], widths[k], cut);
            return Spread.foretells(first, halves[1], everywhere) + Spread.foretells(second, halves[0], everywhere);
        })];
        double[] f = estimate(all, h, cut);
        double mass = Arrays.stream(f).sum() * step;
        for (int j = 0; j < CELLS; j++) f[j] /= mass;
        return new Density1(lo, hi, f);
    }

    private static double[] estimate(double[] bins, double h, boolean[] cut) {
        double[] inside = new double[CELLS];
        Arrays.fill(inside, 1);
        inside = Gaussian.smooth(inside, h);
        // Without a limit the kernel is not cut at that end: the grid has room there.
        for (int j = 0; j < CELLS; j++) if (!cut[j < CELLS / 2 ? 0 : 1]) inside[j] = 1;
        double[] f = Gaussian.smooth(bins, h);
        for (int j = 0; j < CELLS; j++) f[j] /= inside[j];
        for (int pass = 0; pass < 2; pass++) {
            double[] ratio = new double[CELLS];
            for (int j = 0; j < CELLS; j++) ratio[j] = bins[j] > 0 ? bins[j] / f[j] : 0;
            double[] correction = Gaussian.smooth(ratio, h);
            for (int j = 0; j < CELLS; j++) f[j] *= correction[j] / inside[j];
        }
        return f;
    }

    /// The coordinate of a cell's centre.
    double centre(int j) {
        return lo + (j + 0.5) * (hi - lo) / values.length;
    }

    double peak() {
        return Arrays.stream(values).max().orElse(0);
    }
}
