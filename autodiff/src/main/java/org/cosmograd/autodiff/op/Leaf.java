package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Nodes without operands.
public sealed interface Leaf extends Op {

    /// Data that was given.
    record Data(TensorType type) implements Leaf {}

    /// One number known when the expression is built; it becomes part of a compiled program.
    record Literal(TensorType type, double value) implements Leaf {
        @Override
        public boolean equals(Object o) {
            return o instanceof Literal l
                    && type.equals(l.type)
                    && Double.doubleToLongBits(value) == Double.doubleToLongBits(l.value);
        }

        @Override
        public int hashCode() {
            return 31 * type.hashCode() + Double.hashCode(value);
        }
    }

    /// An argument of a program: number `index` among its inputs.
    record Input(TensorType type, int index) implements Leaf {}

    /// The type of the node.
    TensorType type();

    @Override
    default TensorType infer(List<Tensor> x) {
        return type();
    }

    @Override
    default List<Tensor> vjp(Tensor y, Tensor g) {
        return List.of();
    }

    @Override
    default Tensor jvp(Tensor y, List<Tensor> t) {
        return Tensor.zeros(y.type());
    }
}
