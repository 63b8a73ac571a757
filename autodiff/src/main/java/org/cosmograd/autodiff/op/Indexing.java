package org.cosmograd.autodiff.op;

import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Elements chosen by `i32` indices, and where they go back.
public sealed interface Indexing extends Op {

    /// `y[i…, :] = x[index[i…], :]`: rows of `x` (along its first axis).
    record Gather() implements Indexing {
        @Override
        public TensorType infer(List<Tensor> x) {
            Tensor rows = x.get(0);
            Tensor index = x.get(1);
            if (index.dtype() != DType.I32 || rows.shape().rank() == 0) {
                throw new ShapeException("gather: needs a tensor with at least one axis and i32 indices, got " + rows.type() + " and "
                        + index.type());
            }
            return new TensorType(rows.dtype(), index.shape().concat(rows.shape().slice(1, rows.shape().rank())));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor x = y.operands().get(0);
            Tensor index = y.operands().get(1);
            return List.of(g.apply(new ScatterAdd(x.shape().dim(0)), index), Tensor.zeros(index.type()));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.get(0).apply(this, y.operands().get(1));
        }
    }

    /// `y[r, :] = Σ_{i: index[i] = r} x[i…, :]` with `rows` rows, added in the order of `i`.
    record ScatterAdd(int rows) implements Indexing {
        @Override
        public TensorType infer(List<Tensor> x) {
            Shape s = x.get(0).shape();
            Tensor index = x.get(1);
            int k = index.shape().rank();
            if (index.dtype() != DType.I32 || s.rank() < k || !s.slice(0, k).equals(index.shape())) {
                throw new ShapeException("scatterAdd: the values " + x.get(0).type() + " must begin with the axes of the i32 indices, got "
                        + index.type());
            }
            return new TensorType(x.get(0).dtype(), Shape.of(rows).concat(s.slice(k, s.rank())));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor index = y.operands().get(1);
            return List.of(g.apply(new Gather(), index), Tensor.zeros(index.type()));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.get(0).apply(this, y.operands().get(1));
        }
    }

    /// The order that sorts the last axis upwards, stable, NaN last, as `i32`.
    record ArgSort() implements Indexing {
        @Override
        public TensorType infer(List<Tensor> x) {
            if (x.getFirst().shape().rank() == 0) {
                throw new ShapeException("argSort: needs at least one axis, got " + x.getFirst().type());
            }
            return new TensorType(DType.I32, x.getFirst().shape());
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

    /// Elements of `x` along an axis; the axes of the indices replace it.
    static Tensor gather(Tensor x, int axis, Tensor index) {
        int a = x.shape().axis("gather", axis);
        if (a == 0) {
            return x.apply(new Gather(), index);
        }
        int r = x.shape().rank();
        int k = index.shape().rank();
        int[] front = IntStream.concat(IntStream.of(a), IntStream.range(0, r).filter(i -> i != a)).toArray();
        int[] back = IntStream.range(0, r - 1 + k).map(i -> i < a ? k + i : i < a + k ? i - a : i).toArray();
        return x.permute(front).apply(new Gather(), index).permute(back);
    }

    /// `y[i…, j] = x[i…, index[i…, j]]`
    static Tensor takeAlong(Tensor x, Tensor index) {
        int n = x.dim(-1);
        if (!index.shape().with(-1, 1).equals(x.shape().with(-1, 1))) {
            throw new ShapeException("takeAlong: the indices " + index.type() + " must have the axes of " + x.type() + " before the last");
        }
        int rows = n == 0 ? 0 : x.shape().size() / n;
        int[] offsets = IntStream.range(0, rows).map(i -> i * n).toArray();
        Tensor flat = index.reshape(rows, index.dim(-1)).add(Tensor.of(Shape.of(rows, 1), offsets));
        return x.reshape(x.shape().size()).gather(0, flat).reshape(index.shape());
    }
}
