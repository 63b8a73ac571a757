package org.cosmograd.flows;

import java.util.Arrays;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// A monotone piecewise rational-quadratic function of each dimension on `[-T, T]`, the identity outside; Gregory & Delbourgo 1982,
/// as in Durkan et al. 2019, arXiv:1906.04032, eqs. 4-8. With `K` bins between knots `(xₖ, yₖ)`, `w = xₖ₊₁ - xₖ`,
/// `h = yₖ₊₁ - yₖ`, `s = h/w`, slopes `δₖ` at the knots and `ξ = (x - xₖ)/w`:
///
/// `y = yₖ + h (s ξ² + δₖ ξ(1-ξ)) / (s + (δₖ₊₁ + δₖ - 2s) ξ(1-ξ))`
///
/// `dy/dx = s² (δₖ₊₁ ξ² + 2s ξ(1-ξ) + δₖ (1-ξ)²) / (s + (δₖ₊₁ + δₖ - 2s) ξ(1-ξ))²`
///
/// Widths and heights are a softmax of raw numbers with at least 2T/1000 each, slopes a softplus with at least 10⁻³; raw numbers 0 give
/// the identity. Raw numbers are limited to ±1000 (slopes) and ±30 (widths, heights), so the function and its derivatives are finite for any. The outermost slopes are 1.
///
/// @param raw `K` widths, `K` heights and `K + 1` slopes (the first and last are not used) in the last axis: `[d, 3K+1]`, or one set
///     per row of `x`: `[n, d, 3K+1]`
/// @param bound `T`
public record RationalQuadraticSpline(Tensor raw, double bound) implements Bijection {
    private static final double LEAST = 1e-3;
    private static final double LARGEST = 1000;
    private static final double EXPONENT = 30;
    /// softplus of this is `1 - LEAST`
    private static final double UNIT_SLOPE = Math.log(Math.expm1(1 - LEAST));

    /// Checks the shape.
    public RationalQuadraticSpline {
        if (raw.shape().rank() < 2 || raw.shape().rank() > 3 || raw.dim(-1) % 3 != 1 || raw.dim(-1) < 4) {
            throw new ShapeException("RationalQuadraticSpline: needs [d, 3K+1] or [n, d, 3K+1] raw numbers, got " + raw.type());
        }
    }

    /// The number of raw numbers of one function.
    public static int numbers(int bins) {
        return 3 * bins + 1;
    }

    @Override
    public int dimension() {
        return raw.dim(-2);
    }

    /// What is needed of the bin that holds each point: its lower left knot, its width and height, and the slopes at both ends.
    private record Bin(Tensor x, Tensor y, Tensor w, Tensor h, Tensor left, Tensor right) {}

    private Bin bin(Tensor at, boolean byHeight) {
        int k = raw.dim(-1) / 3;
        Tensor r = raw.clamp(-LARGEST, LARGEST);
        // widths and heights side by side, [.., d, 2, K]; their raw numbers are small enough for a softmax without its shift
        Shape pairs = raw.shape().slice(0, raw.shape().rank() - 1).concat(Shape.of(2, k));
        Tensor e = r.slice(-1, 0, 2 * k).clamp(-EXPONENT, EXPONENT).exp().reshape(pairs);
        Tensor sizes = e.mul(e.sum(-1).reciprocal().mul(2 * bound * (1 - LEAST * k)).expand(-1)).add(2 * bound * LEAST);
        Tensor slopes = r.slice(-1, 2 * k, 3 * k + 1).add(UNIT_SLOPE).softplus().add(LEAST);
        double[] inner = new double[k + 1];
        Arrays.fill(inner, 1, k, 1);
        slopes = Tensor.of(inner).cast(raw.dtype()).where(slopes, 1);
        // the number of knots passed, the last one never; comparisons with it select exactly one bin even where knots coincide
        Tensor knots = sizes.stopGradient().at(-2, byHeight ? 1 : 0).cumSum(-1).sub(bound);
        Tensor passed = at.expand(-1).greaterEqual(knots).sum(-1).min(k - 1).expand(-1);
        Tensor number = Tensor.iota(k).cast(raw.dtype());
        Tensor hot = passed.equal(number);
        Tensor corner = number.less(passed).expand(-2).mul(sizes).sum(-1).sub(bound);
        Tensor size = hot.expand(-2).mul(sizes).sum(-1);
        return new Bin(
                corner.at(-1, 0),
                corner.at(-1, 1),
                size.at(-1, 0),
                size.at(-1, 1),
                hot.mul(slopes.slice(-1, 0, k)).sum(-1),
                hot.mul(slopes.slice(-1, 1, k + 1)).sum(-1));
    }

    @Override
    public Mapped forward(Tensor x) {
        Support.check("RationalQuadraticSpline", dimension(), x);
        Tensor inside = x.abs().lessEqual(bound);
        Tensor safe = inside.where(x, 0);
        Bin b = bin(safe, false);
        Tensor xi = safe.sub(b.x).div(b.w).clamp(0, 1);
        Tensor s = b.h.div(b.w);
        Tensor cross = xi.mul(xi.neg().add(1));
        Tensor below = s.add(b.left.add(b.right).sub(s.mul(2)).mul(cross));
        Tensor above = s.mul(xi.square()).add(b.left.mul(cross));
        Tensor y = b.y.add(b.h.mul(above).div(below));
        return mapped(inside, y, x, logSlope(b, s, xi, cross, below));
    }

    @Override
    public Mapped inverse(Tensor y) {
        Support.check("RationalQuadraticSpline", dimension(), y);
        Tensor inside = y.abs().lessEqual(bound);
        Tensor safe = inside.where(y, 0);
        Bin b = bin(safe, true);
        Tensor s = b.h.div(b.w);
        Tensor rise = safe.sub(b.y).max(0).min(b.h);
        Tensor bend = rise.mul(b.left.add(b.right).sub(s.mul(2)));
        Tensor p = b.h.mul(s.sub(b.left)).add(bend);
        Tensor q = b.h.mul(b.left).sub(bend);
        Tensor r = s.mul(rise);
        Tensor root = q.square().add(p.mul(r).mul(4)).max(1e-30).sqrt();
        // the root of p ξ² + q ξ - r in [0, 1], in the form without cancellation for either sign of q; q < 0 implies p > 0
        Tensor rising = q.greaterEqual(0);
        Tensor xi = rising.where(r.mul(2), root.sub(q)).div(rising.where(q.add(root), p.mul(2))).clamp(0, 1);
        Tensor cross = xi.mul(xi.neg().add(1));
        Tensor below = s.add(b.left.add(b.right).sub(s.mul(2)).mul(cross));
        Tensor x = b.x.add(xi.mul(b.w));
        return mapped(inside, x, y, logSlope(b, s, xi, cross, below).neg());
    }

    private static Tensor logSlope(Bin b, Tensor s, Tensor xi, Tensor cross, Tensor below) {
        Tensor rest = xi.neg().add(1).square();
        Tensor above = b.right.mul(xi.square()).add(s.mul(cross).mul(2)).add(b.left.mul(rest));
        return above.log().add(s.div(below).log().mul(2));
    }

    private static Mapped mapped(Tensor inside, Tensor value, Tensor same, Tensor logSlope) {
        return new Mapped(inside.where(value, same), inside.where(logSlope, 0).sum(-1));
    }

    @Override
    public Support image(Support of) {
        return of.isReal() ? of : of.hull(Support.of(fill(-bound), fill(bound)));
    }

    private double[] fill(double value) {
        double[] v = new double[dimension()];
        Arrays.fill(v, value);
        return v;
    }
}
