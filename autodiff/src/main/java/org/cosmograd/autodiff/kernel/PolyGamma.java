package org.cosmograd.autodiff.kernel;

import static org.cosmograd.autodiff.kernel.Elementary.exponent;
import static org.cosmograd.autodiff.kernel.Elementary.exponentBits;
import static org.cosmograd.autodiff.kernel.Elementary.horner;
import static org.cosmograd.autodiff.kernel.Elementary.isFloat;
import static org.cosmograd.autodiff.kernel.Elementary.logSum;
import static org.cosmograd.autodiff.kernel.Elementary.magic;

import org.cosmograd.autodiff.kernel.Lanes.Bits;
import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// First and second derivative of `log Γ(x)`, without branches for positive arguments.
///
/// From 1 to 2 there is one polynomial, below 1 the recurrence leads there, and from 2 on a polynomial in `1/x²` takes the place of
/// Stirling's series. Polynomials interpolate at Chebyshev's points. Arguments that are not positive take the scalar functions of
/// [Special].
final class PolyGamma {
    private PolyGamma() {}

    /// `ψ(1+v) / (v - ZERO)` in powers of `v - ½`, for `0 ≤ v ≤ 1`.
    private static final double[] R = {
        0.00011881232908510335, -0.0001782188548855923, 9.653646261410062e-05, -0.00014480643368061614, 0.00032395945401345196,
        -0.00048595039220036254, 0.0006909255761282986, -0.0010364584817312839, 0.0015633696313653504, -0.0023454947397380833,
        0.003518106563802472, -0.005279937255532708, 0.007927021796868154, -0.011908220105959716, 0.017907248317313294,
        -0.026975796659787055, 0.040760833940846085, -0.06192213327548831, 0.09498872445289039, -0.14840492305388092,
        0.24054248424078697, -0.4236274212814606, 0.9510558760318328
    };

    private static final double[] R_F = {
        0.010902588, -0.01637362, 0.01711499, -0.025786884, 0.04085003, -0.06205598, 0.09498469, -0.14839886, 0.24054253, -0.4236275,
        0.9510559
    };

    /// `(log x - 1/2x - ψ(x)) / w` in powers of `w = 1/x²`, for `x ≥ 2`.
    private static final double[] T = {
        -4591.93856220739, 10847.141354712692, -11879.665062271304, 8025.266418167724, -3758.4012850794807, 1303.3201682729227,
        -350.65966692873957, 76.38818033102122, -14.175672125457217, 2.4086326462795236, -0.4154319062590684, 0.0824035488501189,
        -0.02107005464707781, 0.007575376745469917, -0.004166662685237482, 0.003968253945839079, -0.008333333333282403,
        0.08333333333333331
    };

    private static final double[] T_F = {0.002405108, -0.0033692028, 0.0039071897, -0.00833155, 0.08333332};

    /// `ψ'(1+v)` in powers of `v - ½`, for `0 ≤ v ≤ 1`.
    private static final double[] U = {
        -0.0010320072518612293, 0.0014918776812680968, -0.00047660544822405494, 0.0006798268875757572, -0.002172472669405826,
        0.0031142222054421336, -0.003950201436180103, 0.005627689415524579, -0.00813131560485531, 0.011520194137437588,
        -0.01624068646224385, 0.022840998703238545, -0.03198646999520852, 0.044566734897933516, -0.06174035307039934,
        0.08496878345055633, -0.11604072658884788, 0.15705320220285682, -0.2103098730183017, 0.2780808133222533, -0.3621493650252601,
        0.4630645251015747, -0.5790416377778705, 0.7045455170012181, -0.82879664423432, 0.9348022005446793
    };

    private static final double[] U_F = {
        -0.09272782, 0.1282506, -0.106626704, 0.14389522, -0.21157488, 0.27984947, -0.36207384, 0.4629589, -0.57904327, 0.7045478,
        -0.8287966, 0.9348022
    };

    /// `(x (ψ'(x) - 1/x) - ½/x) x²` in powers of `1/x²`, for `x ≥ 2`.
    private static final double[] V = {
        -2231505.867124267, 5786650.463688839, -6991861.209371978, 5234047.547917853, -2724337.8634271226, 1049925.43782481,
        -312011.2247945264, 73736.00128367053, -14259.84371859506, 2333.7466211974, -338.88342054147984, 46.87328313264101,
        -6.811184969010944, 1.159122343015518, -0.2529650622760555, 0.07575557025065781, -0.0333333163863389, 0.02380952373227864,
        -0.03333333333319111, 0.16666666666666663
    };

    private static final double[] V_F = {-0.034199692, 0.04168484, -0.02998406, 0.023638677, -0.033329904, 0.16666666};

    /// The positive zero of `ψ`, less 1, in two parts for each type.
    private static final double ZERO = 0.46163214496836236;
    private static final double ZERO_LOW = -1.5522348162858677e-17;
    private static final double ZERO_F = 0.4616321325302124;
    private static final double ZERO_LOW_F = 1.2438149938918909e-08;

    /// `ψ(x) = d log Γ(x) / dx`
    static Lane digamma(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane one = l.constant(1);
        Lane half = l.constant(0.5);
        Lanes.Mask below1 = l.less(x, one);
        Lane v = l.select(below1, x, l.sub(x, one));
        Lane r = horner(l, l.sub(v, half), f ? R_F : R);
        Lane middle = l.fma(l.sub(v, l.constant(f ? ZERO_F : ZERO)), r, l.mul(l.constant(f ? -ZERO_LOW_F : -ZERO_LOW), r));

        // ψ(x) = ψ(1+x) - 1/x, with what the rounding of 1/x leaves over
        Lane q = l.div(one, x);
        Lane negative = l.neg(q);
        Lane small = l.add(l.fma(negative, l.fma(negative, x, one), middle), negative);
        Lane below2 = l.select(below1, l.select(l.less(x, l.constant(1e-20)), negative, small), middle);

        Lane w = l.mul(q, q);
        Lane less = l.neg(l.fma(w, horner(l, w, f ? T_F : T), l.mul(half, q)));
        Bits bits = l.bits(x);
        Bits e = exponentBits(l, bits);
        Lane large = logSum(l, exponent(l, e, l.constant(magic(l))), l.sub(l.fromBits(l.sub(bits, e)), one), less);
        Lane y = l.select(l.less(x, l.constant(2)), below2, large);
        Lane inside = l.select(l.less(x, l.constant(Double.POSITIVE_INFINITY)), y, x);
        return l.rarely(l.lessEqual(x, l.constant(0)), inside, Rare.DIGAMMA, x);
    }

    /// `ψ'(x)`
    static Lane trigamma(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane one = l.constant(1);
        Lane half = l.constant(0.5);
        Lanes.Mask below1 = l.less(x, one);
        Lane v = l.select(below1, x, l.sub(x, one));
        Lane middle = horner(l, l.sub(v, half), f ? U_F : U);

        Lane q = l.div(one, x);
        Lane rest = l.mul(q, l.fma(l.neg(q), x, one)); // 1/x = q + rest
        Lane w = l.mul(q, q);
        Lane wLow = l.fma(l.add(q, q), rest, l.fma(q, q, l.neg(w)));
        Lane small = l.add(w, l.add(middle, wLow));
        Lane large = l.add(q, l.fma(w, l.fma(q, horner(l, w, f ? V_F : V), half), rest));
        Lane y = l.select(l.less(x, l.constant(2)), l.select(below1, small, middle), large);
        // next to 0 the square is ∞; far out its rest is nothing
        Lane inside = l.select(l.less(w, l.constant(Double.POSITIVE_INFINITY)), y, w);
        return l.rarely(l.lessEqual(x, l.constant(0)), inside, Rare.TRIGAMMA, x);
    }
}
