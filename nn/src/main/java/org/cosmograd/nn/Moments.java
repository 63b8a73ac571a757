package org.cosmograd.nn;

import java.util.List;
import org.cosmograd.autodiff.CustomRule;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// Mean and variance over some axes, and what is brought to 0 and 1 by them: `x̂ = (x - μ)/√(σ² + 10⁻⁵)`.
///
/// With means `⟨·⟩` over these axes, a cotangent `g` of `x̂` is pulled back to `(g - ⟨g⟩ - x̂ ⟨g x̂⟩)/√(σ² + 10⁻⁵)`: two sums instead of
/// the four that the parts would need; Ioffe & Szegedy 2015, arXiv:1502.03167, section 3.
///
/// @param mean `μ`, with axes of size 1
/// @param variance `σ²`, with axes of size 1
/// @param inverse `1/√(σ² + 10⁻⁵)`, with axes of size 1
/// @param centred `x - μ`
record Moments(Tensor mean, Tensor variance, Tensor inverse, Tensor centred) {

    static Moments of(Tensor x, int... axes) {
        Tensor mean = mean(x, axes);
        Tensor centred = x.sub(mean);
        Tensor variance = mean(centred.square(), axes);
        return new Moments(mean, variance, inverse(variance), centred);
    }

    static Tensor inverse(Tensor variance) {
        return variance.add(1e-5).sqrt().reciprocal();
    }

    /// `x̂`
    static Tensor normal(Tensor x, int... axes) {
        Moments m = of(x, axes);
        CustomRule rule = CustomRule.of(
                v -> m.centred.mul(m.inverse),
                (v, y, g) -> List.of(g.sub(mean(g, axes)).sub(y.mul(mean(g.mul(y), axes))).mul(m.inverse)));
        return rule.apply(x);
    }

    private static Tensor mean(Tensor x, int... axes) {
        Shape kept = x.shape();
        for (int a : axes) {
            kept = kept.with(a, 1);
        }
        return x.mean(axes).reshape(kept);
    }
}
