package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.cosmograd.autodiff.kernel.WarmUp;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Programs as objects: memory, repetition, threads, awkward shapes.
class ProgramTest {
    private final int threads = Workers.threads();

    @AfterEach
    void restoreThreads() {
        Workers.threads(threads);
    }

    record Fit(Tensor slope, Tensor offset, Tensor loss) {}

    private static Fit step(Fit f, Tensor x) {
        Tensor loss = x.matmul(f.slope()).tanh().add(f.offset()).square().mean();
        List<Tensor> g = Gradient.of(loss, List.of(f.slope(), f.offset()));
        return new Fit(f.slope().sub(g.get(0).mul(0.1)), f.offset().sub(g.get(1).mul(0.1)), loss);
    }

    private static Program.Loop<Fit, Tensor> loop(Tensor x) {
        return Program.loop(ProgramTest::step, new Fit(Key.of(1).normal(DType.F32, 8, 4), Tensor.zeros(DType.F32, 4), Tensor.zeros(DType.F32)), x);
    }

    @Test
    void replayAllocatesNothing() {
        Workers.threads(1);
        Tensor x = Key.of(2).normal(DType.F32, 64, 8);
        Program.Loop<Fit, Tensor> loop = loop(x);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        // vectors are objects until C2 has compiled the kernels around them, which takes a while on a busy machine
        long end = System.nanoTime() + 90_000_000_000L;
        while (least > 0 && System.nanoTime() < end) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1000; i++) {
                loop.step(x);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least, "bytes in 1000 steps");
    }

    @Test
    void loopsDoWhatTheirStepDoes() {
        Tensor x = Key.of(3).normal(DType.F32, 16, 8);
        Program.Loop<Fit, Tensor> loop = loop(x);
        Fit plain = loop.state();
        for (int i = 0; i < 7; i++) {
            plain = Tree.map(step(plain, x), t -> Tensor.of(t.shape(), t.toFloats()));
            loop.step(x);
        }
        OperationLawsTest.assertBits("slope", plain.slope(), loop.live().slope());
        OperationLawsTest.assertBits("loss", plain.loss(), loop.live().loss());
    }

    @Test
    void liveIsOverwrittenAndStateIsNot() {
        Program.Loop<Tensor, Tensor> loop = Program.loop((Tensor s, Tensor b) -> s.add(b), Tensor.of(0f), Tensor.of(1f));
        Tensor one = Tensor.of(1f);
        loop.step(one);
        Tensor live = loop.live();
        Tensor state = loop.state();
        loop.step(one);
        loop.step(one);
        assertEquals(3, live.item(), "live shows one of two turns");
        assertEquals(1, state.item());
        loop.step(Tensor.of(10f));
        assertEquals(13, loop.live().item());
        loop.reset(state);
        loop.step(one);
        assertEquals(2, loop.live().item());
        assertEquals(1, state.item());
    }

    @Test
    void resultsDoNotDependOnLaterRuns() {
        Program<Tensor, List<Tensor>> p = Program.of((Tensor t) -> List.of(t, t.transpose(), t.exp(), t.exp(), Tensor.of(5f)), Tensor.zeros(DType.F32, 2, 2));
        Tensor x = Tensor.of(Shape.of(2, 2), 1f, 2f, 3f, 4f);
        List<Tensor> first = p.run(x);
        List<double[]> copy = first.stream().map(Tensor::toDoubles).toList();
        p.run(Tensor.of(Shape.of(2, 2), -1f, -2f, -3f, -4f));
        for (int i = 0; i < copy.size(); i++) {
            assertArrayEquals(copy.get(i), first.get(i).toDoubles());
        }
        assertArrayEquals(new double[] {1, 3, 2, 4}, copy.get(1));
    }

    @Test
    void severalThreadsMayRunOneProgram() throws InterruptedException, ExecutionException {
        Function<Tensor, Tensor> f = x -> x.matmul(x).tanh().sum(1).exp();
        Program<Tensor, Tensor> p = Program.of(f, Tensor.zeros(DType.F32, 20, 20));
        try (var pool = Executors.newFixedThreadPool(4)) {
            List<Future<Boolean>> done = new ArrayList<>();
            for (int w = 0; w < 4; w++) {
                int worker = w;
                done.add(pool.submit(() -> {
                    boolean right = true;
                    for (int i = 0; i < 50; i++) {
                        Tensor x = Key.of(worker).fold(i).normal(DType.F32, 20, 20);
                        right &= Arrays.equals(f.apply(x).toFloats(), p.run(x).toFloats());
                    }
                    return right;
                }));
            }
            for (Future<Boolean> d : done) {
                assertTrue(d.get());
            }
        }
    }

    @Test
    void severalThreadsMayAskForOneValue() throws InterruptedException, ExecutionException {
        Tensor y = Key.of(4).normal(DType.F32, 300, 30).exp().sum(0).log();
        Tensor again = Key.of(4).normal(DType.F32, 300, 30).exp().sum(0).log();
        float[] right = again.toFloats();
        try (var pool = Executors.newFixedThreadPool(4)) {
            List<Future<float[]>> values = new ArrayList<>();
            for (int w = 0; w < 4; w++) {
                values.add(pool.submit(y::toFloats));
            }
            for (Future<float[]> v : values) {
                assertArrayEquals(right, v.get());
            }
        }
    }

    @Test
    void checkpointComputesAgain() {
        Tensor x = Key.of(5).normal(DType.F32, 40);
        Function<Tensor, Tensor> f = t -> t.sin().mul(t.tanh());
        Program<Tensor, Tensor> kept = Program.of((Tensor t) -> f.apply(t).sum().gradient(t), x);
        Program<Tensor, Tensor> again = Program.of((Tensor t) -> t.checkpoint(f::apply).sum().gradient(t), x);
        assertArrayEquals(kept.run(x).toFloats(), again.run(x).toFloats());
        Program<Tensor, List<Tensor>> both = Program.of(
                (Tensor t) -> {
                    Tensor y = t.checkpoint(f::apply).sum();
                    return List.of(y, y.gradient(t));
                },
                x);
        Program<Tensor, List<Tensor>> once = Program.of(
                (Tensor t) -> {
                    Tensor y = f.apply(t).sum();
                    return List.of(y, y.gradient(t));
                },
                x);
        assertEquals(1, count(once.explain(), "tanh"), once.explain());
        assertEquals(2, count(both.explain(), "tanh"), both.explain());
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(once.run(x).get(i).toFloats(), both.run(x).get(i).toFloats());
        }
    }

    private static int count(String text, String word) {
        return text.split("\\b" + word + "\\b", -1).length - 1;
    }

    // ------------------------------------------------------------------------------------------------- awkward shapes

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void zeroSizes(DType dtype) {
        Tensor x = Tensor.of(Shape.of(0, 3), new double[0]).cast(dtype);
        Program<Tensor, List<Tensor>> p = Program.of(
                (Tensor t) -> List.of(
                        t.exp(), t.sum(), t.sum(0), t.sum(1), t.transpose(), t.matmul(t.transpose()), t.transpose().matmul(t),
                        t.softmax(1), Tensor.concat(0, t, t.broadcastTo(0, 3)), t.pad(0, 1, 1), t.square().sum().gradient(t), t.mean(), t.flip(1), t.argMax(1)),
                x);
        List<Tensor> y = p.run(x);
        assertEquals("[0, 3] [] [3] [0] [3, 0] [0, 0] [3, 3] [0, 3] [0, 3] [2, 3] [0, 3] [] [0, 3] [0]",
                String.join(" ", y.stream().map(t -> t.shape().toString()).toList()));
        for (Tensor t : y) {
            for (double v : t.toDoubles()) {
                assertEquals(0, v, "empty sums and paddings are zero");
            }
        }
        assertEquals(0, x.matmul(x.transpose()).sum().item());
        assertArrayEquals(new double[9], x.transpose().matmul(x).toDoubles());
        assertEquals(0, x.sort().sum().item());
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void axesOfSizeOne(DType dtype) {
        Tensor row = Tensor.of(Shape.of(1, 4), 1.0, 2.0, 3.0, 4.0).cast(dtype);
        Tensor column = Tensor.of(Shape.of(3, 1), 10.0, 20.0, 30.0).cast(dtype);
        Function<List<Tensor>, List<Tensor>> f = in -> {
            Tensor a = in.get(0);
            Tensor b = in.get(1);
            Tensor sum = a.add(b);
            return List.of(
                    sum, a.sum(0), a.sum(1), b.sum(1), a.maxOver(0), a.softmax(0), b.matmul(a), a.transpose(), a.reshape(4, 1, 1).permute(1, 0, 2),
                    sum.square().sum().gradient(a), sum.square().sum().gradient(b), a.cumSum(0), a.flip(0), b.argMax(1));
        };
        List<Tensor> compiled = Program.of(f, List.of(row, column)).run(List.of(row, column));
        List<Tensor> plain = f.apply(List.of(row, column));
        for (int i = 0; i < plain.size(); i++) {
            OperationLawsTest.assertBits("result " + i, plain.get(i), compiled.get(i));
        }
        assertArrayEquals(new double[] {11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34}, compiled.get(0).toDoubles());
        assertArrayEquals(new double[] {1, 1, 1, 1}, compiled.get(5).toDoubles());
        assertArrayEquals(new double[] {126, 132, 138, 144}, compiled.get(9).toDoubles());
        assertArrayEquals(new double[] {100, 180, 260}, compiled.get(10).toDoubles());
    }

    // ------------------------------------------------------------------------------------------------- tiers

    /// Alone, compiled, with SIMD, with threads: one order of additions. 16384 elements are one block of a sum, 16385 are two.
    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16384, 16385, 100_000})
    void sumsAreEqualInAllTiers(int n) {
        for (DType dtype : List.of(DType.F32, DType.F64)) {
            Tensor x = Key.of(6).normal(dtype, n);
            double exact = Arrays.stream(x.toDoubles()).sum();
            double first = x.sum().item();
            assertEquals(exact, first, (dtype == DType.F32 ? 1e-6 : 1e-14) * n);
            Program<Tensor, Tensor> p = Program.of((Tensor t) -> t.sum(), x);
            assertEquals(first, p.run(x).item(), "compiled");
            for (int round = 0; round < 20_000_000 / Math.max(n, 1000); round++) {
                assertEquals(first, p.run(x).item(), "round " + round);
            }
            assertTrue(WarmUp.await(Duration.ofSeconds(60)));
            for (int t = 1; t <= 3; t++) {
                Workers.threads(t);
                assertEquals(first, p.run(x).item(), t + " threads");
                assertEquals(first, x.mul(1).reshape(-1).sum().item(), t + " threads, not compiled");
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- integers

    @Test
    void integers() {
        Tensor a = Tensor.of(7, -7, 2, Integer.MAX_VALUE);
        Tensor b = Tensor.of(2, 2, -3, 1);
        Function<List<Tensor>, List<Tensor>> f = in -> List.of(
                in.get(0).add(in.get(1)), in.get(0).sub(in.get(1)), in.get(0).mul(in.get(1)), in.get(0).max(in.get(1)), in.get(0).min(in.get(1)),
                in.get(0).neg(), in.get(0).less(in.get(1)), in.get(0).equal(2), in.get(0).greater(0).where(in.get(0), in.get(1)),
                in.get(0).gather(0, Tensor.of(3, 0)), in.get(0).flip(0), in.get(0).reshape(2, 2).transpose(), in.get(0).cast(DType.F64).cast(DType.I32),
                in.get(0).argMax(0), in.get(0).sort(), in.get(1).cumSum(0), in.get(1).abs(), in.get(1).sign());
        int[][] expected = {
            {9, -5, -1, Integer.MIN_VALUE}, {5, -9, 5, Integer.MAX_VALUE - 1}, {14, -14, -6, Integer.MAX_VALUE}, {7, 2, 2, Integer.MAX_VALUE},
            {2, -7, -3, 1}, {-7, 7, -2, -Integer.MAX_VALUE}, {0, 1, 0, 0}, {0, 0, 1, 0}, {7, 2, 2, Integer.MAX_VALUE},
            {Integer.MAX_VALUE, 7}, {Integer.MAX_VALUE, 2, -7, 7}, {7, 2, -7, Integer.MAX_VALUE}, {7, -7, 2, Integer.MAX_VALUE},
            {3}, {-7, 2, 7, Integer.MAX_VALUE}, {2, 4, 1, 2}, {2, 2, 3, 1}, {1, 1, -1, 1}
        };
        List<Tensor> plain = f.apply(List.of(a, b));
        List<Tensor> compiled = Program.of(f, List.of(a, b)).run(List.of(a, b));
        for (int i = 0; i < expected.length; i++) {
            assertEquals(DType.I32, plain.get(i).dtype(), "result " + i);
            assertArrayEquals(expected[i], plain.get(i).toInts(), "result " + i);
            assertArrayEquals(expected[i], compiled.get(i).toInts(), "compiled result " + i);
        }
    }
}
