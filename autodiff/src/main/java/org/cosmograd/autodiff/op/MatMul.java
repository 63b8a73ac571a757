package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// `C_ij = Σ_k A_ik B_kj` for each index of the leading axes, which are equal in both operands. Each sum runs over ascending
/// `k` with one fused multiply-add per term.
public record MatMul() implements Op {
    /// The product of operands whose leading axes broadcast; a vector counts as a matrix of one row (left) or one column (right), which
    /// vanishes.
    public static Tensor of(Tensor a, Tensor b) {
        Shape s = a.shape();
        Shape t = b.shape();
        if (s.rank() == 0 || t.rank() == 0) {
            throw new ShapeException("matmul: needs vectors or matrices, got " + a.type() + " x " + b.type());
        }
        int inner = t.dim(t.rank() == 1 ? 0 : -2);
        if (s.dim(-1) != inner) {
            throw new ShapeException("matmul: inner dimensions differ: " + s + " x " + t + " (" + s.dim(-1) + " != " + inner + ")");
        } else if (s.rank() == 1) {
            return a.expand(0).matmul(b).squeeze(t.rank() == 1 ? 0 : -2);
        } else if (t.rank() == 1) {
            return a.matmul(b.expand(1)).squeeze(-1);
        } else if (t.rank() == 2 && s.rank() > 2) {
            Shape lead = s.slice(0, s.rank() - 1);
            return a.reshape(lead.size(), inner).apply(new MatMul(), b).reshape(lead.concat(Shape.of(t.dim(1))));
        }
        Shape batch = Shape.broadcast("matmul, leading axes", s.slice(0, s.rank() - 2), t.slice(0, t.rank() - 2));
        Tensor left = a.broadcastTo(batch.concat(s.slice(s.rank() - 2, s.rank())));
        return left.apply(new MatMul(), b.broadcastTo(batch.concat(t.slice(t.rank() - 2, t.rank()))));
    }

    @Override
    public TensorType infer(List<Tensor> x) {
        Shape a = x.get(0).shape();
        Shape b = x.get(1).shape();
        if (x.get(0).dtype() != x.get(1).dtype() || !x.get(0).dtype().isFloating()) {
            throw new ShapeException("matmul: needs two operands of one floating type, got " + x.get(0).type() + " x " + x.get(1).type());
        }
        if (a.dim(-1) != b.dim(-2)) {
            throw new ShapeException("matmul: inner dimensions differ: " + a + " x " + b + " (" + a.dim(-1) + " != " + b.dim(-2) + ")");
        }
        return new TensorType(x.get(0).dtype(), a.with(-1, b.dim(-1)));
    }

    @Override
    public List<Tensor> vjp(Tensor y, Tensor g) {
        Tensor a = y.operands().get(0);
        Tensor b = y.operands().get(1);
        return List.of(g.matmul(b.transpose()), a.transpose().matmul(g));
    }

    @Override
    public Tensor jvp(Tensor y, List<Tensor> t) {
        Tensor sum = Tensor.zeros(y.type());
        if (!t.get(0).isZero()) {
            sum = sum.plus(t.get(0).matmul(y.operands().get(1)));
        }
        if (!t.get(1).isZero()) {
            sum = sum.plus(y.operands().get(0).matmul(t.get(1)));
        }
        return sum;
    }

    @Override
    public String name() {
        return "matmul";
    }
}
