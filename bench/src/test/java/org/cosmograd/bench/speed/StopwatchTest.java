package org.cosmograd.bench.speed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StopwatchTest {
    @Test
    void aTimeIsTheMedianOfSamples() {
        long[][] samples = {{1, 5, 6}, {3, 9, 9}, {2, 20, 30}};
        assertEquals(2, Stopwatch.median(samples, 0));
        assertEquals(9, Stopwatch.median(samples, 1));
    }

    @Test
    void anOddNumberOfSamplesIsTaken() {
        int[] runs = {0};
        long[][] samples = Stopwatch.samples(() -> runs[0]++, 4);
        assertEquals(1, samples.length % 2);
        assertTrue(samples.length * (4 + 3) <= runs[0]);
        for (long[] s : samples) {
            assertEquals(4, s.length);
        }
    }
}
