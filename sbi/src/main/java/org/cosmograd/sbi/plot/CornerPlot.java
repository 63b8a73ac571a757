package org.cosmograd.sbi.plot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The triangle of all one- and two-dimensional marginals of one or several posteriors.
///
///     CornerPlot.of("Ωₘ", "w₀", "wₐ")
///             .add("NPE", samples)                        // [n][3]
///             .outline("MCMC", reference)
///             .truth("truth", 0.3, -1, 0)
///             .limits(lower, upper)                       // NaN where there is none
///             .save(folder.resolve("corner.svg"));
///
/// On the diagonal are kernel density estimates, each scaled to its peak; below it the smallest regions that hold 68 % and 95 % of
/// the samples. Hard limits of the prior are given so that nothing leaks over them. Titles state the median and the
/// distances to the 16 % and 84 % quantiles of the first posterior.
///
/// A corner plot is immutable; every method returns a new one.
public final class CornerPlot implements Figure {

    private static final double[] MASSES = {0.95, 0.68};

    private record Posterior(String name, double[][] columns, double[] weights, boolean filled) {}

    private record Truth(String name, double[] values) {}

    private final List<String> labels;
    private final List<Posterior> posteriors;
    private final List<Truth> truths;
    private final double[] lower;
    private final double[] upper;
    private final Optional<double[][]> ranges;

    private CornerPlot(List<String> labels, List<Posterior> posteriors, List<Truth> truths, double[] lower, double[] upper,
            Optional<double[][]> ranges) {
        this.labels = List.copyOf(labels);
        this.posteriors = List.copyOf(posteriors);
        this.truths = List.copyOf(truths);
        this.lower = lower;
        this.upper = upper;
        this.ranges = ranges;
    }

    /// No samples yet, of parameters with these labels (see {@link org.cosmograd.sbi.io.Label}).
    public static CornerPlot of(List<String> labels) {
        if (labels.isEmpty()) throw new IllegalArgumentException("CornerPlot: there are no parameters");
        double[] lower = new double[labels.size()];
        double[] upper = new double[labels.size()];
        Arrays.fill(lower, Double.NEGATIVE_INFINITY);
        Arrays.fill(upper, Double.POSITIVE_INFINITY);
        return new CornerPlot(labels, List.of(), List.of(), lower, upper, Optional.empty());
    }

    /// No samples yet, of parameters with these labels.
    public static CornerPlot of(String... labels) {
        return of(List.of(labels));
    }

    /// Adds samples `[n][d]` of a posterior, drawn as filled contours.
    public CornerPlot add(String name, double[][] samples) {
        return add(name, samples, ones(samples.length));
    }

    /// Adds samples with weights that are not negative.
    public CornerPlot add(String name, double[][] samples, double[] weights) {
        return with(name, samples, weights, true);
    }

    /// Adds samples drawn as lines only: a reference under or over filled contours.
    public CornerPlot outline(String name, double[][] samples) {
        return outline(name, samples, ones(samples.length));
    }

    /// Adds samples with weights, drawn as lines only.
    public CornerPlot outline(String name, double[][] samples, double[] weights) {
        return with(name, samples, weights, false);
    }

    /// Marks a point, such as the true parameters; NaN where it has no value.
    public CornerPlot truth(String name, double... values) {
        width("truth", values);
        List<Truth> more = new ArrayList<>(truths);
        more.add(new Truth(name, values.clone()));
        return new CornerPlot(labels, posteriors, more, lower, upper, ranges);
    }

    /// Hard limits of the parameters; NaN or infinite where there is none.
    public CornerPlot limits(double[] lower, double[] upper) {
        width("limits", lower);
        width("limits", upper);
        double[] lo = Arrays.stream(lower).map(v -> Double.isNaN(v) ? Double.NEGATIVE_INFINITY : v).toArray();
        double[] hi = Arrays.stream(upper).map(v -> Double.isNaN(v) ? Double.POSITIVE_INFINITY : v).toArray();
        return new CornerPlot(labels, posteriors, truths, lo, hi, ranges);
    }

    /// Ranges of the axes; otherwise they hold 99.7 % of every posterior, and the marked points.
    public CornerPlot ranges(double[] lo, double[] hi) {
        width("ranges", lo);
        width("ranges", hi);
        return new CornerPlot(labels, posteriors, truths, lower, upper, Optional.of(new double[][] {lo.clone(), hi.clone()}));
    }

    private static double[] ones(int n) {
        double[] out = new double[n];
        Arrays.fill(out, 1);
        return out;
    }

    private void width(String what, double[] values) {
        if (values.length != labels.size())
            throw new IllegalArgumentException("CornerPlot." + what + ": " + values.length + " values for " + labels.size() + " parameters");
    }

    private CornerPlot with(String name, double[][] samples, double[] weights, boolean filled) {
        int d = labels.size();
        if (weights.length != samples.length)
            throw new IllegalArgumentException("CornerPlot: '" + name + "' has " + samples.length + " samples and " + weights.length + " weights");
        double[][] columns = new double[d][samples.length];
        double[] kept = weights.clone();
        int used = 0;
        for (int i = 0; i < samples.length; i++) {
            if (samples[i].length != d)
                throw new IllegalArgumentException("CornerPlot: sample " + i + " of '" + name + "' has " + samples[i].length + " numbers for " + d + " parameters");
            if (!(kept[i] >= 0 && kept[i] < Double.POSITIVE_INFINITY))
                throw new IllegalArgumentException("CornerPlot: weight " + i + " of '" + name + "' is " + weights[i] + "; weights are finite and not negative");
            for (int j = 0; j < d; j++) {
                columns[j][i] = samples[i][j];
                if (!Double.isFinite(samples[i][j]))
                    throw new IllegalArgumentException("CornerPlot: sample " + i + " of '" + name + "' has " + labels.get(j) + " = " + samples[i][j]);
            }
            if (kept[i] > 0) used++;
        }
        if (used < 2) throw new IllegalArgumentException("CornerPlot: '" + name + "' has " + used + " samples with weight; at least 2 are needed");
        List<Posterior> more = new ArrayList<>(posteriors);
        more.add(new Posterior(name, columns, kept, filled));
        return new CornerPlot(labels, more, truths, lower, upper, ranges);
    }

    // Sizes. Few parameters get large panels; many get panels that are still readable.
    private double cell() {
        return switch (labels.size()) {
            case 1 -> 330;
            case 2 -> 240;
            case 3 -> 195;
            case 4 -> 165;
            default -> 145;
        };
    }

    private static final double GAP = 10;
    private static final double LEFT = 74;
    private static final double BOTTOM = 54;
    private static final double TOP = 30;

    /// With one parameter there is no empty corner, so the legend stands above.
    private double legendAbove() {
        return labels.size() == 1 ? 22.0 * legendSize() + 6 : 0;
    }

    private int legendSize() {
        return posteriors.size() + truths.size();
    }

    @Override
    public double width() {
        return LEFT + labels.size() * (cell() + GAP) + 8;
    }

    @Override
    public double height() {
        return TOP + legendAbove() + labels.size() * (cell() + GAP) + BOTTOM - GAP;
    }

    @Override
    public String title() {
        return "Posterior of " + String.join(", ", labels);
    }

    private Axis axis(int j, List<Spread> spreads) {
        if (ranges.isPresent()) return new Axis(ranges.get()[0][j], ranges.get()[1][j], false);
        double lo = Double.POSITIVE_INFINITY;
        double hi = Double.NEGATIVE_INFINITY;
        for (Spread spread : spreads) {
            double a = spread.quantile(0.0015);
            double b = spread.quantile(0.9985);
            lo = Math.min(lo, a - 0.08 * (b - a));
            hi = Math.max(hi, b + 0.08 * (b - a));
        }
        // A limit close to the samples is where the axis ends.
        double room = 0.06 * (hi - lo);
        if (lo < lower[j] + room && lo > lower[j] - 5 * room) lo = lower[j];
        if (hi > upper[j] - room && hi < upper[j] + 5 * room) hi = upper[j];
        for (Truth truth : truths) {
            double t = truth.values[j];
            if (Double.isFinite(t) && t < lo + 0.02 * (hi - lo) && t != lower[j]) lo = t - 0.05 * (hi - t);
            if (Double.isFinite(t) && t > hi - 0.02 * (hi - lo) && t != upper[j]) hi = t + 0.05 * (t - lo);
        }
        return new Axis(lo, hi, false);
    }

    @Override
    public void draw(Svg svg) {
        if (posteriors.isEmpty()) throw new IllegalArgumentException("CornerPlot: add samples first");
        int d = labels.size();
        double cell = cell();
        double top = TOP + legendAbove();
        List<List<Spread>> spreads = new ArrayList<>();
        Axis[] axes = new Axis[d];
        for (int j = 0; j < d; j++) {
            int column = j;
            spreads.add(posteriors.stream().map(p -> Spread.of(p.columns[column], p.weights)).toList());
            axes[j] = axis(j, spreads.get(j));
        }
        for (int i = 0; i < d; i++) {
            for (int j = 0; j <= i; j++) {
                Axis y = i == j ? new Axis(0, 1.12, false) : axes[i];
                Frame frame = new Frame(LEFT + j * (cell + GAP), top + i * (cell + GAP), cell, cell, axes[j], y);
                int row = i;
                int column = j;
                svg.clipped(frame.left(), frame.top(), cell, cell, clip -> {
                    forbidden(clip, frame, column, row);
                    for (int k = 0; k < posteriors.size(); k++) {
                        Posterior p = posteriors.get(k);
                        clip.group(g -> {
                            if (row == column) curve(g, frame, p, column);
                            else region(g, frame, p, column, row);
                        }, Palette.series(k));
                    }
                    for (int k = 0; k < truths.size(); k++) mark(clip, frame, truths.get(k), k, column, row);
                });
                frame.box(svg);
                frame.ticksX(svg, axes[j].ticks(cell, Frame.TICK, true), i == d - 1, false);
                if (i != j) frame.ticksY(svg, axes[i].ticks(cell, Frame.TICK, false), j == 0, false);
                if (i == d - 1) svg.text(frame.left() + cell / 2, frame.bottom() + 42, axes[j].named(labels.get(j)), 15, "middle");
                if (j == 0 && i > 0) Frame.upwards(svg, 18, frame.top() + cell / 2, axes[i].named(labels.get(i)), 15);
                if (i == j) headline(svg, frame, labels.get(j), spreads.get(j).getFirst());
            }
        }
        // The legend fills the empty corner from the right, and starts below the first panel's title line.
        List<String> names = new ArrayList<>(posteriors.stream().map(Posterior::name).toList());
        names.addAll(truths.stream().map(Truth::name).toList());
        double longest = 40 + names.stream().mapToDouble(n -> Svg.textWidth(n, 14)).max().orElse(0);
        double first = LEFT + ((d + 1) / 2) * (cell + GAP) + 26;
        legend(svg, d == 1 ? LEFT : Math.max(LEFT + cell + GAP + 10, Math.min(first, width() - longest - 6)), d == 1 ? 18 : top + 18);
    }

    /// Shades what the limits exclude.
    private void forbidden(Svg svg, Frame f, int column, int row) {
        Object[] shade = {"fill", "currentColor", "fill-opacity", 0.07};
        if (lower[column] > f.x().lo()) svg.rect(f.left(), f.top(), f.px(lower[column]) - f.left(), f.height(), shade);
        if (upper[column] < f.x().hi()) svg.rect(f.px(upper[column]), f.top(), f.right() - f.px(upper[column]), f.height(), shade);
        if (row == column) return;
        if (lower[row] > f.y().lo()) svg.rect(f.left(), f.py(lower[row]), f.width(), f.bottom() - f.py(lower[row]), shade);
        if (upper[row] < f.y().hi()) svg.rect(f.left(), f.top(), f.width(), f.py(upper[row]) - f.top(), shade);
    }

    private void curve(Svg svg, Frame f, Posterior p, int column) {
        Density1 density = Density1.of(p.columns[column], p.weights, lower[column], upper[column]);
        int n = density.values().length;
        double peak = density.peak();
        List<double[]> points = new ArrayList<>();
        // At an edge with density the curve ends in a vertical line: a limit.
        points.add(new double[] {f.px(density.lo()), f.bottom()});
        points.add(new double[] {f.px(density.lo()), f.py(density.values()[0] / peak)});
        for (int k = 0; k < n; k++) points.add(new double[] {f.px(density.centre(k)), f.py(density.values()[k] / peak)});
        points.add(new double[] {f.px(density.hi()), f.py(density.values()[n - 1] / peak)});
        points.add(new double[] {f.px(density.hi()), f.bottom()});
        String path = path(points, false);
        if (p.filled) svg.path(path, "fill", "currentColor", "fill-opacity", 0.15, "stroke", "none");
        svg.path(path, "fill", "none", "stroke", "currentColor", "stroke-width", 1.7, "stroke-dasharray", p.filled ? "none" : "5 2.5");
    }

    private void region(Svg svg, Frame f, Posterior p, int column, int row) {
        double[] x = p.columns[column];
        double[] y = p.columns[row];
        Density2 density = new Density2(x, y, p.weights, new double[] {lower[column], lower[row]}, new double[] {upper[column], upper[row]});
        // Contours end at the limits: the estimate beyond them is not shown.
        double left = Math.max(f.left(), f.px(Math.max(lower[column], f.x().lo())));
        double right = Math.min(f.right(), f.px(Math.min(upper[column], f.x().hi())));
        double above = Math.max(f.top(), f.py(Math.min(upper[row], f.y().hi())));
        double below = Math.min(f.bottom(), f.py(Math.max(lower[row], f.y().lo())));
        if (!(right > left && below > above)) return;
        svg.clipped(left, above, right - left, below - above, clip -> {
            for (int m = 0; m < MASSES.length; m++) {
                StringBuilder path = new StringBuilder();
                for (double[][] ring : density.contours(density.level(MASSES[m], x, y, p.weights))) {
                    List<double[]> points = new ArrayList<>();
                    for (double[] point : ring) points.add(new double[] {f.px(point[0]), f.py(point[1])});
                    path.append(path(points, true));
                }
                if (path.isEmpty()) continue;
                if (p.filled) clip.path(path.toString(), "fill", "currentColor", "fill-rule", "evenodd", "fill-opacity", m == 0 ? 0.2 : 0.4);
                clip.path(path.toString(), "fill", "none", "stroke", "currentColor", "stroke-width", m == 0 ? 1.1 : 1.4,
                        "stroke-dasharray", p.filled ? "none" : "5 2.5");
            }
        });
    }

    /// A path without the points that change nothing: those less than a twentieth of a pixel off the line between their neighbours.
    private static String path(List<double[]> points, boolean closed) {
        List<double[]> kept = new ArrayList<>();
        for (int i = 0; i < points.size(); i++) {
            double[] p = points.get(i);
            if (!kept.isEmpty() && i + 1 < points.size()) {
                double[] a = kept.getLast();
                double[] b = points.get(i + 1);
                double length = Math.hypot(b[0] - a[0], b[1] - a[1]);
                double off = Math.abs((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));
                if (length > 0 && length < 12 && off < 0.05 * length) continue;
            }
            kept.add(p);
        }
        return Svg.through(kept.stream().mapToDouble(p -> p[0]).toArray(), kept.stream().mapToDouble(p -> p[1]).toArray(), closed);
    }

    private static Object[] lineOf(int k) {
        return new Object[] {"fill", "none", "stroke", "currentColor", "stroke-width", 1.1, "stroke-opacity", 0.65, "stroke-dasharray", k == 0 ? "none" : k == 1 ? "6 3" : "2 3"};
    }

    private static void mark(Svg svg, Frame f, Truth truth, int k, int column, int row) {
        double x = truth.values[column];
        double y = truth.values[row];
        if (Double.isFinite(x)) svg.line(f.px(x), f.top(), f.px(x), f.bottom(), lineOf(k));
        if (row == column || !Double.isFinite(y)) return;
        svg.line(f.left(), f.py(y), f.right(), f.py(y), lineOf(k));
        if (Double.isFinite(x)) svg.rect(f.px(x) - 3, f.py(y) - 3, 6, 6, "fill", "currentColor");
    }

    /// `w₀ = −0.70 ± 0.11`, or with the two distances above each other where they differ by more than a tenth.
    private static void headline(Svg svg, Frame f, String label, Spread spread) {
        double median = spread.quantile(0.5);
        double up = spread.quantile(0.8413) - median;
        double down = median - spread.quantile(0.1587);
        boolean symmetric = Math.abs(up - down) <= 0.1 * (up + down) / 2;
        int exponent = f.x().exponent();
        double scale = Math.pow(10, -exponent);
        int decimals = Math.max(Axis.decimalsOf((symmetric ? 0.5 * (up + down) : Math.min(up, down)) * scale), exponent == 0 ? -3 : 0);
        String value = label + " = " + Axis.decimals(median * scale, decimals);
        String suffix = exponent == 0 ? "" : " ×10^{" + Axis.minus(String.valueOf(exponent)) + "}";
        double middle = f.left() + f.width() / 2;
        double y = f.top() - 9;
        String plus = Axis.decimals(up * scale, decimals);
        String minus = Axis.decimals(down * scale, decimals);
        if (symmetric || plus.equals(minus)) {
            String text = value + " ± " + Axis.decimals(0.5 * (up + down) * scale, decimals) + suffix;
            svg.text(middle, y, text, size(text, f.width()), "middle");
            return;
        }
        double size = size(value + suffix + "  " + plus, f.width());
        double small = 0.78 * size;
        double errors = Math.max(Svg.textWidth("+" + plus, small), Svg.textWidth("−" + minus, small));
        double split = middle + (Svg.textWidth(value, size) - errors - Svg.textWidth(suffix, size)) / 2;
        svg.text(split, y, value, size, "end");
        svg.text(split + 2, y - 0.42 * size, "+" + plus, small, "start");
        svg.text(split + 2, y + 0.3 * size, "−" + minus, small, "start");
        if (!suffix.isEmpty()) svg.text(split + errors + 3, y, suffix.strip(), size, "start");
    }

    private static double size(String text, double width) {
        return Math.clamp(13 * width / Svg.textWidth(text, 13), 8.5, 13);
    }

    private void legend(Svg svg, double x, double y) {
        double at = y;
        for (int k = 0; k < posteriors.size(); k++) {
            Posterior p = posteriors.get(k);
            double middle = at;
            svg.group(g -> {
                if (p.filled) g.rect(x, middle - 7, 24, 14, "fill", "currentColor", "fill-opacity", 0.45);
                g.rect(x, middle - 7, 24, 14, "fill", "none", "stroke", "currentColor", "stroke-width", 1.5, "stroke-dasharray", p.filled ? "none" : "5 2.5");
            }, Palette.series(k));
            svg.text(x + 32, middle + 5, p.name, 14, "start");
            at += 22;
        }
        for (int k = 0; k < truths.size(); k++) {
            svg.line(x, at, x + 24, at, lineOf(k));
            svg.rect(x + 9, at - 3, 6, 6, "fill", "currentColor");
            svg.text(x + 32, at + 5, truths.get(k).name, 14, "start");
            at += 22;
        }
    }
}
