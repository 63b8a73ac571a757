package org.cosmograd.sbi.plot;

import java.util.function.Consumer;
import org.cosmograd.sbi.io.Label;

/// Writes an SVG picture: shapes, paths, text with subscripts, groups and clips.
///
///     Svg svg = Svg.of(200, 100, "a line");
///     svg.line(10, 90, 190, 10, "stroke", "currentColor", "stroke-width", 1.5);
///     String text = svg.toString();
///
/// Lengths are in pixels, `y` downwards. Attributes are given as name and value, in turn. The same calls give the same bytes.
///
/// Ink is `currentColor` and the background a rectangle of class `paper`, so a page that shows the picture in line can
/// recolour it for a dark theme with two lines of CSS; on its own it is dark on white. Clips are nested `svg` elements, so
/// no identifiers are used, and many pictures fit into one page.
public final class Svg {

    /// Fonts of all text: what the reader's system has.
    static final String FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

    private final StringBuilder out = new StringBuilder(1 << 14);
    private final double width;
    private final double height;
    private final String title;

    private Svg(double width, double height, String title) {
        this.width = width;
        this.height = height;
        this.title = title;
    }

    /// An empty picture; the title is what screen readers say and browsers show as a hint.
    public static Svg of(double width, double height, String title) {
        return new Svg(width, height, title);
    }

    /// Any element without children.
    public Svg element(String name, Object... attributes) {
        start(name, attributes);
        out.append("/>\n");
        return this;
    }

    /// Elements that share attributes.
    public Svg group(Consumer<Svg> body, Object... attributes) {
        start("g", attributes);
        out.append(">\n");
        body.accept(this);
        out.append("</g>\n");
        return this;
    }

    /// Elements moved by `(x, y)`.
    public Svg shifted(double x, double y, Consumer<Svg> body) {
        return group(body, "transform", "translate(" + number(x) + " " + number(y) + ")");
    }

    /// Elements of which only the part inside a rectangle is shown; coordinates stay those outside.
    public Svg clipped(double x, double y, double w, double h, Consumer<Svg> body) {
        start("svg", "x", x, "y", y, "width", w, "height", h,
                "viewBox", number(x) + " " + number(y) + " " + number(w) + " " + number(h), "overflow", "hidden");
        out.append(">\n");
        body.accept(this);
        out.append("</svg>\n");
        return this;
    }

    /// A straight line.
    public Svg line(double x0, double y0, double x1, double y1, Object... attributes) {
        return path("M" + number(x0) + " " + number(y0) + "L" + number(x1) + " " + number(y1), attributes);
    }

    /// A rectangle.
    public Svg rect(double x, double y, double w, double h, Object... attributes) {
        start("rect", "x", x, "y", y, "width", w, "height", h);
        attributes(attributes);
        out.append("/>\n");
        return this;
    }

    /// A disc or circle.
    public Svg circle(double x, double y, double radius, Object... attributes) {
        start("circle", "cx", x, "cy", y, "r", radius);
        attributes(attributes);
        out.append("/>\n");
        return this;
    }

    /// A path from its description.
    public Svg path(String d, Object... attributes) {
        start("path", "d", d);
        attributes(attributes);
        out.append("/>\n");
        return this;
    }

    /// Text at `(x, y)` on its base line; subscripts and superscripts as in {@link Label}.
    ///
    /// @param anchor `start`, `middle` or `end`: which part of the text stands at `x`
    public Svg text(double x, double y, String text, double size, String anchor, Object... attributes) {
        start("text", "x", x, "y", y, "font-size", size, "text-anchor", anchor);
        attributes(attributes);
        out.append('>');
        double level = 0;
        for (Label.Run run : Label.of(text).runs()) {
            double wanted = switch (run.place()) {
                case BASE -> 0;
                case SUBSCRIPT -> 0.22 * size;
                case SUPERSCRIPT -> -0.36 * size;
            };
            if (wanted == level && wanted == 0) {
                escape(run.text());
            } else {
                start("tspan", "dy", wanted - level);
                if (wanted != 0) attributes("font-size", 0.72 * size);
                // Some renderers drop a space at the start of a run; a shift they keep.
                boolean space = run.text().startsWith(" ");
                if (space) attributes("dx", 0.28 * size);
                out.append('>');
                escape(space ? run.text().substring(1) : run.text());
                out.append("</tspan>");
            }
            level = wanted;
        }
        out.append("</text>\n");
        return this;
    }

    /// The description of a path through points; NaN breaks it.
    static String through(double[] x, double[] y, boolean closed) {
        StringBuilder d = new StringBuilder();
        boolean pen = false;
        for (int i = 0; i < x.length; i++) {
            if (Double.isNaN(x[i]) || Double.isNaN(y[i])) {
                pen = false;
                continue;
            }
            d.append(pen ? 'L' : 'M').append(number(x[i])).append(' ').append(number(y[i]));
            pen = true;
        }
        return closed ? d.append('Z').toString() : d.toString();
    }

    private void start(String name, Object... attributes) {
        out.append('<').append(name);
        attributes(attributes);
    }

    private void attributes(Object... attributes) {
        for (int i = 0; i < attributes.length; i += 2) {
            out.append(' ').append(attributes[i]).append("=\"");
            if (attributes[i + 1] instanceof Number n) out.append(number(n.doubleValue()));
            else escape(String.valueOf(attributes[i + 1]));
            out.append('"');
        }
    }

    private void escape(String text) {
        out.append(escaped(text));
    }

    /// Text for use in XML and HTML, in content or in quoted attributes. Characters that XML forbids are dropped.
    static String escaped(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                default -> {
                    boolean allowed = c >= 0x20 && c < 0xD800 || c == '\n' || c == '\t' || c >= 0xE000 && c <= 0xFFFD || c >= 0x10000;
                    if (allowed) out.appendCodePoint(c);
                }
            }
        });
        return out.toString();
    }

    /// A number with at most two decimals (a hundredth of a pixel is far below what is visible), as short as possible.
    static String number(double value) {
        if (!Double.isFinite(value)) throw new IllegalArgumentException("Svg: a coordinate is " + value);
        long hundredths = Math.round(value * 100);
        long whole = Math.abs(hundredths) / 100;
        long rest = Math.abs(hundredths) % 100;
        String sign = hundredths < 0 ? "-" : "";
        if (rest == 0) return sign + whole;
        return sign + whole + (rest % 10 == 0 ? "." + rest / 10 : rest < 10 ? ".0" + rest : "." + rest);
    }

    /// The width that text will take, estimated from the proportions of common sans-serif fonts.
    static double textWidth(String text, double size) {
        double width = 0;
        for (Label.Run run : Label.of(text).runs()) {
            double scale = run.place() == Label.Place.BASE ? size : 0.72 * size;
            for (int i = 0; i < run.text().length(); i++) {
                char c = run.text().charAt(i);
                double em;
                if ("iljtfrI.,:;'|()[]!· ".indexOf(c) >= 0) em = 0.33;
                else if ("mwMW@%".indexOf(c) >= 0) em = 0.88;
                else if (Character.isDigit(c)) em = 0.6;
                else if (Character.isUpperCase(c) || "+−=±×<>".indexOf(c) >= 0) em = 0.72;
                else em = 0.58;
                width += em * scale;
            }
        }
        return width;
    }

    /// The picture as a document, which is also valid inside an HTML page.
    @Override
    public String toString() {
        String size = number(width) + "\" height=\"" + number(height);
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + size + "\" viewBox=\"0 0 " + number(width) + " " + number(height)
                + "\" role=\"img\" font-family=\"" + FONT + "\" color=\"#1c2128\" fill=\"currentColor\" stroke-linejoin=\"round\">\n<title>"
                + escaped(title) + "</title>\n<rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" + out + "</svg>\n";
    }
}
