package org.cosmograd.sbi.plot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// A plot with two axes: lines, bands, points with errors, bars and marks, in the order in which they are added.
///
///     Chart.of("epoch", "loss").line("train", train).line("validation", validation).marker("best", 41, 1.02).logY().svg();
///
/// A chart is immutable; every method returns a new one. Layers with one name share a colour and an entry in the legend, so
/// a model is a line and two bands called `model`; a layer named `""` is drawn in ink and has no entry.
/// NaN breaks a line and hides a point; on a logarithmic axis so do values that are not positive.
public final class Chart implements Figure {

    private sealed interface Layer {
        String name();

        record Line(String name, double[] x, double[] y, String dash) implements Layer {}

        record Band(String name, double[] x, double[] lo, double[] hi) implements Layer {}

        record Points(String name, double[] x, double[] y, double[] dx, double[] dy) implements Layer {}

        record Bars(String name, double[] edges, double[] heights) implements Layer {}

        record Marker(String name, double x, double y) implements Layer {}

        record Rule(String name, double value, boolean vertical) implements Layer {}

        record Diagonal(String name) implements Layer {}
    }

    private record Side(String label, boolean log, Optional<Axis> range) {}

    private record Look(String title, double width, double height, Side x, Side y, int firstColour, Set<String> ink, boolean legend) {}

    private final Look look;
    private final List<Layer> layers;

    private Chart(Look look, List<Layer> layers) {
        this.look = look;
        this.layers = List.copyOf(layers);
    }

    /// An empty chart with labels of the axes (see {@link org.cosmograd.sbi.io.Label}).
    public static Chart of(String xLabel, String yLabel) {
        return new Chart(new Look("", 560, 360, new Side(xLabel, false, Optional.empty()), new Side(yLabel, false, Optional.empty()), 0, Set.of(), true), List.of());
    }

    /// Loss curves against the epoch, from 1, with a marker on the best validation loss.
    public static Chart losses(double[] train, double[] validation) {
        int best = 0;
        for (int i = 1; i < validation.length; i++) if (validation[i] < validation[best] || Double.isNaN(validation[best])) best = i;
        Chart chart = of("epoch", "loss").line("train", train).line("validation", validation);
        return validation.length == 0 ? chart : chart.marker("best: epoch " + (best + 1), best + 1, validation[best]);
    }

    private Chart with(Layer layer) {
        List<Layer> more = new ArrayList<>(layers);
        more.add(layer);
        return new Chart(look, more);
    }

    /// A line through `y` at 1, 2, 3, ….
    public Chart line(String name, double[] y) {
        double[] x = new double[y.length];
        for (int i = 0; i < x.length; i++) x[i] = i + 1;
        return line(name, x, y);
    }

    /// A line.
    public Chart line(String name, double[] x, double[] y) {
        same("line", x, y);
        return with(new Layer.Line(name, x.clone(), y.clone(), ""));
    }

    /// A dashed line.
    public Chart dashed(String name, double[] x, double[] y) {
        same("dashed", x, y);
        return with(new Layer.Line(name, x.clone(), y.clone(), "6 4"));
    }

    /// The region between two lines, translucent: add the 95 % band, then the 68 % band under the same name.
    public Chart band(String name, double[] x, double[] lo, double[] hi) {
        same("band", x, lo);
        same("band", x, hi);
        return with(new Layer.Band(name, x.clone(), lo.clone(), hi.clone()));
    }

    /// Points.
    public Chart points(String name, double[] x, double[] y) {
        return errors(name, x, y, new double[x.length]);
    }

    /// Points with symmetric vertical error bars.
    public Chart errors(String name, double[] x, double[] y, double[] dy) {
        return errors(name, x, y, new double[x.length], dy);
    }

    /// Points with symmetric error bars in both directions.
    public Chart errors(String name, double[] x, double[] y, double[] dx, double[] dy) {
        same("errors", x, y);
        same("errors", x, dx);
        same("errors", x, dy);
        return with(new Layer.Points(name, x.clone(), y.clone(), dx.clone(), dy.clone()));
    }

    /// Bars from zero, between `n + 1` edges.
    public Chart bars(String name, double[] edges, double[] heights) {
        if (edges.length != heights.length + 1)
            throw new IllegalArgumentException("Chart.bars: " + heights.length + " bars need " + (heights.length + 1) + " edges, got " + edges.length);
        return with(new Layer.Bars(name, edges.clone(), heights.clone()));
    }

    /// One point that stands out, such as the best epoch.
    public Chart marker(String name, double x, double y) {
        return with(new Layer.Marker(name, x, y));
    }

    /// A dashed line across the chart at a height.
    public Chart horizontal(String name, double y) {
        return with(new Layer.Rule(name, y, false));
    }

    /// A dashed line up the chart at an abscissa.
    public Chart vertical(String name, double x) {
        return with(new Layer.Rule(name, x, true));
    }

    /// The dashed line `y = x`.
    public Chart diagonal(String name) {
        return with(new Layer.Diagonal(name));
    }

    /// Text above the chart.
    public Chart titled(String title) {
        return with(new Look(title, look.width, look.height, look.x, look.y, look.firstColour, look.ink, look.legend));
    }

    /// Width and height in pixels; 560 × 360 otherwise.
    public Chart sized(double width, double height) {
        return with(new Look(look.title, width, height, look.x, look.y, look.firstColour, look.ink, look.legend));
    }

    /// The number of the first colour, for charts side by side that show different things.
    public Chart colour(int first) {
        return with(new Look(look.title, look.width, look.height, look.x, look.y, first, look.ink, look.legend));
    }

    /// Draws layers of these names in ink, as a background for the coloured ones.
    public Chart inInk(String... names) {
        Set<String> ink = new HashSet<>(look.ink);
        ink.addAll(List.of(names));
        return with(new Look(look.title, look.width, look.height, look.x, look.y, look.firstColour, Set.copyOf(ink), look.legend));
    }

    /// No legend, for small panels whose caption says what is shown.
    public Chart withoutLegend() {
        return with(new Look(look.title, look.width, look.height, look.x, look.y, look.firstColour, look.ink, false));
    }

    /// A logarithmic horizontal axis.
    public Chart logX() {
        return along(new Side(look.x.label, true, look.x.range), look.y);
    }

    /// A logarithmic vertical axis.
    public Chart logY() {
        return along(look.x, new Side(look.y.label, true, look.y.range));
    }

    /// The range of the horizontal axis; that of the data otherwise.
    public Chart xRange(double lo, double hi) {
        return along(new Side(look.x.label, look.x.log, Optional.of(new Axis(lo, hi, false))), look.y);
    }

    /// The range of the vertical axis; that of the data otherwise.
    public Chart yRange(double lo, double hi) {
        return along(look.x, new Side(look.y.label, look.y.log, Optional.of(new Axis(lo, hi, false))));
    }

    private Chart along(Side x, Side y) {
        return with(new Look(look.title, look.width, look.height, x, y, look.firstColour, look.ink, look.legend));
    }

    private Chart with(Look other) {
        return new Chart(other, layers);
    }

    private static void same(String what, double[] x, double[] y) {
        if (x.length != y.length) throw new IllegalArgumentException("Chart." + what + ": " + x.length + " and " + y.length + " values; they must be as many");
    }

    @Override
    public double width() {
        return look.width;
    }

    @Override
    public double height() {
        return look.height;
    }

    @Override
    public String title() {
        return look.title.isEmpty() ? look.y.label + " against " + look.x.label : look.title;
    }

    /// Grows to hold values.
    private static final class Extent {
        final boolean log;
        double lo = Double.POSITIVE_INFINITY;
        double hi = Double.NEGATIVE_INFINITY;

        Extent(boolean log) {
            this.log = log;
        }

        void add(double value) {
            if (!Double.isFinite(value) || log && value <= 0) return;
            lo = Math.min(lo, value);
            hi = Math.max(hi, value);
        }

        void add(double[] values) {
            for (double v : values) add(v);
        }

        Axis axis() {
            return new Axis(lo, hi, log);
        }
    }

    private Axis axis(boolean horizontal) {
        Side side = horizontal ? look.x : look.y;
        boolean log = side.log;
        if (side.range.isPresent()) return new Axis(side.range.get().lo(), side.range.get().hi(), log);
        Extent extent = new Extent(log);
        boolean bars = false;
        boolean tight = true;
        for (Layer layer : layers) {
            switch (layer) {
                case Layer.Line l -> extent.add(horizontal ? l.x : l.y);
                case Layer.Band b -> {
                    extent.add(horizontal ? b.x : b.lo);
                    extent.add(horizontal ? b.x : b.hi);
                }
                case Layer.Points p -> {
                    tight = false;
                    double[] v = horizontal ? p.x : p.y;
                    double[] d = horizontal ? p.dx : p.dy;
                    for (int i = 0; i < v.length; i++) {
                        extent.add(v[i]);
                        if (!(log && v[i] - d[i] <= 0)) extent.add(v[i] - d[i]);
                        extent.add(v[i] + d[i]);
                    }
                }
                case Layer.Bars b -> {
                    bars = true;
                    extent.add(horizontal ? b.edges : b.heights);
                    if (!horizontal) extent.add(0);
                }
                case Layer.Marker m -> extent.add(horizontal ? m.x : m.y);
                case Layer.Rule r -> {
                    if (r.vertical == horizontal) extent.add(r.value);
                }
                case Layer.Diagonal d -> { }
            }
        }
        if (horizontal && bars) return extent.axis();
        Axis padded = extent.axis().padded(horizontal ? tight ? 0.015 : 0.035 : 0.06);
        // Bars stand on the frame.
        return bars && !log && extent.lo == 0 ? new Axis(0, padded.hi(), false) : padded;
    }

    private Map<String, Integer> colours() {
        Map<String, Integer> out = new LinkedHashMap<>();
        for (Layer layer : layers) {
            boolean coloured = !layer.name().isEmpty() && !look.ink.contains(layer.name()) && !(layer instanceof Layer.Marker || layer instanceof Layer.Rule || layer instanceof Layer.Diagonal);
            if (coloured) out.putIfAbsent(layer.name(), look.firstColour + out.size());
        }
        return out;
    }

    @Override
    public void draw(Svg svg) {
        Axis x = axis(true);
        Axis y = axis(false);
        List<String> names = look.legend ? layers.stream().map(Layer::name).filter(n -> !n.isEmpty()).distinct().toList() : List.of();
        double titleSpace = look.title.isEmpty() ? 10 : 30;
        List<Axis.Tick> ticksY = y.ticks(look.height - 70, Frame.TICK, false);
        double labels = ticksY.stream().mapToDouble(t -> Svg.textWidth(t.label(), Frame.TICK)).max().orElse(0);
        // The same margin for most charts lets panels in a column line up.
        double left = Math.max(62, labels + 36);
        double right = 16;
        double width = Math.max(20, look.width - left - right);
        int rows = legend(svg, names, left, titleSpace, width, false);
        double top = titleSpace + 20 * rows + (rows > 0 ? 4 : 0);
        double bottom = look.x.label.isEmpty() ? 28 : 48;
        Frame frame = new Frame(left, top, width, Math.max(20, look.height - top - bottom), x, y);

        frame.ticksX(svg, x.ticks(width, Frame.TICK, true), true, true);
        frame.ticksY(svg, y.ticks(frame.height(), Frame.TICK, false), true, true);
        Map<String, Integer> colours = colours();
        svg.clipped(left, top, width, frame.height(), clip -> {
            for (Layer layer : layers) inColour(clip, colours, layer.name(), g -> draw(g, frame, layer));
        });
        frame.box(svg);
        if (!look.title.isEmpty()) svg.text(left, 19, look.title, 14, "start", "font-weight", 600);
        svg.text(left + width / 2, look.height - 10, x.named(look.x.label), Frame.TEXT, "middle");
        Frame.upwards(svg, 17, top + frame.height() / 2, y.named(look.y.label), Frame.TEXT);
        legend(svg, names, left, titleSpace, width, true);
    }

    private static void inColour(Svg svg, Map<String, Integer> colours, String name, Consumer<Svg> body) {
        if (colours.containsKey(name)) svg.group(body, Palette.series(colours.get(name)));
        else svg.group(body);
    }

    private static void draw(Svg svg, Frame frame, Layer layer) {
        switch (layer) {
            case Layer.Line l -> svg.path(Svg.through(frame.px(l.x), frame.py(l.y), false), "fill", "none", "stroke", "currentColor",
                    "stroke-width", 1.7, "stroke-dasharray", l.dash.isEmpty() ? "none" : l.dash);
            case Layer.Band b -> {
                // Each run without gaps is one closed shape: forwards along the upper line, back along the lower.
                double[] px = frame.px(b.x);
                double[] lo = frame.py(b.lo);
                double[] hi = frame.py(b.hi);
                for (int from = 0, to; from < px.length; from = to + 1) {
                    to = from;
                    while (to < px.length && Double.isFinite(px[to] + lo[to] + hi[to])) to++;
                    int n = to - from;
                    double[] x = new double[2 * n];
                    double[] y = new double[2 * n];
                    for (int i = 0; i < n; i++) {
                        x[i] = px[from + i];
                        y[i] = hi[from + i];
                        x[2 * n - 1 - i] = px[from + i];
                        y[2 * n - 1 - i] = lo[from + i];
                    }
                    if (n > 1) svg.path(Svg.through(x, y, true), "fill-opacity", 0.22, "fill", "currentColor");
                }
            }
            case Layer.Points p -> {
                double[] px = frame.px(p.x);
                double[] py = frame.py(p.y);
                // Many points are small and translucent, so that their density shows.
                double radius = p.x.length > 300 ? 1.6 : p.x.length > 60 ? 2.2 : 3;
                StringBuilder bars = new StringBuilder();
                for (int i = 0; i < px.length; i++) {
                    if (Double.isNaN(px[i]) || Double.isNaN(py[i])) continue;
                    double[] ends = frame.py(new double[] {p.y[i] - p.dy[i], p.y[i] + p.dy[i]});
                    double low = Double.isNaN(ends[0]) ? frame.bottom() : ends[0];
                    if (p.dy[i] > 0) bars.append(Svg.through(new double[] {px[i], px[i]}, new double[] {low, ends[1]}, false));
                    double[] sides = frame.px(new double[] {p.x[i] - p.dx[i], p.x[i] + p.dx[i]});
                    double near = Double.isNaN(sides[0]) ? frame.left() : sides[0];
                    if (p.dx[i] > 0) bars.append(Svg.through(new double[] {near, sides[1]}, new double[] {py[i], py[i]}, false));
                }
                double opacity = p.x.length > 300 ? 0.35 : 0.75;
                if (!bars.isEmpty()) svg.path(bars.toString(), "fill", "none", "stroke", "currentColor", "stroke-width", p.x.length > 60 ? 0.9 : 1.3, "stroke-opacity", opacity);
                svg.group(g -> {
                    for (int i = 0; i < px.length; i++)
                        if (Double.isFinite(px[i] + py[i])) g.circle(px[i], py[i], radius);
                }, "fill", "currentColor", "fill-opacity", p.x.length > 300 ? 0.6 : 1);
            }
            case Layer.Bars b -> {
                double[] px = frame.px(b.edges);
                double[] py = frame.py(b.heights);
                for (int i = 0; i < py.length; i++)
                    if (Double.isFinite(px[i] + px[i + 1] + py[i]))
                        svg.rect(px[i] + 0.5, py[i], Math.max(0.5, px[i + 1] - px[i] - 1), Math.max(0, frame.bottom() - py[i]), "fill", "currentColor", "fill-opacity", 0.75);
            }
            case Layer.Marker m -> {
                double[] px = frame.px(new double[] {m.x});
                double[] py = frame.py(new double[] {m.y});
                if (Double.isFinite(px[0] + py[0]))
                    svg.path(diamond(px[0], py[0], 6), "fill", "currentColor", "stroke", "#ffffff", "stroke-width", 1.2);
            }
            case Layer.Rule r -> {
                double at = r.vertical ? frame.px(new double[] {r.value})[0] : frame.py(new double[] {r.value})[0];
                if (r.vertical && Double.isFinite(at)) svg.line(at, frame.top(), at, frame.bottom(), rule());
                if (!r.vertical && Double.isFinite(at)) svg.line(frame.left(), at, frame.right(), at, rule());
            }
            case Layer.Diagonal d -> {
                double[] ends = {Math.max(frame.x().lo(), frame.y().lo()), Math.min(frame.x().hi(), frame.y().hi())};
                svg.path(Svg.through(frame.px(ends), frame.py(ends), false), rule());
            }
        }
    }

    private static Object[] rule() {
        return new Object[] {"fill", "none", "stroke", "currentColor", "stroke-width", 1.2, "stroke-dasharray", "5 4", "stroke-opacity", 0.75};
    }

    private static String diamond(double x, double y, double r) {
        return Svg.through(new double[] {x - r, x, x + r, x}, new double[] {y, y - r, y, y + r}, true);
    }

    /// Draws or only measures the legend, in rows above the frame where it cannot hide data; returns the number of rows.
    private int legend(Svg svg, List<String> names, double left, double top, double width, boolean drawn) {
        if (names.isEmpty()) return 0;
        Map<String, Integer> colours = colours();
        double x = left;
        int row = 0;
        for (String name : names) {
            double length = 28 + Svg.textWidth(name, 12) + 18;
            if (x > left && x + length - 18 > left + width) {
                x = left;
                row++;
            }
            if (drawn) {
                double at = x;
                double middle = top + 20 * row + 8;
                inColour(svg, colours, name, g -> {
                    for (Layer layer : layers) if (layer.name().equals(name)) swatch(g, layer, at, middle);
                });
                svg.text(x + 28, middle + 4, name, 12, "start");
            }
            x += length;
        }
        return row + 1;
    }

    private static void swatch(Svg svg, Layer layer, double x, double y) {
        switch (layer) {
            case Layer.Line l -> svg.line(x, y, x + 22, y, "stroke", "currentColor", "stroke-width", 2, "stroke-dasharray", l.dash.isEmpty() ? "none" : l.dash);
            case Layer.Band b -> svg.rect(x, y - 6, 22, 12, "fill", "currentColor", "fill-opacity", 0.22);
            case Layer.Points p -> {
                if (Arrays.stream(p.dy).anyMatch(d -> d > 0)) svg.line(x + 11, y - 7, x + 11, y + 7, "stroke", "currentColor", "stroke-width", 1.3);
                svg.circle(x + 11, y, 3, "fill", "currentColor");
            }
            case Layer.Bars b -> svg.rect(x + 3, y - 6, 16, 12, "fill", "currentColor", "fill-opacity", 0.75);
            case Layer.Marker m -> svg.path(diamond(x + 11, y, 5.5), "fill", "currentColor");
            case Layer.Rule r -> svg.line(x, y, x + 22, y, rule());
            case Layer.Diagonal d -> svg.line(x, y, x + 22, y, rule());
        }
    }
}
