package org.cosmograd.nn;

import java.util.Arrays;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// Features brought to one scale: `y = (x - m)/s`, for rows `x[B, n]`. Both are constants: no derivative reaches them, so training
/// leaves them as they are.
///
/// `m` and `s` are mean and standard deviation of the data with the outermost percent on each side pulled in to the percentile, so
/// that a few outliers do not set the scale. Columns that vary only there use all finite data; constant columns have `s = 1`.
///
/// [#apply] is made for network inputs: beyond `|y| = 8` it continues as `±(8 + ln(1 + |y| - 8))`, which keeps the order and the
/// slope and makes an observation far outside the training data harmless. [#scale] and [#unscale] are the plain affine maps.
///
/// @param mean `m`, `[n]`
/// @param sd `s > 0`, `[n]`
public record Standardise(Tensor mean, Tensor sd) implements Layer {
    private static final double LINEAR = 8;
    private static final int ROWS = 50_000;

    /// The statistics of data `[N, n]`, in its element type; of more than 50 000 rows an even selection is read.
    public static Standardise of(Tensor data) {
        if (data.shape().rank() != 2 || !data.dtype().isFloating()) {
            throw new ShapeException("Standardise: needs floating-point rows [N, n], got " + data.type());
        }
        int rows = data.dim(0);
        int n = data.dim(1);
        int stride = Math.max(1, rows / ROWS);
        double[] x = data.toDoubles();
        double[] mean = new double[n];
        double[] sd = new double[n];
        for (int j = 0; j < n; j++) {
            double[] column = new double[(rows + stride - 1) / stride];
            int count = 0;
            for (int i = 0; i < rows; i += stride) {
                double v = x[i * n + j];
                if (Double.isFinite(v)) {
                    column[count++] = v;
                }
            }
            column = Arrays.copyOf(column, count);
            Arrays.sort(column);
            double[] inner = moments(column, count / 100);
            if (inner[1] == 0) {
                inner = moments(column, 0);
            }
            mean[j] = inner[0];
            sd[j] = inner[1] == 0 ? 1 : inner[1];
        }
        return new Standardise(vector(mean, data.dtype()), vector(sd, data.dtype()));
    }

    /// No change, for `n` features.
    public static Standardise none(int n, DType dtype) {
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        return new Standardise(vector(new double[n], dtype), vector(ones, dtype));
    }

    private static Tensor vector(double[] v, DType dtype) {
        if (dtype == DType.F64) {
            return Tensor.of(v);
        }
        float[] f = new float[v.length];
        for (int i = 0; i < v.length; i++) {
            f[i] = (float) v[i];
        }
        return Tensor.of(Shape.of(v.length), f);
    }

    /// Mean and standard deviation of sorted values with `cut` of them on each side pulled in; a deviation lost in the rounding of
    /// single precision counts as 0.
    private static double[] moments(double[] sorted, int cut) {
        int n = sorted.length;
        if (n == 0) {
            return new double[] {0, 0};
        }
        double low = sorted[cut];
        double high = sorted[n - 1 - cut];
        double scale = Math.max(1, Math.max(Math.abs(low), Math.abs(high)));
        double sum = 0;
        for (double v : sorted) {
            sum += Math.clamp(v, low, high) / scale;
        }
        double mean = sum / n;
        double square = 0;
        for (double v : sorted) {
            double d = Math.clamp(v, low, high) / scale - mean;
            square += d * d;
        }
        double sd = Math.sqrt(square / n);
        double size = Math.max(Math.abs(low), Math.abs(high)) / scale;
        return new double[] {mean * scale, sd > 1e-7 * size ? sd * scale : 0};
    }

    /// The number of features.
    public int features() {
        return mean.dim(0);
    }

    /// `(x - m)/s`
    public Tensor scale(Tensor x) {
        if (x.shape().rank() == 0 || x.dim(-1) != features()) {
            throw new ShapeException("Standardise: needs " + features() + " features in the last axis, got " + x.type());
        }
        return x.sub(mean.stopGradient()).div(sd.stopGradient());
    }

    /// `m + s y`
    public Tensor unscale(Tensor y) {
        return y.mul(sd.stopGradient()).add(mean.stopGradient());
    }

    @Override
    public Tensor apply(Tensor x) {
        Tensor y = scale(x);
        Tensor size = y.abs();
        Tensor far = size.sub(LINEAR).max(0).log1p();
        return y.sign().mul(size.min(LINEAR).add(far));
    }

    @Override
    public String toString() {
        return "Standardise(" + features() + ")";
    }
}
