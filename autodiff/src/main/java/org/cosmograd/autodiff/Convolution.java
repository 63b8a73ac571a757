package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.cosmograd.autodiff.op.Border;
import org.cosmograd.autodiff.op.Conv;

/// A convolution of one, two or three spatial axes: how a kernel is laid over an input.
///
///     y[n, o, q] = Σ_kc x[n, s·o + d·k - low, c] · w[k, c, q]
///
/// (the kernel is not flipped). Channels are the last axis: an input `[n, …, c]` and a weight `[…, c/groups, q]` give
/// `[n, …, q]`. Data with channels in the second place enter by `permute(0, 2, 3, 1)`.
///
///     Tensor y = Convolution.same(2).boundary(Boundary.PERIODIC).apply(x, w);
///
/// @param stride   for each axis the distance between neighbouring places of the result
/// @param padding  elements put around the input
/// @param boundary which elements these are
/// @param dilation for each axis the distance between neighbouring elements of the kernel
/// @param groups   number of groups of channels; output channels see only the input channels of their own group
public record Convolution(List<Integer> stride, Padding padding, Boundary boundary, List<Integer> dilation, int groups) {

    /// What stands around the input.
    public enum Boundary {
        /// Zeros.
        ZERO,
        /// The input again, as on a torus.
        PERIODIC,
        /// The input mirrored at its outermost elements, which do not repeat.
        REFLECT
    }

    /// How much is put around the input.
    public sealed interface Padding {
        /// As much as keeps the size for stride 1: `d·(k-1)` in all, the odd one behind.
        record Same() implements Padding {}

        /// Given amounts for each axis.
        ///
        /// @param low  elements before the input
        /// @param high elements behind it
        record Amounts(List<Integer> low, List<Integer> high) implements Padding {
            /// Copies the lists.
            public Amounts {
                low = List.copyOf(low);
                high = List.copyOf(high);
            }
        }
    }

    /// Checks the settings.
    public Convolution {
        stride = List.copyOf(stride);
        dilation = List.copyOf(dilation);
        int rank = stride.size();
        if (rank < 1 || rank > 3) {
            throw new ShapeException("convolution: 1, 2 or 3 spatial axes are possible, got " + rank);
        }
        atLeast("stride", stride, 1, rank);
        atLeast("dilation", dilation, 1, rank);
        if (padding instanceof Padding.Amounts a) {
            atLeast("padding", a.low, 0, rank);
            atLeast("padding", a.high, 0, rank);
        }
        if (groups < 1) {
            throw new ShapeException("convolution: needs at least 1 group, got " + groups);
        }
    }

    private static void atLeast(String what, List<Integer> values, int least, int rank) {
        if (values.size() != rank || values.stream().anyMatch(v -> v < least)) {
            throw new ShapeException("convolution: " + what + " needs a number of at least " + least + " for each of " + rank
                    + (rank == 1 ? " axis" : " axes") + ", got " + values);
        }
    }

    /// Stride 1 and no padding: the result is smaller by the kernel's span less one.
    public static Convolution valid(int rank) {
        List<Integer> ones = Collections.nCopies(Math.max(0, rank), 1);
        List<Integer> zeros = Collections.nCopies(Math.max(0, rank), 0);
        return new Convolution(ones, new Padding.Amounts(zeros, zeros), Boundary.ZERO, ones, 1);
    }

    /// Stride 1 and so much padding that the result has the size of the input; with stride `s` its `s`-th part, rounded up.
    public static Convolution same(int rank) {
        return new Convolution(valid(rank).stride, new Padding.Same(), Boundary.ZERO, valid(rank).dilation, 1);
    }

    /// The number of spatial axes.
    public int rank() {
        return stride.size();
    }

    /// This with other strides: one for each axis, or one for all.
    public Convolution stride(int... stride) {
        return new Convolution(each(stride), padding, boundary, dilation, groups);
    }

    /// This with padding on both sides: one amount for each axis, or one for all.
    public Convolution padding(int... amount) {
        return padding(each(amount), each(amount));
    }

    /// This with padding before and behind each axis.
    public Convolution padding(List<Integer> low, List<Integer> high) {
        return new Convolution(stride, new Padding.Amounts(low, high), boundary, dilation, groups);
    }

    /// This with another boundary.
    public Convolution boundary(Boundary boundary) {
        return new Convolution(stride, padding, boundary, dilation, groups);
    }

    /// This with another dilation: one for each axis, or one for all.
    public Convolution dilation(int... dilation) {
        return new Convolution(stride, padding, boundary, each(dilation), groups);
    }

    /// This with another number of groups.
    public Convolution groups(int groups) {
        return new Convolution(stride, padding, boundary, dilation, groups);
    }

    private List<Integer> each(int[] values) {
        return values.length == 1 ? Collections.nCopies(rank(), values[0]) : Arrays.stream(values).boxed().toList();
    }

    /// The convolution of an input `[n, …, c]` with a weight `[…, c/groups, q]`: `[n, …, q]`.
    public Tensor apply(Tensor x, Tensor weight) {
        Conv.Window w = window(weight);
        if (boundary == Boundary.ZERO || isUnpadded(w)) {
            return x.apply(new Conv.Forward(w), weight);
        }
        checkRank("an input", x);
        return x.apply(new Border.Extend(around(w.low()), around(w.high()), kind())).apply(new Conv.Forward(unpadded(w)), weight);
    }

    /// The adjoint of [#apply] with respect to its input, the up-convolution of encoder-decoder networks: from `[n, …, q]` and the
    /// weight `[…, c/groups, q]` to `[n, …, c]`. The size is the smallest whose convolution has the size of `x`, or `s` times the
    /// size of `x` with [Padding.Same].
    public Tensor transposed(Tensor x, Tensor weight) {
        Conv.Window w = window(weight);
        checkRank("an input", x);
        int[] size = new int[rank()];
        for (int i = 0; i < size.length; i++) {
            int n = x.dim(i + 1);
            long s = padding instanceof Padding.Same
                    ? (long) n * stride.get(i)
                    : (n - 1L) * stride.get(i) + w.span(i, weight.dim(i)) - w.low().get(i) - w.high().get(i);
            if (s < 1 || s > Integer.MAX_VALUE - 64) {
                throw new ShapeException("convolution: the transposed result would have " + s + " elements along spatial axis " + i
                        + ", possible are 1 to 2147483583");
            }
            size[i] = (int) s;
        }
        return transposed(x, weight, size);
    }

    /// The adjoint of [#apply] with respect to an input of spatial sizes `size`.
    public Tensor transposed(Tensor x, Tensor weight, int... size) {
        Conv.Window w = window(weight);
        checkRank("an input", x);
        if (size.length != rank()) {
            throw new ShapeException("convolution: needs a size for each of " + rank() + (rank() == 1 ? " axis" : " axes") + ", got "
                    + Arrays.toString(size));
        }
        List<Integer> to = Arrays.stream(size).boxed().toList();
        if (boundary == Boundary.ZERO || isUnpadded(w)) {
            return x.apply(new Conv.InputGradient(w, to), weight);
        }
        List<Integer> wide = new ArrayList<>();
        for (int i = 0; i < size.length; i++) {
            wide.add(Math.addExact(size[i], Math.addExact(w.low().get(i), w.high().get(i))));
        }
        return x.apply(new Conv.InputGradient(unpadded(w), wide), weight)
                .apply(new Border.Fold(around(w.low()), around(w.high()), kind()));
    }

    private void checkRank(String what, Tensor x) {
        if (x.shape().rank() != rank() + 2) {
            throw new ShapeException("convolution: needs " + what + " of " + (rank() + 2) + " axes, got " + x.type());
        }
    }

    private Border.Kind kind() {
        return boundary == Boundary.PERIODIC ? Border.Kind.PERIODIC : Border.Kind.REFLECT;
    }

    private Conv.Window window(Tensor weight) {
        checkRank("a weight", weight);
        return switch (padding) {
            case Padding.Amounts a -> new Conv.Window(stride, a.low, a.high, dilation, groups);
            case Padding.Same s -> {
                List<Integer> low = new ArrayList<>();
                List<Integer> high = new ArrayList<>();
                for (int i = 0; i < rank(); i++) {
                    int more = Math.max(0, Math.multiplyExact(dilation.get(i), weight.dim(i) - 1));
                    low.add(more / 2);
                    high.add(more - more / 2);
                }
                yield new Conv.Window(stride, low, high, dilation, groups);
            }
        };
    }

    private static boolean isUnpadded(Conv.Window w) {
        return w.low().stream().allMatch(i -> i == 0) && w.high().stream().allMatch(i -> i == 0);
    }

    private static Conv.Window unpadded(Conv.Window w) {
        List<Integer> zeros = Collections.nCopies(w.rank(), 0);
        return new Conv.Window(w.stride(), zeros, zeros, w.dilation(), w.groups());
    }

    /// Amounts for all axes from those of the spatial axes.
    private static List<Integer> around(List<Integer> spatial) {
        List<Integer> out = new ArrayList<>(spatial);
        out.addFirst(0);
        out.add(0);
        return out;
    }
}
