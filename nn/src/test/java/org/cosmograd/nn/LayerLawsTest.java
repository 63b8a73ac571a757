package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.nn.LayerSamples.Sample;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Laws of all layers, over the registry.
class LayerLawsTest {
    private static final Key KEY = Key.of(11);

    @TempDir
    Path folder;

    @Test
    void everyLayerIsListed() throws Exception {
        Path classes = Path.of(Layer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Set<String> layers = new TreeSet<>();
        try (Stream<Path> files = Files.list(classes.resolve("org/cosmograd/nn"))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".class") && !name.startsWith("package")) {
                    Class<?> c = Class.forName("org.cosmograd.nn." + name.substring(0, name.length() - 6));
                    if (Layer.class.isAssignableFrom(c) && (c.isRecord() || c.isEnum())) {
                        layers.add(c.getSimpleName());
                    }
                }
            }
        }
        Set<String> listed = LayerSamples.all().stream()
                .map(s -> s.layer().getClass().getSimpleName())
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(layers, listed);
        String page = Files.readString(Path.of("src/main/java/org/cosmograd/nn/package-info.java"));
        layers.forEach(l -> assertTrue(page.contains("[" + l + "]"), l + " is not on the package page"));
    }

    /// The derivative by each parameter and by the rows equals central differences, in use and in training.
    @TestFactory
    Stream<DynamicTest> derivativesAreRight() {
        return each(s -> {
            differences(s, Layer::apply);
            differences(s, (l, x) -> l.train(x, KEY).y());
        });
    }

    private static void differences(Sample s, java.util.function.BiFunction<Layer, Tensor, Tensor> f) {
        List<Tensor> at = new ArrayList<>(Tree.leaves(s.layer()));
        at.add(s.x());
        Function<List<Tensor>, Tensor> loss = p -> {
            Tensor y = f.apply(Tree.rebuild(s.layer(), p.subList(0, p.size() - 1)), p.getLast());
            return y.mul(KEY.normal(DType.F64, y.shape().dims())).sum().add(y.square().sum());
        };
        List<Tensor> g = Gradient.of(loss.apply(at), at);
        for (int i = 0; i < at.size(); i++) {
            if (g.get(i).isZero()) {
                continue;
            }
            Tensor direction = KEY.fold(100 + i).normal(DType.F64, at.get(i).shape().dims());
            double slope = g.get(i).mul(direction).sum().item();
            double difference = (moved(loss, at, i, direction, 1e-5) - moved(loss, at, i, direction, -1e-5)) / 2e-5;
            assertEquals(difference, slope, 1e-6 * (1 + Math.abs(slope)), s + " tensor " + i);
        }
    }

    private static double moved(Function<List<Tensor>, Tensor> loss, List<Tensor> at, int i, Tensor direction, double by) {
        List<Tensor> p = new ArrayList<>(at);
        p.set(i, p.get(i).add(direction.mul(by)));
        return loss.apply(p).item();
    }

    /// In use, the result of a row does not depend on the others.
    @TestFactory
    Stream<DynamicTest> rowsAreIndependent() {
        return each(s -> {
            Tensor y = s.layer().apply(s.x());
            assertEquals(s.x().dim(0), y.dim(0));
            Tensor last = s.layer().apply(s.x().slice(0, -1, s.x().dim(0)));
            assertArrayEquals(y.slice(0, -1, y.dim(0)).toDoubles(), last.toDoubles(), 1e-12);
        });
    }

    /// A program computes what the expression says, and a pass gives back a layer of the same form and kind.
    @TestFactory
    Stream<DynamicTest> programsAndPasses() {
        return each(s -> {
            double[] y = s.layer().apply(s.x()).toDoubles();
            assertArrayEquals(y, Program.of((Layer l, Tensor x) -> l.apply(x), s.layer(), s.x()).run(s.layer(), s.x()).toDoubles());
            Pass<? extends Layer> pass = s.layer().train(s.x(), KEY);
            assertEquals(s.layer().getClass(), pass.layer().getClass());
            List<Tensor> before = Tree.leaves(s.layer());
            List<Tensor> after = Tree.leaves(pass.layer());
            List<Tensor> slopes = Gradient.of(pass.y().sum(), before);
            for (int i = 0; i < before.size(); i++) {
                assertEquals(before.get(i).type(), after.get(i).type());
                assertTrue(before.get(i) == after.get(i) || slopes.get(i).isZero(), "the pass moves what the result depends on");
            }
        });
    }

    /// Saved and read again, a layer does the same.
    @TestFactory
    Stream<DynamicTest> filesKeepLayers() {
        return each(s -> {
            Path file = folder.resolve("layer.safetensors");
            try {
                Safetensors.of(s.layer(), Map.of()).write(file);
                Layer zero = Tree.map(s.layer(), t -> Tensor.zeros(t.type()));
                Layer again = Safetensors.read(file).restore(zero);
                assertArrayEquals(s.layer().apply(s.x()).toDoubles(), again.apply(s.x()).toDoubles());
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    /// A layer prints on one line, without the numbers in it.
    @TestFactory
    Stream<DynamicTest> layersPrintShort() {
        return each(s -> {
            String text = s.layer().toString();
            assertTrue(!text.contains("Tensor") && !text.contains("f64[") && !text.contains("\n"), text);
        });
    }

    private static Stream<DynamicTest> each(java.util.function.Consumer<Sample> law) {
        return LayerSamples.all().stream().map(s -> DynamicTest.dynamicTest(s.toString(), () -> law.accept(s)));
    }
}
