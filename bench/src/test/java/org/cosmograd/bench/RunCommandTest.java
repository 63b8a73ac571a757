package org.cosmograd.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
    private static String refused(Path folder, String setting) {
        Answer answer = Answer.to("run", "dark-energy", setting, "--out", folder.toString());
        assertEquals(2, answer.code());
        return answer.err();
    }

    /// A slip of the keyboard must not take a folder.
    @Test
    void aRefusedRunLeavesItsFolderFree(@TempDir Path home) {
        Path folder = home.resolve("run");
        for (int i = 0; i < 2; i++) {
            assertEquals("cosmograd: run: steps=-5 is not a whole number of at least 10\n", refused(folder, "steps=-5"));
            assertFalse(Files.exists(folder));
        }
    }

    @Test
    void whatElseIsInTheFolderStays(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("mine.txt"), "mine");
        refused(folder, "steps=-5");
        assertTrue(Files.exists(folder.resolve("mine.txt")));
    }
}
