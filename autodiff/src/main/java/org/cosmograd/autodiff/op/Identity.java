package org.cosmograd.autodiff.op;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.CustomRule;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Nodes whose value is their last operand's; they only steer differentiation and scheduling.
public sealed interface Identity extends Op {

    /// The value, with no derivative.
    record StopGradient() implements Identity {
        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(Tensor.zeros(y.type()));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return Tensor.zeros(y.type());
        }
    }

    /// The last operand, to be computed after the first: what makes recomputation happen late.
    record After() implements Identity {
        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(Tensor.zeros(y.operands().getFirst().type()), g);
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getLast();
        }
    }

    /// A [CustomRule]: operands are its arguments and then the value of its forward expression.
    record Custom(CustomRule rule) implements Identity {
        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            List<Tensor> x = y.operands().subList(0, y.operands().size() - 1);
            List<Tensor> out = new ArrayList<>(rule.backward(x, y, g));
            out.add(Tensor.zeros(y.type()));
            return out;
        }

        // the rule is linear in its cotangent, so the derivative of ⟨vjp(c), t⟩ with respect to c is the product J t
        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            List<Tensor> x = y.operands().subList(0, y.operands().size() - 1);
            Tensor c = y.like(0).stopGradient();
            List<Tensor> cotangents = rule.backward(x, y, c);
            Tensor sum = Tensor.scalar(0, y.dtype());
            for (int i = 0; i < x.size(); i++) {
                if (x.get(i).dtype().isFloating()) {
                    sum = sum.add(cotangents.get(i).mul(t.get(i)).sum());
                }
            }
            return Gradient.of(sum, c);
        }
    }

    @Override
    default TensorType infer(List<Tensor> x) {
        return x.getLast().type();
    }
}
