package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class SharingTest {
    private final int threads = Workers.threads();
    private long now = 1;
    private final Sharing sharing = new Sharing(now);
    private int aloneRuns;

    @AfterEach
    void restore() {
        Workers.threads(threads);
        Workers.alone(false);
    }

    /// Runs for so long, each of which takes its time.
    private int runFor(long whole, long shared, long alone) {
        long end = now + whole;
        int runs = 0;
        aloneRuns = 0;
        while (now < end) {
            boolean isAlone = sharing.begin(now);
            now += isAlone ? alone : shared;
            aloneRuns += isAlone ? 1 : 0;
            if (sharing.isTrial()) {
                sharing.end(now);
            }
            runs++;
        }
        return runs;
    }

    @Test
    void whatIsFasterIsFoundAndFoundAgain() {
        runFor(1_000_000_000, 120_000, 150_000);
        assertFalse(sharing.isAlone());
        runFor(2_000_000_000, 250_000, 150_000);
        assertTrue(sharing.isAlone());
        runFor(2_000_000_000, 120_000, 150_000);
        assertFalse(sharing.isAlone());
    }

    @Test
    void oneSlowRunInATrialChangesNothing() {
        for (int i = 0; i < 200; i++) {
            runFor(10_000_000, 120_000, 150_000);
            boolean isAlone = sharing.begin(now);
            now += 5_000_000;
            if (sharing.isTrial()) {
                sharing.end(now);
            }
            assertFalse(sharing.isAlone(), "after run " + i + ", alone " + isAlone);
        }
    }

    @Test
    void trialsAreFew() {
        runFor(2_000_000_000, 120_000, 240_000);
        int runs = runFor(8_000_000_000L, 120_000, 240_000);
        assertTrue(aloneRuns > 0 && aloneRuns < 0.01 * runs, aloneRuns + " of " + runs);
    }

    @Test
    void longRunsAreSharedWithoutTrial() {
        runFor(4_000_000_000L, 5_000_000, 1_000_000);
        assertEquals(0, aloneRuns);
    }

    @Test
    void aThreadAloneRunsItsChunksInOrder() {
        Workers.threads(3);
        Workers.alone(true);
        List<Integer> chunks = new ArrayList<>();
        Workers.run(20, chunk -> {
            assertFalse(Workers.isBusy());
            chunks.add(chunk);
        });
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19), chunks);
        Workers.alone(false);
        Workers.run(20, chunk -> assertTrue(Workers.isBusy()));
    }

    @Test
    void aRunThatThrowsLeavesTheThreadsToOthers() {
        Workers.threads(2);
        sharing.begin();
        Workers.alone(true);
        sharing.end();
        Workers.run(2, chunk -> assertTrue(Workers.isBusy()));
    }
}
