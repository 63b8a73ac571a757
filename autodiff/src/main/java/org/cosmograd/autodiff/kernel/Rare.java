package org.cosmograd.autodiff.kernel;

/// Functions for arguments that are too rare to be worth vector operations: what [Lanes#rarely] computes one element at a time, in double.
enum Rare {
    /// The sine of a large angle.
    SIN,
    /// The cosine of a large angle.
    COS,
    /// The digamma function of negative numbers.
    DIGAMMA,
    /// Its derivative.
    TRIGAMMA,
    /// The logarithm of the gamma function of negative numbers.
    LGAMMA;

    double value(double x) {
        return switch (this) {
            case SIN -> HugeAngle.sin(x);
            case COS -> HugeAngle.cos(x);
            case DIGAMMA -> Special.digamma(x);
            case LGAMMA -> NegativeLogGamma.value(x);
            case TRIGAMMA -> Special.polygamma(1, x);
        };
    }
}
