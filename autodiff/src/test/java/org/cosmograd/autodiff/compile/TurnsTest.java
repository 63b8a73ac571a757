package org.cosmograd.autodiff.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.Function;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.Test;

/// Narrow tensors from outside are turned once where several steps read them along their longest axis, and only there.
class TurnsTest {
    private static Tensor normal(int seed, int... dims) {
        Tensor t = Key.of(seed).normal(DType.F32, dims);
        return Tensor.of(t.shape(), t.toFloats());
    }

    /// Checks the bits and returns the number of copies.
    private static int copies(Function<List<Tensor>, List<Tensor>> f, Tensor... x) {
        List<Tensor> arguments = List.of(x);
        Program<List<Tensor>, List<Tensor>> program = Program.of((List<Tensor> v) -> f.apply(v), arguments);
        List<Tensor> expected = f.apply(arguments);
        int threads = Workers.threads();
        try {
            for (int t = 1; t <= 3; t++) {
                Workers.threads(t);
                List<Tensor> actual = program.run(arguments);
                for (int k = 0; k < expected.size(); k++) {
                    float[] a = actual.get(k).toFloats();
                    float[] e = expected.get(k).toFloats();
                    assertEquals(e.length, a.length);
                    for (int i = 0; i < e.length; i++) {
                        assertEquals(Float.floatToIntBits(e[i]), Float.floatToIntBits(a[i]), "result " + k + ", element " + i);
                    }
                }
            }
        } finally {
            Workers.threads(threads);
        }
        return (int) program.explain().lines().filter(l -> l.matches(" *\\d+ +copy .*")).count();
    }

    /// Networks whose inputs are a part that changes and features that do not.
    private static List<Tensor> chain(List<Tensor> v, int length) {
        Tensor z = v.get(2);
        for (int i = 0; i < length; i++) {
            z = Tensor.concat(1, z, v.get(0)).matmul(v.get(1)).tanh();
        }
        return List.of(z.square().sum());
    }

    @Test
    void featuresOfSeveralConcatenationsAreTurnedOnce() {
        for (int rows : new int[] {60, 256, 1000}) {
            Tensor x = normal(1, rows, 10);
            Tensor w = normal(2, 12, 2);
            Tensor z = normal(3, rows, 2);
            assertEquals(1, copies(v -> chain(v, 2), x, w, z), "rows " + rows);
            assertEquals(1, copies(v -> chain(v, 5), x, w, z), "rows " + rows);
        }
    }

    /// Of the steps that read the features, all but the copy and the product read the copy.
    @Test
    void allConcatenationsReadTheCopy() {
        Tensor x = normal(1, 256, 10);
        Tensor w = normal(2, 12, 2);
        Tensor z = normal(3, 256, 2);
        Tensor sum = chain(List.of(x, w, z), 5).getFirst().add(x.matmul(normal(4, 10, 3)).sum());
        Schedule schedule = Compiler.schedule(new Graph(List.of(sum), Graph.DataMode.INPUT), Long.MAX_VALUE);
        Schedule.Step copy = schedule.steps().stream().filter(s -> s.nodes().isEmpty()).findFirst().orElseThrow();
        assertEquals(5, readers(schedule, copy.writes().getFirst()));
        assertEquals(2, readers(schedule, copy.reads().getFirst()));
    }

    private static long readers(Schedule schedule, int buffer) {
        return schedule.steps().stream().filter(s -> s.reads().contains(buffer)).count();
    }

    @Test
    void oneUseIsLeftAlone() {
        assertEquals(0, copies(v -> chain(v, 1), normal(1, 256, 10), normal(2, 12, 2), normal(3, 256, 2)));
        assertEquals(0, copies(v -> List.of(v.get(0).matmul(v.get(1)).tanh().sub(v.get(2)).square().sum()),
                normal(1, 256, 10), normal(2, 10, 4), normal(3, 256, 4)));
    }

    @Test
    void anotherPartForEachOfTwoUsesIsNotWorthACopy() {
        Function<List<Tensor>, List<Tensor>> parts = v -> List.of(
                chain(List.of(v.get(0).slice(1, 0, 10), v.get(1), v.get(2)), 1).getFirst(),
                chain(List.of(v.get(0).slice(1, 10, 20), v.get(1), v.get(3)), 1).getFirst());
        assertEquals(0, copies(parts, normal(1, 256, 20), normal(2, 12, 2), normal(3, 256, 2), normal(4, 256, 2)));
    }

    @Test
    void smallAndLargeTensorsAreLeftAlone() {
        assertEquals(0, copies(v -> chain(v, 4), normal(1, 40, 10), normal(2, 12, 2), normal(3, 40, 2)));
        assertEquals(0, copies(v -> chain(v, 4), normal(1, 7000, 10), normal(2, 12, 2), normal(3, 7000, 2)));
    }

    @Test
    void loopsReadSlicesOfTheCopy() {
        Function<List<Tensor>, List<Tensor>> f = v -> {
            Tensor y = v.get(0);
            Tensor h = y.slice(1, 0, 2);
            for (int i = 0; i < 4; i++) {
                Tensor s = h.matmul(v.get(1));
                h = y.slice(1, i % 2 * 2, i % 2 * 2 + 2).mul(s.slice(1, 0, 2).tanh().exp()).add(s.slice(1, 2, 4));
            }
            Tensor loss = h.square().sum(1).mean();
            return List.of(loss, Gradient.of(loss, List.of(v.get(1))).getFirst());
        };
        assertEquals(1, copies(f, normal(1, 256, 4), normal(2, 2, 4)));
    }

    /// The rows of a batch come from outside, too, as do parameters that nothing but reshapes shows.
    @Test
    void gatheredRowsAndReshapedInputsAreTurned() {
        Tensor rows = Tensor.of(Key.of(5).permutation(300).slice(0, 0, 200).toInts());
        assertEquals(1, copies(v -> chain(List.of(v.get(0).gather(0, rows), v.get(1), v.get(2)), 3),
                normal(1, 300, 10), normal(2, 12, 2), normal(3, 200, 2)));
        assertEquals(1, copies(v -> chain(List.of(v.get(0).reshape(200, 10), v.get(1), v.get(2)), 3),
                normal(1, 200, 1, 10), normal(2, 12, 2), normal(3, 200, 2)));
    }

    /// Where the rows of a product go through a loop, the copy that the loop reads does not part them.
    @Test
    void productsKeepTheirLoops() {
        Function<List<Tensor>, List<Tensor>> f = v -> {
            Tensor h = v.get(0).matmul(v.get(1)).tanh();
            return List.of(h, chain(List.of(v.get(0), v.get(2), h.slice(1, 0, 2)), 3).getFirst());
        };
        assertEquals(1, copies(f, normal(1, 256, 10), normal(2, 10, 40), normal(3, 12, 2)));
        String listing = Program.of((List<Tensor> v) -> f.apply(v), List.of(normal(1, 256, 10), normal(2, 10, 40), normal(3, 12, 2))).explain();
        assertEquals(1, listing.lines().filter(l -> l.contains("matmul [256, 10] x [10, 40] tanh")).count(), listing);
    }
}
