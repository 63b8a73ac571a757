package org.cosmograd.bench.speed;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Rows of text under a heading, to be aligned on a terminal or written as Markdown. The first column is text, the others are numbers.
record Table(List<String> heading, List<List<String>> rows) {

    /// Copies the lists.
    Table {
        heading = List.copyOf(heading);
        rows = rows.stream().map(List::copyOf).toList();
    }

    /// Aligned with blanks.
    String text() {
        List<List<String>> lines = new ArrayList<>(List.of(heading));
        lines.addAll(rows);
        int[] width = IntStream.range(0, heading.size())
                .map(i -> lines.stream().mapToInt(l -> length(l.get(i))).max().orElse(0))
                .toArray();
        StringBuilder out = new StringBuilder();
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < width.length; i++) {
                String blanks = " ".repeat(width[i] - length(line.get(i)));
                text.append(i == 0 ? line.get(i) + blanks : "  " + blanks + line.get(i));
            }
            out.append(text.toString().stripTrailing()).append('\n');
        }
        return out.toString();
    }

    /// As Markdown.
    String markdown() {
        StringBuilder out = new StringBuilder(line(heading));
        out.append(heading.stream().skip(1).map(h -> "---:|").collect(Collectors.joining("", "|---|", "\n")));
        rows.forEach(r -> out.append(line(r)));
        return out.toString();
    }

    private static String line(List<String> cells) {
        return cells.stream().collect(Collectors.joining(" | ", "| ", " |\n"));
    }

    private static int length(String s) {
        return s.codePointCount(0, s.length());
    }
}
