package org.cosmograd.autodiff.kernel;

/// Functions for arguments that are too rare to be worth vector operations: what [Lanes#rarely] computes one element at a time, in double.
enum Rare {
    /// The sine of a large angle.
    SIN,
    /// The cosine of a large angle.
    COS;

    double value(double x) {
        return switch (this) {
            case SIN -> HugeAngle.sin(x);
            case COS -> HugeAngle.cos(x);
        };
    }
}
