package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Ways to and from the largest element of each window of `x[n, …, c]`, the first in row-major order if several are largest. Both are
/// linear in their second operand, each is the other's adjoint, and neither has a derivative with respect to `x`.
public sealed interface Pool extends Op {

    /// How windows lie over the spatial axes; elements outside do not count.
    ///
    /// @param size   elements of a window
    /// @param stride from one window to the next
    /// @param low    how far the first window reaches over the beginning
    /// @param high   how far the last window may reach over the end
    record Window(List<Integer> size, List<Integer> stride, List<Integer> low, List<Integer> high) {
        /// The shape of what windows over an input make.
        ///
        /// @throws ShapeException if a window does not fit, or may lie outside altogether
        public Shape places(Tensor x) {
            int rank = size.size();
            if (x.shape().rank() != rank + 2 || !x.dtype().isFloating()) {
                throw new ShapeException("pooling: needs floating-point elements with " + (rank + 2) + " axes [n, …, channels], got "
                        + x.type());
            }
            int[] dims = x.shape().dims();
            for (int i = 0; i < rank; i++) {
                long padded = (long) low.get(i) + dims[i + 1] + high.get(i);
                if (dims[i + 1] == 0) {
                    throw new ShapeException("pooling: the input " + x.type() + " has size 0 on axis " + (i + 1) + ", needs at least 1");
                } else if (size.get(i) > padded) {
                    throw new ShapeException("pooling: a window of " + size.get(i) + " exceeds the padded input of " + padded
                            + " along spatial axis " + i + "; take a window of at most " + padded);
                } else if (Math.max(low.get(i), high.get(i)) >= size.get(i)) {
                    throw new ShapeException("pooling: padding of " + Math.max(low.get(i), high.get(i)) + " leaves windows of "
                            + size.get(i) + " along spatial axis " + i + " empty; pad by less than the window");
                }
                dims[i + 1] = (int) ((padded - size.get(i)) / stride.get(i)) + 1;
            }
            return Shape.of(dims);
        }
    }

    /// How windows lie.
    Window window();

    /// `y[o, c] = t[i, c]` where `i` is the place of the largest `x[i, c]` in window `o`.
    ///
    /// @param window how windows lie
    record Pick(Window window) implements Pool {
        @Override
        public TensorType infer(List<Tensor> x) {
            return new TensorType(x.get(0).dtype(), window.places(x.get(0)));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor x = y.operands().get(0);
            return List.of(Tensor.zeros(x.type()), x.apply(new Route(window), g));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.get(1).isZero() ? Tensor.zeros(y.type()) : y.operands().get(0).apply(this, t.get(1));
        }
    }

    /// `y[i, c] = Σ g[o, c]` over the windows `o` whose largest element is `x[i, c]`.
    ///
    /// @param window how windows lie
    record Route(Window window) implements Pool {
        @Override
        public TensorType infer(List<Tensor> x) {
            return x.get(0).type();
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor h) {
            Tensor x = y.operands().get(0);
            return List.of(Tensor.zeros(x.type()), x.apply(new Pick(window), h));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.get(1).isZero() ? Tensor.zeros(y.type()) : y.operands().get(0).apply(this, t.get(1));
        }
    }
}
