package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The examples of the README and of the documentation, with what they print.
class ExamplesTest {

    /// README, "ten lines of embedding": the lines between the marks stand there too.
    @Test
    void tenLinesOfEmbedding() {
        assertEquals("Line[slope=f32[] 2.0000, offset=f32[] 1.0000]", printed(() -> {
            // --- begin
            record Line(Tensor slope, Tensor offset) {}

            Tensor x = Tensor.of(-1f, 0f, 1f, 2f), y = x.mul(2).add(1);
            Line start = new Line(Tensor.scalar(0, DType.F32), Tensor.scalar(0, DType.F32));
            var fit = Program.loop((Line line, Tensor t) -> {
                Line slope = Gradient.of((Line l) -> t.mul(l.slope()).add(l.offset()).sub(y).square().mean(), line);
                return Tree.map(line, slope, (p, d) -> p.sub(d.mul(0.4)));
            }, start, x);
            for (int i = 0; i < 100; i++) fit.step(x);
            System.out.println(fit.state()); // Line[slope=f32[] 2.0000, offset=f32[] 1.0000]
            // --- end
        }));
    }

    /// README, images and fields.
    @Test
    void imagesAndFields() {
        assertEquals("f32[4, 16, 16, 8], f32[32, 32, 32], f32[4096, 3]", printed(() -> {
            // --- begin
            Tensor images = Key.of(1).normal(DType.F32, 4, 32, 32, 1), weight = Key.of(2).normal(DType.F32, 3, 3, 1, 8);
            Tensor maps = Convolution.same(2).boundary(Convolution.Boundary.PERIODIC).apply(images, weight);
            Tensor small = Pooling.of(2, 2).average(maps.relu());
            Tensor positions = Key.of(3).uniform(DType.F32, 4096, 3).mul(32);
            Tensor density = MassAssignment.CLOUD_IN_CELL.paint(positions, 32, 32, 32);
            Tensor force = Fourier.rfft(density, 3).inverseLaplacian(100).derivative(0, 100).inverse().neg();
            Tensor slope = force.square().sum().gradient(positions);
            System.out.println(small.type() + ", " + force.type() + ", " + slope.type()); // f32[4, 16, 16, 8], f32[32, 32, 32], f32[4096, 3]
            // --- end
        }));
    }

    @Test
    void readmeShowsTheSameLines() throws IOException {
        String readme = Files.readString(Path.of("..", "README.md"));
        assumeTrue(readme.contains("record Line("), "README has no embedding example yet");
        String source = Files.readString(Path.of("src/test/java/org/cosmograd/autodiff/ExamplesTest.java"));
        String shown = readme.lines().map(String::strip).collect(Collectors.joining("\n"));
        String[] parts = source.split("// --- " + "begin");
        assertEquals(3, parts.length);
        for (int i = 1; i < parts.length; i++) {
            String example = parts[i].substring(0, parts[i].indexOf("// --- " + "end"));
            String expected = example.strip().lines().map(String::strip).collect(Collectors.joining("\n"));
            assertTrue(shown.contains(expected), "README must show, indentation aside:\n" + expected);
        }
    }

    @Test
    void pageOfTensor() {
        Tensor x = Tensor.of(1f, 2f, 3f);
        Tensor y = x.mul(x).sum();
        Tensor g = Gradient.of(y, x);
        assertEquals("f32[] 14", y.toString());
        assertEquals("f32[3] [2 4 6]", g.toString());
    }

    record Fit(Tensor slope, Tensor offset) {}

    @Test
    void pageOfProgram() {
        Fit fit = new Fit(Tensor.scalar(2, DType.F32), Tensor.scalar(1, DType.F32));
        Tensor x = Tensor.of(1f, 2f, 3f);
        var line = Program.of((Fit f, Tensor t) -> t.mul(f.slope()).add(f.offset()), fit, x);
        Tensor y = line.run(fit, x);
        assertEquals("f32[3] [3 5 7]", y.toString());
    }

    @Test
    void pageOfCustomRule() {
        CustomRule clip = CustomRule.of(x -> x.getFirst().clamp(-1, 1), (x, y, g) -> List.of(g));
        Tensor x = Tensor.of(-3f, 0.5f, 3f);
        Tensor y = clip.apply(x);
        assertEquals("f32[3] [     -1 0.50000       1]", y.toString());
        assertArrayEquals(new float[] {1, 1, 1}, y.sum().gradient(x).toFloats());
    }

    @Test
    void pageOfKey() {
        Key key = Key.of(1);
        Tensor noise = key.fold(0).normal(DType.F32, 256, 4);
        assertEquals("f32[256, 4]", noise.type().toString());
        assertArrayEquals(noise.toFloats(), Key.of(1).fold(0).normal(DType.F32, 256, 4).toFloats());
    }

    @Test
    void printing() {
        assertEquals("f32[2, 2]\n[[   1    2]\n [-300    4]]", Tensor.of(Shape.of(2, 2), 1f, 2f, -300f, 4f).toString());
        assertEquals("f64[1000] mean 499.5 sd 288.7 min 0.000 max 999.0", Tensor.linspace(0, 999, 1000).toString());
        assertEquals("i32[3] [0 1 2]", Tensor.iota(3).toString());
        assertEquals("f32[0] []", Tensor.zeros(DType.F32, 0).toString());
    }

    private static String printed(Runnable body) {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            body.run();
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8).strip();
    }
}
