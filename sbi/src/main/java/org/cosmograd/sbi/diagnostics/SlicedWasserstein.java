package org.cosmograd.sbi.diagnostics;

import java.util.Arrays;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Sliced Wasserstein distance of order 2: `√(mean_w ∫₀¹ (F⁻¹(u) - G⁻¹(u))² du)` over random unit directions `w`, with `F⁻¹`, `G⁻¹`
/// the quantile functions of the two samples along `w`. In the units of the samples; 0 for equal distributions.
///
/// Source: Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures".
public final class SlicedWasserstein {
    private SlicedWasserstein() {}

    /// The distance of samples `[n, d]` and `[m, d]`, over 100 directions.
    public static double of(Tensor a, Tensor b, Key key) {
        return of(a, b, 100, key);
    }

    /// The distance of samples `[n, d]` and `[m, d]`.
    public static double of(Tensor a, Tensor b, int directions, Key key) {
        double[][] x = Samples.rows("SlicedWasserstein", "first sample", a);
        double[][] y = Samples.rows("SlicedWasserstein", "second sample", b);
        int d = x[0].length;
        if (y[0].length != d) {
            throw new IllegalArgumentException("SlicedWasserstein: the samples have " + d + " and " + y[0].length + " parameters");
        }
        double[][] w = key.normal(DType.F64, directions, d).toRows();
        int quantiles = Math.max(x.length, y.length);
        double sum = 0;
        for (double[] direction : w) {
            double norm = Math.sqrt(Arrays.stream(direction).map(v -> v * v).sum());
            double[] p = project(x, direction, norm);
            double[] q = project(y, direction, norm);
            for (int i = 0; i < quantiles; i++) {
                double u = (i + 0.5) / quantiles;
                double gap = p[(int) (u * p.length)] - q[(int) (u * q.length)];
                sum += gap * gap / quantiles / directions;
            }
        }
        return Math.sqrt(sum);
    }

    private static double[] project(double[][] x, double[] direction, double norm) {
        double[] p = new double[x.length];
        for (int i = 0; i < p.length; i++) {
            for (int k = 0; k < direction.length; k++) {
                p[i] += x[i][k] * direction[k] / norm;
            }
        }
        Arrays.sort(p);
        return p;
    }
}
