package org.cosmograd.nn;

import static org.cosmograd.nn.LayerSamples.wide;
import static org.cosmograd.nn.NormTest.says;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.Convolution;
import org.cosmograd.autodiff.Convolution.Boundary;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Pooling;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.junit.jupiter.api.Test;

class ConvTest {
    private static final Key KEY = Key.of(13);
    private static final Recipe PERIODIC = Recipe.PLANE.withBoundary(Boundary.PERIODIC);

    private static Tensor images(int... dims) {
        return KEY.fold(50).normal(DType.F64, dims);
    }

    /// Every image moved by the same numbers of pixels, around the edges.
    private static Tensor roll(Tensor x, int... by) {
        Tensor offset = Tensor.of(by).broadcastTo(x.dim(0), by.length);
        return Augmentation.shift(x, offset, Boundary.PERIODIC);
    }

    /// The definition, as a loop.
    @Test
    void convolutionAddsUpItsField() {
        Conv conv = wide(Conv.of(KEY, Initialiser.LINEAR, Convolution.same(2).boundary(Boundary.PERIODIC), 3, 4, 3, 5));
        Tensor x = images(2, 6, 7, 3);
        Tensor y = conv.apply(x);
        assertEquals(Shape.of(2, 6, 7, 4), y.shape());
        for (int[] o : new int[][] {{0, 0, 0, 0}, {1, 5, 6, 3}, {1, 2, 3, 1}}) {
            double sum = conv.bias().get(o[3]);
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 5; j++) {
                    for (int c = 0; c < 3; c++) {
                        double pixel = x.get(o[0], (o[1] + i - 1 + 6) % 6, (o[2] + j - 2 + 7) % 7, c);
                        sum += pixel * conv.weight().get(i, j, c, o[3]);
                    }
                }
            }
            assertEquals(sum, y.get(o), 1e-12);
        }
    }

    @Test
    void sizesFollowTheSettings() {
        Tensor x = images(2, 9, 8, 4);
        Convolution same = Convolution.same(2);
        assertEquals(Shape.of(2, 5, 4, 6), shape(same.stride(2), x));
        assertEquals(Shape.of(2, 9, 8, 6), shape(same.dilation(2), x));
        assertEquals(Shape.of(2, 9, 8, 6), shape(same.groups(2), x));
        assertEquals(Shape.of(2, 7, 6, 6), shape(Convolution.valid(2), x));
        assertEquals(Shape.of(2, 9, 6), Conv.of(KEY, 4, 6, 3).apply(Tensor.zeros(DType.F32, 2, 9, 4)).shape());
        assertEquals(Shape.of(1, 4, 5, 6, 2), Conv.of(KEY, 3, 2, 3, 3, 3).apply(Tensor.zeros(DType.F32, 1, 4, 5, 6, 3)).shape());
    }

    private static Shape shape(Convolution how, Tensor x) {
        return wide(Conv.of(KEY, Initialiser.HE, how, 4, 6, 3, 3)).apply(x).shape();
    }

    /// Each input pixel lays the kernel over the output.
    @Test
    void upConvolutionLaysKernels() {
        ConvTranspose up = wide(ConvTranspose.of(KEY, Convolution.valid(2).stride(2), 3, 2, 2, 2));
        Tensor x = images(2, 4, 5, 3);
        Tensor y = up.apply(x);
        assertEquals(Shape.of(2, 8, 10, 2), y.shape());
        double sum = up.bias().get(1);
        for (int c = 0; c < 3; c++) {
            sum += x.get(1, 2, 3, c) * up.weight().get(1, 0, 1, c);
        }
        assertEquals(sum, y.get(1, 5, 6, 1), 1e-12);
    }

    /// `⟨C x, y⟩ = ⟨x, Cᵀ y⟩` without the biases.
    @Test
    void upConvolutionIsTheAdjoint() {
        for (Boundary b : Boundary.values()) {
            Convolution how = Convolution.same(2).boundary(b).stride(2);
            Conv conv = wide(Conv.of(KEY, Initialiser.HE, how, 3, 4, 3, 3));
            ConvTranspose up = new ConvTranspose(conv.weight(), Tensor.zeros(DType.F64, 3), how);
            Tensor x = images(2, 6, 8, 3);
            Tensor y = KEY.fold(51).normal(DType.F64, 2, 3, 4, 4);
            assertEquals(conv.apply(x).mul(y).sum().item(), x.mul(up.apply(y)).sum().item(), 1e-10);
        }
    }

    /// The variance of a wide layer's result is that of its input times what the initialiser promises.
    @Test
    void firstValuesKeepTheVariance() {
        Tensor x = KEY.fold(3).normal(DType.F32, 4, 16, 16, 32);
        Conv he = Conv.of(KEY, Initialiser.HE, Convolution.same(2).boundary(Boundary.PERIODIC), 32, 64, 3, 3);
        assertEquals(2, he.apply(x).square().mean().item(), 0.2);
        ConvTranspose up = ConvTranspose.of(KEY, Convolution.valid(2).stride(2), 32, 64, 2, 2);
        assertEquals(2, up.apply(x).square().mean().item(), 0.2);
        Conv apart = Conv.of(KEY, Initialiser.HE, Convolution.same(2).boundary(Boundary.PERIODIC).groups(32), 32, 64, 3, 3);
        assertEquals(2, apart.apply(x).square().mean().item(), 0.4);
        Conv linear = Conv.of(KEY, 32, 64, 3, 3);
        double largest = Arrays.stream(linear.weight().toDoubles()).map(Math::abs).max().orElseThrow();
        assertEquals(1 / Math.sqrt(288), largest, 1e-3);
        assertTrue(largest <= 1 / Math.sqrt(288));
    }

    @Test
    void poolsTakeTheirWindows() {
        Tensor x = Tensor.of(Shape.of(1, 2, 4, 1), 1f, 5, 2, 0, 3, -1, 8, 4);
        assertArrayEquals(new float[] {5, 8}, Pool.max(2, 2).apply(x).toFloats());
        assertArrayEquals(new float[] {2, 3.5f}, Pool.average(2, 2).apply(x).toFloats());
        Pooling three = Pooling.of(1, 3).stride(1).padding(0, 1);
        assertArrayEquals(
                new float[] {5, 5, 5, 2, 3, 8, 8, 8}, new Pool(Pool.Kind.MAX, three, false).apply(x).toFloats());
        assertArrayEquals(
                new float[] {5, 5, 5, 2, 4, 8, 8, 8}, new Pool(Pool.Kind.MAX, three, true).apply(x).toFloats());
        assertArrayEquals(new float[] {22 / 8f}, GlobalPool.AVERAGE.apply(x).toFloats());
        assertArrayEquals(new float[] {8}, GlobalPool.MAX.apply(x).toFloats());
    }

    @Test
    void upsamplingFillsBetween() {
        Tensor x = Tensor.of(Shape.of(1, 3, 1), 1f, 3, 7);
        assertArrayEquals(new float[] {1, 1, 3, 3, 7, 7}, Upsample.nearest(2).apply(x).toFloats());
        assertArrayEquals(new float[] {1, 1.5f, 2.5f, 4, 6, 7}, Upsample.linear(2).apply(x).toFloats(), 1e-6f);
    }

    /// On a torus, networks commute with shifts: all of them without strides, pools of 2 with shifts by 2.
    @Test
    void networksCommuteWithShifts() {
        Tensor x = images(2, 8, 8, 3);
        commutes(PERIODIC.conv(KEY, 3, 4, 5, 1), x, 1, 3);
        commutes(PERIODIC.conv(KEY, 3, 4, 3, 2), x, 2, 6);
        commutes(Bottleneck.of(KEY, PERIODIC, 3, 8, 1), x, 3, 5);
        commutes(Bottleneck.of(KEY, PERIODIC, 3, 8, 2), x, 4, 2);
        commutes(InceptionBlock.of(KEY, PERIODIC, 3, 16), x, 1, 7);
        commutes(UNet.of(KEY, PERIODIC, 3, 4, 2, 2), x, 4, 0);
        Layer net = wide(ResNet.of(KEY, PERIODIC, 3, List.of(8, 16), 1, 4));
        assertArrayEquals(net.apply(x).toDoubles(), net.apply(roll(x, 2, 4)).toDoubles(), 1e-12);
    }

    private static void commutes(Layer f32, Tensor x, int... by) {
        Layer layer = moved(f32);
        Tensor y = layer.apply(x);
        int[] after = Arrays.stream(by).map(s -> s * y.dim(1) / x.dim(1)).toArray();
        double[] expected = roll(y, after).toDoubles();
        assertArrayEquals(expected, layer.apply(roll(x, by)).toDoubles(), 1e-12, f32.toString());
        assertTrue(Arrays.stream(expected).map(Math::abs).max().orElseThrow() > 0.01, "something is computed");
    }

    /// In double precision and without the zeros of the first values.
    private static <T> T moved(T layer) {
        int[] number = {0};
        return Tree.map(
                wide(layer),
                t -> t.dtype() == DType.F64 ? t.add(KEY.fold(number[0]++).uniform(DType.F64, t.shape().dims()).mul(0.1)) : t);
    }

    @Test
    void uNetKeepsTheSize() {
        for (Boundary b : Boundary.values()) {
            Tensor plane = Tensor.zeros(DType.F32, 2, 16, 24, 1);
            assertEquals(
                    Shape.of(2, 16, 24, 3), UNet.of(KEY, Recipe.PLANE.withBoundary(b), 1, 4, 3, 3).apply(plane).shape());
            Tensor volume = Tensor.zeros(DType.F32, 1, 16, 8, 8, 2);
            Layer net = UNet.of(KEY, Recipe.VOLUME.withBoundary(b).withNorm(Recipe.Norm.GROUP), 2, 2, 2, 1);
            assertEquals(Shape.of(1, 16, 8, 8, 1), net.apply(volume).shape());
            assertEquals(Shape.of(1, 16, 8, 8, 1), net.train(volume, KEY).y().shape());
        }
        Tensor line = Tensor.zeros(DType.F32, 3, 12, 1);
        Recipe one = new Recipe(1, Boundary.PERIODIC, Recipe.Norm.INSTANCE, Activation.SILU);
        assertEquals(Shape.of(3, 12, 2), UNet.of(KEY, one, 1, 4, 2, 2).apply(line).shape());
    }

    /// What is above the pools sees fine structure, what is below sees far: a single pixel's result depends on pixels far away.
    @Test
    void uNetSeesFar() {
        UNet net = moved(UNet.of(KEY, Recipe.PLANE.withActivation(Activation.SILU), 1, 2, 3, 1));
        Tensor x = images(1, 32, 32, 1);
        Tensor slope = net.apply(x).slice(1, 0, 1).slice(2, 0, 1).sum().gradient(x);
        double far = slope.slice(1, 24, 32).slice(2, 24, 32).abs().sum().item();
        double near = slope.slice(1, 0, 8).slice(2, 0, 8).abs().sum().item();
        assertTrue(far > 0 && near > far, near + " near, " + far + " far");
    }

    @Test
    void blocksHaveTheSizesOfTheirPapers() {
        // Szegedy et al. 2015, table 1, row 3a
        InceptionBlock a3 = InceptionBlock.of(KEY, Recipe.PLANE.withNorm(Recipe.Norm.NONE), 192, 256);
        long biases = 64 + 96 + 128 + 16 + 32 + 32;
        assertEquals(192 * 64 + 192 * 96 + 9 * 96 * 128 + 192 * 16 + 25 * 16 * 32 + 192 * 32, Tree.size(a3) - biases);
        assertEquals(Shape.of(1, 4, 4, 256), a3.apply(Tensor.zeros(DType.F32, 1, 4, 4, 192)).shape());
        // He et al. 2016: a bottleneck of 256 channels has 1·256·64 + 9·64·64 + 1·64·256 weights
        Bottleneck b = Bottleneck.of(KEY, Recipe.PLANE.withNorm(Recipe.Norm.NONE), 256, 256, 1);
        assertEquals(69_632 + 64 + 64 + 256, Tree.size(b));
        assertEquals(Activation.IDENTITY, b.shortcut());
    }

    /// A residual network begins as its shortcuts.
    @Test
    void blocksBeginAsTheIdentity() {
        Tensor x = images(2, 5, 5, 8);
        assertArrayEquals(x.toDoubles(), wide(Bottleneck.of(KEY, Recipe.PLANE, 8, 8, 1)).apply(x).toDoubles());
    }

    /// In training all batch normalisations deep inside move, each once.
    @Test
    void averagesMoveEverywhere() {
        Tensor x = KEY.normal(DType.F32, 4, 8, 8, 1);
        for (Layer net : List.of(
                ResNet.of(KEY, Recipe.PLANE, 1, List.of(8, 16), 2, 3),
                UNet.of(KEY, Recipe.PLANE, 1, 4, 2, 2),
                InceptionBlock.of(KEY, Recipe.PLANE, 1, 16),
                Bottleneck.of(KEY, Recipe.PLANE, 1, 8, 2))) {
            Layer after = net.train(x, KEY).layer();
            int counters = 0;
            for (var e : Tree.named(after).entrySet()) {
                if (e.getKey().endsWith("batches")) {
                    assertEquals(1, e.getValue().item(), e.getKey());
                    counters++;
                }
            }
            assertTrue(counters >= 3, net.toString());
        }
    }

    @Test
    void networksPrintWithTheirSizes() {
        assertEquals("Conv(3 -> 16, 3x5)", Conv.of(KEY, 3, 16, 3, 5).toString());
        assertEquals(
                "Conv(4 -> 16, 3x3, stride [2, 2], dilation [1, 2], 2 groups, PERIODIC)",
                Conv.of(KEY, Initialiser.HE, Convolution.same(2).boundary(Boundary.PERIODIC).stride(2).dilation(1, 2).groups(2), 4, 16, 3, 3)
                        .toString());
        assertEquals(
                "ConvTranspose(32 -> 16, 2x2x2, stride [2, 2, 2])",
                ConvTranspose.of(KEY, Convolution.valid(3).stride(2), 32, 16, 2, 2, 2).toString());
        assertEquals(
                "ResNet(1 -> 2 x 32 -> 2 x 64 -> 3, ZERO, RELU, 14576 numbers)",
                ResNet.of(KEY, Recipe.PLANE, 1, List.of(32, 64), 2, 3).toString());
        assertEquals("UNet(1 -> 8 x 2^2 -> 3, 29989 numbers)", UNet.of(KEY, Recipe.PLANE, 1, 8, 2, 3).toString());
        assertEquals(
                "Sequential(Conv(1 -> 4, 3x3), BatchNorm(4), RELU, GlobalPool(AVERAGE))",
                Sequential.of(Conv.of(KEY, 1, 4, 3, 3), BatchNorm.of(4), Activation.RELU, GlobalPool.AVERAGE).toString());
    }

    @Test
    void faultsAreSentences() {
        Tensor x = Tensor.zeros(DType.F32, 2, 12, 20, 3);
        says(
                "Conv: needs [B, height, width, 4], channels last, got f32[2, 12, 20, 3]",
                () -> Conv.of(KEY, 4, 8, 3, 3).apply(x));
        says(
                "Conv: needs [B, depth, height, width, 3], channels last, got f32[2, 12, 20, 3]",
                () -> Conv.of(KEY, 3, 8, 3, 3, 3).apply(x));
        says(
                "ConvTranspose: needs [B, length, 3], channels last, got f32[2, 12, 20, 3]",
                () -> ConvTranspose.of(KEY, Convolution.valid(1).stride(2), 3, 8, 2).apply(x));
        says("Conv: the kernel [3] needs a size for each of 2 axes", () -> Conv.of(KEY, Initialiser.HE, Convolution.same(2), 3, 8, 3));
        says(
                "Conv: 3 input and 8 output channels do not divide into 2 groups",
                () -> Conv.of(KEY, Initialiser.HE, Convolution.same(2).groups(2), 3, 8, 3, 3));
        says(
                "UNet: with depth 3 all sizes must be multiples of 8, got f32[2, 12, 20, 3]; cut or pad() the images, or use a smaller depth",
                () -> UNet.of(KEY, Recipe.PLANE, 3, 4, 3, 1).apply(x));
        says("Pool: needs [B, length, channels], got f32[2, 12, 20, 3]", () -> Pool.max(2).apply(x));
        says("Upsample: needs [B, depth, height, width, channels], got f32[2, 12, 20, 3]", () -> Upsample.linear(2, 2, 2).apply(x));
        says("Bottleneck: the output channels must be a multiple of 4, got 6", () -> Bottleneck.of(KEY, Recipe.PLANE, 3, 6, 1));
        says("InceptionBlock: the output channels must be a multiple of 16, got 24", () -> InceptionBlock.of(KEY, Recipe.PLANE, 3, 24));
        says(
                "ResNet: needs at least one stage and one block in each, got 0 and 2",
                () -> ResNet.of(KEY, Recipe.PLANE, 1, List.of(), 2, 3));
    }
}
