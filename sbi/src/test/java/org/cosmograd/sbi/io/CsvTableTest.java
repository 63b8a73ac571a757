package org.cosmograd.sbi.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTableTest {

    @TempDir
    Path folder;

    @Test
    void rowsAreAppendedAcrossRunsAndATornLineIsRemoved() throws Exception {
        Path file = folder.resolve("run/metrics.csv");
        try (var rows = CsvTable.append(file, "epoch", "training loss")) {
            rows.row(1, 0.5);
            rows.row(2, Double.NaN);
        }
        Files.writeString(file, Files.readString(file) + "3,0.");
        try (var rows = CsvTable.append(file, "epoch", "training loss")) {
            rows.row(3, 0.125);
        }
        assertEquals("epoch,\"training loss\"\n1,0.5\n2,nan\n3,0.125\n", Files.readString(file));
        assertArrayEquals(new double[] {0.5, Double.NaN, 0.125}, CsvTable.read(file).column("training loss"));
        assertEquals("metrics.csv: the header is 'epoch,\"training loss\"', expected 'epoch,loss'; choose another folder or remove the file",
                assertThrows(IllegalArgumentException.class, () -> CsvTable.append(file, "epoch", "loss")).getMessage());
    }

    @Test
    void tablesAreWrittenAndReadBack() {
        Path file = folder.resolve("t.csv");
        double[][] rows = {{1, 2.5}, {-3e-20, Double.POSITIVE_INFINITY}};
        CsvTable.write(file, List.of("a", "b"), rows);
        CsvTable table = CsvTable.read(file);
        assertEquals(List.of("a", "b"), table.columns());
        assertArrayEquals(rows, table.matrix());
    }

    @Test
    void publishedTablesAreRead() throws Exception {
        CsvTable pantheon = CsvTable.parse("p.dat", List.of("CID IDSURVEY zHD", "", "2011fe 51 0.00122", "  1997by   4  1.5e-2 "));
        assertEquals(2, pantheon.rows());
        assertArrayEquals(new double[] {0.00122, 0.015}, pantheon.column("zHD"));
        assertEquals("2011fe", pantheon.cell(0, "CID"));
        CsvTable comment = CsvTable.parse("c.txt", List.of("# a survey", "# z  mu  err", "0.1 38 0.2", "0.2 40 nan"));
        assertEquals(List.of("z", "mu", "err"), comment.columns());
        assertEquals(List.of("0", "1"), CsvTable.parse("n", List.of("1\t2")).columns());
        assertArrayEquals(new double[][] {{1, Double.NaN, 3}}, CsvTable.parse("e", List.of("a,\"b, c\",d", "1,,3")).matrix());
        Path gz = folder.resolve("t.csv.gz");
        try (var out = new GZIPOutputStream(Files.newOutputStream(gz))) {
            out.write("x,y\n1,2\n".getBytes());
        }
        assertArrayEquals(new double[][] {{1, 2}}, CsvTable.read(gz).matrix());
    }

    @Test
    void mistakesNameFileAndLine() {
        assertEquals("t.csv, line 3: 3 cells, expected 2",
                assertThrows(IllegalArgumentException.class, () -> CsvTable.parse("t.csv", List.of("a,b", "1,2", "1,2,3"))).getMessage());
        assertEquals("t.csv, line 4: '1.2.3' in column 'b' is not a number",
                assertThrows(IllegalArgumentException.class, () -> CsvTable.parse("t.csv", List.of("a,b", "1,2", "", "1,1.2.3")).matrix()).getMessage());
        assertEquals("t.csv: there is no column 'z'; there are [a, b]",
                assertThrows(IllegalArgumentException.class, () -> CsvTable.parse("t.csv", List.of("a,b", "1,2")).column("z")).getMessage());
        assertEquals("t.csv: the table is empty", assertThrows(IllegalArgumentException.class, () -> CsvTable.parse("t.csv", List.of("# x"))).getMessage());
        Path missing = folder.resolve("none.csv");
        assertEquals("cannot read " + missing + ": there is no such file", assertThrows(UncheckedIOException.class, () -> CsvTable.read(missing)).getMessage());
    }
}
