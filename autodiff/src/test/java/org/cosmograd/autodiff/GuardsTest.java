package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.cosmograd.autodiff.kernel.Peak;
import org.cosmograd.autodiff.kernel.Workers;
import org.cosmograd.autodiff.op.Spectral;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// What must not become slow unnoticed: no allocation in replay, throughput in proportion to what the machine can do at the moment,
/// and the same bits on any number of threads. Floors are far below what is usual, and the best of many tries counts, because machines
/// of tests are busy.
class GuardsTest {
    private static final long LIMIT = 90_000_000_000L;
    private final int threads = Workers.threads();

    @AfterEach
    void restoreThreads() {
        Workers.threads(threads);
    }

    record Training(List<Tensor> weights, List<Tensor> momentum, Tensor loss) {}

    private static Training descend(Training s, Tensor loss) {
        List<Tensor> g = Gradient.of(loss, s.weights());
        List<Tensor> m = new ArrayList<>();
        List<Tensor> w = new ArrayList<>();
        for (int i = 0; i < g.size(); i++) {
            m.add(s.momentum().get(i).mul(0.9).add(g.get(i)));
            w.add(s.weights().get(i).sub(m.get(i).mul(1e-3)));
        }
        return new Training(w, m, loss);
    }

    private static Training start(Tensor... weights) {
        List<Tensor> zeros = new ArrayList<>();
        for (Tensor w : weights) {
            zeros.add(Tensor.zeros(w.type()));
        }
        return new Training(List.of(weights), zeros, Tensor.zeros(DType.F32));
    }

    private static Tensor normal(int seed, int... dims) {
        return Key.of(seed).normal(DType.F32, dims).mul(0.3);
    }

    private static Program.Loop<Training, Tensor> loop(BiFunction<List<Tensor>, Tensor, Tensor> loss, Tensor x, Tensor... weights) {
        return Program.loop((Training s, Tensor b) -> descend(s, loss.apply(s.weights(), b)), start(weights), x);
    }

    /// Small training steps of several kinds, each with its batch.
    private static Map<Program.Loop<Training, Tensor>, Tensor> trainings(int rows) {
        Map<Program.Loop<Training, Tensor>, Tensor> out = new LinkedHashMap<>();
        Tensor x = normal(1, rows, 12);
        out.put(loop((w, b) -> b.matmul(w.get(0)).relu().matmul(w.get(1)).tanh().square().mean(), x, normal(2, 12, 64), normal(3, 64, 64)), x);
        out.put(loop((w, b) -> b.matmul(w.get(0)).logSoftmax(1).mul(b.matmul(w.get(1)).softmax(1)).mean(), x, normal(4, 12, 40), normal(5, 12, 40)), x);
        out.put(
                loop(
                        (w, b) -> {
                            Tensor h = Tensor.concat(1, b, b.slice(1, 0, 3)).matmul(w.get(0));
                            Tensor scale = h.slice(1, 0, 6).tanh();
                            return b.slice(1, 0, 6).mul(scale.exp()).add(h.slice(1, 6, 12)).square().sum(1).sub(scale.sum(1)).mean();
                        },
                        x,
                        normal(6, 15, 12)),
                x);
        Tensor images = normal(7, 32, 8, 8, 4);
        out.put(loop((w, b) -> Convolution.same(2).apply(b, w.get(0)).relu().square().mean(), images, normal(8, 3, 3, 4, 8)), images);
        return out;
    }

    // ------------------------------------------------------------------------------------------------- allocation

    /// Bytes that this thread allocates in some steps.
    private static <S, B> long bytes(Program.Loop<S, B> loop, B batch, int steps) {
        ThreadMXBean mx = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = mx.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < steps; i++) {
            loop.step(batch);
        }
        return mx.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void noOperationAllocatesInReplay() {
        Workers.threads(1);
        record Replay(String name, Program.Loop<Tensor, List<Tensor>> loop, List<Tensor> x) {}
        List<Replay> left = new ArrayList<>();
        for (OperationSamples.Sample s : OperationSamples.all()) {
            Tensor y = s.apply(s.x());
            left.add(new Replay(
                    s.name(), Program.loop((Tensor state, List<Tensor> x) -> s.apply(x), Tensor.zeros(y.type()), s.x()), s.x()));
        }
        // decompositions by a library
        left.removeIf(r -> r.name.startsWith("eigen"));
        // some look for kernels that are being warmed until there are none
        for (long end = System.nanoTime() + LIMIT; !left.isEmpty() && System.nanoTime() < end; ) {
            left.removeIf(r -> bytes(r.loop, r.x, 2) == 0);
        }
        assertEquals(List.of(), left.stream().map(Replay::name).toList(), "operations that allocate");
    }

    @Test
    void noTrainingStepAllocates() {
        Workers.threads(1);
        var all = trainings(64);
        Map<Program.Loop<Training, Tensor>, Long> left = new LinkedHashMap<>();
        all.keySet().forEach(l -> left.put(l, Long.MAX_VALUE));
        // vectors are objects until C2 has compiled the kernels around them, which takes a while on a busy machine
        for (long end = System.nanoTime() + LIMIT; !left.isEmpty() && System.nanoTime() < end; ) {
            for (var e : all.entrySet()) {
                if (left.containsKey(e.getKey())) {
                    long some = bytes(e.getKey(), e.getValue(), 300);
                    left.put(e.getKey(), some);
                    left.remove(e.getKey(), 0L);
                }
            }
        }
        left.forEach((loop, bytes) -> assertEquals(0, bytes, "bytes in 300 steps of" + System.lineSeparator() + loop.explain()));
    }

    // ------------------------------------------------------------------------------------------------- throughput

    /// Floating-point operations, or bytes, a second: the best of many runs, until they are above the floor or the time is up.
    private static double best(Program.Loop<Tensor, Tensor> loop, Tensor x, double work, double floor) {
        double best = 0;
        for (long end = System.nanoTime() + LIMIT; best < floor && System.nanoTime() < end; ) {
            for (int i = 0; i < 50; i++) {
                long start = System.nanoTime();
                loop.step(x);
                best = Math.max(best, work / (System.nanoTime() - start) * 1e9);
            }
        }
        return best;
    }

    private static void requireSimd() {
        Assumptions.assumeTrue(ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
    }

    @Test
    void matrixProductsAreFast() {
        requireSimd();
        Workers.threads(1);
        Tensor x = normal(1, 256, 256);
        double floor = 0.35 * Peak.flops();
        double got = best(Program.loop((Tensor s, Tensor b) -> b.matmul(b), x, x), x, 2.0 * 256 * 256 * 256, floor);
        assertTrue(got >= floor, "matmul 256: " + got / 1e9 + " GFLOP/s, at least " + floor / 1e9 + " expected");
    }

    @Test
    void chainsAreFast() {
        requireSimd();
        Workers.threads(1);
        Tensor small = normal(1, 8192);
        // a multiplication or addition takes as long as both together
        double floor = 0.08 * Peak.flops() / 2;
        double got = best(Program.loop((Tensor s, Tensor b) -> chain(s, b), small, small), small, 8.0 * 8192, floor);
        assertTrue(got >= floor, "a chain in the cache: " + got / 1e9 + " GFLOP/s, at least " + floor / 1e9 + " expected");
        Tensor large = normal(1, 16 << 20);
        double pace = 0.3 * Peak.bandwidth();
        got = best(Program.loop((Tensor s, Tensor b) -> chain(s, b), large, large), large, 12.0 * (16 << 20), pace);
        assertTrue(got >= pace, "a chain in memory: " + got / 1e9 + " GB/s, at least " + pace / 1e9 + " expected");
    }

    private static Tensor chain(Tensor a, Tensor b) {
        return a.mul(b).add(0.1).relu().mul(b).neg().square().add(b).mul(0.5);
    }

    @Test
    void fourierTransformsAreFast() {
        requireSimd();
        Workers.threads(1);
        Tensor x = normal(1, 32, 64, 64);
        Tensor start = Tensor.zeros(x.apply(new Spectral.Forward(2, false)).type());
        double floor = 0.02 * Peak.flops();
        double work = 2.5 * 32 * 64 * 64 * 12;
        double got = best(Program.loop((Tensor s, Tensor b) -> b.apply(new Spectral.Forward(2, false)), start, x), x, work, floor);
        assertTrue(got >= floor, "rfft 32 x 64 x 64: " + got / 1e9 + " GFLOP/s, at least " + floor / 1e9 + " expected");
    }

    // ------------------------------------------------------------------------------------------------- threads

    @Test
    void bitsDoNotDependOnThreads() {
        List<List<float[]>> reference = new ArrayList<>();
        for (int t : new int[] {1, 2, 3}) {
            Workers.threads(t);
            int k = 0;
            for (var e : trainings(2048).entrySet()) {
                for (int i = 0; i < 3; i++) {
                    e.getKey().step(e.getValue());
                }
                List<float[]> got = Tree.leaves(e.getKey().state()).stream().map(Tensor::toFloats).toList();
                if (t == 1) {
                    reference.add(got);
                }
                for (int i = 0; i < got.size(); i++) {
                    assertArrayEquals(reference.get(k).get(i), got.get(i), "training " + k + ", tensor " + i + ", " + t + " threads");
                }
                k++;
            }
        }
    }
}
