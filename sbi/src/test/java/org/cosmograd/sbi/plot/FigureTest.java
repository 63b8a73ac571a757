package org.cosmograd.sbi.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class FigureTest {

    private static double[][] samples(long seed, int n, int d) {
        Random random = new Random(seed);
        double[][] out = new double[n][d];
        for (double[] row : out) {
            double shared = random.nextGaussian();
            for (int j = 0; j < d; j++) row[j] = j + 0.5 * shared + random.nextGaussian();
        }
        return out;
    }

    private static Map<String, Figure> figures() {
        var out = new LinkedHashMap<String, Figure>();
        String[] labels = {"Ωₘ", "w₀ < 0 & more", "H₀·r_{d}", "\"quoted\"", "Aₛ"};
        for (int d : new int[] {1, 2, 3, 5}) {
            double[] limits = new double[d];
            double[] none = new double[d];
            double[] truth = new double[d];
            Arrays.fill(none, Double.NaN);
            Arrays.fill(limits, -0.5);
            truth[d - 1] = Double.NaN;
            double[] weights = new Random(d).doubles(1000).toArray();
            out.put("corner" + d, CornerPlot.of(List.of(labels).subList(0, d)).add("a & b", samples(d, 1000, d)).outline("weighted", samples(9, 1000, d), weights)
                    .truth("truth", truth).limits(limits, none));
        }
        double[] x = {1, 2, 3, Double.NaN, 5};
        double[] y = {0.5, 0.1, -1, 3, 1e-3};
        double[] e = {0.1, 0.2, 0.1, 0, 0.1};
        Chart chart = Chart.of("x", "y").line("line", x, y).dashed("dashed", x, y).band("band", x, e, y).errors("errors", x, y, e, e).points("", x, y)
                .bars("bars", new double[] {0, 1, 4}, new double[] {2, 1}).marker("best", 2, 0.1).horizontal("h", 1).vertical("v", 2).diagonal("d").titled("All <layers>");
        out.put("chart", chart);
        out.put("log chart", chart.logX().logY());
        out.put("empty chart", Chart.of("", ""));
        out.put("losses", Chart.losses(y, new double[] {3, 2, Double.NaN, 2.5, 4}));
        int[][] ranks = new int[300][2];
        Random random = new Random(3);
        for (int[] r : ranks) for (int j = 0; j < 2; j++) r[j] = random.nextInt(101);
        out.put("ranks", RankPlot.histograms(List.of("a", "b"), ranks, 100));
        out.put("ecdf", RankPlot.ecdf(List.of("a", "b"), ranks, 100));
        out.put("coverage", CoveragePlot.of().add("a", random.doubles(150).toArray()).add("b", new double[] {0, 1}).figure());
        out.put("panels", Panels.column(chart, Panels.row(chart, chart.sized(200, 200))));
        return out;
    }

    private static Document parse(String xml) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }

    @Test
    void everyFigureIsWellFormedAndTheSameEachTime() throws Exception {
        Map<String, Figure> again = figures();
        for (var entry : figures().entrySet()) {
            String svg = entry.getValue().svg();
            Element root = parse(svg).getDocumentElement();
            assertEquals("svg", root.getTagName(), entry.getKey());
            assertEquals(Svg.number(entry.getValue().width()), root.getAttribute("width"), entry.getKey());
            assertEquals(svg, again.get(entry.getKey()).svg(), entry.getKey());
            assertFalse(svg.contains("NaN"), entry.getKey());
            assertFalse(svg.contains(" id="), entry.getKey());
        }
    }

    @Test
    void textStaysOnThePicture() throws Exception {
        var figures = figures();
        for (String name : List.of("corner1", "corner2", "corner3", "corner5", "chart", "losses", "coverage")) {
            Figure figure = figures.get(name);
            var texts = parse(figure.svg()).getElementsByTagName("text");
            assertTrue(texts.getLength() > 0, name);
            for (int i = 0; i < texts.getLength(); i++) {
                Element text = (Element) texts.item(i);
                double size = Double.parseDouble(text.getAttribute("font-size"));
                double width = Svg.textWidth(text.getTextContent(), size);
                double x = Double.parseDouble(text.getAttribute("x"));
                double y = Double.parseDouble(text.getAttribute("y"));
                if (((Element) text.getParentNode()).getAttribute("transform").contains("rotate")) continue;
                double left = switch (text.getAttribute("text-anchor")) {
                    case "middle" -> x - width / 2;
                    case "end" -> x - width;
                    default -> x;
                };
                assertTrue(left >= 0 && left + width <= figure.width() + 2, name + ": " + text.getTextContent() + " from " + left + " to " + (left + width) + " of " + figure.width());
                assertTrue(y - 0.8 * size >= 0 && y <= figure.height(), name + ": " + text.getTextContent() + " at height " + y);
            }
        }
    }

    @Test
    void titlesStateMedianAndSpread() {
        // 1,001 evenly spaced samples: median 0, the 16 % and 84 % points at ∓0.6826.
        double[][] even = new double[1001][1];
        for (int i = 0; i < 1001; i++) even[i][0] = (i - 500) / 500.0;
        String svg = CornerPlot.of("x").add("even", even).svg();
        assertTrue(svg.contains(">x = 0.00 ± 0.68</text>"), svg);
    }

    @Test
    void mistakesAreNamed() {
        CornerPlot corner = CornerPlot.of("a", "b");
        assertMessage("CornerPlot: sample 0 of 'p' has 3 numbers for 2 parameters", () -> corner.add("p", new double[2][3]));
        assertMessage("CornerPlot: sample 1 of 'p' has b = NaN", () -> corner.add("p", new double[][] {{0, 1}, {2, Double.NaN}}));
        assertMessage("CornerPlot: 'p' has 1 samples with weight; at least 2 are needed", () -> corner.add("p", new double[2][2], new double[] {0, 1}));
        assertMessage("CornerPlot.truth: 1 values for 2 parameters", () -> corner.truth("t", 1));
        assertMessage("CornerPlot: add samples first", corner::svg);
        assertMessage("Chart.line: 2 and 3 values; they must be as many", () -> Chart.of("x", "y").line("l", new double[2], new double[3]));
        assertMessage("RankPlot: simulation 0 has rank 11, ranks among 10 draws are 0…10", () -> RankPlot.ecdf(List.of("a"), new int[][] {{11}}, 10));
        assertMessage("CoveragePlot: 'a' has level 1.5, levels are in [0, 1]", () -> CoveragePlot.of().add("a", new double[] {1.5}));
    }

    private static void assertMessage(String message, Executable code) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, code).getMessage());
    }

    @Test
    void samplesThatNeverMoveOrAreAllOnALimitAreDrawn() throws Exception {
        double[][] stuck = new double[100][3];
        for (int i = 0; i < 100; i++) stuck[i] = new double[] {5, i, 0};
        parse(CornerPlot.of("fixed", "free", "zero").add("p", stuck).limits(new double[] {0, 0, 0}, new double[] {5, 99, 1}).svg());
        List<double[]> two = new ArrayList<>(List.of(new double[] {0, 0}, new double[] {1, 1}));
        parse(CornerPlot.of("a", "b").add("two", two.toArray(double[][]::new)).svg());
    }

    @Test
    void theReportIsOneWellFormedPage() throws Exception {
        var manifest = new LinkedHashMap<String, Object>();
        manifest.put("seed", 7);
        manifest.put("path <odd>", "a&b");
        HtmlReport report = HtmlReport.of("A & B", "χ² of `x < 1` with r_{d}")
                .numbers(List.of(KeyNumber.atMost("C2ST", 0.53, 0.52, 0.55), KeyNumber.atLeast("ESS", 10, Double.NaN, 1e6), KeyNumber.of("time", "4 s", "")))
                .section("Posterior").text("A lone ` is kept.").figure(figures().get("corner3"), "Caption.").code("java -jar x.jar --seed 7 && echo")
                .table(List.of("name", "value"), List.of(List.of("a", "−1.5"))).manifest(manifest);
        String html = report.html();
        Document page = parse(html.replaceFirst("<!doctype html>", ""));
        assertEquals(1, page.getElementsByTagName("figure").getLength());
        assertEquals(0, page.getElementsByTagName("script").getLength());
        assertTrue(html.contains("χ<sup>2</sup> of <code>x &lt; 1</code> with r<sub>d</sub>"));
        assertTrue(html.contains("1 of 2 targets met"));
        assertTrue(html.contains("≥ 10<sup>6</sup>"));
        assertTrue(html.contains("A lone ` is kept."));
        // Self-contained: the only address is the name of the SVG namespace.
        assertFalse(html.replace("http://www.w3.org/2000/svg", "").matches("(?s).*(https?:|src=|href=|url\\().*"));
        assertEquals(html, report.html());
        assertMessage("HtmlReport.table: the row [1] has 1 cells for 2 columns", () -> report.table(List.of("a", "b"), List.of(List.of("1"))));
    }

    @Test
    void keyNumbersAreJudgedAndShort() {
        assertEquals(KeyNumber.Verdict.PASS, KeyNumber.within("m", 1.01, 1, 0.02).verdict());
        assertEquals(KeyNumber.Verdict.FAIL, KeyNumber.atMost("m", Double.NaN, 1, 0.02).verdict());
        assertEquals("0.1235", KeyNumber.number(0.123456));
        assertEquals("1.25×10^{6}", KeyNumber.number(1.25e6));
        assertEquals("10^{−7}", KeyNumber.number(1e-7));
        assertEquals("−12350", KeyNumber.number(-12345.6));
    }

    @Test
    void svgNumbersAreShortAndTextIsEscaped() {
        assertEquals("0", Svg.number(-0.001));
        assertEquals("-0.5", Svg.number(-0.5));
        assertEquals("12.05", Svg.number(12.0512));
        assertEquals("1.3", Svg.number(1.3));
        assertEquals("a &lt; b &amp; &quot;c&quot;", Svg.escaped("a < b & \"c\"\u0000"));
        assertEquals("Svg: a coordinate is NaN", assertThrows(IllegalArgumentException.class, () -> Svg.number(Double.NaN)).getMessage());
    }
}
