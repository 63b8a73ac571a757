package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.cosmograd.autodiff.DType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Laws: SIMD = scalar, and n threads = 1 thread, bit for bit; both near the naive product in double.
@Isolated
class GemmTest {
    private static final int[] SIZES = {0, 1, 2, 3, 5, 11, 12, 13, 31, 32, 33, 50, 64, 100, 129, 257};
    private final int threads = Workers.threads();

    @BeforeAll
    static void warm() {
        GemmTiles.wantAll();
        assertTrue(WarmUp.await(Duration.ofMinutes(2)));
    }

    @AfterEach
    void restore() {
        Workers.threads(threads);
    }

    /// A product with random contents; `layout` names the strides of A, B and C: r(ow-major), c(olumn-major), g(eneral).
    private record Sample(int m, int n, int k, String layout, boolean accumulate, float[] a, float[] b, float[] c) {
        static Sample of(int m, int n, int k, String layout, boolean accumulate, Random random) {
            return new Sample(m, n, k, layout, accumulate, numbers(extent(m, k, layout.charAt(0)), random),
                    numbers(extent(k, n, layout.charAt(1)), random), numbers(extent(m, n, layout.charAt(2)), random));
        }

        static int extent(int rows, int columns, char order) {
            return 7 + rows * row(columns, order) + columns * column(rows, order) + 5;
        }

        static int row(int columns, char order) {
            return switch (order) {
                case 'r' -> columns + 3;
                case 'c' -> 1;
                default -> 2 * columns + 1;
            };
        }

        static int column(int rows, char order) {
            return switch (order) {
                case 'r' -> 1;
                case 'c' -> rows + 2;
                default -> 2;
            };
        }

        static float[] numbers(int count, Random random) {
            float[] x = new float[count];
            for (int i = 0; i < count; i++) {
                x[i] = random.nextFloat() * 2 - 1;
            }
            return x;
        }

        float[] simd() {
            float[] out = c.clone();
            Gemm.product(m, n, k, a, 7, row(k, at(0)), column(m, at(0)), b, 7, row(n, at(1)), column(k, at(1)),
                    out, 7, row(n, at(2)), column(m, at(2)), accumulate, Gemm.NOTHING);
            return out;
        }

        float[] scalar() {
            float[] out = c.clone();
            GemmScalar.multiply(m, n, k, a, 7, row(k, at(0)), column(m, at(0)), b, 7, row(n, at(1)), column(k, at(1)),
                    out, 7, row(n, at(2)), column(m, at(2)), accumulate);
            return out;
        }

        double[] simdDouble() {
            double[] out = wide(c);
            Gemm.product(m, n, k, wide(a), 7, row(k, at(0)), column(m, at(0)), wide(b), 7, row(n, at(1)), column(k, at(1)),
                    out, 7, row(n, at(2)), column(m, at(2)), accumulate, Gemm.NOTHING);
            return out;
        }

        double[] scalarDouble() {
            double[] out = wide(c);
            GemmScalar.multiply(m, n, k, wide(a), 7, row(k, at(0)), column(m, at(0)), wide(b), 7, row(n, at(1)), column(k, at(1)),
                    out, 7, row(n, at(2)), column(m, at(2)), accumulate);
            return out;
        }

        double[] naive() {
            double[] out = wide(c);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    int at = 7 + i * row(n, at(2)) + j * column(m, at(2));
                    double sum = accumulate ? out[at] : 0;
                    for (int p = 0; p < k; p++) {
                        sum += (double) a[7 + i * row(k, at(0)) + p * column(m, at(0))] * b[7 + p * row(n, at(1)) + j * column(k, at(1))];
                    }
                    out[at] = sum;
                }
            }
            return out;
        }

        private char at(int matrix) {
            return layout.charAt(matrix);
        }

        private static double[] wide(float[] x) {
            double[] y = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                y[i] = x[i];
            }
            return y;
        }

        void check() {
            float[] scalar = scalar();
            float[] simd = simd();
            double[] naive = naive();
            double[] scalarDouble = scalarDouble();
            assertTrue(Arrays.equals(scalar, simd), () -> this + ": float SIMD differs from scalar");
            assertTrue(Arrays.equals(scalarDouble, simdDouble()), () -> this + ": double SIMD differs from scalar");
            for (int i = 0; i < naive.length; i++) {
                assertEquals(naive[i], simd[i], 1e-5 * (k + 1));
                assertEquals(naive[i], scalarDouble[i], 1e-14 * (k + 1));
            }
        }

        @Override
        public String toString() {
            return m + "x" + k + "x" + n + " " + layout + (accumulate ? " accumulate" : "");
        }
    }

    @Test
    void simdIsScalarBitForBit() {
        Random random = new Random(1);
        String[] layouts = {"rrr", "rcr", "crr", "ccr", "rrc", "rcc", "crc", "ccc", "ggr", "grr", "rgr", "ggg", "rrg"};
        int which = 0;
        for (int m : SIZES) {
            for (int n : SIZES) {
                for (int k : SIZES) {
                    // The layouts take turns over the sizes, four to each.
                    for (int t = 0; t < 4; t++) {
                        Sample.of(m, n, k, layouts[which++ % layouts.length], random.nextBoolean(), random).check();
                    }
                }
            }
        }
    }

    @Test
    void slicesOfTheInnerDimensionAndManyColumns() {
        Random random = new Random(2);
        for (int[] s : new int[][] {{20, 30, 700}, {5, 2100, 9}, {70, 1100, 300}, {1, 1, 1000}, {300, 1, 65}, {1, 300, 65},
            {61, 450, 530}, {129, 385, 513}, {64, 64, 1100}}) {
            for (String layout : new String[] {"rrr", "rcr", "crr", "ccr", "rrc", "ggr"}) {
                Sample.of(s[0], s[1], s[2], layout, false, random).check();
                Sample.of(s[0], s[1], s[2], layout, true, random).check();
            }
        }
    }

    @Test
    void threadsDoNotChangeABit() {
        Random random = new Random(3);
        for (int[] s : new int[][] {{257, 129, 300}, {1000, 50, 64}, {64, 64, 2000}, {13, 1500, 257}, {200, 200, 200},
            {300, 700, 600}, {64, 64, 4096}, {30, 3000, 40}}) {
            for (String layout : new String[] {"rrr", "rcr", "crr", "ccr", "rrc"}) {
                Sample sample = Sample.of(s[0], s[1], s[2], layout, random.nextBoolean(), random);
                Workers.threads(1);
                float[] one = sample.simd();
                for (int count = 2; count <= 3; count++) {
                    Workers.threads(count);
                    assertArrayEquals(one, sample.simd(), sample::toString);
                }
            }
        }
    }

    /// Both paths, several blocks of columns, several passes over the columns, transposed and oddly strided results, few rows.
    @Test
    void everyRowIsReportedOnceAndFinal() {
        Random random = new Random(4);
        int[][] sizes = {{3, 4, 5}, {100, 64, 0}, {257, 129, 600}, {50, 1100, 20}, {2, 2, 2}, {130, 700, 600}, {70, 9000, 20}, {20, 3000, 40},
            {5, 0, 3}, {0, 5, 3}};
        for (int[] s : sizes) {
            for (String layout : new String[] {"rrr", "rrc", "rrg", "crr", "rcr"}) {
                for (boolean accumulate : new boolean[] {false, true}) {
                    for (int count = 1; count <= 3; count += 2) {
                        Workers.threads(count);
                        reports(Sample.of(s[0], s[1], s[2], layout, accumulate, random));
                    }
                }
            }
        }
    }

    private static void reports(Sample x) {
        float[] expected = x.scalar();
        float[] c = x.c.clone();
        AtomicIntegerArray reports = new AtomicIntegerArray(x.m);
        int row = Sample.row(x.n, x.at(2));
        int column = Sample.column(x.m, x.at(2));
        Gemm.product(x.m, x.n, x.k, x.a, 7, Sample.row(x.k, x.at(0)), Sample.column(x.m, x.at(0)), x.b, 7, Sample.row(x.n, x.at(1)),
                Sample.column(x.k, x.at(1)), c, 7, row, column, x.accumulate, (from, to) -> {
                    for (int i = from; i < to; i++) {
                        reports.incrementAndGet(i);
                        for (int j = 0; j < x.n; j++) {
                            int at = 7 + i * row + j * column;
                            if (expected[at] != c[at]) {
                                throw new AssertionError(x + ": row " + i + " is not final when reported");
                            }
                        }
                    }
                });
        for (int i = 0; i < x.m; i++) {
            assertEquals(1, reports.get(i), x::toString);
        }
        assertArrayEquals(expected, c, x::toString);
    }

    /// The specification itself, against the definition; and views whose rows or columns run backwards or repeat.
    @Test
    void anyStrides() {
        Random random = new Random(8);
        int[][] strides = {{1, 70}, {70, 1}, {-70, 1}, {1, -70}, {70, -1}, {0, 1}, {1, 0}, {0, 0}, {2, 140}};
        for (int[] s : new int[][] {{7, 9, 11}, {33, 17, 40}, {64, 64, 64}, {60, 65, 70}}) {
            for (int[] as : strides) {
                for (int[] bs : strides) {
                    float[] a = Sample.numbers(20_000, random);
                    float[] b = Sample.numbers(20_000, random);
                    for (int[] cs : new int[][] {{70, 1}, {1, 70}, {-70, 1}, {150, 2}}) {
                        float[] c = Sample.numbers(20_000, random);
                        float[] expected = c.clone();
                        boolean accumulate = random.nextBoolean();
                        direct(s[0], s[1], s[2], a, 10_000, as[0], as[1], b, 10_000, bs[0], bs[1], expected, 10_000, cs[0], cs[1], accumulate);
                        Gemm.product(s[0], s[1], s[2], a, 10_000, as[0], as[1], b, 10_000, bs[0], bs[1], c, 10_000, cs[0], cs[1], accumulate,
                                Gemm.NOTHING);
                        assertArrayEquals(expected, c, () -> Arrays.toString(s) + Arrays.toString(as) + Arrays.toString(bs) + Arrays.toString(cs));
                    }
                }
            }
        }
    }

    @Test
    void aProductWithinAReport() {
        Random random = new Random(5);
        Sample x = Sample.of(200, 200, 200, "rrr", false, random);
        Sample y = Sample.of(50, 50, 50, "rrr", false, random);
        float[] c = x.c.clone();
        float[] inner = y.scalar();
        Gemm.product(200, 200, 200, x.a, 7, 203, 1, x.b, 7, 203, 1, c, 7, 203, 1, false,
                (from, to) -> assertArrayEquals(inner, y.simd()));
        assertArrayEquals(x.scalar(), c);
    }

    @Test
    void batches() {
        Random random = new Random(6);
        int[][] sizes = {{4, 1, 4, 9}, {4, 4, 4, 9}, {1, 3, 2, 9}, {20, 30, 40, 9}, {0, 3, 3, 9}, {3, 3, 0, 9}, {13, 33, 17, 100}, {2, 2, 2, 0}};
        for (int[] s : sizes) {
            int m = s[0];
            int n = s[1];
            int k = s[2];
            int batch = s[3];
            float[] a = Sample.numbers(batch * m * k + 3, random);
            float[] b = Sample.numbers(batch * k * n + 3, random);
            for (int[] heads : new int[][] {{batch}, {1, batch}, {batch / 3, 3}}) {
                int all = heads[0] * (heads.length > 1 ? heads[1] : 1);
                for (boolean oneB : new boolean[] {false, true}) {
                    float[] c = Sample.numbers(batch * m * n + 3, random);
                    float[] expected = c.clone();
                    int bBatch = oneB ? 0 : k * n;
                    for (int i = 0; i < all; i++) {
                        direct(m, n, k, a, 3 + i * m * k, k, 1, b, 3 + i * bBatch, n, 1, expected, 3 + i * m * n, n, 1, false);
                    }
                    GemmTask task = new GemmTask(DType.F32, heads, m, n, k, operand(0, heads, m * k, k), operand(1, heads, bBatch, n),
                            operand(2, heads, m * n, n));
                    task.bind(new InArrays(a, b, c));
                    for (int count = 1; count <= 3; count++) {
                        Workers.threads(count);
                        task.run();
                        assertArrayEquals(expected, c, task::toString);
                    }
                }
            }
        }
    }

    private static Operand operand(int buffer, int[] heads, int stride, int row) {
        return new Operand(buffer, 3, heads.length == 1 ? new int[] {stride, row, 1} : new int[] {heads[1] * stride, stride, row, 1});
    }

    /// The definition.
    private static void direct(int m, int n, int k, float[] a, int aOffset, int aRow, int aColumn, float[] b, int bOffset, int bRow,
            int bColumn, float[] c, int cOffset, int cRow, int cColumn, boolean accumulate) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = cOffset + i * cRow + j * cColumn;
                float sum = accumulate ? c[at] : 0;
                for (int p = 0; p < k; p++) {
                    sum = Math.fma(a[aOffset + i * aRow + p * aColumn], b[bOffset + p * bRow + j * bColumn], sum);
                }
                c[at] = sum;
            }
        }
    }

    @Test
    void aCallAllocatesNothing() {
        Random random = new Random(7);
        Sample[] samples = {
            Sample.of(64, 64, 64, "rrr", false, random), Sample.of(257, 129, 300, "rcr", false, random),
            Sample.of(300, 300, 300, "crc", false, random), Sample.of(50, 10, 4, "rrr", true, random)
        };
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int repeat = 0; repeat < 30; repeat++) {
            long before = bean.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100; i++) {
                for (Sample x : samples) {
                    Gemm.product(x.m, x.n, x.k, x.a, 7, Sample.row(x.k, x.at(0)), Sample.column(x.m, x.at(0)), x.b, 7,
                            Sample.row(x.n, x.at(1)), Sample.column(x.k, x.at(1)), x.c, 7, Sample.row(x.n, x.at(2)),
                            Sample.column(x.m, x.at(2)), x.accumulate, Gemm.NOTHING);
                }
            }
            least = Math.min(least, bean.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
    }

    @Test
    void negativeSizesAreRefused() {
        float[] x = {};
        assertEquals("matmul: sizes must not be negative: [-1, 3] x [3, 2]", assertThrows(IllegalArgumentException.class,
                () -> Gemm.product(-1, 2, 3, x, 0, 1, 1, x, 0, 1, 1, x, 0, 1, 1, false, Gemm.NOTHING)).getMessage());
    }
}
