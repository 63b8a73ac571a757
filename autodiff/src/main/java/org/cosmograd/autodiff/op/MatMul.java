package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// `C_ij = Σ_k A_ik B_kj` for each index of the leading axes, which are equal in both operands. Each sum runs over ascending
/// `k` with one fused multiply-add per term.
public record MatMul() implements Op {
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
