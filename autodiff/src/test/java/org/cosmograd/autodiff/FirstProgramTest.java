package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the first program of a fresh virtual machine takes. Most of its time goes into linking lambdas, a third of a millisecond each, so
/// they are counted: a clock would judge the machine of the test.
class FirstProgramTest {
    /// Somewhat more than there are; there were 200 where streams were used all over.
    private static final int MOST_LAMBDAS = 150;

    @Test
    void linksFewLambdas() throws IOException, InterruptedException {
        Process p = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules", "jdk.incubator.vector",
                        "-Xlog:class+load", "-XX:ActiveProcessorCount=1", "-cp", System.getProperty("java.class.path"), Step.class.getName())
                .redirectErrorStream(true)
                .start();
        List<String> lines = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        assertEquals(0, p.waitFor(), () -> String.join("\n", lines));
        assertTrue(lines.contains("done"), () -> String.join("\n", lines));
        List<String> lambdas = lines.stream().filter(l -> l.contains("org.cosmograd") && l.contains("$$Lambda")).toList();
        assertTrue(lambdas.size() <= MOST_LAMBDAS, () -> lambdas.size() + " lambdas\n" + String.join("\n", lambdas));
    }

    /// What runs in the other virtual machine: a training step of a small network.
    static final class Step {
        private record Model(List<Tensor> weights, List<Tensor> biases) {}

        private static Tensor loss(Model m, Tensor x) {
            Tensor h = x;
            for (int i = 0; i < m.weights().size(); i++) {
                h = h.matmul(m.weights().get(i)).add(m.biases().get(i));
                h = i + 1 < m.weights().size() ? h.relu() : h;
            }
            return h.square().mean();
        }

        private static Model descend(Model m, Tensor x) {
            return Tree.map(m, Gradient.of((Model q) -> loss(q, x), m), Step::descend);
        }

        private static Tensor descend(Tensor w, Tensor g) {
            return w.sub(g.mul(0.01));
        }

        private static Tensor numbers(int rows, int columns) {
            float[] a = new float[rows * columns];
            for (int i = 0; i < a.length; i++) {
                a[i] = (i * 7 % 13 - 6) / 10f;
            }
            return Tensor.of(Shape.of(rows, columns), a);
        }

        public static void main(String[] args) {
            Model start = new Model(
                    List.of(numbers(10, 32), numbers(32, 32), numbers(32, 4)),
                    List.of(Tensor.of(new float[32]), Tensor.of(new float[32]), Tensor.of(new float[4])));
            Tensor x = numbers(64, 10);
            Program.Loop<Model, Tensor> loop = Program.loop(Step::descend, start, x);
            for (int i = 0; i < 5; i++) {
                loop.step(x);
            }
            System.out.println("done");
        }
    }
}
