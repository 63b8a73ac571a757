package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.cosmograd.autodiff.Convolution.Boundary;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Convolutions with all options against a loop over every index; n threads = 1 thread; errors as whole sentences.
class ConvolutionTest {

    /// A convolution and the sizes it meets.
    private record Case(Convolution conv, int n, int[] input, int c, int[] kernel, int q) {
        Tensor x() {
            return normal(1, c, input, n);
        }

        Tensor w() {
            int[] dims = Arrays.copyOf(kernel, kernel.length + 2);
            dims[kernel.length] = c / conv.groups();
            dims[kernel.length + 1] = q;
            return Key.of(2).normal(DType.F64, dims);
        }

        @Override
        public String toString() {
            return conv + " of " + n + " x " + Arrays.toString(input) + " x " + c + " by " + Arrays.toString(kernel) + " -> " + q;
        }
    }

    private static Tensor normal(int seed, int channels, int[] spatial, int n) {
        int[] dims = new int[spatial.length + 2];
        dims[0] = n;
        System.arraycopy(spatial, 0, dims, 1, spatial.length);
        dims[dims.length - 1] = channels;
        return Key.of(seed).normal(DType.F64, dims);
    }

    static Stream<Case> cases() {
        List<Case> out = new ArrayList<>();
        for (Boundary b : Boundary.values()) {
            out.add(new Case(Convolution.same(1).boundary(b), 2, new int[] {19}, 3, new int[] {5}, 4));
            out.add(new Case(Convolution.same(2).boundary(b), 2, new int[] {7, 13}, 5, new int[] {3, 3}, 37));
            out.add(new Case(Convolution.same(2).boundary(b).stride(2), 1, new int[] {8, 15}, 1, new int[] {4, 3}, 17));
            out.add(new Case(Convolution.valid(2).boundary(b).padding(2, 1).stride(2, 3).dilation(2, 1), 3, new int[] {9, 8}, 4,
                    new int[] {3, 2}, 6));
            out.add(new Case(Convolution.same(3).boundary(b), 2, new int[] {4, 5, 6}, 2, new int[] {3, 3, 3}, 3));
            out.add(new Case(Convolution.valid(3).boundary(b).padding(List.of(1, 0, 2), List.of(0, 2, 1)).stride(1, 2, 2).dilation(1, 2, 1),
                    1, new int[] {3, 7, 6}, 2, new int[] {2, 2, 3}, 4));
            out.add(new Case(Convolution.same(2).boundary(b).groups(2), 2, new int[] {6, 5}, 4, new int[] {3, 3}, 6));
            out.add(new Case(Convolution.same(2).boundary(b).groups(6).stride(2), 2, new int[] {6, 9}, 6, new int[] {3, 3}, 6));
        }
        out.add(new Case(Convolution.valid(1), 1, new int[] {1}, 1, new int[] {1}, 1));
        out.add(new Case(Convolution.valid(2), 3, new int[] {5, 6}, 7, new int[] {1, 1}, 40));
        out.add(new Case(Convolution.valid(2).stride(2), 2, new int[] {5, 6}, 3, new int[] {1, 1}, 5));
        out.add(new Case(Convolution.valid(2).stride(3), 2, new int[] {8, 8}, 3, new int[] {2, 2}, 5));
        out.add(new Case(Convolution.valid(2), 2, new int[] {5, 16}, 16, new int[] {3, 3}, 16));
        out.add(new Case(Convolution.same(2), 1, new int[] {3, 4}, 3, new int[] {7, 9}, 2));
        out.add(new Case(Convolution.valid(2).padding(4), 1, new int[] {2, 2}, 3, new int[] {3, 3}, 2));
        out.add(new Case(Convolution.same(2), 40, new int[] {12, 12}, 8, new int[] {3, 3}, 8));
        out.add(new Case(Convolution.same(2), 1, new int[] {2, 400}, 40, new int[] {3, 3}, 3));
        out.add(new Case(Convolution.valid(2).groups(3), 2, new int[] {4, 4}, 3, new int[] {3, 3}, 6));
        return out.stream();
    }

    // ------------------------------------------------------------------------------------------------- the direct loop

    /// Calls back for every term of the trilinear form `Σ x w g`.
    private interface Term {
        void at(int x, int w, int g);
    }

    private static void terms(Case s, int[] places, int[] low, Term term) {
        int rank = s.input.length;
        int[] in = lift(s.input);
        int[] k = lift(s.kernel);
        int[] out = lift(places);
        int groups = s.conv.groups();
        int cg = s.c / groups;
        int qg = s.q / groups;
        for (int n = 0; n < s.n; n++) {
            for (int o = 0; o < out[0] * out[1] * out[2]; o++) {
                for (int t = 0; t < k[0] * k[1] * k[2]; t++) {
                    int[] oi = {o / (out[1] * out[2]), o / out[2] % out[1], o % out[2]};
                    int[] ti = {t / (k[1] * k[2]), t / k[2] % k[1], t % k[2]};
                    int at = n;
                    for (int a = 0; a < 3; a++) {
                        int axis = a - 3 + rank;
                        int i = axis < 0 ? 0
                                : s.conv.stride().get(axis) * oi[a] + s.conv.dilation().get(axis) * ti[a] - low[axis];
                        i = i >= 0 && i < in[a] ? i : switch (s.conv.boundary()) {
                            case ZERO -> -1;
                            case PERIODIC -> Math.floorMod(i, in[a]);
                            case REFLECT -> i < 0 ? -i : 2 * (in[a] - 1) - i;
                        };
                        at = i < 0 || at < 0 ? -1 : at * in[a] + i;
                    }
                    if (at < 0) {
                        continue;
                    }
                    for (int q = 0; q < s.q; q++) {
                        for (int c = 0; c < cg; c++) {
                            term.at(at * s.c + q / qg * cg + c, (t * cg + c) * s.q + q, (n * out[0] * out[1] * out[2] + o) * s.q + q);
                        }
                    }
                }
            }
        }
    }

    private static int[] lift(int[] x) {
        int[] out = {1, 1, 1};
        System.arraycopy(x, 0, out, 3 - x.length, x.length);
        return out;
    }

    private static int[] low(Case s) {
        int[] low = new int[s.input.length];
        for (int i = 0; i < low.length; i++) {
            low[i] = s.conv.padding() instanceof Convolution.Padding.Amounts a
                    ? a.low().get(i)
                    : s.conv.dilation().get(i) * (s.kernel[i] - 1) / 2;
        }
        return low;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalsDirectLoop(Case s) {
        Tensor x = s.x();
        Tensor w = s.w();
        Tensor y = s.conv.apply(x, w);
        int[] places = y.shape().slice(1, y.shape().rank() - 1).dims();
        double[] xs = x.toDoubles();
        double[] ws = w.toDoubles();
        double[] expected = new double[y.shape().size()];
        terms(s, places, low(s), (i, k, o) -> expected[o] += xs[i] * ws[k]);
        assertArrayEquals(expected, y.toDoubles(), 1e-11, "forward");

        Tensor g = Key.of(3).normal(DType.F64, y.shape().dims());
        double[] gs = g.toDoubles();
        double[] gx = new double[xs.length];
        double[] gw = new double[ws.length];
        terms(s, places, low(s), (i, k, o) -> gx[i] += gs[o] * ws[k]);
        terms(s, places, low(s), (i, k, o) -> gw[k] += xs[i] * gs[o]);
        List<Tensor> gradients = Gradient.vjp(List.of(y), List.of(x, w), List.of(g));
        assertArrayEquals(gx, gradients.get(0).toDoubles(), 1e-11, "input gradient");
        assertArrayEquals(gw, gradients.get(1).toDoubles(), 1e-10, "weight gradient");

        Tensor back = s.conv.transposed(g, w, s.input);
        assertArrayEquals(gx, back.toDoubles(), 1e-11, "transposed");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void threadsDoNotMatter(Case s) {
        int before = Workers.threads();
        Tensor x = Tensor.of(s.x().shape(), s.x().toFloats());
        Tensor w = Tensor.of(s.w().shape(), s.w().toFloats());
        List<List<Tensor>> results = new ArrayList<>();
        try {
            for (int threads : new int[] {1, 2, 3}) {
                Workers.threads(threads);
                Tensor y = s.conv.apply(x.mul(1), w);
                List<Tensor> all = new ArrayList<>(Gradient.vjp(List.of(y), List.of(x, w), List.of(y.sin())));
                all.add(y);
                all.forEach(Tensor::storage);
                results.add(all);
            }
        } finally {
            Workers.threads(before);
        }
        for (int t = 1; t < results.size(); t++) {
            for (int i = 0; i < 3; i++) {
                OperationLawsTest.assertBits(s + " " + i, results.get(0).get(i), results.get(t).get(i));
            }
        }
    }

    @Test
    void sizes() {
        Tensor x = Tensor.zeros(DType.F32, 2, 8, 9, 3);
        Tensor w = Tensor.zeros(DType.F32, 3, 3, 3, 5);
        assertEquals(Shape.of(2, 8, 9, 5), Convolution.same(2).apply(x, w).shape());
        assertEquals(Shape.of(2, 4, 5, 5), Convolution.same(2).stride(2).apply(x, w).shape());
        assertEquals(Shape.of(2, 6, 7, 5), Convolution.valid(2).apply(x, w).shape());
        Tensor y = Tensor.zeros(DType.F32, 2, 4, 5, 5);
        assertEquals(Shape.of(2, 8, 10, 3), Convolution.same(2).stride(2).transposed(y, w).shape());
        assertEquals(Shape.of(2, 9, 11, 3), Convolution.valid(2).stride(2).transposed(y, w).shape());
        assertEquals(Shape.of(2, 8, 9, 3), Convolution.same(2).stride(2).transposed(y, w, 8, 9).shape());
        assertEquals(Shape.of(0, 8, 9, 5), Convolution.same(2).apply(Tensor.zeros(DType.F32, 0, 8, 9, 3), w).shape());
    }

    // ------------------------------------------------------------------------------------------------- errors

    private static void shape(String sentence, Executable wrong) {
        assertEquals(sentence, assertThrows(ShapeException.class, wrong).getMessage());
    }

    @Test
    void errors() {
        Tensor x = Tensor.zeros(DType.F32, 2, 5, 4, 6);
        Tensor w = Tensor.zeros(DType.F32, 3, 3, 6, 8);
        shape("convolution: 1, 2 or 3 spatial axes are possible, got 4", () -> Convolution.valid(4));
        shape("convolution: stride needs a number of at least 1 for each of 2 axes, got [1, 0]", () -> Convolution.valid(2).stride(1, 0));
        shape("convolution: dilation needs a number of at least 1 for each of 2 axes, got [1, 1, 1]",
                () -> Convolution.valid(2).dilation(1, 1, 1));
        shape("convolution: padding needs a number of at least 0 for each of 1 axis, got [-1]", () -> Convolution.valid(1).padding(-1));
        shape("convolution: needs at least 1 group, got 0", () -> Convolution.valid(2).groups(0));
        shape("convolution: needs a weight of 4 axes, got f32[3, 6, 8]",
                () -> Convolution.valid(2).apply(x, Tensor.zeros(DType.F32, 3, 6, 8)));
        shape("convolution: needs an input and a weight of one floating type with 4 axes each, got f32[2, 5, 4, 6] and f64[3, 3, 6, 8]",
                () -> Convolution.valid(2).apply(x, w.cast(DType.F64)));
        shape("convolution: the stride 7 exceeds the padded input of 5 elements along spatial axis 0; take a stride of at most 5",
                () -> Convolution.valid(2).stride(7, 1).apply(x, w));
        shape("convolution: the kernel spans 5 elements of spatial axis 1, the padded input has 4; pad more or take a smaller kernel or"
                + " dilation", () -> Convolution.valid(2).dilation(1, 2).apply(x, w));
        shape("convolution: 6 input and 8 output channels do not divide into 4 groups", () -> Convolution.valid(2).groups(4).apply(x, w));
        shape("convolution: the weight [3, 3, 6, 8] takes 6 input channels in each of 2 groups, the input has 6",
                () -> Convolution.valid(2).groups(2).apply(x, w));
        shape("convolution: the input f32[2, 0, 4, 6] has size 0 on axis 1, needs at least 1",
                () -> Convolution.same(2).apply(Tensor.zeros(DType.F32, 2, 0, 4, 6), w));
        shape("convolution: the weight f32[3, 0, 6, 8] has size 0 on axis 1, needs at least 1",
                () -> Convolution.same(2).apply(x, Tensor.zeros(DType.F32, 3, 0, 6, 8)));
        shape("periodic padding: 6 elements are more than axis 1 of f32[2, 5, 4, 6] can give; pad by at most 5",
                () -> Convolution.valid(2).padding(6, 1).boundary(Boundary.PERIODIC).apply(x, w));
        shape("reflect padding: 4 elements are more than axis 2 of f32[2, 5, 4, 6] can give; pad by at most 3",
                () -> Convolution.valid(2).padding(1, 4).boundary(Boundary.REFLECT).apply(x, w));
        shape("convolution: the padded input would have 3000000004 elements along spatial axis 1, the most an axis can have is"
                + " 2147483583; pad less", () -> Convolution.valid(2).padding(0, 1_500_000_000).apply(x, w));
        shape("shape: [2, 50003, 50002, 8] holds more than 2147483583 elements, the most one tensor can have; split it",
                () -> Convolution.valid(2).padding(25_000, 25_000).apply(x, w));
        shape("convolution: 9 elements along spatial axis 0 give 9 places, not the 5 of f32[2, 5, 4, 8]",
                () -> Convolution.same(2).transposed(Tensor.zeros(DType.F32, 2, 5, 4, 8), w, 9, 4));
        shape("convolution: f32[2, 5, 4, 6] has 6 channels, the weight [3, 3, 6, 8] makes 8",
                () -> Convolution.same(2).transposed(x, w, 5, 4));
        shape("convolution: needs a size for each of 2 axes, got [5]", () -> Convolution.same(2).transposed(x, w, 5));
        shape("convolution: the transposed result would have -1 elements along spatial axis 0, possible are 1 to 2147483583",
                () -> Convolution.valid(2).padding(4, 0).transposed(x, w));
    }
}
