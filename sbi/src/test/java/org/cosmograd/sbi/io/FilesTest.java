package org.cosmograd.sbi.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.cosmograd.nn.io.AtomicFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesTest {

    @TempDir
    Path folder;

    private static final double[][] THETA = {{1, -2.5, Math.PI}, {Double.NaN, Double.NEGATIVE_INFINITY, 1e-300}};

    private static Npz sample() {
        return Npz.of().with("theta", THETA).with("loss", new double[] {0.5}).with("seed", Long.MIN_VALUE)
                .with("x", new NpArray.Float32(new int[] {2, 1, 2}, new float[] {1, 2, 3, 0.1f})).with("rank", new NpArray.Int32(new int[] {3}, new int[] {-1, 0, 7}))
                .with("none", new double[0][0]);
    }

    @Test
    void arraysSurviveTheRoundTrip() {
        Path file = folder.resolve("deep/er/a.npz");
        sample().save(file);
        Npz back = Npz.read(file);
        assertEquals(List.of("theta", "loss", "seed", "x", "rank", "none"), List.copyOf(back.arrays().keySet()));
        assertArrayEquals(THETA, back.array("theta").matrix());
        assertArrayEquals(new double[][] {{0.5}}, back.array("loss").matrix());
        assertEquals(Long.MIN_VALUE, ((NpArray.Int64) back.array("seed")).longs()[0]);
        assertArrayEquals(new int[0], back.array("seed").shape());
        assertArrayEquals(new int[] {2, 1, 2}, back.array("x").shape());
        assertArrayEquals(new float[] {1, 2, 3, 0.1f}, ((NpArray.Float32) back.array("x")).floats());
        assertArrayEquals(new double[] {-1, 0, 7}, back.array("rank").doubles());
        assertEquals(0, back.array("none").size());
    }

    @Test
    void largeArraysCrossTheBuffers() {
        double[] large = new double[100_003];
        for (int i = 0; i < large.length; i++) large[i] = Math.sin(i);
        Path file = folder.resolve("large.npz");
        Npz.of().with("a", large).save(file);
        assertArrayEquals(large, Npz.read(file).array("a").doubles());
    }

    @Test
    void equalContentGivesEqualBytesInTheDocumentedLayout() throws Exception {
        sample().save(folder.resolve("a.npz"));
        sample().save(folder.resolve("b.npz"));
        byte[] bytes = Files.readAllBytes(folder.resolve("a.npz"));
        assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("b.npz")));
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        String header = "\u0093NUMPY\u0001\u0000\u0076\u0000{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
        int at = text.indexOf(header);
        assertTrue(at > 0, "header of theta");
        assertEquals('\n', text.charAt(at + 127));
        assertTrue(text.contains("'<i8', 'fortran_order': False, 'shape': (), }"));
        assertTrue(text.contains("'<f4', 'fortran_order': False, 'shape': (2, 1, 2), }"));
        assertTrue(text.contains("'<i4', 'fortran_order': False, 'shape': (3,), }"));
    }

    @Test
    void numpyReadsTheFileAndWeReadNumpys() throws Exception {
        assumeTrue(python("import numpy") == 0, "no python3 with numpy here");
        Path ours = folder.resolve("ours.npz");
        sample().save(ours);
        assertEquals(0, python("import numpy as np, sys\nf=np.load(sys.argv[1])\n"
                + "assert f['theta'].dtype==np.float64 and f['theta'].shape==(2,3) and f['theta'][0,2]==np.pi and np.isnan(f['theta'][1,0])\n"
                + "assert f['seed'].shape==() and f['seed']==-2**63\nassert f['x'].dtype==np.float32 and f['x'].shape==(2,1,2)\n"
                + "assert (f['rank']==[-1,0,7]).all() and f['none'].shape==(0,0)", ours));
        Path theirs = folder.resolve("theirs.npz");
        assertEquals(0, python("import numpy as np, sys\nnp.savez_compressed(sys.argv[1], a=np.arange(6.).reshape(2,3), b=np.int32(4), c=np.arange(3), "
                + "f=np.asfortranarray(np.arange(6.).reshape(2,3)))", theirs));
        assertEquals("cannot read " + theirs + ": " + theirs + "/f.npy is in Fortran order; save it with np.ascontiguousarray",
                assertThrows(UncheckedIOException.class, () -> Npz.read(theirs)).getMessage());
        assertEquals(0, python("import numpy as np, sys\nnp.savez_compressed(sys.argv[1], a=np.arange(6.).reshape(2,3), b=np.int32(4), c=np.arange(3))", theirs));
        Npz read = Npz.read(theirs);
        assertArrayEquals(new double[][] {{0, 1, 2}, {3, 4, 5}}, read.array("a").matrix());
        assertArrayEquals(new double[] {4}, read.array("b").doubles());
        assertArrayEquals(new double[] {0, 1, 2}, read.array("c").doubles());
    }

    private static int python(String code, Path... arguments) throws Exception {
        try {
            var command = new ArrayList<>(List.of("python3", "-c", code));
            for (Path p : arguments) command.add(p.toString());
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int result = process.waitFor();
            if (result != 0 && arguments.length > 0) System.err.println(output);
            return result;
        } catch (IOException e) {
            return -1;
        }
    }

    @Test
    void wrongFilesAreRefusedWithASentence() throws Exception {
        Path text = folder.resolve("text.npz");
        Files.writeString(text, "hello");
        assertTrue(assertThrows(UncheckedIOException.class, () -> Npz.read(text)).getMessage().startsWith("cannot read " + text + ": it is not an npz file"));
        Path odd = folder.resolve("odd.npz");
        try (var zip = new ZipOutputStream(Files.newOutputStream(odd))) {
            zip.putNextEntry(new ZipEntry("s.npy"));
            zip.write("\u0093NUMPY\u0001\u0000".getBytes(StandardCharsets.ISO_8859_1));
            String header = "{'descr': '<U8', 'fortran_order': False, 'shape': (1,), }\n";
            zip.write(new byte[] {(byte) header.length(), 0});
            zip.write(header.getBytes(StandardCharsets.ISO_8859_1));
        }
        assertEquals("cannot read " + odd + ": " + odd + "/s.npy has element type <U8; this reader takes <f4 <f8 <i4 <i8",
                assertThrows(UncheckedIOException.class, () -> Npz.read(odd)).getMessage());
        assertEquals("Npz: there is no array 'y'; the file has [theta]",
                assertThrows(IllegalArgumentException.class, () -> Npz.of().with("theta", THETA).array("y")).getMessage());
        assertEquals("NpArray: shape [2, 2] needs 4 elements, got 3",
                assertThrows(IllegalArgumentException.class, () -> new NpArray.Float64(new int[] {2, 2}, new double[3])).getMessage());
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNothingElse() throws Exception {
        Path file = folder.resolve("a.txt");
        AtomicFile.write(file, "old");
        var e = assertThrows(UncheckedIOException.class, () -> AtomicFile.write(file, out -> {
            out.write(new byte[100_000]);
            throw new IOException("No space left on device");
        }));
        assertEquals("cannot write " + file + ": the disk is full; free some space and resume", e.getMessage());
        assertEquals("old", Files.readString(file));
        try (var list = Files.list(folder)) {
            assertEquals(List.of(file), list.toList());
        }
        Path below = file.resolve("b.txt");
        assertEquals("cannot write " + below + ": a file is in the way where a folder is needed, or the folder is not writable",
                assertThrows(UncheckedIOException.class, () -> AtomicFile.write(below, "x")).getMessage());
    }

    @Test
    void chainsAreWrittenAsGetDistReadsThem() throws Exception {
        GetDistChain.of(List.of("om", "w0"), List.of("Ωₘ", "w₀"), new double[][] {{0.3, -1}, {0.31, -0.9}}).weights(new double[] {1, 0.5})
                .minusLogPosterior(new double[] {2, 3.5}).limits(new double[] {0, Double.NaN}, new double[] {1, Double.POSITIVE_INFINITY}).save(folder, "chain");
        assertEquals("1.0 2.0 0.3 -1.0\n0.5 3.5 0.31 -0.9\n", Files.readString(folder.resolve("chain_1.txt")));
        assertEquals("om\t\\Omega_{m}\nw0\tw_{0}\n", Files.readString(folder.resolve("chain.paramnames")));
        assertEquals("om 0.0 1.0\nw0 N N\n", Files.readString(folder.resolve("chain.ranges")));
        assertEquals("GetDistChain: the name 'a b' must be non-empty without spaces, * or ?",
                assertThrows(IllegalArgumentException.class, () -> GetDistChain.of(List.of("a b"), List.of("x"), new double[0][1])).getMessage());
    }

    @Test
    void labelsBecomeRunsAndLatex() {
        assertEquals("\\Omega_{b}h^{2}", Label.of("Ω_{b}h²").latex());
        assertEquals("H_{0}\\,r_{d}", Label.of("H₀·r_{d}").latex());
        assertEquals("\\Sigma m_{\\nu}", Label.of("Σm_{ν}").latex());
        assertEquals("train\\_loss", Label.of("train_loss").latex());
        assertEquals(List.of(new Label.Run("train_loss", Label.Place.BASE)), Label.of("train_loss").runs());
        assertEquals(List.of(new Label.Run("10", Label.Place.BASE), new Label.Run("−9", Label.Place.SUPERSCRIPT)), Label.of("10⁻⁹").runs());
    }
}
