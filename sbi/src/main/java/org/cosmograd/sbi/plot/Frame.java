package org.cosmograd.sbi.plot;

import java.util.List;

/// The rectangle of a plot with its two axes: turns values into pixels and draws box, ticks and grid.
///
/// @param left pixels from the left
/// @param top pixels from the top
/// @param width of the rectangle
/// @param height of the rectangle
/// @param x horizontal axis
/// @param y vertical axis
record Frame(double left, double top, double width, double height, Axis x, Axis y) {

    /// Font size of tick labels.
    static final double TICK = 11;
    /// Font size of axis labels and legends.
    static final double TEXT = 13;

    double px(double value) {
        return left + x.at(value) * width;
    }

    double py(double value) {
        return top + height - y.at(value) * height;
    }

    double bottom() {
        return top + height;
    }

    double right() {
        return left + width;
    }

    double[] px(double[] values) {
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++) out[i] = x.log() && values[i] <= 0 ? Double.NaN : px(values[i]);
        return out;
    }

    /// Far outside is cut to a few frame heights, which no reader sees and every renderer can handle.
    double[] py(double[] values) {
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++)
            out[i] = y.log() && values[i] <= 0 ? Double.NaN : Math.clamp(py(values[i]), top - 4 * height, bottom() + 4 * height);
        return out;
    }

    void box(Svg svg) {
        svg.rect(left, top, width, height, "fill", "none", "stroke", "currentColor", "stroke-width", 1, "stroke-opacity", 0.55);
    }

    /// @param alone whether the frame has no close neighbours; it then gets a grid
    void ticksX(Svg svg, List<Axis.Tick> ticks, boolean labels, boolean alone) {
        for (Axis.Tick tick : ticks) {
            double at = px(tick.value());
            boolean minor = tick.label().isEmpty();
            if (alone && !minor) svg.line(at, top, at, bottom(), "stroke", "currentColor", "stroke-width", 0.8, "stroke-opacity", 0.1);
            svg.line(at, bottom(), at, bottom() + (minor ? 2.5 : 4.5), "stroke", "currentColor", "stroke-width", 1, "stroke-opacity", 0.55);
            // Labels stay beside their frame, so that those of neighbouring frames do not meet.
            double half = Svg.textWidth(tick.label(), TICK) / 2 - 4;
            if (labels && !minor) svg.text(alone ? at : within(at, left + half, right() - half), bottom() + 17, tick.label(), TICK, "middle");
        }
    }

    void ticksY(Svg svg, List<Axis.Tick> ticks, boolean labels, boolean alone) {
        for (Axis.Tick tick : ticks) {
            double at = py(tick.value());
            boolean minor = tick.label().isEmpty();
            if (alone && !minor) svg.line(left, at, right(), at, "stroke", "currentColor", "stroke-width", 0.8, "stroke-opacity", 0.1);
            svg.line(left, at, left - (minor ? 2.5 : 4.5), at, "stroke", "currentColor", "stroke-width", 1, "stroke-opacity", 0.55);
            if (labels && !minor) svg.text(left - 8, (alone ? at : within(at, top + 3, bottom() - 3)) + 0.36 * TICK, tick.label(), TICK, "end");
        }
    }

    private static double within(double value, double lo, double hi) {
        return lo < hi ? Math.clamp(value, lo, hi) : value;
    }

    /// Text that reads upwards, centred at `(x, y)`.
    static void upwards(Svg svg, double x, double y, String text, double size) {
        svg.group(g -> g.text(0, 0, text, size, "middle"), "transform", "translate(" + Svg.number(x) + " " + Svg.number(y) + ") rotate(-90)");
    }
}
