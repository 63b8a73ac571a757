package org.cosmograd.sbi.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UniformBandTest {

    @Test
    void theBinomialIntervalLeavesAtMostHalfTheRestOnEachSide() {
        // Ten fair coins: P(0) = 1/1024, P(0 or 1) = 11/1024, P(0, 1 or 2) = 56/1024.
        assertArrayEquals(new int[] {2, 8}, UniformBand.binomialInterval(10, 0.5, 0.95));
        assertArrayEquals(new int[] {1, 9}, UniformBand.binomialInterval(10, 0.5, 0.99));
        assertArrayEquals(new int[] {0, 10}, UniformBand.binomialInterval(10, 0.5, 0.999));
        assertArrayEquals(new int[] {0, 0}, UniformBand.binomialInterval(10, 0, 0.99));
    }

    @Test
    void theChanceOfOneBoundIsBinomial() {
        int[][] bounds = {{2}, {8}};
        assertEquals(1 - 22.0 / 1024, UniformBand.staysInside(10, new double[] {0.5}, bounds), 1e-12);
        // Two points: all ten in the middle tenth, or not.
        assertEquals(Math.pow(0.1, 10), UniformBand.staysInside(10, new double[] {0.45, 0.55}, new int[][] {{0, 10}, {0, 10}}), 1e-16);
    }

    @Test
    void theSimultaneousBandHoldsAsManyCurvesAsItClaims() {
        int n = 200;
        double[] z = new double[49];
        for (int k = 0; k < z.length; k++) z[k] = (k + 1) / 50.0;
        int[][] bounds = UniformBand.simultaneous(n, z, 0.95);
        double exact = UniformBand.staysInside(n, z, bounds);
        assertTrue(exact >= 0.95 && exact < 0.965, "probability " + exact);
        Random random = new Random(1);
        int trials = 4000;
        int held = 0;
        for (int t = 0; t < trials; t++) {
            double[] u = random.doubles(n).sorted().toArray();
            boolean inside = true;
            for (int k = 0; k < z.length; k++) {
                int at = Arrays.binarySearch(u, z[k]);
                int count = at < 0 ? -at - 1 : at + 1;
                inside &= count >= bounds[0][k] && count <= bounds[1][k];
            }
            if (inside) held++;
        }
        assertEquals(exact, held / (double) trials, 4 * Math.sqrt(exact * (1 - exact) / trials));
    }
}
