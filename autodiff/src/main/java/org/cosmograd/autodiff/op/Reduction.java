package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Many elements to one, along axes that then vanish; and the running sum.
public sealed interface Reduction extends Op {

    /// `Σ x` over axes, in a fixed order of additions.
    record Sum(List<Integer> axes) implements Reduction {
        @Override
        public TensorType infer(List<Tensor> x) {
            return reduced(name(), x.getFirst(), axes);
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(restore(g, y.operands().getFirst().shape(), axes));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().sum(ints(axes));
        }
    }

    /// `max x` over axes. Equal largest elements share the derivative equally.
    record Max(List<Integer> axes) implements Reduction {
        @Override
        public TensorType infer(List<Tensor> x) {
            TensorType type = reduced(name(), x.getFirst(), axes);
            if (x.getFirst().shape().size() == 0 && type.shape().size() > 0) {
                throw new ShapeException("max: no element to choose from in " + x.getFirst().type() + " over axes " + axes);
            }
            return type;
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(share(y).mul(restore(g, y.operands().getFirst().shape(), axes)));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return share(y).mul(t.getFirst()).sum(ints(axes));
        }

        private Tensor share(Tensor y) {
            Tensor x = y.operands().getFirst();
            Tensor hit = x.equal(restore(y, x.shape(), axes));
            return hit.div(restore(hit.sum(ints(axes)), x.shape(), axes));
        }
    }

    /// The place of the first largest element along an axis, as `i32`.
    record ArgMax(int axis) implements Reduction {
        @Override
        public TensorType infer(List<Tensor> x) {
            Shape s = x.getFirst().shape();
            if (s.dim(axis) == 0) {
                throw new ShapeException("argMax: no element to choose from in " + x.getFirst().type() + " along axis " + axis);
            }
            return new TensorType(DType.I32, s.without(axis));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(Tensor.zeros(y.operands().getFirst().type()));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return Tensor.zeros(y.type());
        }
    }

    /// `y_i = Σ_{j ≤ i} x_j` along an axis.
    record CumSum(int axis) implements Reduction {
        @Override
        public TensorType infer(List<Tensor> x) {
            return x.getFirst().type();
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(g.flip(axis).cumSum(axis).flip(axis));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().cumSum(axis);
        }
    }

    private static TensorType reduced(String name, Tensor x, List<Integer> axes) {
        if (!x.dtype().isFloating()) {
            throw new ShapeException(name + ": needs floating-point elements, got " + x.type() + "; cast() it first");
        }
        int[] dims = x.shape().dims();
        for (int a : axes) {
            dims[a] = -1;
        }
        return new TensorType(
                x.dtype(), Shape.of(java.util.Arrays.stream(dims).filter(d -> d >= 0).toArray()));
    }

    /// `g` stretched back along the axes that a reduction removed.
    private static Tensor restore(Tensor g, Shape to, List<Integer> axes) {
        Shape kept = to;
        for (int a : axes) {
            kept = kept.with(a, 1);
        }
        return g.reshape(kept).broadcastTo(to);
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }
}
