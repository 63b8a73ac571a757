package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Copies of a tensor's own elements put around it, and their way back. Both are linear and each is the other's adjoint.
public sealed interface Border extends Op {

    /// Which element stands at place `i` outside `0 … n-1`.
    enum Kind {
        /// Element `i mod n`.
        PERIODIC,
        /// Element `-i` before the first, `2(n-1) - i` behind the last: mirrored at the outermost elements, which do not repeat.
        REFLECT,
        /// The nearest element.
        EDGE;

        /// The place inside `0 … n-1` that stands for `i`.
        public int inside(int i, int n) {
            return switch (this) {
                case PERIODIC -> Math.floorMod(i, n);
                case REFLECT -> i < 0 ? -i : i < n ? i : 2 * (n - 1) - i;
                case EDGE -> Math.clamp(i, 0, n - 1);
            };
        }

        /// The most elements that can be added on a side of an axis of size `n`.
        int most(int n) {
            return switch (this) {
                case PERIODIC -> n;
                case REFLECT -> n - 1;
                case EDGE -> n == 0 ? 0 : Integer.MAX_VALUE;
            };
        }
    }

    /// Elements added before and behind, for each axis.
    List<Integer> low();

    /// Elements added behind, for each axis.
    List<Integer> high();

    /// Which elements are added.
    Kind kind();

    /// `y[i, …] = x[inside(i - low), …]`.
    ///
    /// @param low  elements before, for each axis
    /// @param high elements behind, for each axis
    /// @param kind which elements
    record Extend(List<Integer> low, List<Integer> high, Kind kind) implements Border {
        @Override
        public TensorType infer(List<Tensor> x) {
            int[] dims = x.getFirst().shape().dims();
            for (int i = 0; i < dims.length; i++) {
                int more = Math.max(low.get(i), high.get(i));
                if (more > kind.most(dims[i])) {
                    throw new ShapeException(kind.name().toLowerCase(java.util.Locale.ROOT) + " padding: " + more
                            + " elements are more than axis " + i + " of " + x.getFirst().type() + " can give; pad by at most "
                            + kind.most(dims[i]));
                }
                dims[i] = Math.toIntExact((long) dims[i] + low.get(i) + high.get(i));
            }
            return new TensorType(x.getFirst().dtype(), Shape.of(dims));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(g.apply(new Fold(low, high, kind)));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().apply(this);
        }
    }

    /// `y[j, …] = Σ x[i, …]` over all `i` with `inside(i - low) = j`, in ascending order of `i`.
    ///
    /// @param low  elements before, for each axis
    /// @param high elements behind, for each axis
    /// @param kind which elements
    record Fold(List<Integer> low, List<Integer> high, Kind kind) implements Border {
        @Override
        public TensorType infer(List<Tensor> x) {
            int[] dims = x.getFirst().shape().dims();
            for (int i = 0; i < dims.length; i++) {
                dims[i] -= low.get(i) + high.get(i);
            }
            return new TensorType(x.getFirst().dtype(), Shape.of(dims));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(g.apply(new Extend(low, high, kind)));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().apply(this);
        }
    }
}
