package org.cosmograd.autodiff.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Storage;
import org.junit.jupiter.api.Test;

/// `-Dcosmograd.check=true` names the operation that made the first NaN or infinity.
class CheckOptionTest {

    private static String fault(Tensor y) {
        Graph graph = new Graph(List.of(y), Graph.DataMode.INPUT);
        Executable run = new Executable(new Schedule(graph, false), List.of(), true);
        run.bind(graph.data(), List.of(Storage.allocate(y.dtype(), y.shape().size())));
        return assertThrows(ArithmeticException.class, run::run).getMessage();
    }

    @Test
    void namesTheFirstOperation() {
        Tensor x = Tensor.of(1f, -1f, 0f);
        assertEquals("log: element 1 of the result f32[3] is NaN; operands: input f32[3]", fault(x.log().exp().sum()));
        assertEquals("reciprocal: element 2 of the result f32[3] is Infinity; operands: input f32[3]", fault(x.reciprocal().tanh()));
        assertEquals("exp: element 0 of the result f64[1] is Infinity; operands: mul f64[1]", fault(Tensor.of(1.0).mul(1000).exp().neg()));
    }

    @Test
    void soundExpressionsPass() {
        Tensor y = Tensor.of(1f, 2f).log().sum();
        Graph graph = new Graph(List.of(y), Graph.DataMode.INPUT);
        Executable run = new Executable(new Schedule(graph, false), List.of(), true);
        Storage out = Storage.allocate(DType.F32, 1);
        run.bind(graph.data(), List.of(out));
        run.run();
        assertEquals((float) Math.log(2), out.get(0));
    }

    @Test
    void theOptionReachesExpressionsAndPrograms() throws IOException, InterruptedException {
        Process p = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dcosmograd.check=true",
                        "-Dcosmograd.simd=false",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Checked.class.getName())
                .redirectErrorStream(true)
                .start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), out);
        assertTrue(out.contains("expression: sqrt: element 1 of the result f32[2] is NaN; operands: input f32[2]"), out);
        assertTrue(out.contains("program: sqrt: element 1 of the result f32[2] is NaN; operands: input f32[2]"), out);
    }

    /// What runs in the other JVM.
    static final class Checked {
        public static void main(String[] args) {
            Tensor x = Tensor.of(1f, -1f);
            try {
                x.sqrt().sum().item();
            } catch (ArithmeticException e) {
                System.out.println("expression: " + e.getMessage());
            }
            try {
                Program.of((Tensor t) -> t.sqrt().sum(), x).run(x);
            } catch (ArithmeticException e) {
                System.out.println("program: " + e.getMessage());
            }
        }
    }
}
