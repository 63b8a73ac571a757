package org.cosmograd.sbi.plot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A kernel density estimate in a plane, and its highest-density regions.
///
/// The grid lies in whitened coordinates `u = (x − x̄)/σₓ`, `v = ((y − ȳ)/σ_y − ρu)/√(1 − ρ²)`, so that a kernel that is round there
/// follows the correlation of the samples however strong it is; contours are found there and mapped back, which is exact
/// because the map is affine.
///
/// Bandwidth, hard limits and smoothing bias are treated as in {@link Density1}, with multiples of `n^(-1/6)`.
///
/// The region of mass `m` is `{f ≥ c}` where `c` is the `1 − m` quantile of `f` over the samples (Hyndman, American
/// Statistician 50 (1996) 120): by construction a fraction `m` of the samples is inside.
final class Density2 {

    private static final int N = 160;
    private static final double[] FACTORS = {0.2, 0.3, 0.45, 0.65, 0.9, 1.2, 1.6};

    private final double meanX;
    private final double meanY;
    private final double sdX;
    private final double sdY;
    private final double rho;
    private final double uLo;
    private final double vLo;
    private final double du;
    private final double dv;
    private final double[] f;

    /// @param lower hard lower limits of x and y, or -∞
    /// @param upper hard upper limits, or ∞
    Density2(double[] x, double[] y, double[] w, double[] lower, double[] upper) {
        double sum = 0;
        double sumX = 0;
        double sumY = 0;
        double squares = 0;
        for (int i = 0; i < x.length; i++) {
            sum += w[i];
            squares += w[i] * w[i];
            sumX += w[i] * x[i];
            sumY += w[i] * y[i];
        }
        meanX = sumX / sum;
        meanY = sumY / sum;
        double xx = 0;
        double yy = 0;
        double xy = 0;
        for (int i = 0; i < x.length; i++) {
            double a = x[i] - meanX;
            double b = y[i] - meanY;
            xx += w[i] * a * a;
            yy += w[i] * b * b;
            xy += w[i] * a * b;
        }
        // A parameter that never moves still needs a scale.
        sdX = Math.max(Math.sqrt(xx / sum), 1e-9 * Math.abs(meanX) + 1e-300);
        sdY = Math.max(Math.sqrt(yy / sum), 1e-9 * Math.abs(meanY) + 1e-300);
        rho = Math.clamp(xy / sum / sdX / sdY, -0.99999, 0.99999);

        double[] u = new double[x.length];
        double[] v = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            u[i] = u(x[i]);
            v[i] = v(x[i], y[i]);
        }
        double count = sum * sum / squares;
        double scale = Math.pow(count, -1.0 / 6);
        double[] rangeU = range(u, w, scale);
        double[] rangeV = range(v, w, scale);
        uLo = rangeU[0];
        vLo = rangeV[0];
        du = (rangeU[1] - uLo) / N;
        dv = (rangeV[1] - vLo) / N;

        double[] inside = new double[N * N];
        for (int j = 0; j < N; j++) {
            for (int i = 0; i < N; i++) {
                double[] p = point(i, j);
                if (p[0] >= lower[0] && p[0] <= upper[0] && p[1] >= lower[1] && p[1] <= upper[1]) inside[j * N + i] = 1;
            }
        }
        double[][] halves = new double[2][N * N];
        for (int i = 0; i < x.length; i++) deposit(u[i], v[i], w[i] / sum, halves[Spread.half(i, x.length)]);
        double[] all = new double[N * N];
        for (int k = 0; k < all.length; k++) all[k] = halves[0][k] + halves[1][k];

        double h = scale * FACTORS[Spread.smoothest(FACTORS.length, count, k -> {
            double[] part = part(inside, FACTORS[k] * scale);
            double[] first = estimate(halves[0], part, FACTORS[k] * scale);
            double[] second = estimate(halves[1], part, FACTORS[k] * scale);
            return Spread.foretells(first, halves[1], inside) + Spread.foretells(second, halves[0], inside);
        })];
        f = estimate(all, part(inside, h), h);
    }

    private double[] smooth(double[] grid, double h) {
        return Gaussian.smooth(grid, N, Math.max(h / du, 0.6), Math.max(h / dv, 0.6));
    }

    /// The part of the kernel at each cell that the limits leave.
    private double[] part(double[] inside, double h) {
        if (Arrays.stream(inside).allMatch(v -> v == 1)) return inside;
        double[] part = smooth(inside, h);
        // Near the edge of the grid the kernel is not cut by a limit.
        double[] whole = new double[N * N];
        Arrays.fill(whole, 1);
        whole = smooth(whole, h);
        for (int k = 0; k < part.length; k++) part[k] /= whole[k];
        return part;
    }

    private double[] estimate(double[] bins, double[] part, double h) {
        double[] out = smooth(bins, h);
        double[] ratio = new double[N * N];
        for (int k = 0; k < out.length; k++) {
            out[k] = part[k] > 0.02 ? out[k] / part[k] : 0;
            ratio[k] = bins[k] > 0 && out[k] > 0 ? bins[k] / out[k] : 0;
        }
        double[] correction = smooth(ratio, h);
        for (int k = 0; k < out.length; k++) out[k] *= part[k] > 0.02 ? correction[k] / part[k] : 0;
        return out;
    }

    /// A square part of the plane in whitened units that holds the samples, without letting a few far ones spoil the resolution.
    private static double[] range(double[] t, double[] w, double h) {
        Spread spread = Spread.of(t, w);
        double a = spread.quantile(0.002);
        double b = spread.quantile(0.998);
        double room = 0.3 * (b - a);
        double lo = Math.max(spread.lo(), a - room) - 3 * h;
        double hi = Math.min(spread.hi(), b + room) + 3 * h;
        return new double[] {lo, hi};
    }

    private double u(double x) {
        return (x - meanX) / sdX;
    }

    private double v(double x, double y) {
        return ((y - meanY) / sdY - rho * u(x)) / Math.sqrt(1 - rho * rho);
    }

    /// The point of the plane at a position of the grid, in cells from the centre of the first.
    private double[] point(double i, double j) {
        double u = uLo + (i + 0.5) * du;
        double v = vLo + (j + 0.5) * dv;
        return new double[] {meanX + sdX * u, meanY + sdY * (rho * u + Math.sqrt(1 - rho * rho) * v)};
    }

    private void deposit(double u, double v, double weight, double[] grid) {
        double s = (u - uLo) / du - 0.5;
        double t = (v - vLo) / dv - 0.5;
        if (!(s >= 0 && s <= N - 1 && t >= 0 && t <= N - 1)) return;
        int i = Math.min((int) s, N - 2);
        int j = Math.min((int) t, N - 2);
        double a = s - i;
        double b = t - j;
        grid[j * N + i] += weight * (1 - a) * (1 - b);
        grid[j * N + i + 1] += weight * a * (1 - b);
        grid[(j + 1) * N + i] += weight * (1 - a) * b;
        grid[(j + 1) * N + i + 1] += weight * a * b;
    }

    /// The density at a point, up to a constant; zero off the grid.
    double at(double x, double y) {
        double s = (u(x) - uLo) / du - 0.5;
        double t = (v(x, y) - vLo) / dv - 0.5;
        if (!(s >= 0 && s <= N - 1 && t >= 0 && t <= N - 1)) return 0;
        int i = Math.min((int) s, N - 2);
        int j = Math.min((int) t, N - 2);
        double a = s - i;
        double b = t - j;
        return (1 - b) * ((1 - a) * f[j * N + i] + a * f[j * N + i + 1]) + b * ((1 - a) * f[(j + 1) * N + i] + a * f[(j + 1) * N + i + 1]);
    }

    /// The density on the border of the smallest region that holds a fraction `mass` of these samples.
    double level(double mass, double[] x, double[] y, double[] w) {
        double[] density = new double[x.length];
        for (int i = 0; i < x.length; i++) density[i] = at(x[i], y[i]);
        return Spread.of(density, w).quantile(1 - mass);
    }

    /// The closed curves `f = level`, as `[points][2]`.
    List<double[][]> contours(double level) {
        // A border of zeros closes every curve. Where a curve crosses a grid edge is found by linear interpolation.
        int m = N + 2;
        double[] g = new double[m * m];
        for (int j = 0; j < N; j++) System.arraycopy(f, j * N, g, (j + 1) * m + 1, N);
        // Edge numbers: 2k for the edge from node k to the right, 2k+1 for the one upwards. Each crossed edge joins two segments.
        int[] next = new int[2 * m * m];
        Arrays.fill(next, -1);
        for (int j = 0; j + 1 < m; j++) {
            for (int i = 0; i + 1 < m; i++) {
                int k = j * m + i;
                int code = (g[k] >= level ? 1 : 0) | (g[k + 1] >= level ? 2 : 0) | (g[k + m + 1] >= level ? 4 : 0) | (g[k + m] >= level ? 8 : 0);
                int bottom = 2 * k;
                int right = 2 * (k + 1) + 1;
                int top = 2 * (k + m);
                int left = 2 * k + 1;
                // Segments keep the high side on their left, so a ring is followed by going from edge to edge.
                switch (code) {
                    case 1 -> next[bottom] = left;
                    case 2 -> next[right] = bottom;
                    case 3 -> next[right] = left;
                    case 4 -> next[top] = right;
                    case 6 -> next[top] = bottom;
                    case 7 -> next[top] = left;
                    case 8 -> next[left] = top;
                    case 9 -> next[bottom] = top;
                    case 11 -> next[right] = top;
                    case 12 -> next[left] = right;
                    case 13 -> next[bottom] = right;
                    case 14 -> next[left] = bottom;
                    case 5, 10 -> {
                        // A saddle: the mean of the corners decides which pair is joined.
                        boolean joined = g[k] + g[k + 1] + g[k + m] + g[k + m + 1] >= 4 * level;
                        if (code == 5) {
                            next[bottom] = joined ? right : left;
                            next[top] = joined ? left : right;
                        } else {
                            next[right] = joined ? top : bottom;
                            next[left] = joined ? bottom : top;
                        }
                    }
                    default -> { }
                }
            }
        }
        List<double[][]> rings = new ArrayList<>();
        for (int start = 0; start < next.length; start++) {
            if (next[start] < 0) continue;
            List<double[]> ring = new ArrayList<>();
            for (int edge = start; next[edge] >= 0; ) {
                int k = edge / 2;
                int other = edge % 2 == 0 ? k + 1 : k + m;
                double t = (level - g[k]) / (g[other] - g[k]);
                double i = k % m - 1 + (edge % 2 == 0 ? t : 0);
                double j = k / m - 1 + (edge % 2 == 0 ? 0 : t);
                ring.add(point(i, j));
                int following = next[edge];
                next[edge] = -1;
                edge = following;
            }
            if (ring.size() > 2) rings.add(ring.toArray(double[][]::new));
        }
        return rings;
    }
}
