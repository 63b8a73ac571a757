package org.cosmograd.sbi.plot;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.cosmograd.nn.io.AtomicFile;
import org.cosmograd.sbi.io.Label;

/// A page that tells what a run did: one self-contained HTML file with text, tables and pictures in line, no scripts.
///
///     HtmlReport.of("Supernovae with NPE", "flat wCDM from 1,048 distances")
///             .numbers(List.of(KeyNumber.atMost("C2ST", 0.53, 0.52, 0.55)))
///             .section("Posterior").text("Trained on 10⁵ simulations.")
///             .figure(corner, "Black: MCMC with the exact likelihood.")
///             .code("java -jar cosmograd.jar supernovae --seed 7")
///             .manifest(manifest)
///             .save(folder.resolve("report.html"));
///
/// The page is valid XML as well. It follows the reader's light or dark setting and prints well. Reports are immutable; every method returns a new one.
public final class HtmlReport {

    private sealed interface Block {
        record Section(String title) implements Block {}

        record Paragraph(String text) implements Block {}

        record Numbers(List<KeyNumber> numbers) implements Block {}

        record Picture(Figure figure, String caption) implements Block {}

        record Code(String text) implements Block {}

        record Table(List<String> header, List<List<String>> rows) implements Block {}

        record Pairs(Map<String, String> entries) implements Block {}
    }

    private final String title;
    private final String subtitle;
    private final List<Block> blocks;

    private HtmlReport(String title, String subtitle, List<Block> blocks) {
        this.title = title;
        this.subtitle = subtitle;
        this.blocks = List.copyOf(blocks);
    }

    /// An empty report.
    public static HtmlReport of(String title, String subtitle) {
        return new HtmlReport(title, subtitle, List.of());
    }

    private HtmlReport with(Block block) {
        List<Block> more = new ArrayList<>(blocks);
        more.add(block);
        return new HtmlReport(title, subtitle, more);
    }

    /// Begins a section.
    public HtmlReport section(String heading) {
        return with(new Block.Section(heading));
    }

    /// A paragraph; words between backticks are set as code.
    public HtmlReport text(String paragraph) {
        return with(new Block.Paragraph(paragraph));
    }

    /// The table of results beside their references and targets.
    public HtmlReport numbers(List<KeyNumber> numbers) {
        return with(new Block.Numbers(List.copyOf(numbers)));
    }

    /// A picture with its caption.
    public HtmlReport figure(Figure figure, String caption) {
        return with(new Block.Picture(figure, caption));
    }

    /// A command or a listing.
    public HtmlReport code(String text) {
        return with(new Block.Code(text));
    }

    /// A table; cells that begin like a number are aligned to the right.
    public HtmlReport table(List<String> header, List<List<String>> rows) {
        for (List<String> row : rows)
            if (row.size() != header.size())
                throw new IllegalArgumentException("HtmlReport.table: the row " + row + " has " + row.size() + " cells for " + header.size() + " columns");
        return with(new Block.Table(List.copyOf(header), rows.stream().map(List::copyOf).toList()));
    }

    /// Names and values, such as seed, versions and hashes, in the map's order.
    public HtmlReport manifest(Map<String, ?> entries) {
        var copy = new LinkedHashMap<String, String>();
        entries.forEach((k, v) -> copy.put(k, String.valueOf(v)));
        return with(new Block.Pairs(copy));
    }

    /// Everything that another report holds, after what this one holds.
    public HtmlReport append(HtmlReport other) {
        List<Block> all = new ArrayList<>(blocks);
        all.addAll(other.blocks);
        return new HtmlReport(title, subtitle, all);
    }

    /// Writes the page, atomically.
    public void save(Path file) {
        AtomicFile.write(file, html());
    }

    /// The page.
    public String html() {
        StringBuilder out = new StringBuilder(1 << 16);
        out.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>").append(Svg.escaped(title))
                .append("</title>\n<style>\n").append(STYLE).append("@media (prefers-color-scheme: dark) {\n").append(DARK)
                .append(Palette.darkRules()).append("}\n</style>\n</head>\n<body>\n<main>\n<header>\n<h1>").append(Svg.escaped(title)).append("</h1>\n");
        if (!subtitle.isEmpty()) out.append("<p class=\"subtitle\">").append(inline(subtitle)).append("</p>\n");
        out.append("</header>\n");
        int figures = 0;
        for (Block block : blocks) {
            switch (block) {
                case Block.Section s -> out.append("<h2>").append(Svg.escaped(s.title)).append("</h2>\n");
                case Block.Paragraph p -> out.append("<p>").append(inline(p.text)).append("</p>\n");
                case Block.Numbers n -> numbers(out, n.numbers);
                case Block.Picture p -> out.append("<figure>\n<div class=\"scroll\">").append(p.figure.svg()).append("</div>\n<figcaption><b>Figure ")
                        .append(++figures).append(".</b> ").append(inline(p.caption)).append("</figcaption>\n</figure>\n");
                case Block.Code c -> out.append("<pre><code>").append(Svg.escaped(c.text)).append("</code></pre>\n");
                case Block.Table t -> table(out, t);
                case Block.Pairs m -> {
                    out.append("<div class=\"scroll\"><table class=\"manifest\">\n");
                    m.entries.forEach((k, v) -> out.append("<tr><th>").append(Svg.escaped(k)).append("</th><td><code>").append(Svg.escaped(v)).append("</code></td></tr>\n"));
                    out.append("</table></div>\n");
                }
            }
        }
        return out.append("</main>\n</body>\n</html>\n").toString();
    }

    private static void numbers(StringBuilder out, List<KeyNumber> numbers) {
        long passed = numbers.stream().filter(n -> n.verdict() == KeyNumber.Verdict.PASS).count();
        long judged = numbers.stream().filter(n -> n.verdict() != KeyNumber.Verdict.NONE).count();
        if (judged > 0)
            out.append("<p class=\"tally ").append(passed == judged ? "pass" : "fail").append("\">").append(passed).append(" of ").append(judged)
                    .append(" targets met</p>\n");
        out.append("<div class=\"scroll\"><table class=\"numbers\">\n<tr><th>quantity</th><th>ours</th><th>reference</th><th>target</th><th></th></tr>\n");
        for (KeyNumber n : numbers) {
            out.append("<tr><td>").append(inline(n.name())).append("</td><td class=\"n ours\">").append(inline(n.ours()))
                    .append("</td><td class=\"n\">").append(inline(n.reference())).append("</td><td class=\"n\">").append(inline(n.target())).append("</td><td>")
                    .append(switch (n.verdict()) {
                        case PASS -> "<span class=\"mark pass\">✓ pass</span>";
                        case FAIL -> "<span class=\"mark fail\">✗ fail</span>";
                        case NONE -> "";
                    }).append("</td></tr>\n");
        }
        out.append("</table></div>\n");
    }

    private static void table(StringBuilder out, Block.Table t) {
        out.append("<div class=\"scroll\"><table>\n<tr>");
        // A heading stands over its column, so it takes the side of the first cell.
        for (int j = 0; j < t.header.size(); j++)
            out.append(!t.rows.isEmpty() && numeric(t.rows.getFirst().get(j)) ? "<th class=\"n\">" : "<th>").append(inline(t.header.get(j))).append("</th>");
        out.append("</tr>\n");
        for (List<String> row : t.rows) {
            out.append("<tr>");
            for (String cell : row) out.append(numeric(cell) ? "<td class=\"n\">" : "<td>").append(inline(cell)).append("</td>");
            out.append("</tr>\n");
        }
        out.append("</table></div>\n");
    }

    private static boolean numeric(String cell) {
        return cell.matches("[+\\-−<>≤≥±]? ?[0-9].*");
    }

    /// Escapes; words between backticks become code, and subscripts and superscripts become those of HTML.
    private static String inline(String text) {
        StringBuilder out = new StringBuilder();
        // A number and its percent sign stay on one line.
        String[] parts = text.replace(" %", "\u00a0%").split("`", -1);
        for (int i = 0; i < parts.length; i++) {
            // A backtick without a partner is an ordinary character.
            boolean code = i % 2 == 1 && i + 1 < parts.length;
            if (i % 2 == 1 && !code) out.append('`');
            if (code) {
                out.append("<code>").append(Svg.escaped(parts[i])).append("</code>");
                continue;
            }
            for (Label.Run run : Label.of(parts[i]).runs()) {
                String piece = Svg.escaped(run.text());
                out.append(switch (run.place()) {
                    case BASE -> piece;
                    case SUBSCRIPT -> "<sub>" + piece + "</sub>";
                    case SUPERSCRIPT -> "<sup>" + piece + "</sup>";
                });
            }
        }
        return out.toString();
    }

    private static final String STYLE = """
            :root { color-scheme: light dark; --ink: #1c2128; --soft: #59636e; --line: #d9dee4; --page: #f5f6f8; --card: #ffffff;
              --accent: #0072b2; --good: #00734f; --goodback: #dff5ec; --bad: #b3321a; --badback: #fde9e3; }
            * { box-sizing: border-box; }
            body { margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
              font: 16px/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
            main { max-width: 900px; margin: 0 auto; padding: 40px 24px 72px; }
            header { border-bottom: 3px solid var(--accent); padding-bottom: 14px; margin-bottom: 26px; }
            h1 { font-size: 30px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
            .subtitle { color: var(--soft); font-size: 18px; margin: 6px 0 0; max-width: none; }
            h2 { font-size: 21px; line-height: 1.3; margin: 44px 0 12px; }
            p { margin: 12px 0; max-width: 72ch; }
            sub, sup { font-size: 0.72em; line-height: 0; }
            code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 0.86em; }
            p code, td code, figcaption code { background: color-mix(in srgb, var(--ink) 7%, transparent); border-radius: 4px; padding: 1px 5px; overflow-wrap: anywhere; }
            pre { background: var(--card); border: 1px solid var(--line); border-left: 3px solid var(--accent); border-radius: 6px; padding: 14px 16px; overflow-x: auto; line-height: 1.5; }
            pre code { font-size: 13.5px; }
            .scroll { overflow-x: auto; }
            table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); font-size: 15px; margin: 14px 0; }
            th, td { text-align: left; padding: 8px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
            tr:last-child > * { border-bottom: 0; }
            th { font-weight: 600; color: var(--soft); font-size: 13.5px; }
            .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
            .numbers th:nth-child(n+2):nth-child(-n+4) { text-align: right; }
            .numbers td:last-child { width: 1%; }
            .ours { font-weight: 650; }
            .manifest th { width: 1%; white-space: nowrap; }
            .manifest td code { background: none; padding: 0; }
            .mark { border-radius: 999px; padding: 2px 10px; font-size: 13px; font-weight: 600; white-space: nowrap; }
            .mark.pass { color: var(--good); background: var(--goodback); }
            .mark.fail { color: var(--bad); background: var(--badback); }
            .tally { font-weight: 650; }
            .tally.pass { color: var(--good); }
            .tally.fail { color: var(--bad); }
            figure { margin: 22px 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 18px; }
            figure .scroll > svg { display: block; margin: 0 auto; max-width: 100%; height: auto; color: var(--ink); }
            figure .paper { fill: none; }
            figcaption { color: var(--soft); font-size: 14.5px; line-height: 1.5; margin: 14px auto 0; max-width: 76ch; }
            @media print { body { background: none; } main { max-width: none; padding: 0; } figure, table, pre { break-inside: avoid; } }
            """;

    private static final String DARK = """
            :root { --ink: #e4e8ed; --soft: #9aa5b1; --line: #313942; --page: #12161b; --card: #1a2027;
              --accent: #4aa8e8; --good: #5fd3a6; --goodback: #143a2d; --bad: #f59a80; --badback: #45231b; }
            """;
}
