package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sums and maxima over several axes: the canonical order of additions, whatever way the elements lie in memory and however often
/// the loops have run.
class ReductionTest {
    /// Sizes of three axes of which the first two are summed, and of the one behind.
    @ParameterizedTest
    @CsvSource({"2, 3, 16", "1, 40, 17", "13, 9, 33", "20, 50, 32", "64, 64, 20", "63, 65, 64", "7, 200, 70", "16, 256, 300"})
    void neighboursCountAsOne(int a, int b, int c) {
        for (DType type : List.of(DType.F32, DType.F64)) {
            Tensor x = Key.of(a + b + c).normal(type, a, b, c).evaluated();
            double[] v = x.toDoubles();
            double[] sums = sums(v, a * b, c, type);
            Tensor shift = Key.of(3).normal(type, c).evaluated();
            double[] squares = sums(x.sub(shift).square().toDoubles(), a * b, c, type);
            double[] largest = new double[c];
            Arrays.fill(largest, Double.NEGATIVE_INFINITY);
            for (int i = 0; i < v.length; i++) {
                largest[i % c] = Math.max(largest[i % c], v[i]);
            }
            check(t -> t.sum(0, 1), x, sums);
            check(t -> t.reshape(a * b, c).sum(0), x, sums);
            check(t -> t.sub(shift).square().sum(0, 1), x, squares);
            check(t -> t.maxOver(0, 1), x, largest);
            // the same elements in another order in memory
            check(t -> t.permute(2, 0, 1).sum(1, 2), x, axisByAxis(x));
            Tensor turned = x.permute(2, 1, 0).mul(1).evaluated();
            check(t -> t.permute(2, 1, 0).sum(0, 1), turned, sums);
            check(t -> t.flip(0, 2).flip(0, 2).sum(0, 1), x, sums);
        }
    }

    /// Where nothing is behind the summed axes, they are summed one after the other.
    private static double[] axisByAxis(Tensor x) {
        return x.permute(2, 0, 1).mul(1).evaluated().sum(2).evaluated().sum(1).toDoubles();
    }

    private static void check(UnaryOperator<Tensor> f, Tensor x, double[] expected) {
        assertArrayEquals(expected, f.apply(x).toDoubles(), 0);
        Program<Tensor, Tensor> p = Program.of(f::apply, x);
        int before = Workers.threads();
        try {
            for (int threads : new int[] {1, 2, 3, 1, 1}) {
                Workers.threads(threads);
                assertArrayEquals(expected, p.run(x).toDoubles(), 0);
            }
        } finally {
            Workers.threads(before);
        }
        assertEquals(expected.length, f.apply(x).shape().size());
    }

    /// Rows of `n` elements summed with 16 partial sums, or 64 from 1024 rows on, each of every so manieth row.
    private static double[] sums(double[] x, int rows, int n, DType type) {
        int partials = rows < 1024 ? 16 : 64;
        double[][] s = new double[partials][n];
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < n; i++) {
                s[r % partials][i] = rounded(s[r % partials][i] + x[r * n + i], type);
            }
        }
        for (int half = partials / 2; half > 0; half /= 2) {
            for (int j = 0; j < half; j++) {
                for (int i = 0; i < n; i++) {
                    s[j][i] = rounded(s[j][i] + s[j + half][i], type);
                }
            }
        }
        return s[0];
    }

    private static double rounded(double v, DType type) {
        return type == DType.F32 ? (float) v : v;
    }
}
