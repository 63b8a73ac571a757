package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Gathering and adding up rows of all widths, against a loop and on several threads.
class IndexingTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 5", "7, 1, 100", "100000, 1, 200000", "64, 1, 100000", "3, 3, 100000", "5000, 3, 100000", "33, 8, 20000", "50, 17, 9000",
        "40, 300, 700", "20, 1000, 400", "1, 600, 500", "20, 515, 400", "3, 777, 500"})
    void equalsTheLoopOnAnyNumberOfThreads(int rows, int width, int count) {
        for (DType type : List.of(DType.F32, DType.F64)) {
            int[] index = new int[count];
            double[] u = Key.of(rows + count).uniform(DType.F64, count).toDoubles();
            for (int i = 0; i < count; i++) {
                index[i] = (int) (u[i] * rows);
            }
            Tensor k = Tensor.of(index);
            Tensor table = type == DType.F32
                    ? Tensor.of(Shape.of(rows, width), Key.of(1).normal(type, rows, width).toFloats())
                    : Tensor.of(Shape.of(rows, width), Key.of(1).normal(type, rows, width).toDoubles());
            Tensor values = type == DType.F32
                    ? Tensor.of(Shape.of(count, width), Key.of(2).normal(type, count, width).toFloats())
                    : Tensor.of(Shape.of(count, width), Key.of(2).normal(type, count, width).toDoubles());
            double[] t = table.toDoubles();
            double[] v = values.toDoubles();
            double[] fetched = new double[count * width];
            double[] sums = new double[rows * width];
            for (int i = 0; i < count; i++) {
                for (int j = 0; j < width; j++) {
                    fetched[i * width + j] = t[index[i] * width + j];
                    int to = index[i] * width + j;
                    sums[to] = type == DType.F32 ? (float) sums[to] + (float) v[i * width + j] : sums[to] + v[i * width + j];
                }
            }
            Program<List<Tensor>, List<Tensor>> p = Program.of(
                    x -> List.of(x.get(0).gather(0, x.get(2)), x.get(1).scatterAdd(x.get(2), rows)), List.of(table, values, k));
            int before = Workers.threads();
            List<List<Tensor>> results = new ArrayList<>();
            try {
                for (int threads = 1; threads <= 3; threads++) {
                    Workers.threads(threads);
                    results.add(p.run(List.of(table, values, k)));
                }
            } finally {
                Workers.threads(before);
            }
            for (List<Tensor> r : results) {
                assertArrayEquals(fetched, r.get(0).toDoubles(), 0);
                assertArrayEquals(sums, r.get(1).toDoubles(), 0);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"7, 1, 50000", "33, 8, 20000", "20, 515, 400"})
    void integersToo(int rows, int width, int count) {
        int[] index = new int[count];
        int[] v = new int[count * width];
        int[] sums = new int[rows * width];
        int[] fetched = new int[count * width];
        for (int i = 0; i < count; i++) {
            index[i] = (int) (i * 2654435761L % rows);
            for (int j = 0; j < width; j++) {
                v[i * width + j] = i - 3 * j;
                sums[index[i] * width + j] += i - 3 * j;
            }
        }
        for (int i = 0; i < count; i++) {
            System.arraycopy(sums, index[i] * width, fetched, i * width, width);
        }
        Tensor k = Tensor.of(index);
        Tensor sum = Tensor.of(v).reshape(count, width).scatterAdd(k, rows);
        assertArrayEquals(sums, sum.toInts());
        assertArrayEquals(fetched, sum.gather(0, k).toInts());
    }

    @ParameterizedTest
    @CsvSource({"5, 1, 10", "5, 1, 300000", "5, 700, 300"})
    void theFirstWrongIndexIsNamed(int rows, int width, int count) {
        int[] index = new int[count];
        index[count / 2] = -3;
        index[count - 1] = 9;
        Tensor k = Tensor.of(index);
        Tensor wrong = Tensor.ones(DType.F32, rows, width).gather(0, k);
        assertEquals("gather: index -3 is outside 0…4", assertThrows(IndexOutOfBoundsException.class, wrong::toFloats).getMessage());
        Tensor sum = Tensor.ones(DType.F32, count, width).scatterAdd(k, rows);
        assertEquals("scatterAdd: index -3 is outside 0…4", assertThrows(IndexOutOfBoundsException.class, sum::toFloats).getMessage());
        Tensor none = Tensor.zeros(DType.F32, 0, 2).gather(0, Tensor.of(0));
        assertEquals("gather: index 0 is given, but there are no rows", assertThrows(IndexOutOfBoundsException.class, none::toFloats).getMessage());
    }
}
