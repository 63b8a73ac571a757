package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Pooling and up-sampling against direct loops over two spatial axes; ties; errors as whole sentences.
class PoolingTest {

    static Stream<Pooling> poolings() {
        return Stream.of(Pooling.of(2, 2), Pooling.of(3, 2), Pooling.of(3, 3).stride(1), Pooling.of(3, 3).stride(2).padding(1),
                Pooling.of(5, 6).stride(1, 2).padding(2), Pooling.of(2, 3).stride(1, 2).padding(1, 2), Pooling.of(1, 1), Pooling.of(6, 7), Pooling.of(5, 4).stride(5, 4));
    }

    @ParameterizedTest
    @MethodSource("poolings")
    void equalsDirectLoop(Pooling p) {
        Tensor x = Key.of(1).normal(DType.F64, 2, 7, 9, 3);
        Tensor average = p.average(x);
        Tensor max = p.max(x);
        assertEquals(average.shape(), max.shape());
        Tensor g = Key.of(2).normal(DType.F64, max.shape().dims());
        double[] routed = new double[x.shape().size()];
        double[] spread = new double[x.shape().size()];
        for (int n = 0; n < 2; n++) {
            for (int i = 0; i < max.dim(1); i++) {
                for (int j = 0; j < max.dim(2); j++) {
                    for (int c = 0; c < 3; c++) {
                        double sum = 0;
                        double top = Double.NEGATIVE_INFINITY;
                        int count = 0;
                        int where = -1;
                        int[] places = new int[p.window().get(0) * p.window().get(1)];
                        for (int a = 0; a < p.window().get(0); a++) {
                            for (int b = 0; b < p.window().get(1); b++) {
                                int u = i * p.stride().get(0) - p.low().get(0) + a;
                                int v = j * p.stride().get(1) - p.low().get(1) + b;
                                if (u >= 0 && u < 7 && v >= 0 && v < 9) {
                                    places[count++] = ((n * 7 + u) * 9 + v) * 3 + c;
                                    sum += x.get(n, u, v, c);
                                    if (x.get(n, u, v, c) > top) {
                                        top = x.get(n, u, v, c);
                                        where = places[count - 1];
                                    }
                                }
                            }
                        }
                        assertEquals(sum / count, average.get(n, i, j, c), 1e-13);
                        assertEquals(top, max.get(n, i, j, c));
                        routed[where] += g.get(n, i, j, c);
                        for (int k = 0; k < count; k++) {
                            spread[places[k]] += g.get(n, i, j, c) / count;
                        }
                    }
                }
            }
        }
        assertArrayEquals(routed, Gradient.vjp(max, x, g).toDoubles(), 1e-13);
        assertArrayEquals(spread, Gradient.vjp(average, x, g).toDoubles(), 1e-13);
    }

    /// With many channels the gradient runs on emitted loops; it is the plain loop's, also before and after these are compiled.
    @ParameterizedTest
    @MethodSource("poolings")
    void gradientWithManyChannels(Pooling p) {
        for (DType type : List.of(DType.F32, DType.F64)) {
            Tensor some = Key.of(1).normal(type, 3, 7, 9, 4);
            Tensor x = Tensor.concat(-1, some, some.mul(-1), some.floor(), some.abs(), some.add(1));
            Tensor y = p.max(x);
            Tensor g = Key.of(2).normal(type, y.shape().dims());
            Program<List<Tensor>, Tensor> many = Program.of(v -> Gradient.vjp(p.max(v.get(0)), v.get(0), v.get(1)), List.of(x, g));
            double[] expected = new double[x.shape().size()];
            for (int c = 0; c < 20; c += 4) {
                Tensor part = x.slice(-1, c, c + 4);
                double[] few = Gradient.vjp(p.max(part), part, g.slice(-1, c, c + 4)).toDoubles();
                for (int i = 0; i < few.length; i++) {
                    expected[i / 4 * 20 + c + i % 4] = few[i];
                }
            }
            for (int run = 0; run < 5; run++) {
                assertArrayEquals(expected, many.run(List.of(x, g)).toDoubles(), type == DType.F32 ? 1e-6 : 1e-14);
            }
        }
    }

    @Test
    void manyTermsAndOtherRanks() {
        Tensor x = Key.of(1).normal(DType.F64, 1, 8, 6, 10, 2);
        Tensor y = Pooling.of(4, 3, 5).average(x);
        assertEquals(Shape.of(1, 2, 2, 2, 2), y.shape());
        double expected = x.slice(1, 4, 8).slice(2, 0, 3).slice(3, 5, 10).slice(4, 1, 2).mean(0, 1, 2, 3, 4).item();
        assertEquals(expected, y.get(0, 1, 0, 1, 1), 1e-13);
        assertEquals(x.slice(1, 4, 8).slice(2, 0, 3).slice(3, 5, 10).slice(4, 1, 2).max().item(), Pooling.of(4, 3, 5).max(x).get(0, 1, 0, 1, 1));
        assertArrayEquals(new double[] {1.5, 3.5}, Pooling.of(2).average(Tensor.of(Shape.of(1, 5, 1), 1.0, 2, 3, 4, 5)).toDoubles());
        assertArrayEquals(new double[] {3, 2.5}, Pooling.globalAverage(Tensor.of(Shape.of(2, 2, 1), 2.0, 4, 5, 0)).toDoubles());
        assertArrayEquals(new double[] {4, 5}, Pooling.globalMax(Tensor.of(Shape.of(2, 2, 1), 2.0, 4, 5, 0)).toDoubles());
    }

    @Test
    void firstOfEqualElementsHasTheDerivative() {
        Tensor x = Tensor.of(Shape.of(1, 2, 4, 1), 0.0, 0, 1, 2, 0, 0, 2, 2);
        Tensor g = Gradient.of(Pooling.of(2, 2).max(x).sum(), x);
        assertArrayEquals(new double[] {1, 0, 0, 1, 0, 0, 0, 0}, g.toDoubles());
        Tensor nan = Tensor.of(Shape.of(1, 1, 3, 1), 1, Double.NaN, 3);
        assertArrayEquals(new double[] {Double.NaN}, Pooling.of(1, 3).max(nan).toDoubles());
    }

    @Test
    void upSampling() {
        Tensor x = Key.of(1).normal(DType.F64, 2, 3, 4, 2);
        for (int[] f : new int[][] {{2, 2}, {3, 2}, {1, 4}, {1, 1}, {5, 8}}) {
            Tensor near = Resampling.nearest(x, f);
            Tensor linear = Resampling.linear(x, f);
            assertEquals(Shape.of(2, 3 * f[0], 4 * f[1], 2), near.shape());
            assertEquals(near.shape(), linear.shape());
            for (int i = 0; i < near.dim(1); i++) {
                for (int j = 0; j < near.dim(2); j++) {
                    assertEquals(x.get(1, i / f[0], j / f[1], 1), near.get(1, i, j, 1));
                    double u = Math.clamp((i + 0.5) / f[0] - 0.5, 0, 2);
                    double v = Math.clamp((j + 0.5) / f[1] - 0.5, 0, 3);
                    int a = (int) Math.min(u, 1);
                    int b = (int) Math.min(v, 2);
                    double expected = (1 - u + a) * ((1 - v + b) * x.get(1, a, b, 1) + (v - b) * x.get(1, a, b + 1, 1))
                            + (u - a) * ((1 - v + b) * x.get(1, a + 1, b, 1) + (v - b) * x.get(1, a + 1, b + 1, 1));
                    assertEquals(expected, linear.get(1, i, j, 1), 1e-13, i + " " + j);
                }
            }
        }
        Tensor z = Key.of(3).normal(DType.F64, 1, 2, 1, 5, 1);
        assertArrayEquals(Resampling.linear(z.reshape(1, 2, 5, 1), 4, 3).toDoubles(), Resampling.linear(z, 4, 1, 3).toDoubles(), 1e-14);
        assertEquals(Shape.of(2, 0, 9, 1), Resampling.linear(Tensor.zeros(DType.F32, 2, 0, 3, 1), 3).shape());
        assertArrayEquals(new double[] {7, 7, 7}, Resampling.linear(Tensor.of(Shape.of(1, 1, 1), 7.0), 3).toDoubles(), 1e-13);
    }

    private static void shape(String sentence, Executable wrong) {
        assertEquals(sentence, assertThrows(ShapeException.class, wrong).getMessage());
    }

    @Test
    void errors() {
        Tensor x = Tensor.zeros(DType.F32, 2, 5, 4, 6);
        shape("pooling: 1, 2 or 3 spatial axes are possible, got 0", Pooling::of);
        shape("pooling: window needs a number of at least 1 for each of 2 axes, got [2, 0]", () -> Pooling.of(2, 0));
        shape("pooling: stride needs a number of at least 1 for each of 2 axes, got [0, 0]", () -> Pooling.of(2, 2).stride(0));
        shape("pooling: padding needs a number of at least 0 for each of 2 axes, got [1, 1, 1]", () -> Pooling.of(2, 2).padding(1, 1, 1));
        shape("pooling: needs floating-point elements with 3 axes [n, …, channels], got f32[2, 5, 4, 6]", () -> Pooling.of(2).average(x));
        shape("pooling: a window of 5 exceeds the padded input of 4 along spatial axis 1; take a window of at most 4",
                () -> Pooling.of(2, 5).max(x));
        shape("pooling: padding of 2 leaves windows of 2 along spatial axis 0 empty; pad by less than the window",
                () -> Pooling.of(2, 3).padding(2).average(x));
        shape("pooling: the input f32[2, 0, 4, 6] has size 0 on axis 1, needs at least 1",
                () -> Pooling.of(1, 1).padding(0).max(Tensor.zeros(DType.F32, 2, 0, 4, 6)));
        shape("pooling: needs [n, …, channels] with at least one spatial axis, got f32[3, 4]",
                () -> Pooling.globalAverage(Tensor.zeros(DType.F32, 3, 4)));
        shape("up-sampling: needs [n, …, channels] with 1 to 3 spatial axes and a factor of at least 1 for each, got f32[2, 5, 4, 6] and"
                + " [2, 0]", () -> Resampling.nearest(x, 2, 0));
    }
}
