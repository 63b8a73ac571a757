package org.cosmograd.flows;

import java.util.List;
import java.util.function.BiPredicate;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;
import org.jspecify.annotations.Nullable;

/// `ℝᵈ` onto a box, dimension by dimension, always rising:
///
/// | bounds | `y` | `ln dy/dx` |
/// |---|---|---|
/// | `a < y < b` | `a + (b - a)/(1 + e⁻ˣ)` | `ln (y - a) + ln (b - y) - ln (b - a)` |
/// | `a < y` | `a + eˣ` | `x` |
/// | `y < b` | `b - e⁻ˣ` | `-x` |
/// | none | `x` | `0` |
///
/// The inverse is the logit. Images are in the box by construction, in rounded arithmetic too; points closer to a bound than
/// rounding can tell count as lying that far inside, so both directions are finite everywhere on the closed box.
///
/// @param support the box
public record Constrain(Support support) implements Bijection {

    @Override
    public int dimension() {
        return support.dimension();
    }

    @Override
    public Support image(Support of) {
        return support;
    }

    @Override
    public Mapped forward(Tensor x) {
        Support.check("Constrain", dimension(), x);
        if (support.isReal()) {
            return new Mapped(x, Chain.zeros(x));
        }
        Kinds k = kinds(x.dtype());
        double most = x.dtype() == DType.F32 ? 80 : 700;
        Tensor value = x;
        Tensor slope = x.like(0);
        if (k.both != null) {
            Tensor inner = k.both.width.mul(x.logistic()).add(k.both.low);
            Tensor log = k.both.width.log().sub(x.softplus()).sub(x.neg().softplus());
            value = k.both.all ? inner : k.both.mask.where(inner, value);
            slope = k.both.all ? log : k.both.mask.where(log, slope);
        }
        if (k.one != null) {
            // up from a, or down from b in the mirrored variable
            Tensor safe = k.one.mask.where(x.clamp(-most, most), 0).mul(k.one.width);
            value = k.one.mask.where(safe.exp().mul(k.one.width).add(k.one.low), value);
            slope = k.one.mask.where(safe, slope);
        }
        return new Mapped(support.clip(value), slope.sum(-1));
    }

    @Override
    public Mapped inverse(Tensor y) {
        Support.check("Constrain", dimension(), y);
        if (support.isReal()) {
            return new Mapped(y, Chain.zeros(y));
        }
        Kinds k = kinds(y.dtype());
        double least = y.dtype() == DType.F32 ? 1e-7 : 1e-15;
        Tensor value = y;
        Tensor slope = y.like(0);
        if (k.both != null) {
            Tensor margin = k.both.width.mul(least);
            Tensor a = y.sub(k.both.low).max(margin);
            Tensor b = k.both.low.add(k.both.width).sub(y).max(margin);
            Tensor logA = a.log();
            Tensor logB = b.log();
            Tensor log = k.both.width.log().sub(logA).sub(logB);
            value = k.both.all ? logA.sub(logB) : k.both.mask.where(logA.sub(logB), value);
            slope = k.both.all ? log : k.both.mask.where(log, slope);
        }
        if (k.one != null) {
            Tensor d = y.sub(k.one.low).mul(k.one.width);
            Tensor log = k.one.mask.where(d, 1).max(y.dtype() == DType.F32 ? 1e-34 : 1e-300).log();
            value = k.one.mask.where(log.mul(k.one.width), value);
            slope = k.one.mask.where(log.neg(), slope);
        }
        return new Mapped(value, slope.sum(-1));
    }

    /// Dimensions of one kind: where they are (`mask`, 1 or 0), a finite bound (`low`) and the distance to the other, or the direction
    /// (1 up, -1 down) if there is none (`width`). Elsewhere `low` is 0 and `width` 1.
    private record Part(Tensor mask, Tensor low, Tensor width, boolean all) {}

    private record Kinds(
            @Nullable Part both, @Nullable Part one) {}

    private Kinds kinds(DType dtype) {
        return new Kinds(
                part(dtype, (a, b) -> Double.isFinite(a) && Double.isFinite(b)),
                part(dtype, (a, b) -> Double.isFinite(a) != Double.isFinite(b)));
    }

    private @Nullable Part part(DType dtype, BiPredicate<Double, Double> chosen) {
        int n = dimension();
        List<Double> lower = support.lower();
        List<Double> upper = support.upper();
        double[] mask = new double[n];
        double[] low = new double[n];
        double[] width = new double[n];
        int count = 0;
        for (int i = 0; i < n; i++) {
            double a = lower.get(i);
            double b = upper.get(i);
            width[i] = 1;
            if (chosen.test(a, b)) {
                count++;
                mask[i] = 1;
                low[i] = Double.isFinite(a) ? a : b;
                width[i] = Double.isFinite(a) && Double.isFinite(b) ? b - a : Double.isFinite(a) ? 1 : -1;
            }
        }
        return count == 0
                ? null
                : new Part(
                        Tensor.of(mask).cast(dtype), Tensor.of(low).cast(dtype), Tensor.of(width).cast(dtype), count == n);
    }
}
