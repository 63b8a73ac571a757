package org.cosmograd.sbi.io;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.cosmograd.nn.io.AtomicFile;

/// A text table: columns with names, rows of cells, cells that are usually numbers.
///
///     CsvTable table = CsvTable.read(Path.of("Pantheon+SH0ES.dat"));
///     double[] z = table.column("zHD");
///
/// The reader takes commas, semicolons, tabs or spaces (whichever the first line has, in this order), `#` comments, empty
/// lines, cells in double quotes, and `.gz`. If the first line is not all numbers it names the columns, and so does a `#` line
/// directly above the numbers that has as many words as they have columns; otherwise the columns are `0`, `1`, ….
/// `nan`, `inf` and an empty cell between commas (NaN) are numbers.
/// Every error is one sentence with the file and the line.
public final class CsvTable {

    private final String source;
    private final List<String> columns;
    private final List<List<String>> rows;
    private final List<Integer> lines;

    private CsvTable(String source, List<String> columns, List<List<String>> rows, List<Integer> lines) {
        this.source = source;
        this.columns = List.copyOf(columns);
        this.rows = List.copyOf(rows);
        this.lines = List.copyOf(lines);
    }

    /// Names of the columns.
    public List<String> columns() {
        return columns;
    }

    /// Number of rows.
    public int rows() {
        return rows.size();
    }

    /// A cell as text.
    public String cell(int row, String column) {
        return rows.get(row).get(index(column));
    }

    /// A column of numbers.
    public double[] column(String name) {
        int j = index(name);
        double[] out = new double[rows.size()];
        for (int i = 0; i < out.length; i++) out[i] = number(i, j);
        return out;
    }

    /// All cells as numbers, `[rows][columns]`.
    public double[][] matrix() {
        double[][] out = new double[rows.size()][columns.size()];
        for (int i = 0; i < out.length; i++) for (int j = 0; j < columns.size(); j++) out[i][j] = number(i, j);
        return out;
    }

    private int index(String column) {
        int j = columns.indexOf(column);
        if (j < 0) throw new IllegalArgumentException(source + ": there is no column '" + column + "'; there are " + columns);
        return j;
    }

    private double number(int i, int j) {
        String cell = rows.get(i).get(j);
        double value = parse(cell);
        if (Double.isNaN(value) && !isNan(cell))
            throw new IllegalArgumentException(source + ", line " + lines.get(i) + ": '" + cell + "' in column '" + columns.get(j)
                    + "' is not a number");
        return value;
    }

    /// Reads a file.
    public static CsvTable read(Path file) {
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
                var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return parse(String.valueOf(file.getFileName()), reader.lines().toList());
        } catch (IOException e) {
            throw AtomicFile.failure("read", file, e);
        }
    }

    /// Reads lines; `source` is what errors call the file.
    public static CsvTable parse(String source, List<String> text) {
        List<String> columns = List.of();
        List<String> comment = List.of();
        List<List<String>> rows = new ArrayList<>();
        List<Integer> lines = new ArrayList<>();
        char separator = 0;
        for (int n = 1; n <= text.size(); n++) {
            String line = text.get(n - 1).strip();
            if (n == 1 && line.startsWith("\uFEFF")) line = line.substring(1).strip();
            if (line.isEmpty()) continue;
            if (line.startsWith("#")) {
                String words = line.replaceFirst("^#+", "").strip();
                comment = words.isEmpty() ? comment : cells(words, separatorOf(words), source, n);
                continue;
            }
            if (separator == 0) separator = separatorOf(line);
            List<String> cells = cells(line, separator, source, n);
            if (columns.isEmpty()) {
                boolean header = cells.stream().anyMatch(c -> Double.isNaN(parse(c)) && !isNan(c)) && cells.stream().allMatch(c -> Double.isNaN(parse(c)));
                if (header) {
                    columns = cells;
                    continue;
                }
                columns = comment.size() == cells.size() && comment.stream().allMatch(c -> Double.isNaN(parse(c)))
                        ? comment : IntStream.range(0, cells.size()).mapToObj(String::valueOf).toList();
            }
            if (cells.size() != columns.size())
                throw new IllegalArgumentException(source + ", line " + n + ": " + cells.size() + " cells, expected " + columns.size());
            rows.add(cells);
            lines.add(n);
        }
        if (columns.isEmpty()) throw new IllegalArgumentException(source + ": the table is empty");
        return new CsvTable(source, columns, rows, lines);
    }

    private static char separatorOf(String line) {
        for (char c : new char[] {',', ';', '\t'}) if (line.indexOf(c) >= 0) return c;
        return ' ';
    }

    private static List<String> cells(String line, char separator, String source, int n) {
        if (separator == ' ') return List.of(line.split("\\s+"));
        List<String> out = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"' && quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                cell.append(c);
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == separator && !quoted) {
                out.add(cell.toString().strip());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
        if (quoted) throw new IllegalArgumentException(source + ", line " + n + ": a quotation mark is not closed");
        out.add(cell.toString().strip());
        return out;
    }

    private static boolean isNan(String cell) {
        return cell.isEmpty() || cell.equalsIgnoreCase("nan");
    }

    private static double parse(String cell) {
        String lower = cell.toLowerCase(Locale.ROOT);
        switch (lower) {
            case "inf", "+inf", "infinity" -> { return Double.POSITIVE_INFINITY; }
            case "-inf", "-infinity" -> { return Double.NEGATIVE_INFINITY; }
            default -> { }
        }
        // parseDouble would also take "1d" and hexadecimal.
        if (lower.isEmpty() || !"+-.0123456789".contains(lower.substring(0, 1)) || lower.matches(".*[xdfp].*")) return Double.NaN;
        try {
            return Double.parseDouble(lower);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /// Opens a file for one row after another, such as `metrics.csv`.
    ///
    /// A new file gets the header line. An existing one must have the same header; a last line cut short by a killed run is
    /// removed, and new rows go after it.
    public static Appender append(Path file, String... columns) {
        try {
            return new Appender(file, List.of(columns));
        } catch (IOException e) {
            throw AtomicFile.failure("write", file, e);
        }
    }

    /// Writes a whole table at once, atomically.
    public static void write(Path file, List<String> columns, double[][] rows) {
        StringBuilder out = new StringBuilder(header(columns));
        for (double[] row : rows) out.append(line(file, columns, row));
        AtomicFile.write(file, out.toString());
    }

    private static String header(List<String> columns) {
        return String.join(",", columns.stream().map(CsvTable::quoted).toList()) + "\n";
    }

    private static String quoted(String cell) {
        return cell.matches("[^,;\"\\s#]+") ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }

    private static String line(Path file, List<String> columns, double[] row) {
        if (row.length != columns.size())
            throw new IllegalArgumentException(file.getFileName() + ": a row of " + row.length + " numbers for " + columns.size() + " columns");
        StringBuilder out = new StringBuilder();
        for (int j = 0; j < row.length; j++) {
            out.append(j == 0 ? "" : ",");
            // Whole numbers (epochs, steps) read better without ".0".
            if (row[j] == Math.rint(row[j]) && Math.abs(row[j]) < 1e15) out.append((long) row[j]);
            else if (Double.isNaN(row[j])) out.append("nan");
            else if (Double.isInfinite(row[j])) out.append(row[j] > 0 ? "inf" : "-inf");
            else out.append(row[j]);
        }
        return out.append('\n').toString();
    }

    /// A file open for rows; each row is on the disk's way when {@link #row} returns. Not for several threads.
    public static final class Appender implements AutoCloseable {

        private final Path file;
        private final List<String> columns;
        private final FileChannel channel;

        private Appender(Path file, List<String> columns) throws IOException {
            this.file = file;
            this.columns = columns;
            Files.createDirectories(file.toAbsolutePath().getParent());
            String before = Files.exists(file) ? Files.readString(file) : "";
            String whole = before.substring(0, before.lastIndexOf('\n') + 1);
            if (!whole.isEmpty() && !whole.startsWith(header(columns)))
                throw new IllegalArgumentException(file.getFileName() + ": the header is '" + whole.lines().findFirst().orElse("")
                        + "', expected '" + header(columns).strip() + "'; choose another folder or remove the file");
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel.truncate(whole.getBytes(StandardCharsets.UTF_8).length);
            channel.position(channel.size());
            if (whole.isEmpty()) write(header(columns));
        }

        /// Adds a row.
        public void row(double... values) {
            try {
                write(line(file, columns, values));
            } catch (IOException e) {
                throw AtomicFile.failure("write", file, e);
            }
        }

        private void write(String text) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) channel.write(bytes);
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw AtomicFile.failure("write", file, e);
            }
        }
    }
}
