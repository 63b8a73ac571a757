package org.cosmograd.simulators.cosmology;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SurveyTest {
    @Test
    void whatIsInTheBox() {
        List<Survey> all = List.of(
                Survey.desiDr2(),
                Survey.desiDr1(),
                Survey.sdssDr12(),
                Survey.sdssDr16(),
                Survey.union3(),
                Survey.pantheon2018(),
                Survey.jla());
        assertEquals(List.of(13, 12, 6, 8, 22, 40, 31), all.stream().map(Survey::size).toList());
        assertEquals(
                "Survey[DESI DR2, 13 numbers, z 0.295 to 2.33, DESI Collaboration 2025, arXiv:2503.14738]",
                Survey.desiDr2().toString());
        for (Survey s : all) {
            double[][] l = s.cholesky().toRows();
            double[][] c = s.covariance().toRows();
            for (int i = 0; i < s.size(); i++) {
                for (int j = 0; j <= i; j++) {
                    double sum = 0;
                    for (int k = 0; k <= j; k++) {
                        sum += l[i][k] * l[j][k];
                    }
                    assertEquals(c[i][j], sum, 1e-6 * Math.sqrt(c[i][i] * c[j][j]));
                }
            }
        }
    }

    @Test
    void desiRowsKeepTheirOrder() {
        Survey s = Survey.desiDr2();
        assertEquals(Quantity.DV_OVER_RD, s.quantities().getFirst());
        assertEquals(Quantity.DM_OVER_RD, s.quantities().getLast());
        assertEquals(38.988973961958784, s.values().get(12));
        assertEquals(-3.26062007e-2, s.covariance().get(1, 2));
    }

    @Test
    void sdssComesWithoutItsFiducialHorizonAndGrowth() {
        Survey dr12 = Survey.sdssDr12();
        assertEquals(1512.39 / 147.78, dr12.values().get(0), 1e-12);
        assertEquals(81.2087 * 147.78, dr12.values().get(1), 1e-8);
        assertEquals(23.729, dr12.covariance().get(0, 1), 1e-10);
        Survey dr16 = Survey.sdssDr16();
        assertArrayEquals(new double[] {0.38, 0.38, 0.51, 0.51, 0.698, 0.698, 1.48, 1.48}, dr16.z().toDoubles());
        assertEquals(0.21952648, dr16.covariance().get(7, 7));
        assertEquals(0, dr16.covariance().get(7, 5));
    }

    @Test
    void errorsAreSentences(@TempDir Path dir) throws IOException {
        Path mean = Files.writeString(dir.resolve("mean.txt"), "# z value quantity\n0.5 13.6 DM_over_rs\n0.5 21.9 DA_over_rs\n");
        Path cov = Files.writeString(dir.resolve("cov.txt"), "1 0\n0 1\n");
        assertFault(
                "Survey: mean.txt: the quantity DA_over_rs is unknown; known are DM_over_rs, DH_over_rs, DV_over_rs, bao_Hz_rs and f_sigma8",
                () -> Survey.bao("x", "y", mean, cov));
        Files.writeString(mean, "0.5 13.6 DM_over_rs\n0.5 21.9\n");
        assertFault(
                "Survey: mean.txt: row 2 has 2 columns, needs redshift, value and quantity", () -> Survey.bao("x", "y", mean, cov));
        Files.writeString(mean, "0.5 13,6 DM_over_rs\n0.5 21.9 DH_over_rs\n");
        assertFault("Survey: mean.txt: \"13,6\" is not a number", () -> Survey.bao("x", "y", mean, cov));
        Files.writeString(mean, "0.5 13.6 DM_over_rs\n");
        assertFault("Survey: cov.txt: it has 2 rows for 1 measured numbers", () -> Survey.bao("x", "y", mean, cov));
        Files.writeString(mean, "0.5 13.6 DM_over_rs\n0.5 21.9 DH_over_rs\n");
        Files.writeString(cov, "1 2\n2 1\n");
        assertFault(
                "Survey x: the covariance is not positive definite (pivot -3.0 in row 1)", () -> Survey.bao("x", "y", mean, cov));
        Files.writeString(cov, "1 0.1\n0.2 1\n");
        assertFault(
                "Survey x: the covariance is not symmetric: 0.2 at [1, 0], 0.1 at [0, 1]", () -> Survey.bao("x", "y", mean, cov));
        Files.writeString(mean, "# z mu\n0.1 38.2\n0.2 39.8\n");
        assertFault(
                "Survey: cov.txt: it holds 3 elements after its size, 2 supernovae need 4",
                () -> Survey.supernovae("x", "y", mean, cov, 0));
        Files.writeString(cov, "2\n1\n0\n0\n1\n");
        assertEquals(2, Survey.supernovae("x", "y", mean, cov, 0).size());
        assertFault(
                "Survey x: redshift 0 is 0.0; it must be positive",
                () -> Survey.of("x", "y", List.of(Quantity.DM_OVER_RD), new double[1], new double[1], new double[][] {{1}}));
        assertFault(
                "Survey x: 1 quantities, 2 redshifts, 1 values and 1 rows of covariance; all must be equal in number and at least 1",
                () -> Survey.of("x", "y", Collections.nCopies(1, Quantity.DM_OVER_RD), new double[2], new double[1], new double[1][1]));
        assertFault(
                "Survey x: it mixes distance moduli with BAO quantities; make two surveys of it",
                () -> Survey.of(
                        "x",
                        "y",
                        List.of(Quantity.DM_OVER_RD, Quantity.DISTANCE_MODULUS),
                        new double[2],
                        new double[2],
                        new double[2][2]));
        assertTrue(assertThrows(java.io.UncheckedIOException.class, () -> Survey.bao("x", "y", dir.resolve("no"), cov))
                .getMessage()
                .startsWith("Survey: cannot read "));
    }

    private static void assertFault(String message, org.junit.jupiter.api.function.Executable run) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, run).getMessage());
    }
}
