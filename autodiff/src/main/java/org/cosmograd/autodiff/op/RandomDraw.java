package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Random numbers as a pure function of a key (`i32[2]`): Philox 4x32-10 (Salmon et al. 2011) of the key and the element's number.
public sealed interface RandomDraw extends Op {

    /// A new key, number `index` of those that follow from the operand.
    record Fold(int index) implements RandomDraw {
        @Override
        public TensorType infer(List<Tensor> x) {
            return key(x).type();
        }
    }

    /// Uniform on the open interval (0, 1): odd multiples of 2⁻²⁴ (f32) or 2⁻⁵³ (f64).
    record Uniform(DType dtype, Shape shape) implements RandomDraw {
        @Override
        public TensorType infer(List<Tensor> x) {
            key(x);
            return new TensorType(dtype, shape);
        }
    }

    /// Standard normal, by the inverse of the distribution function.
    record Normal(DType dtype, Shape shape) implements RandomDraw {
        @Override
        public TensorType infer(List<Tensor> x) {
            key(x);
            return new TensorType(dtype, shape);
        }
    }

    /// Uniform 32-bit integers.
    record Bits(Shape shape) implements RandomDraw {
        @Override
        public TensorType infer(List<Tensor> x) {
            key(x);
            return new TensorType(DType.I32, shape);
        }
    }

    @Override
    default List<Tensor> vjp(Tensor y, Tensor g) {
        return List.of(Tensor.zeros(y.operands().getFirst().type()));
    }

    @Override
    default Tensor jvp(Tensor y, List<Tensor> t) {
        return Tensor.zeros(y.type());
    }

    private static Tensor key(List<Tensor> x) {
        if (!x.getFirst().type().equals(new TensorType(DType.I32, Shape.of(2)))) {
            throw new ShapeException("random: a key is i32[2], got " + x.getFirst().type());
        }
        return x.getFirst();
    }
}
