package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private final AtomicLong nanos = new AtomicLong();

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    private void run(Progress progress, int total, double secondsEach) {
        for (int i = 1; i <= total; i++) {
            nanos.addAndGet((long) (secondsEach * 1e9));
            progress.at(i, "loss 0.5");
        }
        progress.close();
    }

    @Test
    void aTerminalLineIsRewrittenInPlace() {
        run(Progress.of(out, "train", "epochs", 4, true, nanos::get), 4, 1);
        assertEquals("\rtrain  ━━━━━─────────────────  25 %  1/4 epochs  1.0/s  3.0 s left  loss 0.5"
                + "\rtrain  ━━━━━━━━━━━───────────  50 %  2/4 epochs  1.0/s  2.0 s left  loss 0.5"
                + "\rtrain  ━━━━━━━━━━━━━━━━──────  75 %  3/4 epochs  1.0/s  1.0 s left  loss 0.5"
                + "\rtrain  ━━━━━━━━━━━━━━━━━━━━━━  100 %  4/4 epochs  1.0/s  in 4.0 s  loss 0.5 \n", text());
    }

    @Test
    void aTerminalIsNotFlooded() {
        run(Progress.of(out, "simulate", "simulations", 1_000_000, true, nanos::get), 1_000_000, 1e-6);
        assertTrue(text().chars().filter(c -> c == '\r').count() <= 12, text());
    }

    @Test
    void aLogFileGetsFewLinesOrNone() {
        run(Progress.of(out, "simulate", "simulations", 100_000, false, nanos::get), 100_000, 0.1);
        long lines = text().lines().count();
        assertTrue(lines >= 10 && lines <= 25, text());
        assertTrue(text().startsWith("simulate  0 %  1/100,000 simulations  10/s  2 h 46 min left  loss 0.5\n"), text());
        assertTrue(text().endsWith("simulate  100 %  100,000/100,000 simulations  10/s  in 2 h 46 min  loss 0.5\n"), text());
    }

    @Test
    void aVerySlowTaskSpeaksEveryTenMinutes() {
        run(Progress.of(out, "chain", "steps", 10_000, false, nanos::get), 1000, 7);
        // 7,000 seconds for a tenth of the work.
        long lines = text().lines().count();
        assertTrue(lines >= 10 && lines <= 14, text());
    }

    @Test
    void aResumedTaskDoesNotCountWhatWasDoneBefore() {
        Progress progress = Progress.of(out, "train", "epochs", 100, false, nanos::get).from(90);
        nanos.addAndGet(2_000_000_000L);
        progress.at(92);
        progress.close();
        assertEquals("train  92 %  92/100 epochs  1.0/s  8.0 s left\n", text());
    }

    @Test
    void manyThreadsMayStep() {
        Progress progress = Progress.of(out, "simulate", "simulations", 10_000, false, nanos::get);
        IntStream.range(0, 10_000).parallel().forEach(i -> progress.step());
        progress.close();
        assertTrue(text().lines().toList().getLast().startsWith("simulate  100 %  10,000/10,000 simulations"), text());
    }

    @Test
    void nothingToDoIsDone() {
        Progress.of(out, "none", "items", 0, false, nanos::get).close();
        assertEquals("", text());
        assertEquals("4 min 12 s", Progress.duration(252));
        assertEquals("2 d 4 h", Progress.duration(187_300));
    }
}
