package org.cosmograd.autodiff.kernel;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Bits;
import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// The elementary functions, each stated once in the vocabulary of [Lanes].
///
/// Argument reduction follows Cody and Waite with fused multiply-adds; what remains is one polynomial per type, a minimax fit
/// (Remez exchange, 60 digits) whose coefficients were rounded to the type. There are no tables and, but for arguments that are rare
/// ([Lanes#rarely]), no branches, so a function costs 10 to 60 vector operations (powers and gamma functions up to 200) and gives the
/// same bits in every form. Subnormal numbers are arguments and results like others.
///
/// Largest errors in ulp of the result: in f32 of all 2³² arguments (`logistic`, `pow`, `digamma`, `trigamma`: of samples), in f64 of
/// samples over the whole domain. The gamma functions: of positive arguments. For negative ones `lgamma` comes from pairs of doubles (2.0); its
/// derivatives are off by a few ulp of the larger term of the reflection formula.
///
/// | | exp | expm1 | log | log1p | sin | cos | tanh | logistic | softplus | erf | pow | lgamma | digamma | trigamma |
/// |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
/// | f32 | 0.90 | 1.44 | 0.89 | 1.45 | 1.73 | 1.82 | 1.37 | 1.26 | 1.75 | 1.29 | 0.85 | 1.49 | 1.10 | 0.94 |
/// | f64 | 0.8 | 1.7 | 1.0 | 1.2 | 1.5 | 1.5 | 1.3 | 1.3 | 1.9 | 1.0 | 0.9 | 1.5 | 1.5 | 0.9 |
///
/// `sqrt` and `reciprocal` are correctly rounded.
public final class Elementary {
    private Elementary() {}

    static final double LOG2_E = 1.4426950408889634;
    static final double LN2 = 0.6931471805599453;
    static final double LN2_LOW = 2.3190468138462996e-17;
    static final double LN2_F = 0.693147182464599609375; // ln 2 as a float, and the rest
    static final double LN2_LOW_F = -1.904654299957767e-9;

    /// `1.5 · 2^(p-1)` for precision `p`: adding it rounds to an integer, which then stands in the low bits.
    static double magic(Lanes l) {
        return isFloat(l) ? 0x1.8p23 : 0x1.8p52;
    }

    static boolean isFloat(Lanes l) {
        return l.type() == DType.F32;
    }

    /// Width of the fraction: where the exponent begins.
    static int exponentShift(Lanes l) {
        return isFloat(l) ? 23 : 52;
    }

    static Lane horner(Lanes l, Lane x, double... highestFirst) {
        Lane y = l.constant(highestFirst[0]);
        for (int i = 1; i < highestFirst.length; i++) {
            y = l.fma(y, x, l.constant(highestFirst[i]));
        }
        return y;
    }

    /// `x < low ? low : x`; unlike `max` it costs two operations. NaN stays.
    static Lane atLeast(Lanes l, Lane x, double low) {
        return l.select(l.less(x, l.constant(low)), l.constant(low), x);
    }

    static Lane atMost(Lanes l, Lane x, double high) {
        return l.select(l.less(l.constant(high), x), l.constant(high), x);
    }

    /// `|y|` with the sign of `x`; `y` must not be negative.
    private static Lane withSign(Lanes l, Lane y, Lane x) {
        return l.fromBits(l.or(l.bits(y), l.and(l.bits(x), l.bitsConstant(signBit(l)))));
    }

    static long signBit(Lanes l) {
        return isFloat(l) ? 0x8000_0000L : Long.MIN_VALUE;
    }

    /// `x - k ln 2`, exact but for the last rounding.
    private static Lane lessLn2(Lanes l, Lane x, Lane k) {
        boolean f = isFloat(l);
        Lane r = l.fma(k, l.constant(f ? -LN2_F : -LN2), x);
        return l.fma(k, l.constant(f ? -LN2_LOW_F : -LN2_LOW), r);
    }

    /// `e^r` for `|r| ≤ ln 2 / 2`.
    static Lane expReduced(Lanes l, Lane r) {
        Lane q = isFloat(l)
                ? horner(l, r, 1.3840188e-03, 8.369342e-03, 4.1668084e-02, 1.6666515e-01, 4.9999994e-01)
                : horner(l, r, 2.499867506580599e-08, 2.7630511286383895e-07, 2.7557592563188833e-06, 2.4801492435893205e-05,
                        0.00019841269497602884, 0.0013888888944185466, 0.008333333333499532, 0.04166666666652844,
                        0.16666666666666402, 0.5000000000000011);
        return l.fma(l.fma(q, r, l.constant(1)), r, l.constant(1));
    }

    /// `e^x` for arguments between those that give 0 and ∞; gradual underflow through two half-sized factors `2^k = 2^h 2^(k-h)`.
    private static Lane expUnclamped(Lanes l, Lane x) {
        double bias = isFloat(l) ? 2 * 127 : 2 * 1023;
        Lane magic = l.constant(magic(l) + bias);
        Lane z = l.fma(x, l.constant(LOG2_E), magic);
        Lane y = expReduced(l, lessLn2(l, x, l.sub(z, magic)));
        Bits k = l.bits(z); // holds k + 2 bias; what stands above the exponent's width is shifted out
        Bits half = l.shiftRight(k, 1);
        int shift = exponentShift(l);
        Lane first = l.fromBits(l.shiftLeft(half, shift));
        Lane second = l.fromBits(l.shiftLeft(l.sub(k, half), shift));
        return l.mul(l.mul(y, first), second);
    }

    /// `e^x` where the result is a normal number.
    private static Lane expNormal(Lanes l, Lane x) {
        Lane magic = l.constant(magic(l) + (isFloat(l) ? 127 : 1023));
        Lane z = l.fma(x, l.constant(LOG2_E), magic);
        Lane y = expReduced(l, lessLn2(l, x, l.sub(z, magic)));
        return l.mul(y, l.fromBits(l.shiftLeft(l.bits(z), exponentShift(l)))); // a product, so that NaN stays NaN
    }

    /// `eˣ`
    public static Lane exp(Lanes l, Lane x) {
        boolean f = isFloat(l);
        return expUnclamped(l, atMost(l, atLeast(l, x, f ? -104 : -746), f ? 89 : 710));
    }

    /// `eˣ - 1`, accurate near 0.
    public static Lane expm1(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane t = atMost(l, atLeast(l, x, f ? -18 : -38), f ? 89 : 710);
        Lane magic = l.constant(magic(l) + (f ? 126 : 1022));
        Lane z = l.fma(t, l.constant(LOG2_E), magic);
        Lane r = lessLn2(l, t, l.sub(z, magic));
        Lane q = f
                ? horner(l, r, 1.9845771e-04, 1.3940826e-03, 8.33339e-03, 4.166636e-02, 1.6666666e-01, 0.5)
                : horner(l, r, 2.0875439220872163e-09, 2.5109177145467685e-08, 2.755740301211136e-07, 2.7557243866039877e-06,
                        2.480158717121173e-05, 0.00019841269886404896, 0.001388888888896353, 0.008333333333321546,
                        0.041666666666666505, 0.16666666666666677, 0.5);
        Lane p = l.fma(l.mul(r, r), q, r); // e^r - 1
        Lane scale = l.fromBits(l.shiftLeft(l.bits(z), exponentShift(l))); // 2^(k-1), so that k = 128 does not overflow
        Lane y = l.fma(p, scale, l.sub(scale, l.constant(0.5)));
        // half of a subnormal number may round; this keeps -0, too
        return l.select(l.less(l.abs(x), l.constant(f ? 0x1p-60 : 0x1p-100)), x, l.add(y, y));
    }

    /// `(log(1 + f) - f) ` for `√½ - 1 ≤ f ≤ √2 - 1`.
    private static Lane log1pReducedLess(Lanes l, Lane f) {
        Lane p = isFloat(l)
                ? horner(l, f, -7.63446e-02, 1.2761544e-01, -1.3160184e-01, 1.4201768e-01, -1.6623358e-01, 2.0001227e-01,
                        -2.500082e-01, 3.333333e-01)
                : horner(l, f, -0.02832715721051783, 0.06325051814146722, -0.06783353811295746, 0.0597214977427807,
                        -0.06042086683392403, 0.06622121124461185, -0.07160162497868452, 0.07697632631425504,
                        -0.08332555350884675, 0.09090589564910616, -0.10000018322468464, 0.11111121733083372,
                        -0.1249999981511276, 0.14285714094393936, -0.16666666666725707, 0.2000000000164926,
                        -0.25000000000006367, 0.3333333333332854);
        Lane f2 = l.mul(f, f);
        return l.fma(f2, l.constant(-0.5), l.mul(l.mul(f, f2), p));
    }

    /// `e ln 2 + log(1 + f)`
    private static Lane logSum(Lanes l, Lane e, Lane f) {
        boolean single = isFloat(l);
        Lane low = l.fma(e, l.constant(single ? LN2_LOW_F : LN2_LOW), log1pReducedLess(l, f));
        return l.fma(e, l.constant(single ? LN2_F : LN2), l.add(f, low));
    }

    /// `e ln 2 + log(1 + f) + more`
    static Lane logSum(Lanes l, Lane e, Lane f, Lane more) {
        boolean single = isFloat(l);
        Lane low = l.fma(e, l.constant(single ? LN2_LOW_F : LN2_LOW), l.add(log1pReducedLess(l, f), more));
        return l.fma(e, l.constant(single ? LN2_F : LN2), l.add(f, low));
    }

    /// The exponent part of a positive normal number, in place: `x = m 2^e` with `√½ ≤ m < √2`.
    static Bits exponentBits(Lanes l, Bits x) {
        boolean f = isFloat(l);
        Bits above = l.sub(x, l.bitsConstant(f ? 0x3f3504f3L : 0x3fe6a09e667f3bcdL));
        return l.and(above, l.bitsConstant(f ? 0xff80_0000L : 0xfff0_0000_0000_0000L));
    }

    /// The integer `e` of [#exponentBits], as a value, less `offset`.
    static Lane exponent(Lanes l, Bits exponentBits, Lane magicPlusOffset) {
        Bits e = l.shiftRight(exponentBits, exponentShift(l));
        return l.sub(l.fromBits(l.add(e, l.bits(l.constant(magic(l))))), magicPlusOffset);
    }

    /// What a logarithm of `u` is at the border of its domain: -∞ at 0, NaN below, ∞ and NaN themselves.
    static Lane logBorder(Lanes l, Lane u, Lane y) {
        Lane inside = l.select(l.less(u, l.constant(Double.POSITIVE_INFINITY)), y, u);
        Lane below = l.select(l.less(u, l.constant(0)), l.constant(Double.NaN), inside);
        return l.select(l.equal(u, l.constant(0)), l.constant(Double.NEGATIVE_INFINITY), below);
    }

    /// `x = m 2^e` with `√½ ≤ m < √2`.
    record Split(Lane m, Lane e) {}

    /// The parts of a positive number, subnormal ones included.
    static Split split(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lanes.Mask tiny = l.less(x, l.constant(f ? 0x1p-126 : 0x1p-1022));
        Lane normal = l.select(tiny, l.mul(x, l.constant(f ? 0x1p24 : 0x1p54)), x);
        Lane offset = l.select(tiny, l.constant(magic(l) + (f ? 24 : 54)), l.constant(magic(l)));
        Bits bits = l.bits(normal);
        Bits exponentBits = exponentBits(l, bits);
        return new Split(l.fromBits(l.sub(bits, exponentBits)), exponent(l, exponentBits, offset));
    }

    /// The natural logarithm.
    public static Lane log(Lanes l, Lane x) {
        Split split = split(l, x);
        return logBorder(l, x, logSum(l, split.e, l.sub(split.m, l.constant(1))));
    }

    /// `log(1 + x)`, accurate near 0.
    public static Lane log1p(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane one = l.constant(1);
        Lane u = l.add(x, one);
        Bits bits = l.bits(u);
        Bits e = exponentBits(l, bits);
        // (1 + x) 2^-e - 1 rounded once; where 1 no longer counts, the fraction of u itself (2^-e may leave the range there)
        Lane scale = l.fromBits(l.sub(l.bits(one), e));
        Lane near = l.fma(x, scale, l.sub(scale, one));
        Lane far = l.sub(l.fromBits(l.sub(bits, e)), one);
        Lane fraction = l.select(l.less(x, l.constant(f ? 0x1p30 : 0x1p60)), near, far);
        Lane y = logBorder(l, u, logSum(l, exponent(l, e, l.constant(magic(l))), fraction));
        return l.select(l.equal(x, l.constant(0)), x, y); // keeps -0
    }

    /// `log(1 + eˣ) = max(x, 0) + log1p(e^-|x|)`
    public static Lane softplus(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane t = expUnclamped(l, atLeast(l, l.neg(l.abs(x)), f ? -104 : -746));
        Lanes.Mask big = l.less(l.constant(0.41421356), t); // then 1 + t = 2 (1 + fraction)
        Lane half = l.constant(0.5);
        Lane fraction = l.select(big, l.fma(t, half, l.constant(-0.5)), t);
        Lane low = l.add(log1pReducedLess(l, fraction), l.select(big, l.constant(f ? LN2_LOW_F : LN2_LOW), l.constant(0)));
        Lane y = l.add(l.add(fraction, low), l.select(big, l.constant(f ? LN2_F : LN2), l.constant(0)));
        return l.add(l.select(l.less(l.constant(0), x), x, l.constant(0)), y);
    }

    /// `1 / (1 + e⁻ˣ)`
    public static Lane logistic(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane one = l.constant(1);
        Lane t = expUnclamped(l, atLeast(l, l.neg(l.abs(x)), f ? -104 : -746));
        Lane sum = l.add(one, t);
        Lane y = l.div(l.select(l.less(x, l.constant(0)), t, one), sum);
        // what the sum lost matters where t is small: y / (1 + d) = y - y d
        return l.fma(l.sub(l.sub(sum, one), t), y, y);
    }

    /// The hyperbolic tangent: `x + x³ P(x²)` below 0.625, `1 - 2 / (e^2x + 1)` above.
    public static Lane tanh(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane a = atMost(l, l.abs(x), f ? 10 : 20);
        Lane one = l.constant(1);
        Lane large = l.sub(one, l.div(l.constant(2), l.add(expNormal(l, l.add(a, a)), one)));
        Lane u = l.mul(a, a);
        Lane p = f
                ? horner(l, u, -5.7050637e-03, 2.0639205e-02, -5.373977e-02, 1.3331443e-01, -3.333328e-01)
                : horner(l, u, -1.6072599015355186e-05, 7.714443151610528e-05, -0.00022856427315100954, 0.0005863165739633434,
                        -0.0014549588893628114, 0.003591989176305408, -0.008863221002984067, 0.02186948757612623,
                        -0.05396825393126937, 0.13333333333262096, -0.33333333333332854);
        Lane small = l.fma(l.mul(a, u), p, a);
        return withSign(l, l.select(l.less(a, l.constant(0.625)), small, large), x);
    }

    /// The error function `2/√π ∫₀ˣ exp(-t²) dt`: `x + x P(x²)` below 0.94, `1 - e^Q(x)` above, where `Q ≈ log erfc`.
    public static Lane erf(Lanes l, Lane x) {
        boolean f = isFloat(l);
        Lane a = atMost(l, l.abs(x), f ? 4 : 6);
        Lane q = f
                ? horner(l, a, 1.9360328e-04, -3.0202323e-03, 2.2134878e-02, -1.0373969e-01, -6.374021e-01, -1.1275443e+00,
                        -2.2766463e-04)
                : horner(l, a, -5.3973734419073605e-16, 5.0375258465381616e-14, -1.911060374727418e-12, 4.2443156165564055e-11,
                        -6.388730288679054e-10, 7.037517948267814e-09, -5.936069303337884e-08, 3.9417612118745475e-07,
                        -2.0928876602208817e-06, 8.92433801694875e-06, -3.024747423178785e-05, 7.833328459227681e-05,
                        -0.00013599871574784903, 6.0196354465717565e-05, 0.0005054760945983007, -0.0016287618925241772,
                        0.00016631960292415996, 0.019149676533141403, -0.10278048919946627, -0.6366177064866727,
                        -1.1283795071806748, 2.6441335762167604e-08);
        Lane large = l.sub(l.constant(1), expNormal(l, q));
        Lane p = f
                ? horner(l, l.mul(a, a), -5.862076e-04, 4.9675116e-03, -2.6748875e-02, 1.1281321e-01, -3.7612447e-01, 1.2837914e-01)
                : horner(l, l.mul(a, a), -8.132072993053671e-10, 1.388804175754947e-08, -1.6244677786979946e-07,
                        1.6451824605956292e-06, -1.4925068390554955e-05, 0.00012055310911269667, -0.0008548326470446187,
                        0.005223977616632254, -0.026866170644300934, 0.11283791670951072, -0.37612638903183676,
                        0.12837916709551256);
        return withSign(l, l.select(l.less(a, l.constant(0.94)), l.fma(a, p, a), large), x);
    }

    /// `(-1)^q sin r` for `|r| ≤ π/2` (and a little more), `q` the integer in the low bits of `z`.
    static Lane sinReduced(Lanes l, Lane r, Bits z) {
        Lane u = l.mul(r, r);
        Lane p = isFloat(l)
                ? horner(l, u, 2.5995341e-06, -1.9806852e-04, 8.33303e-03, -1.6666658e-01)
                : horner(l, u, 2.7201974511294386e-15, -7.642909806290715e-13, 1.605893709394176e-10, -2.5052106834109437e-08,
                        2.755731921090566e-06, -0.00019841269841209421, 0.008333333333333201, -0.16666666666666666);
        Lane y = atMost(l, atLeast(l, l.fma(l.mul(r, u), p, r), -1), 1); // near ±1 rounding could exceed them
        return l.fromBits(l.xor(l.bits(y), l.shiftLeft(z, isFloat(l) ? 31 : 63)));
    }

    /// `x - k π/2` in three steps; the first is exact, so that zeros of sine and cosine keep their relative accuracy.
    private static Lane lessHalfPi(Lanes l, Lane x, Lane k) {
        boolean f = isFloat(l);
        Lane r = l.fma(k, l.constant(f ? -0x1.921fb6p0 : -0x1.921fb54442d18p0), x);
        r = l.fma(k, l.constant(f ? 0x1.777a5cp-25 : -0x1.1a62633145c07p-54), r);
        return l.fma(k, l.constant(f ? 0x1.ee59dap-50 : 0x1.f1976b7ed8fbcp-110), r);
    }

    /// Beyond this the three steps of the reduction are not enough.
    private static Lanes.Mask isHugeAngle(Lanes l, Lane a) {
        return l.less(l.constant(isFloat(l) ? 1e5 : 1e13), a);
    }

    /// The sine. Beyond `|x| = 10⁵` (f32), `10¹³` (f64) the reduction takes integers ([HugeAngle]), a lane at a time.
    public static Lane sin(Lanes l, Lane x) {
        Lane magic = l.constant(magic(l));
        Lane z = l.fma(x, l.constant(0.3183098861837907), magic);
        Lane k = l.sub(z, magic);
        Lane y = sinReduced(l, lessHalfPi(l, x, l.add(k, k)), l.bits(z));
        return l.rarely(isHugeAngle(l, l.abs(x)), l.select(l.equal(x, l.constant(0)), x, y), Rare.SIN, x);
    }

    /// The cosine; see [#sin].
    public static Lane cos(Lanes l, Lane x) {
        Lane magic = l.constant(magic(l));
        Lane a = l.abs(x);
        Lane one = l.constant(1);
        // the zeros of the cosine are the odd multiples of π/2: cos x = -(-1)^k sin(x - (2k+1) π/2)
        Lane z = l.add(l.fma(a, l.constant(0.3183098861837907), l.constant(-0.5)), magic);
        Lane k = l.sub(z, magic);
        Lane r = l.neg(lessHalfPi(l, a, l.fma(k, l.constant(2), one)));
        Lane y = sinReduced(l, r, l.bits(z));
        return l.rarely(isHugeAngle(l, a), y, Rare.COS, x);
    }

    /// The largest integer not above `x`.
    public static Lane floor(Lanes l, Lane x) {
        if (!l.type().isFloating()) {
            return x;
        }
        Lane big = l.constant(isFloat(l) ? 0x1p23 : 0x1p52);
        Lane a = l.abs(x);
        Lane rounded = withSign(l, l.sub(l.add(a, big), big), x);
        Lane down = l.select(l.less(x, rounded), l.sub(rounded, l.constant(1)), rounded);
        return l.select(l.less(a, big), down, x);
    }

    /// -1, ±0 or 1; NaN for NaN.
    public static Lane sign(Lanes l, Lane x) {
        Lane zero = l.constant(0);
        return l.select(l.less(zero, x), l.constant(1), l.select(l.less(x, zero), l.constant(-1), x));
    }

    /// `1 / x`
    public static Lane reciprocal(Lanes l, Lane x) {
        return l.div(l.constant(1), x);
    }

    /// `x^y`; see [Power].
    public static Lane pow(Lanes l, Lane x, Lane y) {
        return Power.value(l, x, y);
    }

    /// `log |Γ(x)|`; see [LogGamma].
    public static Lane lgamma(Lanes l, Lane x) {
        return LogGamma.value(l, x);
    }

    /// `d log Γ(x) / dx`; see [PolyGamma].
    public static Lane digamma(Lanes l, Lane x) {
        return PolyGamma.digamma(l, x);
    }

    /// The derivative of [#digamma]; see [PolyGamma].
    public static Lane trigamma(Lanes l, Lane x) {
        return PolyGamma.trigamma(l, x);
    }

    /// The `n`-th derivative of [#digamma]; from the second on scalar only ([Special#polygamma]).
    public static Lane polygamma(Lanes l, int n, Lane x) {
        return switch (n) {
            case 0 -> digamma(l, x);
            case 1 -> trigamma(l, x);
            default -> l.call("polygamma", l.constant(n), x);
        };
    }
}
