package org.cosmograd.autodiff.op;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// The convolution and its two gradients: three readings of one trilinear form
///
///     T(x, w, g) = Σ x[n, s·o + d·k - low, c] · w[k, c, q] · g[n, o, q]
///
/// over images `n`, places `o` of the result, places `k` of the kernel, input channels `c` and output channels `q`, with zeros
/// outside `x`. Each operation is the derivative of `T` with respect to one operand, so the three are closed under
/// differentiation. Channels are the last axis of `x` and `g`; with `groups` groups an output channel sees only the input
/// channels of its own group.
public sealed interface Conv extends Op {

    /// How the kernel is laid over the input, for each spatial axis.
    ///
    /// @param stride   distance between neighbouring places of the result, in elements of the input
    /// @param low      zeros before the input
    /// @param high     zeros behind it
    /// @param dilation distance between neighbouring elements of the kernel
    /// @param groups   number of groups of channels
    record Window(List<Integer> stride, List<Integer> low, List<Integer> high, List<Integer> dilation, int groups) {
        /// The number of spatial axes.
        public int rank() {
            return stride.size();
        }

        /// How many elements of the input a kernel of `size` elements spans along an axis.
        public long span(int axis, int size) {
            return (long) dilation.get(axis) * (size - 1) + 1;
        }

        /// The size of the result along an axis.
        ///
        /// @throws ShapeException if the kernel does not fit
        int places(int axis, int input, int kernel) {
            long padded = (long) low.get(axis) + input + high.get(axis);
            if (padded > Integer.MAX_VALUE - 64) {
                throw new ShapeException("convolution: the padded input would have " + padded + " elements along spatial axis " + axis
                        + ", the most an axis can have is 2147483583; pad less");
            } else if (span(axis, kernel) > padded) {
                throw new ShapeException("convolution: the kernel spans " + span(axis, kernel) + " elements of spatial axis " + axis
                        + ", the padded input has " + padded + "; pad more or take a smaller kernel or dilation");
            } else if (stride.get(axis) > padded) {
                throw new ShapeException("convolution: the stride " + stride.get(axis) + " exceeds the padded input of " + padded
                        + " elements along spatial axis " + axis + "; take a stride of at most " + padded);
            }
            return (int) ((padded - span(axis, kernel)) / stride.get(axis)) + 1;
        }
    }

    /// How the kernel is laid over the input.
    Window window();

    @Override
    default String name() {
        return "convolution";
    }

    /// `y[n, o, q] = Σ_kc x[n, s·o + d·k - low, c] · w[k, c, q]` of `x[n, …, c]` and `w[…, c/groups, q]`.
    ///
    /// Each sum runs over ascending places of `x` and then over ascending `c`, with one fused multiply-add per term.
    record Forward(Window window) implements Conv {
        @Override
        public TensorType infer(List<Tensor> x) {
            check("an input", x.get(0), "a weight", x.get(1), window.rank());
            Shape in = x.get(0).shape();
            Shape w = x.get(1).shape();
            positive("input", x.get(0), 1);
            positive("weight", x.get(1), 0);
            channels(in.dim(-1), w, window.groups);
            int[] y = in.with(-1, w.dim(-1)).dims();
            for (int i = 0; i < window.rank(); i++) {
                y[i + 1] = window.places(i, in.dim(i + 1), w.dim(i));
            }
            return new TensorType(x.get(0).dtype(), Shape.of(y));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor x = y.operands().get(0);
            Tensor w = y.operands().get(1);
            return List.of(
                    g.apply(new InputGradient(window, spatial(x.shape(), 1)), w),
                    x.apply(new WeightGradient(window, spatial(w.shape(), 0)), g));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return bilinear(this, y, t);
        }
    }

    /// `x[n, i, c] = Σ_okq g[n, o, q] · w[k, c, q]` over all `s·o + d·k - low = i`, of `g[n, …, q]` and `w[…, c/groups, q]`.
    ///
    /// Each sum runs over ascending places of `g` and then over ascending `q`.
    ///
    /// @param window how the kernel was laid over the input
    /// @param input  spatial sizes of the input
    record InputGradient(Window window, List<Integer> input) implements Conv {
        @Override
        public TensorType infer(List<Tensor> x) {
            check("a cotangent", x.get(0), "a weight", x.get(1), window.rank());
            Shape g = x.get(0).shape();
            Shape w = x.get(1).shape();
            positive("cotangent", x.get(0), 1);
            positive("weight", x.get(1), 0);
            int[] y = g.with(-1, Math.multiplyExact(w.dim(-2), window.groups)).dims();
            channels(y[y.length - 1], w, window.groups);
            for (int i = 0; i < window.rank(); i++) {
                y[i + 1] = input.get(i);
                int places = window.places(i, input.get(i), w.dim(i));
                if (places != g.dim(i + 1)) {
                    throw new ShapeException("convolution: " + input.get(i) + " elements along spatial axis " + i + " give " + places
                            + " places, not the " + g.dim(i + 1) + " of " + x.get(0).type());
                }
            }
            if (g.dim(-1) != w.dim(-1)) {
                throw new ShapeException("convolution: " + x.get(0).type() + " has " + g.dim(-1) + " channels, the weight " + w + " makes "
                        + w.dim(-1));
            }
            return new TensorType(x.get(0).dtype(), Shape.of(y));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor h) {
            Tensor g = y.operands().get(0);
            Tensor w = y.operands().get(1);
            return List.of(
                    h.apply(new Forward(window), w), h.apply(new WeightGradient(window, spatial(w.shape(), 0)), g));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return bilinear(this, y, t);
        }
    }

    /// `w[k, c, q] = Σ_no x[n, s·o + d·k - low, c] · g[n, o, q]` of `x[n, …, c]` and `g[n, …, q]`.
    ///
    /// The sum is taken over fixed parts of all `n` and `o`, and then over the parts in ascending order.
    ///
    /// @param window how the kernel was laid over the input
    /// @param kernel spatial sizes of the kernel
    record WeightGradient(Window window, List<Integer> kernel) implements Conv {
        @Override
        public TensorType infer(List<Tensor> x) {
            check("an input", x.get(0), "a cotangent", x.get(1), window.rank());
            Shape in = x.get(0).shape();
            Shape g = x.get(1).shape();
            List<Integer> w = new ArrayList<>(kernel);
            w.add(in.dim(-1) / window.groups);
            w.add(g.dim(-1));
            channels(in.dim(-1), Shape.of(w), window.groups);
            return new TensorType(x.get(0).dtype(), Shape.of(w));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor v) {
            Tensor x = y.operands().get(0);
            Tensor g = y.operands().get(1);
            return List.of(
                    g.apply(new InputGradient(window, spatial(x.shape(), 1)), v), x.apply(new Forward(window), v));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return bilinear(this, y, t);
        }
    }

    private static Tensor bilinear(Conv op, Tensor y, List<Tensor> t) {
        Tensor sum = Tensor.zeros(y.type());
        if (!t.get(0).isZero()) {
            sum = sum.plus(t.get(0).apply(op, y.operands().get(1)));
        }
        if (!t.get(1).isZero()) {
            sum = sum.plus(y.operands().get(0).apply(op, t.get(1)));
        }
        return sum;
    }

    private static List<Integer> spatial(Shape s, int from) {
        List<Integer> out = new ArrayList<>();
        for (int i = from; i < from + s.rank() - 2; i++) {
            out.add(s.dim(i));
        }
        return out;
    }

    private static void check(String first, Tensor a, String second, Tensor b, int rank) {
        if (a.dtype() != b.dtype() || !a.dtype().isFloating() || a.shape().rank() != rank + 2 || b.shape().rank() != rank + 2) {
            throw new ShapeException("convolution: needs " + first + " and " + second + " of one floating type with " + (rank + 2)
                    + " axes each, got " + a.type() + " and " + b.type());
        }
    }

    private static void positive(String what, Tensor x, int from) {
        for (int i = from; i < x.shape().rank(); i++) {
            if (x.shape().dim(i) == 0) {
                throw new ShapeException("convolution: the " + what + " " + x.type() + " has size 0 on axis " + i + ", needs at least 1");
            }
        }
    }

    private static void channels(int c, Shape w, int groups) {
        if (c % groups != 0 || w.dim(-1) % groups != 0) {
            throw new ShapeException("convolution: " + c + " input and " + w.dim(-1) + " output channels do not divide into " + groups
                    + " groups");
        } else if (c / groups != w.dim(-2)) {
            throw new ShapeException("convolution: the weight " + w + " takes " + w.dim(-2) + " input channels in each of " + groups
                    + (groups == 1 ? " group" : " groups") + ", the input has " + c);
        }
    }
}
