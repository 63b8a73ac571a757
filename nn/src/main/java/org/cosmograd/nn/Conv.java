package org.cosmograd.nn;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.Convolution;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// A convolution with a bias: `y[n, o, q] = b[q] + Σ_kc x[n, s·o + d·k - low, c] · W[k, c, q]`, of one to three axes, channels last:
/// `x[B, …, inputs] → y[B, …, outputs]`. Stride, padding, boundary, dilation and groups are those of [Convolution].
///
///     Conv c = Conv.of(key, 1, 16, 3, 3);    // 3 x 3, from 1 channel to 16, the same size
///     Conv p = Conv.of(key, Initialiser.HE, Convolution.same(2).boundary(Boundary.PERIODIC).stride(2), 1, 16, 3, 3);
///
/// @param weight `W`, `[kernel…, inputs/groups, outputs]`
/// @param bias `b`, `[outputs]`
/// @param convolution how the kernel is laid over the input
public record Conv(Tensor weight, Tensor bias, Convolution convolution) implements Layer {

    /// A layer that keeps the size, with zeros around and first values as in PyTorch's layers; `kernel` has a size for each axis.
    public static Conv of(Key key, int inputs, int outputs, int... kernel) {
        return of(key, Initialiser.LINEAR, Convolution.same(kernel.length), inputs, outputs, kernel);
    }

    /// A layer with first values and all else as chosen.
    public static Conv of(Key key, Initialiser initialiser, Convolution convolution, int inputs, int outputs, int... kernel) {
        int groups = convolution.groups();
        check("Conv", convolution, inputs, outputs, kernel);
        int field = Arrays.stream(kernel).reduce(1, Math::multiplyExact);
        int fanIn = Math.multiplyExact(field, inputs / groups);
        int fanOut = Math.multiplyExact(field, outputs / groups);
        Shape shape = Shape.of(kernel).concat(Shape.of(inputs / groups, outputs));
        return new Conv(
                initialiser.weight(key.fold(0), fanIn, fanOut, shape),
                initialiser.bias(key.fold(1), fanIn, fanOut, outputs),
                convolution);
    }

    static void check(String layer, Convolution convolution, int inputs, int outputs, int... kernel) {
        if (kernel.length != convolution.rank()) {
            throw new ShapeException(layer + ": the kernel " + Arrays.toString(kernel) + " needs a size for each of " + convolution.rank()
                    + " axes");
        }
        int groups = convolution.groups();
        if (inputs < 1 || outputs < 1 || inputs % groups != 0 || outputs % groups != 0) {
            throw new ShapeException(layer + ": " + inputs + " input and " + outputs + " output channels do not divide into " + groups
                    + (groups == 1 ? " group" : " groups"));
        }
    }

    /// The number of input channels.
    public int inputs() {
        return weight.dim(-2) * convolution.groups();
    }

    /// The number of output channels.
    public int outputs() {
        return weight.dim(-1);
    }

    @Override
    public Tensor apply(Tensor x) {
        check("Conv", x, convolution.rank(), inputs());
        return convolution.apply(x, weight).add(bias);
    }

    static void check(String layer, Tensor x, int axes, int inputs) {
        if (x.shape().rank() != axes + 2 || x.dim(-1) != inputs) {
            throw new ShapeException(layer + ": needs " + images(axes, "" + inputs) + ", channels last, got " + x.type());
        }
    }

    static void check(String layer, Tensor x, int axes) {
        if (x.shape().rank() != axes + 2) {
            throw new ShapeException(layer + ": needs " + images(axes, "channels") + ", got " + x.type());
        }
    }

    private static String images(int axes, String channels) {
        String pixels = List.of("length", "height, width", "depth, height, width").get(axes - 1);
        return "[B, " + pixels + ", " + channels + "]";
    }

    @Override
    public String toString() {
        return "Conv(" + inputs() + " -> " + outputs() + ", " + described(convolution, weight) + ")";
    }

    /// The size of the kernel and what is not usual about the convolution.
    static String described(Convolution how, Tensor weight) {
        String kernel = IntStream.range(0, how.rank()).mapToObj(i -> "" + weight.dim(i)).collect(Collectors.joining("x"));
        return kernel
                + (how.stride().stream().allMatch(s -> s == 1) ? "" : ", stride " + how.stride())
                + (how.dilation().stream().allMatch(d -> d == 1) ? "" : ", dilation " + how.dilation())
                + (how.groups() == 1 ? "" : ", " + how.groups() + " groups")
                + (how.boundary() == Convolution.Boundary.ZERO ? "" : ", " + how.boundary());
    }
}
