package org.cosmograd.autodiff.kernel;

/// Sine and cosine of arguments too large for a reduction in floating-point numbers, after Payne and Hanek (1983): of the product
/// `x / 2π` only the bits below the binary point are computed, and of `1/2π` only those that matter for them. Integers do it, so the
/// result is the same everywhere; nothing is allocated.
final class HugeAngle {
    private HugeAngle() {}

    /// The bits of `1/2π` after the binary point, behind 64 zeros.
    private static final long[] TURN = {
        0x0000000000000000L, 0x28be60db9391054aL, 0x7f09d5f47d4d3770L, 0x36d8a5664f10e410L, 0x7f9458eaf7aef158L, 0x6dc91b8e909374b8L,
        0x01924bba82746487L, 0x3f877ac72c4a69cfL, 0xba208d7d4baed121L, 0x3a671c09ad17df90L, 0x4e64758e60d4ce7dL, 0x272117e2ef7e4a0eL,
        0xc7fe25fff7816603L, 0xfbcbc462d6829b47L, 0xdb4d9fb3c9f2c26dL, 0xd3d18fd9a797fa8bL, 0x5d49eeb1faf97c5eL, 0xcf41ce7de294a4baL,
        0x9afed7ec47e35742L, 0x1580cc11bf1edaeaL, 0xfc33ef0826bd0d87L
    };

    private static final double TWO_PI = 6.283185307179586;
    private static final double TWO_PI_LOW = 2.4492935982947064e-16;

    /// `sin x` for `|x| ≥ 1`; NaN for infinities and NaN.
    static double sin(double x) {
        double y = sine(Math.abs(x), 0);
        return x < 0 ? -y : y;
    }

    /// `cos x` for `|x| ≥ 1`; NaN for infinities and NaN.
    static double cos(double x) {
        return sine(Math.abs(x), 1);
    }

    /// `sin(x + quarters π/2)` for `x ≥ 1`
    private static double sine(double x, long quarters) {
        if (!(x < Double.POSITIVE_INFINITY)) {
            return Double.NaN;
        }
        long m = Double.doubleToRawLongBits(x) & 0x000f_ffff_ffff_ffffL | 0x0010_0000_0000_0000L;
        int e = Math.getExponent(x) - 52;
        // x / 2π = m 2^e / 2π: bits of 1/2π above 2^-e make whole turns; 192 bits from there on, times m
        int from = e + 64;
        long carry = Math.unsignedMultiplyHigh(m, word(from + 128));
        long second = m * word(from + 64);
        long middle = second + carry;
        long high = m * word(from) + Math.unsignedMultiplyHigh(m, word(from + 64)) + (Long.compareUnsigned(middle, second) < 0 ? 1 : 0);
        high += quarters << 62;
        // high middle: the fraction of a turn in two's complement; sin(half a turn - t) = sin t leaves a quarter of a turn at most
        if ((high ^ high << 1) < 0) {
            high = Long.MIN_VALUE + ~high; // but for the last bit
            middle = ~middle;
        }
        boolean negative = high < 0;
        high = negative ? ~high : high;
        middle = negative ? ~middle : middle;
        double h = high;
        double scaled = h * 0x1p-64;
        double rest = (high - (long) h + (middle >>> 1) * 0x1p-63) * 0x1p-64;
        double r = scaled * TWO_PI;
        double y = sine(r, Math.fma(scaled, TWO_PI, -r) + (scaled * TWO_PI_LOW + rest * TWO_PI));
        return negative ? -y : y;
    }

    /// 64 bits of [#TURN] from bit `from` on.
    private static long word(int from) {
        int shift = from & 63;
        long first = TURN[from >> 6] << shift;
        return shift == 0 ? first : first | TURN[(from >> 6) + 1] >>> 64 - shift;
    }

    /// `sin(r + rLow)` for `0 ≤ r ≤ π/2`.
    static double sine(double r, double rLow) {
        double u = r * r;
        double p = 2.7201974511294386e-15;
        p = Math.fma(p, u, -7.642909806290715e-13);
        p = Math.fma(p, u, 1.605893709394176e-10);
        p = Math.fma(p, u, -2.5052106834109437e-08);
        p = Math.fma(p, u, 2.755731921090566e-06);
        p = Math.fma(p, u, -0.00019841269841209421);
        p = Math.fma(p, u, 0.008333333333333201);
        p = Math.fma(p, u, -0.16666666666666666);
        double slope = 1 + u * (-0.5 + u * (1.0 / 24)); // of the sine, nearly
        return Math.min(1, r + (r * u * p + rLow * slope));
    }
}
