package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Function;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.Test;

/// What is computed together, and that it has the bits of the expression evaluated operation by operation, for any number of threads.
class FusionTest {
    private static Tensor normal(int seed, int... dims) {
        Tensor t = Key.of(seed).normal(DType.F32, dims);
        return Tensor.of(t.shape(), t.toFloats());
    }

    /// Checks the bits and returns the number of steps.
    private static int steps(Function<List<Tensor>, Tensor> f, Tensor... x) {
        List<Tensor> arguments = List.of(x);
        var program = Program.of((List<Tensor> v) -> f.apply(v), arguments);
        float[] expected = f.apply(arguments).toFloats();
        int threads = Workers.threads();
        try {
            for (int t = 1; t <= 3; t++) {
                Workers.threads(t);
                float[] actual = program.run(arguments).toFloats();
                assertEquals(expected.length, actual.length);
                for (int i = 0; i < expected.length; i++) {
                    assertEquals(Float.floatToIntBits(expected[i]), Float.floatToIntBits(actual[i]), "element " + i);
                }
            }
        } finally {
            Workers.threads(threads);
        }
        String[] lines = program.explain().strip().split("\n");
        return Integer.parseInt(lines[lines.length - 1].strip().split(" ")[0]);
    }

    @Test
    void rowsGoThroughAllLoopsAtOnce() {
        for (int n : new int[] {40, 256, 1500}) {
            Tensor x = normal(1, 300, n);
            assertEquals(1, steps(v -> v.getFirst().softmax(1), x));
            assertEquals(1, steps(v -> v.getFirst().logSumExp(1), x));
            assertEquals(1, steps(v -> layerNorm(v.getFirst()), x));
        }
    }

    private static Tensor layerNorm(Tensor x) {
        Tensor away = x.sub(x.mean(1).expand(1));
        return away.div(away.square().mean(1).add(1e-5).sqrt().expand(1));
    }

    @Test
    void whatFollowsAProductRunsOnItsRows() {
        for (int rows : new int[] {16, 100, 1000}) {
            Tensor x = normal(1, rows, 30);
            Tensor w = normal(2, 30, 48);
            Tensor b = normal(3, 48);
            assertEquals(1, steps(v -> v.get(0).matmul(v.get(1)).add(v.get(2)).relu(), x, w, b));
            assertEquals(1, steps(v -> v.get(0).matmul(v.get(1)).add(v.get(2)).softmax(1), x, w, b));
        }
    }

    /// On one thread sums along the rows of a product take its rows in turn, on several they wait for the last.
    @Test
    void sumsOfRowsGoWithTheirProduct() {
        for (int rows : new int[] {32, 33, 100, 256, 900}) {
            for (int inner : new int[] {4, 30, 64}) {
                Tensor g = normal(1, rows, inner);
                Tensor w = normal(2, 48, inner);
                Tensor y = normal(3, rows, 48);
                Function<List<Tensor>, Tensor> masked =
                        v -> v.get(0).matmul(v.get(1).transpose()).mul(v.get(2).greater(0).cast(DType.F32));
                assertEquals(1, steps(v -> masked.apply(v).sum(0), g, w, y));
                assertEquals(2, steps(v -> {
                    Tensor m = masked.apply(v);
                    return m.mul(m.sum(0));
                }, g, w, y));
            }
        }
        assertEquals(2, steps(v -> v.get(0).matmul(v.get(1)).square().sum(0), normal(1, 1100, 30), normal(2, 30, 48)));
        assertEquals(2, steps(v -> v.get(0).matmul(v.get(1)).square().sum(0), normal(1, 300, 30), normal(2, 30, 200)));
    }

    /// Where only a part of a product is used, only that is computed.
    @Test
    void aSliceOfAProductIsAProductOfSlices() {
        Tensor x = normal(1, 40, 20);
        Tensor w = normal(2, 20, 30);
        Function<List<Tensor>, Tensor> part = v -> v.get(0).matmul(v.get(1)).slice(1, 3, 8).slice(0, 2, 40);
        assertEquals(1, steps(part, x, w));
        assertTrue(Program.of((List<Tensor> v) -> part.apply(v), List.of(x, w)).explain().contains("matmul [38, 20] x [20, 5]"));
        Function<List<Tensor>, Tensor> both = v -> {
            Tensor y = v.get(0).matmul(v.get(1));
            return y.slice(1, 0, 10).mul(y.slice(1, 10, 20));
        };
        assertEquals(2, steps(both, x, w));
        assertTrue(Program.of((List<Tensor> v) -> both.apply(v), List.of(x, w)).explain().contains("matmul [40, 20] x [20, 30]"));
    }

    /// A narrow product lies with its rows innermost, so a bias does not run on its rows: the loop that uses its slices adds it.
    @Test
    void whatIsUsedInSlicesIsComputedThere() {
        Tensor x = normal(1, 200, 20);
        Tensor w = normal(2, 20, 6);
        Tensor b = normal(3, 6);
        Tensor u = normal(4, 3, 3);
        Function<List<Tensor>, Tensor> layer = v -> v.get(0).matmul(v.get(1)).add(v.get(2));
        Function<Tensor, Tensor> halves = h -> h.slice(1, 0, 3).tanh().exp().mul(h.slice(1, 3, 6));
        assertEquals(2, steps(v -> halves.apply(layer.apply(v)), x, w, b));
        assertEquals(2, steps(v -> halves.apply(v.get(0).matmul(v.get(1)).mul(0.3)), x, w));
        // what would keep two tensors for one is computed at once, what a product or two loops use is computed once
        assertEquals(4, steps(v -> halves.apply(v.get(0).matmul(v.get(1)).add(v.get(0).matmul(v.get(2)))), x, w, normal(5, 20, 6)));
        assertEquals(4, steps(v -> halves.apply(layer.apply(v)).matmul(layer.apply(v).slice(1, 0, 3).transpose()), x, w, b));
        assertEquals(4, steps(v -> halves.apply(layer.apply(v)).matmul(v.get(3)).mul(layer.apply(v).slice(1, 0, 3)), x, w, b, u));
    }

    /// Few and many channels, an odd width (no paired sums), one image and several, channels apart.
    @Test
    void whatFollowsAConvolutionRunsOnItsPlaces() {
        for (int[] size : new int[][] {{1, 9, 7, 3, 5}, {2, 12, 16, 16, 32}, {3, 8, 11, 20, 24}, {4, 6, 8, 1, 17}}) {
            Tensor x = normal(1, size[0], size[1], size[2], size[3]);
            Tensor w = normal(2, 3, 3, size[3], size[4]);
            Tensor b = normal(3, size[4]);
            Convolution same = Convolution.same(2);
            assertEquals(1, steps(v -> same.apply(v.get(0), v.get(1)).add(v.get(2)).relu(), x, w, b));
        }
        Tensor x = normal(1, 2, 10, 12, 24);
        Tensor w = normal(2, 3, 3, 1, 24);
        Convolution depthwise = Convolution.same(2).groups(24);
        assertEquals(1, steps(v -> depthwise.apply(v.get(0), v.get(1)).add(v.get(2)).tanh(), x, w, normal(3, 24)));
    }

    @Test
    void gradientsOfSlicesArePutTogetherInPlace() {
        Tensor x = normal(4, 64, 8, 5);
        Function<List<Tensor>, Tensor> f = v -> {
            Tensor sum = Tensor.zeros(DType.F32, 64, 8);
            for (int i = 0; i < 5; i++) {
                Tensor a = v.getFirst().at(2, i);
                sum = sum.plus(i % 2 == 0 ? a.mul(a) : a.exp().mul(v.getFirst().at(2, i - 1)));
            }
            return Gradient.of(sum.square().sum(), v).getFirst();
        };
        assertTrue(steps(f, x) <= 8, "steps: " + steps(f, x));
    }

    @Test
    void zerosKeepTheirSigns() {
        Tensor x = Tensor.of(-0f, 1f, -0f, 0f);
        Function<List<Tensor>, Tensor> f = v -> v.getFirst().slice(0, 0, 2).pad(0, 0, 2).add(v.getFirst().slice(0, 2, 4).pad(0, 2, 0));
        steps(f, x);
        assertArrayEquals(new float[] {0f, 1f, 0f, 0f}, f.apply(List.of(x)).toFloats());
        assertArrayEquals(new float[] {-0f, 1f, 0f}, x.slice(0, 0, 2).pad(0, 0, 1).toFloats());
    }
}
