package org.cosmograd.sbi.plot;

import java.math.BigDecimal;
import java.math.MathContext;

/// A result beside what others found and what was aimed at.
///
/// @param name what was measured
/// @param ours our value
/// @param reference the published or exact value, or empty
/// @param target what counts as success, or empty
/// @param verdict whether the target is met
public record KeyNumber(String name, String ours, String reference, String target, Verdict verdict) {

    /// Whether a target is met.
    public enum Verdict {
        /// Met.
        PASS,
        /// Not met.
        FAIL,
        /// There is no target.
        NONE
    }

    /// Succeeds if our value is at most the target; NaN fails.
    public static KeyNumber atMost(String name, double ours, double reference, double target) {
        return judged(name, ours, reference, "≤ " + number(target), ours <= target);
    }

    /// Succeeds if our value is at least the target; NaN fails.
    public static KeyNumber atLeast(String name, double ours, double reference, double target) {
        return judged(name, ours, reference, "≥ " + number(target), ours >= target);
    }

    /// Succeeds if our value differs from the reference by at most the tolerance; NaN fails.
    public static KeyNumber within(String name, double ours, double reference, double tolerance) {
        return judged(name, ours, reference, "± " + number(tolerance), Math.abs(ours - reference) <= tolerance);
    }

    /// A number without a target.
    public static KeyNumber of(String name, String ours, String reference) {
        return new KeyNumber(name, ours, reference, "", Verdict.NONE);
    }

    private static KeyNumber judged(String name, double ours, double reference, String target, boolean met) {
        return new KeyNumber(name, number(ours), Double.isNaN(reference) ? "" : number(reference), target, met ? Verdict.PASS : Verdict.FAIL);
    }

    /// Four significant digits.
    static String number(double value) {
        if (!Double.isFinite(value)) return Double.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
        if (value == 0) return "0";
        BigDecimal rounded = new BigDecimal(value).round(new MathContext(4)).stripTrailingZeros();
        int exponent = rounded.precision() - rounded.scale() - 1;
        if (exponent < -4 || exponent > 4) {
            String mantissa = rounded.scaleByPowerOfTen(-exponent).toPlainString();
            return Axis.minus((mantissa.equals("1") ? "" : mantissa + "×") + "10^{" + exponent + "}");
        }
        return Axis.minus(rounded.toPlainString());
    }
}
