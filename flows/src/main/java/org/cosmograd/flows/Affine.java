package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.Standardise;

/// `y = s x + t`, dimension by dimension; `ln |det J| = Σ ln |s|`.
///
/// @param scale `s`, none zero, `[d]` or one row per row of `x`, `[n, d]`
/// @param shift `t`, like `s`
public record Affine(Tensor scale, Tensor shift) implements Bijection {

    /// The map from data of mean 0 and variance 1 to data with these statistics; a constant that no training moves.
    public static Affine unscale(Standardise statistics) {
        return new Affine(statistics.sd().stopGradient(), statistics.mean().stopGradient());
    }

    @Override
    public int dimension() {
        return scale.dim(-1);
    }

    @Override
    public Mapped forward(Tensor x) {
        Support.check("Affine", dimension(), x);
        return new Mapped(x.mul(scale).add(shift), volume(x));
    }

    @Override
    public Mapped inverse(Tensor y) {
        Support.check("Affine", dimension(), y);
        return new Mapped(y.sub(shift).div(scale), volume(y).neg());
    }

    private Tensor volume(Tensor x) {
        Tensor sum = scale.abs().log().sum(-1);
        return sum.broadcastTo(x.dim(0));
    }

    @Override
    public Support image(Support of) {
        if (of.isReal() || scale.shape().rank() > 1) {
            return Support.real(dimension());
        }
        double[] s = scale.toDoubles();
        double[] t = shift.toDoubles();
        List<Double> low = new ArrayList<>();
        List<Double> high = new ArrayList<>();
        for (int i = 0; i < s.length; i++) {
            double a = s[i] * of.lower().get(i) + t[i];
            double b = s[i] * of.upper().get(i) + t[i];
            low.add(Math.min(a, b));
            high.add(Math.max(a, b));
        }
        return new Support(low, high);
    }
}
