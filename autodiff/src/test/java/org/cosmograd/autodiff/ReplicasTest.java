package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Steps in data-parallel form: a sum over shares in a fixed order.
class ReplicasTest {
    private static final int ROWS = 48;
    private final int threads = Workers.threads();

    @AfterEach
    void restoreThreads() {
        Workers.threads(threads);
    }

    record Model(Tensor w, Tensor v, Tensor loss) {}

    record Share(Tensor w, Tensor v, Tensor loss) {}

    private static Model start() {
        return new Model(Key.of(1).normal(DType.F32, 6, 32), Key.of(2).normal(DType.F32, 32, 1), Tensor.zeros(DType.F32));
    }

    private static Share share(Model m, Tensor x) {
        Tensor loss = x.matmul(m.w()).tanh().matmul(m.v()).sub(x.sum(1).expand(1)).square().sum();
        List<Tensor> g = Gradient.of(loss, List.of(m.w(), m.v()));
        return new Share(g.get(0), g.get(1), loss);
    }

    private static Model update(Model m, Share s) {
        return new Model(m.w().sub(s.w().mul(1e-4)), m.v().sub(s.v().mul(1e-4)), s.loss());
    }

    private static Program.Loop<Model, Tensor> replicated(int count, Tensor x) {
        int rows = ROWS / count;
        return Program.replicated(
                count,
                (Model m, Tensor b, Tensor number) -> share(m, b.gather(0, Tensor.iota(rows).add(number.mul(rows)))),
                (m, b, sum) -> update(m, sum),
                start(),
                x);
    }

    private static Tensor rows() {
        return Key.of(3).normal(DType.F32, ROWS, 6);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void theSumRunsInOrder(int count) {
        Tensor x = rows();
        Program.Loop<Model, Tensor> loop = replicated(count, x);
        Model by = start();
        for (int i = 0; i < 3; i++) {
            loop.step(x);
            Share sum = share(by, x.slice(0, 0, ROWS / count));
            for (int r = 1; r < count; r++) {
                sum = Tree.map(sum, share(by, x.slice(0, r * (ROWS / count), (r + 1) * (ROWS / count))), Tensor::add);
            }
            by = Tree.map(update(by, sum), t -> Tensor.of(t.shape(), t.toFloats()));
        }
        for (int i = 0; i < 3; i++) {
            OperationLawsTest.assertBits("tensor " + i, Tree.leaves(by).get(i), Tree.leaves(loop.live()).get(i));
        }
        assertTrue(loop.live().loss().item() < 0.9 * share(start(), x).loss().item(), "it learns");
    }

    @Test
    void threadsDoNotMatter() {
        Tensor x = rows();
        Program.Loop<Model, Tensor> reference = replicated(8, x);
        Workers.threads(1);
        for (int i = 0; i < 50; i++) {
            reference.step(x);
        }
        for (int t = 2; t <= 4; t++) {
            Workers.threads(t);
            Program.Loop<Model, Tensor> loop = replicated(8, x);
            for (int i = 0; i < 50; i++) {
                loop.step(x);
            }
            OperationLawsTest.assertBits(t + " threads", reference.live().w(), loop.live().w());
        }
    }

    /// With a thread for each, replicas have the state each for itself.
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void statesOfReplicasFollowAResetAndNewBatches(int count) {
        List<Tensor> batches = List.of(rows(), Key.of(4).normal(DType.F32, ROWS, 6));
        List<Model> seen = new ArrayList<>();
        for (int threads : new int[] {1, count}) {
            Workers.threads(threads);
            Program.Loop<Model, Tensor> loop = replicated(count, batches.getFirst());
            for (int i = 0; i < 11; i++) {
                loop.step(batches.get(i / 2 % 2));
            }
            Model before = loop.state();
            Workers.threads(1);
            loop.step(batches.getFirst());
            Workers.threads(threads);
            loop.reset(start());
            for (int i = 0; i < 6; i++) {
                loop.step(batches.get(i % 2));
            }
            loop.reset(before);
            for (int i = 0; i < 5; i++) {
                loop.step(batches.getLast());
            }
            seen.add(loop.state());
        }
        for (int i = 0; i < 3; i++) {
            OperationLawsTest.assertBits("tensor " + i, Tree.leaves(seen.getFirst()).get(i), Tree.leaves(seen.getLast()).get(i));
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertEquals(
                "Program.replicated: the step must return a state of the same form; tensor 0 was f32[48, 6] and became f32[6]",
                assertThrows(
                                ShapeException.class,
                                () -> Program.replicated(2, (Tensor s, Tensor b, Tensor n) -> s.sum(0), (s, b, sum) -> sum, rows(), rows()))
                        .getMessage());
        assertEquals(
                "Program.replicated: needs at least one replica, got 0",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Program.replicated(0, (Tensor s, Tensor b, Tensor n) -> s, (s, b, sum) -> sum, rows(), rows()))
                        .getMessage());
        assertEquals(
                "program: argument tensor 3 is f32[3], it was compiled for f32[48, 6]",
                assertThrows(ShapeException.class, () -> replicated(2, rows()).step(Tensor.of(1f, 2f, 3f))).getMessage());
    }
}
