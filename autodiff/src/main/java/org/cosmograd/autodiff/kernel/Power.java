package org.cosmograd.autodiff.kernel;

import static org.cosmograd.autodiff.kernel.Elementary.LN2;
import static org.cosmograd.autodiff.kernel.Elementary.LN2_F;
import static org.cosmograd.autodiff.kernel.Elementary.LN2_LOW;
import static org.cosmograd.autodiff.kernel.Elementary.LN2_LOW_F;
import static org.cosmograd.autodiff.kernel.Elementary.LOG2_E;
import static org.cosmograd.autodiff.kernel.Elementary.atLeast;
import static org.cosmograd.autodiff.kernel.Elementary.atMost;
import static org.cosmograd.autodiff.kernel.Elementary.expReduced;
import static org.cosmograd.autodiff.kernel.Elementary.exponentShift;
import static org.cosmograd.autodiff.kernel.Elementary.isFloat;
import static org.cosmograd.autodiff.kernel.Elementary.magic;
import static org.cosmograd.autodiff.kernel.Elementary.signBit;

import org.cosmograd.autodiff.kernel.Lanes.Bits;
import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// Powers `x^y = e^(y log x)`, with the logarithm and its product with `y` as pairs.
///
/// Special cases are those of `Math.pow`: `x⁰ = 1` for every `x`, even NaN; otherwise NaN if either is NaN, if `x < 0` is finite and `y`
/// finite but no whole number, and for `(±1)^±∞`. Zeros and infinities give zeros and infinities, negative if `x` has its sign bit set
/// and `y` is odd.
final class Power {
    private Power() {}

    static Lane value(Lanes l, Lane x, Lane y) {
        boolean f = isFloat(l);
        LogPair log = LogPair.of(l, l.abs(x));
        Lane product = l.mul(y, log.high());
        Lane rest = l.fma(y, log.low(), l.fma(y, log.high(), l.neg(product)));
        // where the result is 0 or ∞ there is no rest, or it is ∞ - ∞
        Lane low = l.select(l.less(l.abs(product), l.constant(f ? 128 : 1000)), rest, l.constant(0));
        Lane magnitude = exp(l, atMost(l, atLeast(l, product, f ? -104 : -746), f ? 89 : 710), low);
        return l.select(l.equal(y, l.constant(0)), l.constant(1), signed(l, x, y, magnitude));
    }

    /// `e^(high + low)` with gradual underflow, by two factors `2^k = 2^h 2^(k-h)`.
    private static Lane exp(Lanes l, Lane high, Lane low) {
        boolean f = isFloat(l);
        Lane magic = l.constant(magic(l) + (f ? 2 * 127 : 2 * 1023));
        Lane z = l.fma(high, l.constant(LOG2_E), magic);
        Lane k = l.sub(z, magic);
        Lane r = l.fma(k, l.constant(f ? -LN2_F : -LN2), high); // exact
        Lane y = expReduced(l, l.add(r, l.fma(k, l.constant(f ? -LN2_LOW_F : -LN2_LOW), low)));
        Bits bits = l.bits(z);
        Bits half = l.shiftRight(bits, 1);
        int shift = exponentShift(l);
        return l.mul(l.mul(y, l.fromBits(l.shiftLeft(half, shift))), l.fromBits(l.shiftLeft(l.sub(bits, half), shift)));
    }

    /// The sign of a power: that of `x` for odd `y`; NaN for negative `x` where `y` is not whole.
    private static Lane signed(Lanes l, Lane x, Lane y, Lane magnitude) {
        boolean f = isFloat(l);
        Lane zero = l.constant(0);
        Lane a = l.abs(y);
        Lane big = l.constant(f ? 0x1p23 : 0x1p52); // from here on every number is whole, from 2 big on even
        Lane shifted = l.add(a, big);
        Lanes.Mask small = l.less(a, big);
        Lane fraction = l.select(small, l.sub(a, l.sub(shifted, big)), zero);
        Lane whole = l.select(small, l.select(l.equal(fraction, zero), shifted, zero), a);
        // its lowest bit says odd
        Bits odd = l.bits(l.select(l.less(a, l.constant(f ? 0x1p24 : 0x1p53)), whole, zero));
        Bits sign = l.and(l.and(l.bits(x), l.bitsConstant(signBit(l))), l.shiftLeft(odd, f ? 31 : 63));
        Lane value = l.fromBits(l.xor(l.bits(magnitude), sign));
        Lane outside = l.select(l.equal(fraction, zero), value, l.constant(Double.NaN));
        Lane negative = l.select(l.less(l.constant(Double.NEGATIVE_INFINITY), x), outside, value);
        return l.select(l.less(x, zero), negative, value);
    }
}
