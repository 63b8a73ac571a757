package org.cosmograd.autodiff.kernel;

import static org.cosmograd.autodiff.kernel.Elementary.horner;
import static org.cosmograd.autodiff.kernel.Elementary.isFloat;
import static org.cosmograd.autodiff.kernel.Elementary.logBorder;

import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// A natural logarithm as an unevaluated sum of two numbers, with about 12 more bits than one number holds: what is left over when it is
/// multiplied by hundreds (powers) or nearly cancelled (the logarithm of the gamma function).
///
/// Products and sums of pairs follow Dekker (1971), with fused multiply-adds for the rests of products.
///
/// @param high the logarithm, nearly rounded; -∞ at 0, NaN below, ∞ and NaN themselves
/// @param low what to add; meaningless where `high` is not finite
record LogPair(Lane high, Lane low) {

    /// `log x = e ln 2 + 2 artanh((m-1) / (m+1))` with `x = m 2^e` and `√½ ≤ m < √2`.
    static LogPair of(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane one = l.constant(1);
        Elementary.Split split = Elementary.split(l, x);
        Lane m = split.m();
        Lane e = split.e();

        // s + sLow = (m-1) / (m+1)
        Lane above = l.sub(m, one); // exact
        Lane sum = l.add(m, one);
        Lane sumLow = l.sub(m, l.sub(sum, one));
        Lane inverse = l.div(one, sum);
        Lane s = l.mul(above, inverse);
        Lane negative = l.neg(s);
        Lane sLow = l.mul(l.fma(negative, sumLow, l.fma(negative, sum, above)), inverse);

        // artanh s = s (1 + w (1/3 + w P(w))), w = s²
        Lane w = l.mul(s, s);
        Lane s2 = l.add(s, s);
        Lane wLow = l.fma(s2, sLow, l.fma(s, s, l.neg(w)));
        Lane tail = l.mul(w, horner(l, w, f ? P_F : P));
        Lane third = l.constant(f ? 0.3333333432674408 : 0.3333333333333333);
        Lane c = l.add(third, tail);
        Lane cLow = l.add(l.add(l.sub(third, c), tail), l.constant(f ? -9.934107e-09 : 1.850371707708594e-17));
        Lane p = l.mul(w, c);
        Lane pLow = l.add(l.fma(w, c, l.neg(p)), l.fma(w, cLow, l.mul(wLow, c)));
        Lane t = l.mul(s2, p);
        Lane sLow2 = l.add(sLow, sLow);
        Lane tLow = l.add(l.fma(s2, p, l.neg(t)), l.fma(s2, pLow, l.fma(sLow2, p, sLow2)));
        Lane y = l.add(s2, t);
        Lane yLow = l.add(l.add(l.sub(s2, y), t), tLow);

        Lane whole = l.mul(e, l.constant(f ? LN2_SHORT_F : LN2_SHORT));
        Lane high = l.add(whole, y);
        Lane rest = l.fma(e, l.constant(f ? LN2_REST_F : LN2_REST), yLow);
        return new LogPair(logBorder(l, x, high), l.add(l.add(l.sub(whole, high), y), rest));
    }

    // ln 2 in two parts; the first is so short that its product with an exponent is exact
    private static final double LN2_SHORT = 0x1.62e42fefa4p-1;
    private static final double LN2_REST = -0x1.8432a1b0e2634p-43;
    private static final double LN2_SHORT_F = 0x1.62e4p-1;
    private static final double LN2_REST_F = 0x1.7f7d1cp-20;

    private static final double[] P_F = {0.11524119, 0.14281118, 0.20000008};

    /// `artanh(s) / s = 1 + w (1/3 + w P(w))` for `w = s² ≤ 0.0295`, by interpolation at Chebyshev's points.
    private static final double[] P = {
        0.05861589311938259, 0.05853118169745603, 0.06667402346923655, 0.07692297481259215, 0.09090909167696401, 0.11111111110827943,
        0.14285714285714682, 0.2
    };
}
