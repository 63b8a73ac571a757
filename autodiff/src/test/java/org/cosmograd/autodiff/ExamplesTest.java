package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

    /// Every Java example of the README is one that is run above, and the other way round.
    @Test
    void readmeShowsTheSameLines() throws IOException {
        String source = Files.readString(Path.of("src/test/java/org/cosmograd/autodiff/ExamplesTest.java"));
        List<String> run = Stream.of(source.split("// --- " + "begin"))
                .skip(1)
                .map(part -> stripped(part.substring(0, part.indexOf("// --- " + "end"))))
                .toList();
        List<String> shown = Stream.of(Files.readString(Path.of("..", "README.md")).split("\\R(?=\\S)"))
                .map(block -> block.lines().filter(line -> line.startsWith("    ")).collect(Collectors.joining("\n")))
                .filter(block -> block.lines().anyMatch(line -> line.contains(";") && !line.strip().startsWith("java ")))
                .map(ExamplesTest::stripped)
                .toList();
        assertEquals(String.join("\n\n", run), String.join("\n\n", shown), "README's examples are those of this test, indentation aside");
    }

    private static String stripped(String code) {
        return code.strip().lines().map(String::strip).filter(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
    }

    @Test
    void pageOfTensor() {
        Tensor x = Tensor.of(1f, 2f, 3f);
        Tensor y = x.mul(x).sum();
        Tensor g = Gradient.of(y, x);
        assertEquals("f32[] 14", y.toString());
        assertEquals("f32[3] [2 4 6]", g.toString());
    }

    @Test
    void pageOfGradient() {
        Tensor x = Tensor.of(1f, 2f, 3f);
        Tensor y = x.mul(x).mul(x).sum();
        assertEquals("f32[] 36", y.toString());
        assertEquals("f32[3] [ 3 12 27]", Gradient.of(y, x).toString());
        assertEquals("f32[3] [6 0 0]", Gradient.hessianVector(y, x, Tensor.of(1f, 0f, 0f)).toString());
        assertEquals("f32[3, 3]\n[[2 0 0]\n [0 4 0]\n [0 0 6]]", Gradient.jacobian(x.mul(x), x).toString());
    }

    @Test
    void pageOfTree() {
        record Net(Tensor weight, Tensor bias) {}
        Net net = new Net(Tensor.of(1f, 2f), Tensor.of(3f));
        Net gradient = new Net(Tensor.of(10f, 0f), Tensor.of(-10f));
        Net moved = Tree.map(net, gradient, (p, g) -> p.sub(g.mul(0.1)));
        assertEquals("Net[weight=f32[2] [0 2], bias=f32[1] [4]]", moved.toString());
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
        for (DType type : List.of(DType.F32, DType.F64)) {
            Tensor longer = key.normal(type, 101).slice(0, 0, 7);
            assertArrayEquals(longer.toDoubles(), key.normal(type, 7).toDoubles(), "a longer draw begins with the shorter one");
            assertArrayEquals(key.uniform(type, 101).slice(0, 0, 7).toDoubles(), key.uniform(type, 7).toDoubles());
        }
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
