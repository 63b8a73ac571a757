package org.cosmograd.autodiff.op;

import java.util.List;
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
}
