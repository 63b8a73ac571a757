package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Instruction;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;
import org.cosmograd.autodiff.kernel.LoopSpec.Sink;
import org.cosmograd.autodiff.kernel.LoopSpec.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Products with tiles of their own, against the definition.
class FittedProductTest {
    private static final int A = 0;
    private static final int B = 1;
    private static final int C = 2;
    private static final int BIAS = 3;
    private static final int HIDDEN = 4;
    private static final int SUMS = 5;
    private static final int SCRATCH = 6;

    private final int threads = Workers.threads();

    @BeforeEach
    void needsVectors() {
        assumeTrue(Loops.SIMD, "there are no vectors here");
    }

    @AfterEach
    void threads() {
        Workers.threads(threads);
    }

    /// A product of random numbers, its operands in arrays of their own.
    private record Sample(DType type, int m, int n, int k, String orders, Object[] arrays) {
        static Sample of(DType type, int m, int n, int k, String orders) {
            Random random = new Random(m + 31L * n + 961L * k);
            int[] sizes = {m * k, k * n, m * n, n, m * n, n, 48 * n};
            Object[] arrays = new Object[sizes.length];
            for (int i = 0; i < sizes.length; i++) {
                arrays[i] = Storage.array(type, sizes[i] + 5);
                for (int j = 0; j < sizes[i] + 5; j++) {
                    set(arrays[i], j, random.nextInt(9) == 0 ? 0 : random.nextGaussian());
                }
            }
            return new Sample(type, m, n, k, orders, arrays);
        }

        private Operand operand(int which, int rows, int columns) {
            boolean rowMajor = which >= orders.length() || orders.charAt(which) == 'r';
            return new Operand(which, 5, rowMajor ? new int[] {columns, 1} : new int[] {1, rows});
        }

        GemmTask.Factors factors() {
            return new GemmTask.Factors(type, m, n, k, operand(A, m, k), operand(B, k, n));
        }

        Operand c() {
            return operand(C, m, n);
        }

        /// Element `(i, j)` of the product.
        double product(int i, int j) {
            int[] a = operand(A, m, k).strides();
            int[] b = operand(B, k, n).strides();
            double sum = 0;
            for (int p = 0; p < k; p++) {
                double x = get(arrays[A], 5 + i * a[0] + p * a[1]);
                double y = get(arrays[B], 5 + p * b[0] + j * b[1]);
                sum = type == DType.F32 ? Math.fma((float) x, (float) y, (float) sum) : Math.fma(x, y, sum);
            }
            return sum;
        }

        double rounded(double x) {
            return type == DType.F32 ? (float) x : x;
        }

        Memory memory() {
            return new InArrays(arrays);
        }
    }

    private static double get(Object array, int i) {
        return array instanceof float[] f ? f[i] : ((double[]) array)[i];
    }

    private static void set(Object array, int i, double x) {
        if (array instanceof float[] f) {
            f[i] = (float) x;
        } else {
            ((double[]) array)[i] = x;
        }
    }

    private static FittedProduct warm(Optional<FittedProduct> made, Sample s) {
        FittedProduct product = made.orElseThrow(() -> new AssertionError("no tiles for " + s));
        product.bind(s.memory());
        for (long done = 0; done < FittedProduct.WORTH_A_TILE; done += (long) s.m * s.n * s.k) {
            product.isReady();
        }
        product.isReady();
        assertTrue(WarmUp.await(Duration.ofSeconds(60)));
        assertTrue(product.isReady());
        return product;
    }

    private static void check(Sample s, double[][] expected) {
        int[] c = s.c().strides();
        for (int i = 0; i < s.m; i++) {
            for (int j = 0; j < s.n; j++) {
                int row = i;
                int column = j;
                assertEquals(expected[i][j], get(s.arrays[C], 5 + i * c[0] + j * c[1]), 0.0, () -> s + " at " + row + ", " + column);
            }
        }
        for (int i = 0; i < 5; i++) {
            assertEquals(expected.length > 0 ? get(Sample.of(s.type, s.m, s.n, s.k, s.orders).arrays[C], i) : 0, get(s.arrays[C], i), 0.0);
        }
    }

    private static List<Sample> samples() {
        List<Sample> all = new ArrayList<>();
        for (DType type : List.of(DType.F32, DType.F64)) {
            int lanes = VectorWidth.bits() / (8 * type.bytes());
            for (int[] size : new int[][] {{37, 4, 20}, {64, 2, 3}, {4, 1, 1}, {100, 6, 65}, {17, 8, 256}}) {
                for (String orders : List.of("rrr", "crr", "rcr", "ccr")) {
                    all.add(Sample.of(type, size[0], size[1] * lanes, size[2], orders));
                }
            }
            all.add(Sample.of(type, 3 * lanes, 12, 7, "crc"));
        }
        return all;
    }

    /// Work of all products that could use a tile speaks for it, and once it is there it is for all of them.
    @Test
    void productsShareTheirTiles() {
        assumeTrue(VectorWidth.bits() > 0);
        Sample s = Sample.of(DType.F32, 31, VectorWidth.bits() / 32, 29, "rrr");
        FittedProduct first = FittedProduct.of(s.factors(), s.c()).orElseThrow();
        assertFalse(first.isReady());
        warm(Optional.of(first), s);
        assertTrue(FittedProduct.of(s.factors(), s.c()).orElseThrow().isReady());
    }

    @Test
    void alone() {
        for (Sample s : samples()) {
            FittedProduct product = warm(FittedProduct.of(s.factors(), s.c()), s);
            for (int count : new int[] {1, 3}) {
                Workers.threads(count);
                product.run();
                double[][] expected = new double[s.m][s.n];
                for (int i = 0; i < s.m; i++) {
                    for (int j = 0; j < s.n; j++) {
                        expected[i][j] = s.product(i, j);
                    }
                }
                check(s, expected);
            }
        }
    }

    private static Source source(Sample s) {
        return new Source(s.type, Access.UNIT);
    }

    @Test
    void withABiasAndARectifier() {
        for (Sample s : samples()) {
            if (!s.orders.endsWith("r")) {
                continue;
            }
            LoopSpec body = new LoopSpec(List.of(source(s), source(s)),
                    List.of(new Instruction((l, x) -> l.add(x.get(0), x.get(1)), s.type, List.of(0, 1)),
                            new Instruction((l, x) -> l.max(l.constant(0), x.get(0)), s.type, List.of(2))),
                    List.of(new Sink(3, Access.UNIT, Mode.STORE)));
            Operand bias = new Operand(BIAS, 5, new int[] {0, 1});
            RowsTask.Stage stage = new RowsTask.Stage(body, new int[] {s.m, s.n}, List.of(s.c(), bias, s.c()), 2);
            warm(FittedProduct.of(producer(s), List.of(stage), Optional.empty()), s).run();
            double[][] expected = new double[s.m][s.n];
            for (int i = 0; i < s.m; i++) {
                for (int j = 0; j < s.n; j++) {
                    expected[i][j] = Math.max(0, s.rounded(s.product(i, j) + get(s.arrays[BIAS], 5 + j)));
                }
            }
            check(s, expected);
        }
    }

    private static RowsTask.Producer producer(Sample s) {
        return new RowsTask.Producer(s.m, s.n, s.c(), Optional.of(s.factors()), (buffer, told) -> new GemmTask(s.factors(), s.c().in(buffer), told));
    }

    @Test
    void withAMaskAndSumsAlongTheRows() {
        Workers.threads(1);
        for (DType type : List.of(DType.F32, DType.F64)) {
            int lanes = VectorWidth.bits() / (8 * type.bytes());
            for (int m : new int[] {32, 33, 48, 95, 96, 250}) {
                for (int vectors : new int[] {1, 2, 4}) {
                    maskAndSums(Sample.of(type, m, vectors * lanes, 9, "rrr"));
                }
            }
        }
    }

    private static void maskAndSums(Sample s) {
        LoopSpec body = new LoopSpec(List.of(source(s), source(s)),
                List.of(new Instruction((l, x) -> l.select(l.less(l.constant(0), x.get(0)), x.get(1), l.constant(0)), s.type, List.of(0, 1))),
                List.of(new Sink(2, Access.UNIT, Mode.STORE), new Sink(2, Access.UNIT, Mode.ADD)));
        Operand hidden = new Operand(HIDDEN, 5, new int[] {s.n, 1});
        Operand sums = new Operand(SUMS, 5, new int[] {0, 1});
        int[] dims = {s.m, s.n};
        List<Operand> operands = List.of(hidden, s.c(), s.c(), sums);
        ColumnTask columns = new ColumnTask(body, dims, new int[] {0}, operands, 2, s.type, SCRATCH);
        columns.bind(s.memory());
        RowsTask.Sums along = new RowsTask.Sums(new RowsTask.Stage(body, dims, operands, 2), columns);
        FittedProduct product = warm(FittedProduct.of(producer(s), List.of(), Optional.of(along)), s);
        columns.begin();
        product.run();
        columns.end();
        double[][] expected = new double[s.m][s.n];
        for (int j = 0; j < s.n; j++) {
            double[] partial = new double[16];
            for (int i = 0; i < s.m; i++) {
                expected[i][j] = get(s.arrays[HIDDEN], 5 + i * s.n + j) > 0 ? s.product(i, j) : 0;
                partial[i % 16] = s.rounded(partial[i % 16] + expected[i][j]);
            }
            for (int half = 8; half > 0; half /= 2) {
                for (int i = 0; i < half; i++) {
                    partial[i] = s.rounded(partial[i] + partial[i + half]);
                }
            }
            int column = j;
            assertEquals(partial[0], get(s.arrays[SUMS], 5 + j), 0.0, () -> "the sum of column " + column + " of " + s);
        }
        check(s, expected);
    }

    @Test
    void whatDoesNotSuitIsLeftToOthers() {
        int lanes = VectorWidth.bits() / 32;
        for (Sample s : List.of(Sample.of(DType.F32, lanes, 64, 8, "rrc"), Sample.of(DType.F32, 64, lanes + 1, 8, "rrr"), Sample.of(DType.F32, 3, lanes, 8, "rrr"), Sample.of(DType.F32, 64, lanes, 2000, "rrr"))) {
            assertTrue(FittedProduct.of(s.factors(), s.c()).isEmpty(), s::toString);
        }
    }

    /// Before and after the tiles take over.
    @Test
    void aTrainingStep() {
        int width = VectorWidth.bits() / 32 * 4;
        Tensor x = Key.of(1).normal(DType.F32, 96, 12).evaluated();
        List<Tensor> start = List.of(Key.of(2).normal(DType.F32, 12, width).evaluated(), Key.of(3).normal(DType.F32, width).evaluated(),
                Key.of(4).normal(DType.F32, width, width).evaluated());
        Program.Loop<List<Tensor>, Tensor> loop = Program.loop((w, batch) -> {
            Tensor h = batch.matmul(w.get(0)).add(w.get(1)).relu().matmul(w.get(2)).relu();
            List<Tensor> g = Gradient.of(h.square().mean(), w);
            List<Tensor> next = new ArrayList<>();
            for (int i = 0; i < w.size(); i++) {
                next.add(w.get(i).sub(g.get(i).mul(1e-3)));
            }
            return next;
        }, start, x);
        loop.step(x);
        loop.step(x);
        List<float[]> cold = loop.state().stream().map(Tensor::toFloats).toList();
        for (int i = 0; i < 3000; i++) {
            loop.step(x);
        }
        assertTrue(WarmUp.await(Duration.ofSeconds(60)));
        loop.reset(start);
        loop.step(x);
        loop.step(x);
        List<Tensor> warm = loop.state();
        for (int i = 0; i < cold.size(); i++) {
            assertArrayEquals(cold.get(i), warm.get(i).toFloats());
        }
    }
}
