package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardEventsTest {

    @TempDir
    Path folder;

    /// The expected bytes were checked with TensorBoard 2.21's own reader: one `brain.Event:2` and one scalar.
    @Test
    void theBytesAreThoseTensorBoardReads() throws Exception {
        Path file;
        try (var events = TensorBoardEvents.open(folder, InstantSource.fixed(Instant.ofEpochSecond(1_700_000_000L, 500_000_000)))) {
            events.scalar("loss/train", 300, 0.5);
            file = events.file();
        }
        assertEquals("events.out.tfevents.1700000000.cosmograd", file.getFileName().toString());
        assertEquals(KNOWN, HexFormat.of().formatHex(Files.readAllBytes(file)));
    }

    private static final String KNOWN = "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a32"
            + "2b3531102100000000000000017becf60900002040fc54d94110ac022a130a110a0a6c6f73732f747261696e150000003f548d4687";

    @Test
    void aResumedRunOpensAnotherFile() {
        InstantSource clock = InstantSource.fixed(Instant.ofEpochSecond(1_700_000_000L));
        try (var a = TensorBoardEvents.open(folder, clock); var b = TensorBoardEvents.open(folder, clock)) {
            assertNotEquals(a.file(), b.file());
        }
    }
}
