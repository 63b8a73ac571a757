package org.cosmograd.autodiff.op;

import java.util.List;
import java.util.Locale;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// A primitive operation: a closed set. Each states its result's type and both derivative rules together, in terms of
/// tensor operations, so that rules can be differentiated again.
///
/// Operations are records and compare by their parameters; operands belong to the node, not to the operation.
public sealed interface Op
        permits Leaf, Elementwise, Reduction, Movement, MatMul, Indexing, LinearAlgebra, RandomDraw, Identity,
                Conv, Border, Pool, Spectral {

    /// The name used in errors and listings.
    default String name() {
        String n = getClass().getSimpleName();
        return n.substring(0, 1).toLowerCase(Locale.ROOT) + n.substring(1);
    }

    /// The type of the result for operands `x`.
    ///
    /// @throws org.cosmograd.autodiff.ShapeException if the operands do not fit
    TensorType infer(List<Tensor> x);

    /// Vector-Jacobian products: for the node `y` of this operation and a cotangent `g` of its result, the cotangent of each
    /// operand. Operands through which no derivative passes get [Tensor#zeros].
    List<Tensor> vjp(Tensor y, Tensor g);

    /// The Jacobian-vector product: for tangents `t` of the operands, the tangent of the result `y`.
    Tensor jvp(Tensor y, List<Tensor> t);
}
