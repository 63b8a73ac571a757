package org.cosmograd.nn;

import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.CustomRule;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// `y = a (x - μ)/√(σ² + 10⁻⁵) + b` for each channel: `x[…, n] → y[…, n]`; Ioffe & Szegedy 2015, arXiv:1502.03167.
///
/// In training ([#train]) `μ` and `σ²` are mean and variance of the channel over the batch and all pixels, and the layer that comes
/// back has its running averages moved towards them. Otherwise ([#apply]) `μ` and `σ²` are these averages, so a row's result does
/// not depend on its company. The averages are constants to differentiation; [Fit#layer] and [Fit#passes] take them over into the
/// model. A loss that only applies the layer, as in [Fit#of], leaves them as they are.
///
/// The average is over the first `1/ρ` batches evenly, then exponential, `m ← m + ρ (μ - m)`: after a few batches it is as near to
/// their mean as it can be, and the first values have no weight. The variance that is averaged is the unbiased one, `σ² N/(N-1)`.
///
/// @param scale `a`, `[n]`
/// @param shift `b`, `[n]`
/// @param mean the running average of `μ`, `[n]`
/// @param variance the running average of the variance, `[n]`
/// @param batches the number of batches seen, `i32[]`
/// @param rate `ρ`, in `(0, 1]`
public record BatchNorm(Tensor scale, Tensor shift, Tensor mean, Tensor variance, Tensor batches, double rate) implements Layer {
    /// Checks the rate.
    public BatchNorm {
        if (!(rate > 0 && rate <= 1)) {
            throw new IllegalArgumentException("BatchNorm: the rate must be in (0, 1], got " + rate);
        }
    }

    /// A layer over `n` channels with `a = 1`, `b = 0` and `ρ = 0.1`; before training it scales by `μ = 0`, `σ² = 1`.
    public static BatchNorm of(int n) {
        Tensor zeros = Tensor.zeros(DType.F32, n);
        Tensor ones = Tensor.ones(DType.F32, n);
        return new BatchNorm(ones, zeros, zeros, ones, Tensor.scalar(0, DType.I32), 0.1);
    }

    @Override
    public Tensor apply(Tensor x) {
        check(x);
        Tensor factor = scale.mul(Moments.inverse(variance.stopGradient()));
        return x.mul(factor).add(shift.sub(mean.stopGradient().mul(factor)));
    }

    @Override
    public Pass<BatchNorm> train(Tensor x, Key key) {
        check(x);
        int n = scale.dim(0);
        int rows = x.shape().size() / Math.max(1, n);
        if (rows < 2) {
            throw new ShapeException("BatchNorm: training needs at least 2 values of each channel, got " + x.type()
                    + "; use larger batches, or GroupNorm");
        }
        int[] axes = IntStream.range(0, x.shape().rank() - 1).toArray();
        Moments m = Moments.of(x, axes);
        Tensor normal = m.centred().mul(m.inverse());
        // with `Σ g` and `Σ g x̂`, the derivatives by b and a, that by x needs no sums of its own
        CustomRule rule = CustomRule.of(v -> normal.mul(v.get(1)).add(v.get(2)), (v, y, g) -> {
            Tensor first = g.sum(axes);
            Tensor second = g.mul(normal).sum(axes);
            Tensor slope = g.sub(first.div(rows)).sub(normal.mul(second.div(rows)));
            return List.of(slope.mul(m.inverse().mul(v.get(1))), second, first);
        });
        Tensor y = rule.apply(x, scale, shift);
        Tensor mu = m.mean().reshape(n);
        Tensor sigma2 = m.variance().reshape(n);
        Tensor seen = batches.add(1);
        Tensor weight = seen.cast(mean.dtype()).reciprocal().max(rate);
        BatchNorm next = new BatchNorm(
                scale,
                shift,
                moved(mean, mu, weight),
                moved(variance, sigma2.mul(rows / (rows - 1.0)), weight),
                seen,
                rate);
        return new Pass<>(y, next);
    }

    private static Tensor moved(Tensor average, Tensor value, Tensor weight) {
        return average.add(value.stopGradient().cast(average.dtype()).sub(average).mul(weight)).stopGradient();
    }

    private void check(Tensor x) {
        if (x.shape().rank() == 0 || x.dim(-1) != scale.dim(0)) {
            throw new ShapeException("BatchNorm: needs " + scale.dim(0) + " channels in the last axis, got " + x.type());
        }
    }

    @Override
    public String toString() {
        return "BatchNorm(" + scale.dim(0) + ")";
    }
}
