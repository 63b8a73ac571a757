package org.cosmograd.autodiff.kernel;

/// `log |Γ(x)|` for negative `x`, in pairs of doubles: near its zeros, of which there are two between neighbouring poles from -2 on, the
/// terms cancel nearly all digits of one double.
///
/// Down to -26 the recurrence `Γ(x) = Γ(x+n) / (x (x+1) … (x+n-1))` leads to Stirling's series; farther out, where zeros are closer to
/// poles than any double, reflection does: `log |Γ(-y)| = -log(y |sin πy| / π) - log Γ(y)`. Nothing is allocated.
final class NegativeLogGamma {
    /// From here on thirteen terms of Stirling's series are exact to 105 bits.
    private static final double LARGE = 26;

    private static final double HALF_LOG_2PI = 0.9189385332046728;
    private static final double HALF_LOG_2PI_LOW = -3.8782941580672414e-17;

    /// `B_2k / (2k (2k-1))` for `k = 13 … 5`, and for `k = 4 … 1` in two parts.
    private static final double[] STIRLING = {
        2193.1033333333335, -156.84828462600203, 13.402864044168393, -1.3924322169059011, 0.17964437236883057, -0.029550653594771242,
        0.00641025641025641, -0.0019175269175269176, 0.0008417508417508417
    };

    private static final double[] STIRLING_HIGH = {-0.0005952380952380953, 0.0007936507936507937, -0.002777777777777778, 0.08333333333333333};
    private static final double[] STIRLING_LOW = {5.36938218754726e-20, 6.883823317368282e-22, 1.0601087908747154e-19, 4.625929269271485e-18};

    /// Zeros, each in two parts, with the first and the second derivative. The doubles next to them are nearer than pairs can tell; farther
    /// out derivatives are so large that this does not happen.
    private static final double[][] ZEROS = {
        {-2.4570247382208006, -3.7075610815513266e-17, 1.5156034480216574, 9.716641903267993},
        {-2.7476826467274127, 9.055340329338315e-17, -1.9143501856115988, 19.150378951419334},
        {-3.14358088834998, -2.1818179852331714e-16, 7.781884658131351, 51.662676744775915},
        {-3.955294284858598, -1.999428391746348e-17, -20.725060845803707, 503.4293651737788},
        {-4.039361839740537, 2.1143995503980602e-16, 26.790480886140593, 648.5106458756943},
        {-4.991544640560048, 1.5174411760571722e-16, -116.53578161624363, 13990.471909788128},
        {-5.0082181683225935, -4.3926353491015815e-17, 123.3621845633534, 14809.524864457364},
        {-5.998607480080875, -3.311862478893795e-16, -716.2454304275473, 515703.17927912524}
    };

    /// From a zero to here two terms of Taylor's series are exact to double precision.
    private static final double NEXT_TO_ZERO = 0x1p-40;

    /// `1 / (2k+1)` in two parts.
    private static final double[] ODD_HIGH = new double[11];

    private static final double[] ODD_LOW = new double[11];

    static {
        for (int k = 0; k < ODD_HIGH.length; k++) {
            ODD_HIGH[k] = 1.0 / (2 * k + 1);
            ODD_LOW[k] = Math.fma(-ODD_HIGH[k], 2 * k + 1, 1.0) / (2 * k + 1);
        }
    }

    private static final ThreadLocal<NegativeLogGamma> OF_THREAD = ThreadLocal.withInitial(NegativeLogGamma::new);

    /// An unevaluated sum, after Dekker (1971).
    private static final class Pair {
        double high;
        double low;

        Pair set(double h, double l) {
            high = h + l;
            low = l - (high - h);
            return this;
        }

        Pair add(double h, double l) {
            double s = high + h;
            double v = s - high;
            return set(s, (high - (s - v)) + (h - v) + (low + l));
        }

        Pair mul(double h, double l) {
            double p = high * h;
            return set(p, Math.fma(high, h, -p) + (high * l + low * h));
        }

        Pair div(double h, double l) {
            double q = high / h;
            return set(q, (Math.fma(-q, h, high) + (low - q * l)) / h);
        }

        Pair negate() {
            high = -high;
            low = -low;
            return this;
        }
    }

    private final Pair sum = new Pair();
    private final Pair product = new Pair();
    private final Pair log = new Pair();
    private final Pair s = new Pair();
    private final Pair w = new Pair();

    private NegativeLogGamma() {}

    /// `log |Γ(x)|` for `x < 0`; ∞ at the poles and at -∞.
    static double value(double x) {
        if (x == Math.rint(x)) {
            return Double.POSITIVE_INFINITY;
        }
        return x > -0x1p-70 ? -StrictMath.log(-x) : x > -LARGE ? OF_THREAD.get().raised(x) : OF_THREAD.get().reflected(-x);
    }

    private double raised(double x) {
        for (double[] zero : ZEROS) {
            double d = x - zero[0]; // exact where it matters
            if (Math.abs(d) < NEXT_TO_ZERO) {
                d -= zero[1];
                return d * Math.fma(d / 2, zero[3], zero[2]);
            }
        }
        product.set(-x, 0);
        double n = 1;
        for (; x + n < LARGE; n++) {
            double z = x + n;
            double v = z - x;
            product.mul(z, (x - (z - v)) + (n - v)); // exact factors
        }
        double z = x + n;
        double v = z - x;
        stirling(z, (x - (z - v)) + (n - v));
        logarithm(Math.abs(product.high), product.high < 0 ? -product.low : product.low);
        return sum.add(-log.high, -log.low).high;
    }

    private double reflected(double y) {
        stirling(y, 0);
        double r = Math.abs(y - Math.rint(y));
        logarithm(HugeAngle.sine(Math.PI * r, 0) * (y / Math.PI), 0);
        return -sum.add(log.high, log.low).high;
    }

    /// `sum = (z-½) log z - z + ½ log 2π + Σ B_2k / (2k (2k-1) z^(2k-1))` for the pair `z`
    private void stirling(double z, double zLow) {
        logarithm(z, zLow);
        s.set(1, 0).div(z, zLow);
        w.set(s.high, s.low).mul(s.high, s.low);
        double tail = 0;
        for (double c : STIRLING) {
            tail = Math.fma(tail, w.high, c);
        }
        sum.set(tail, 0);
        for (int k = 0; k < STIRLING_HIGH.length; k++) {
            sum.mul(w.high, w.low).add(STIRLING_HIGH[k], STIRLING_LOW[k]);
        }
        sum.mul(s.high, s.low).add(HALF_LOG_2PI, HALF_LOG_2PI_LOW);
        log.mul(z - 0.5, zLow); // exact
        sum.add(log.high, log.low).add(-z, -zLow);
    }

    /// `log = e ln 2 + 2 artanh((m-1) / (m+1))` of the pair `m 2^e`
    private void logarithm(double x, double xLow) {
        int e = Math.getExponent(x * Math.sqrt(0.5)) + 1;
        double m = Math.scalb(x, -e);
        double mLow = Math.scalb(xLow, -e);
        s.set(m - 1, mLow); // m - 1 is exact
        log.set(m, mLow).add(1, 0);
        s.div(log.high, log.low);
        w.set(s.high, s.low).mul(s.high, s.low);
        double tail = 0;
        for (int k = 21; k >= ODD_HIGH.length; k--) {
            tail = Math.fma(tail, w.high, 1.0 / (2 * k + 1));
        }
        log.set(tail, 0);
        for (int k = ODD_HIGH.length - 1; k >= 0; k--) {
            log.mul(w.high, w.low).add(ODD_HIGH[k], ODD_LOW[k]);
        }
        log.mul(2 * s.high, 2 * s.low);
        s.set(Elementary.LN2, Elementary.LN2_LOW).mul(e, 0);
        log.add(s.high, s.low);
    }
}
