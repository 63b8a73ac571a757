package org.cosmograd.sbi.plot;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/// A range of numbers on a picture, linear or logarithmic, and where its ticks go.
///
/// @param lo value at the start
/// @param hi value at the end, above `lo`
/// @param log whether equal ratios take equal lengths
record Axis(double lo, double hi, boolean log) {

    /// A tick; the label is empty for a minor one.
    record Tick(double value, String label) {}

    /// A range that is not empty: a single value gets some room.
    Axis {
        if (!(Double.isFinite(lo) && Double.isFinite(hi))) {
            lo = log ? 1 : 0;
            hi = log ? 10 : 1;
        }
        if (!(hi > lo)) {
            double room = log ? 0 : lo == 0 ? 1 : 0.1 * Math.abs(lo);
            hi = log ? lo * 2 : lo + room;
            lo = log ? lo / 2 : lo - room;
        }
    }

    /// The position of a value, 0 at the start and 1 at the end.
    double at(double value) {
        return log ? Math.log(value / lo) / Math.log(hi / lo) : (value - lo) / (hi - lo);
    }

    /// The range made longer by a fraction of its length at both ends.
    Axis padded(double fraction) {
        if (log) {
            double ratio = Math.pow(hi / lo, fraction);
            return new Axis(lo / ratio, hi * ratio, true);
        }
        return new Axis(lo - fraction * (hi - lo), hi + fraction * (hi - lo), false);
    }

    /// The power of ten that labels leave out, to be named in the axis label: 0 unless the numbers are very large or small.
    int exponent() {
        if (log) return 0;
        int e = (int) Math.floor(Math.log10(Math.max(Math.abs(lo), Math.abs(hi))) + 1e-9);
        return e >= 5 || e <= -4 ? e : 0;
    }

    /// The label with the power of ten, if there is one: `Aₛ / 10⁻⁹`.
    String named(String label) {
        return exponent() == 0 ? label : label + (label.isEmpty() ? "×" : " / ") + "10^{" + minus(String.valueOf(exponent())) + "}";
    }

    /// Round numbers inside the range, as many as fit.
    ///
    /// @param length pixels of the axis
    /// @param size font size
    /// @param along whether labels lie along the axis, so that their widths count
    List<Tick> ticks(double length, double size, boolean along) {
        int most = along ? 6 : Math.max(2, (int) (length / 34));
        for (int n = Math.min(7, most); n > 1; n--) {
            List<Tick> ticks = log ? logarithmic(n) : linear(n);
            if (!along || fits(ticks, length, size)) return ticks;
        }
        return log ? logarithmic(1) : linear(1);
    }

    private boolean fits(List<Tick> ticks, double length, double size) {
        double end = Double.NEGATIVE_INFINITY;
        for (Tick tick : ticks) {
            if (tick.label.isEmpty()) continue;
            double half = Svg.textWidth(tick.label, size) / 2;
            double centre = at(tick.value) * length;
            if (centre - half < end) return false;
            end = centre + half + 0.6 * size;
        }
        return true;
    }

    private List<Tick> linear(int most) {
        double scale = Math.pow(10, -exponent());
        double start = lo * scale;
        double end = hi * scale;
        double raw = (end - start) / Math.max(most, 1);
        int power = (int) Math.floor(Math.log10(raw));
        // The smallest round step that gives at most the wanted number; integers count the step exactly in units of 10^(power-1).
        for (int p = power; ; p++) {
            for (int mantissa : new int[] {10, 20, 25, 50}) {
                BigDecimal step = BigDecimal.valueOf(mantissa).scaleByPowerOfTen(p - 1);
                long first = (long) Math.ceil(start / step.doubleValue() - 1e-9);
                long last = (long) Math.floor(end / step.doubleValue() + 1e-9);
                if (last - first + 1 > most) continue;
                List<Tick> ticks = new ArrayList<>();
                int decimals = Math.max(0, step.stripTrailingZeros().scale());
                for (long k = first; k <= last; k++) {
                    BigDecimal value = step.multiply(BigDecimal.valueOf(k));
                    ticks.add(new Tick(value.doubleValue() / scale, minus(value.setScale(decimals, RoundingMode.HALF_EVEN).toPlainString())));
                }
                return ticks;
            }
        }
    }

    private List<Tick> logarithmic(int most) {
        double decades = Math.log10(hi / lo);
        int first = (int) Math.floor(Math.log10(lo));
        int last = (int) Math.ceil(Math.log10(hi));
        List<Tick> ticks = new ArrayList<>();
        if (decades < 0.7) {
            // Less than about one decade: round numbers as on a linear axis.
            for (Tick tick : new Axis(lo, hi, false).linear(most)) if (tick.value > 0) ticks.add(tick);
            return ticks;
        }
        int every = (int) Math.ceil(decades / most);
        boolean plain = first >= -3 && last <= 4;
        for (int e = first; e <= last; e++) {
            for (int m = 1; m < 10; m++) {
                double value = Double.parseDouble(m + "e" + e);
                if (value < lo * (1 - 1e-9) || value > hi * (1 + 1e-9)) continue;
                boolean major = m == 1 && Math.floorMod(e, every) == 0 || decades < 1.6 && (m == 2 || m == 5) && most >= 3;
                if (!major && every > 1 && m > 1) continue;
                String label = !major ? "" : plain ? new BigDecimal(m + "e" + e).toPlainString()
                        : (m == 1 ? "" : m + "×") + "10^{" + minus(String.valueOf(e)) + "}";
                ticks.add(new Tick(value, label));
            }
        }
        return ticks;
    }

    /// A number as text with the typographic minus sign.
    static String minus(String number) {
        return number.replace('-', '−');
    }

    /// A value rounded to so many decimals, which may be negative.
    static String decimals(double value, int decimals) {
        BigDecimal rounded = new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN);
        return minus((rounded.signum() == 0 ? rounded.abs() : rounded).setScale(Math.max(decimals, 0), RoundingMode.UNNECESSARY).toPlainString());
    }

    /// The decimals that show two significant digits of an uncertainty.
    static int decimalsOf(double uncertainty) {
        return uncertainty > 0 && Double.isFinite(uncertainty) ? 1 - (int) Math.floor(Math.log10(uncertainty) + 1e-12) : 2;
    }
}
