package org.cosmograd.autodiff.kernel;

import static org.cosmograd.autodiff.kernel.Elementary.horner;
import static org.cosmograd.autodiff.kernel.Elementary.isFloat;

import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// `log |Γ(x)|`, without branches: one logarithm, as a pair, serves both forms.
///
/// Below 5 the recurrence `Γ(x+1) = x Γ(x)` leads to `1 ≤ t ≤ 2`, where `log Γ(t) = (t-1) (t-2) Q(t)`, so that the zeros at 1 and 2 keep
/// their relative accuracy. From 5 on Stirling's `(x-½) (log x - 1) + ½ log 2π - ½ + S(1/x²)/x`. Both polynomials interpolate at
/// Chebyshev's points. The larger terms are kept as pairs and rounded once.
///
/// Negative arguments take [NegativeLogGamma]. The value is ∞ at 0, -1, -2, … and at ±∞.
final class LogGamma {
    private LogGamma() {}

    /// `Q(s + 3/2)` for `|s| ≤ ½`, without the constant term.
    private static final double[] Q = {
        1.1820969445467145e-05, -1.8527803997032962e-05, 1.3584275459130943e-05, -2.148770252062576e-05, 4.281642862794779e-05,
        -6.793733027397047e-05, 0.00010541715222185904, -0.0001685717945035172, 0.00027130273545114005, -0.00043803516132580534,
        0.0007115202752051298, -0.001164411377219605, 0.0019229162321227923, -0.0032120742206072908, 0.005446457842219553,
        -0.009425622444829649, 0.01679709863121395, -0.03130848750105327, 0.06291140107456485, -0.14595989591430594
    };

    private static final double[] Q_F = {
        -0.0014874843, 0.0024467446, -0.0031377363, 0.005325992, -0.0094324118, 0.016808098, -0.031308275, 0.062911056, -0.1459599
    };

    /// `S(w)` for `w ≤ 1/25`.
    private static final double[] S = {
        -0.013242092425204372, 0.0055501825362000625, -0.0018912002497367846, 0.0008412839775433932, -0.000595233496244992,
        0.0007936507710997242, -0.00277777777773525, 0.08333333333333331
    };

    private static final double[] S_F = {0.00076002185, -0.0027772819, 0.083333336};

    static Lane value(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane one = l.constant(1);
        Lane half = l.constant(0.5);
        Lane y = l.abs(x);
        Lanes.Mask below1 = l.less(y, one);
        Lanes.Mask large = l.lessEqual(l.constant(5), y);

        // g = t - 1, and what the logarithm is of: y below 1, the product (y-1) (y-2) … t of the recurrence, y from 5 on
        Lane g = l.select(below1, y, l.sub(y, one));
        Lane factors = l.select(below1, y, one);
        Lane previous = l.sub(y, one);
        for (int n = 2; n <= 4; n++) {
            Lanes.Mask from = l.lessEqual(l.constant(n), y);
            Lane less = l.sub(y, l.constant(n));
            g = l.select(from, less, g);
            factors = l.select(from, n == 2 ? previous : l.mul(factors, previous), factors);
            previous = less;
        }
        LogPair log = LogPair.of(l, l.select(large, y, factors));

        // (t-1) (t-2) and Q(t) as pairs
        Lane second = l.sub(g, one);
        Lane zeros = l.mul(g, second);
        Lane zerosLow = l.fma(g, second, l.neg(zeros));
        Lane s = l.sub(g, half);
        Lane rest = f ? horner(l, s, Q_F) : horner(l, s, Q);
        Lane q0 = l.constant(f ? 0.48312896490097046 : 0.4831289505409809);
        Lane q = l.fma(rest, s, q0);
        Lane qLow = l.add(l.fma(rest, s, l.sub(q0, q)), l.constant(f ? -1.2620584976322624e-08 : 1.6718818997178506e-17));

        // log y - 1 as a pair, and y - ½
        Lane less1 = l.sub(log.high(), one);
        Lane less1Low = l.add(l.sub(l.sub(log.high(), less1), one), log.low());
        Lane inverse = l.div(one, y);
        Lane w = l.mul(inverse, inverse);
        Lane stirling = l.mul(inverse, f ? horner(l, w, S_F) : horner(l, w, S));

        Lane a = l.select(large, less1, zeros);
        Lane aLow = l.select(large, less1Low, zerosLow);
        Lane b = l.select(large, l.sub(y, half), q);
        Lane bLow = l.select(large, l.constant(0), qLow);
        Lane product = l.mul(a, b);
        Lane productLow = l.add(l.fma(a, b, l.neg(product)), l.fma(a, bLow, l.mul(aLow, b)));

        Lane signedHigh = l.select(below1, l.neg(log.high()), log.high());
        Lane signedLow = l.select(below1, l.neg(log.low()), log.low());
        Lane first = l.select(large, product, signedHigh);
        Lane other = l.select(large, l.constant(0.4189385332046727), product);
        Lane low = l.add(productLow, l.select(large, stirling, signedLow));
        Lane high = l.add(first, other);
        Lane sum = l.add(high, l.add(l.add(l.sub(first, high), other), low));
        Lane positive = l.select(l.less(high, l.constant(Double.POSITIVE_INFINITY)), sum, high);
        return l.rarely(l.lessEqual(x, l.constant(0)), positive, Rare.LGAMMA, x);
    }
}
