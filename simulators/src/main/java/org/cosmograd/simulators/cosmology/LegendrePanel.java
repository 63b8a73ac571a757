package org.cosmograd.simulators.cosmology;

/// Gauss–Legendre nodes on [−1, 1], and the integral up to any point of the polynomial through values at the nodes:
/// `∫₋₁ᵗ f = Σ_j f(x_j) w_j Σ_l P_l(x_j) (P_{l+1}(t) − P_{l−1}(t))/2`, with `t + 1` in place of the bracket for `l = 0`.
///
/// At `t = 1` it is the quadrature, exact for polynomials of degree `2n − 1`. Source: Greengard & Rokhlin 1991 (spectral integration).
final class LegendrePanel {
    private final double[] nodes;
    private final double[] weights;

    private LegendrePanel(double[] nodes, double[] weights) {
        this.nodes = nodes;
        this.weights = weights;
    }

    /// `n` nodes, by Newton's iteration on `P_n`.
    static LegendrePanel of(int n) {
        double[] x = new double[n];
        double[] w = new double[n];
        for (int j = 0; j < n; j++) {
            double t = -Math.cos(Math.PI * (j + 0.75) / (n + 0.5));
            double slope = 1;
            for (int i = 0; i < 8; i++) {
                double[] p = polynomials(n + 1, t);
                slope = n * (t * p[n] - p[n - 1]) / (t * t - 1);
                t -= p[n] / slope;
            }
            x[j] = t;
            w[j] = 2 / ((1 - t * t) * slope * slope);
        }
        return new LegendrePanel(x, w);
    }

    double node(int j) {
        return nodes[j];
    }

    /// The weights of the values at the nodes in the integral from −1 to `t`.
    double[] integralTo(double t) {
        int n = nodes.length;
        double[] to = polynomials(n + 1, t);
        double[] out = new double[n];
        for (int j = 0; j < n; j++) {
            double[] p = polynomials(n + 1, nodes[j]);
            double sum = t + 1;
            for (int l = 1; l < n; l++) {
                sum += p[l] * (to[l + 1] - to[l - 1]);
            }
            out[j] = weights[j] * sum / 2;
        }
        return out;
    }

    /// `P_0(t) … P_n(t)`
    private static double[] polynomials(int n, double t) {
        double[] p = new double[n + 1];
        p[0] = 1;
        p[1] = t;
        for (int l = 1; l < n; l++) {
            p[l + 1] = ((2 * l + 1) * t * p[l] - l * p[l - 1]) / (l + 1);
        }
        return p;
    }
}
