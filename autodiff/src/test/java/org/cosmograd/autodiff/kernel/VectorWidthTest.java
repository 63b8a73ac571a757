package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.Convolution;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Fourier;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

/// Results have the same bits whatever the width of vectors, and so whatever tiles products and convolutions are cut into. The width is
/// settled when a virtual machine starts, so each has its own.
class VectorWidthTest {
    private static final Map<String, List<String>> MACHINES = Map.of(
            "no vectors", List.of("-Dcosmograd.simd=false"),
            "128 bits", List.of("-Dcosmograd.simd.bits=128"),
            "256 bits", List.of("-Dcosmograd.simd.bits=256"),
            "few registers", List.of("-XX:UseAVX=2"),
            "the machine's", List.of());

    @Test
    void bitsDoNotDependOnTheWidth() throws IOException, InterruptedException {
        Map<String, String> told = new TreeMap<>();
        for (Map.Entry<String, List<String>> machine : MACHINES.entrySet()) {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules", "jdk.incubator.vector",
                    "-XX:+IgnoreUnrecognizedVMOptions", "-Xmx1g"));
            command.addAll(machine.getValue());
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), Work.class.getName()));
            Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
            String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, p.waitFor(), machine.getKey() + ": " + out);
            told.put(machine.getKey(), out.lines().filter(l -> l.contains(" = ")).collect(Collectors.joining("\n")));
        }
        String expected = told.getOrDefault("no vectors", "");
        assertEquals(Work.CASES.size(), expected.lines().count(), expected);
        told.forEach((machine, bits) -> assertEquals(expected, bits, machine));
    }

    /// What runs in the other virtual machines: each result is computed by scalar twins first, and again and again while vectors take over.
    static final class Work {
        /// The largest tiles and the loops with the most work behind them are vectors long before.
        private static final long NANOS = 2_500_000_000L;

        interface Case {
            List<Tensor> of(Numbers of);
        }

        /// Normal numbers that wait for an argument, or all would be computed while the program is compiled.
        private record Numbers(DType type, Tensor zero) {
            Tensor normal(int seed, int... dims) {
                return Key.of(seed).normal(type, dims).add(zero.cast(type));
            }
        }

        static final Map<String, Case> CASES = new TreeMap<>(Map.of(
                "products", t -> List.of(
                        t.normal(1, 61, 75).matmul(t.normal(2, 75, 83)),
                        t.normal(3, 90, 61).transpose().matmul(t.normal(4, 90, 37)),
                        t.normal(5, 130, 300).matmul(t.normal(6, 400, 300).transpose())),
                "convolutions", t -> {
                    Tensor x = t.normal(1, 2, 15, 18, 5);
                    Tensor w = t.normal(2, 3, 3, 5, 21);
                    Tensor v = t.normal(3, 3, 3, 21, 35);
                    Tensor y = Convolution.same(2).apply(Convolution.same(2).apply(x, w), v).square().sum();
                    List<Tensor> all = new ArrayList<>(Gradient.of(y, List.of(x, w, v)));
                    all.add(y);
                    return all;
                },
                "transforms", t -> List.of(Fourier.rfft(t.normal(1, 12, 16, 30), 3).planes(), Fourier.rfft(t.normal(2, 40, 64), 1).planes()),
                "loops", t -> {
                    Tensor x = t.normal(1, 70, 1100);
                    Tensor y = t.normal(2, 300, 33);
                    return List.of(
                            x.logSoftmax(1), x.tanh().mul(x.exp()).sum(1), x.square().sum(0), x.sum(), y.softmax(1), y.sin().sum(0), y.maxOver(1));
                }));

        private static long bits(List<Tensor> all) {
            long hash = 17;
            for (Tensor t : all) {
                for (double x : t.toDoubles()) {
                    hash = 31 * hash + Double.doubleToLongBits(x);
                }
            }
            return hash;
        }

        public static void main(String[] args) {
            List<Program<Tensor, List<Tensor>>> programs = new ArrayList<>();
            List<String> names = new ArrayList<>();
            List<Long> first = new ArrayList<>();
            Tensor zero = Tensor.of(0f);
            CASES.forEach((name, c) -> {
                Program<Tensor, List<Tensor>> p = Program.of((Tensor z) -> {
                    List<Tensor> all = new ArrayList<>();
                    for (DType type : List.of(DType.F32, DType.F64)) {
                        all.addAll(c.of(new Numbers(type, z)));
                    }
                    return all;
                }, zero);
                programs.add(p);
                names.add(name);
                first.add(bits(p.run(zero)));
            });
            Set<String> differ = new TreeSet<>();
            long end = System.nanoTime() + (Loops.SIMD ? NANOS : 0);
            do {
                for (int i = 0; i < names.size(); i++) {
                    if (bits(programs.get(i).run(zero)) != first.get(i)) {
                        differ.add(names.get(i));
                    }
                }
            } while (System.nanoTime() < end);
            for (int i = 0; i < names.size(); i++) {
                String later = differ.contains(names.get(i)) ? ", other bits later" : "";
                System.out.println(names.get(i) + " = " + Long.toHexString(first.get(i)) + later);
            }
        }
    }
}
