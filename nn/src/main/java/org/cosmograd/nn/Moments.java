package org.cosmograd.nn;

import java.util.List;
import java.util.function.UnaryOperator;
import org.cosmograd.autodiff.CustomRule;
import org.cosmograd.autodiff.Tensor;

/// Mean and variance, and what is brought to 0 and 1 by them: `x̂ = (x - μ)/√(σ² + 10⁻⁵)`.
///
/// With the same averages `⟨·⟩`, a cotangent `g` of `x̂` is pulled back to `(g - ⟨g⟩ - x̂ ⟨g x̂⟩)/√(σ² + 10⁻⁵)`: two of them instead of
/// the four that the parts would need; Ioffe & Szegedy 2015, arXiv:1502.03167, section 3.
///
/// @param mean `μ`
/// @param variance `σ²`
/// @param normal `x̂`
record Moments(Tensor mean, Tensor variance, Tensor normal) {

    /// @param average the mean over some elements in the place of each, or broadcast to there
    static Moments of(Tensor x, UnaryOperator<Tensor> average) {
        Tensor mean = average.apply(x);
        Tensor centred = x.sub(mean);
        Tensor variance = average.apply(centred.square());
        Tensor inverse = inverse(variance);
        CustomRule rule = CustomRule.of(
                v -> centred.mul(inverse),
                (v, y, g) -> List.of(g.sub(average.apply(g)).sub(y.mul(average.apply(g.mul(y)))).mul(inverse)));
        return new Moments(mean, variance, rule.apply(x));
    }

    /// `1/√(σ² + 10⁻⁵)`
    static Tensor inverse(Tensor variance) {
        return variance.add(1e-5).sqrt().reciprocal();
    }
}
