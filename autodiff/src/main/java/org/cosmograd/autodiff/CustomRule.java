package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.cosmograd.autodiff.op.Identity;

/// The one door for derivative rules from outside: a forward expression `y = f(x₀, x₁, …)` and its own vector-Jacobian product, from a cotangent
/// `g` of the type of `y` to one for each `x_i`, of the type of that. Derivatives of the derivative are those of the expressions that the
/// rule builds. Cotangents of another number or type are a [ShapeException].
///
///     CustomRule clip = CustomRule.of(x -> x.getFirst().clamp(-1, 1), (x, y, g) -> List.of(g));   // straight-through
///     Tensor y = clip.apply(x);
public final class CustomRule {

    /// The cotangents of the arguments `x` for a cotangent `g` of the result `y`; must be linear in `g`.
    public interface Backward {
        /// One cotangent for each argument, of its type.
        List<Tensor> apply(List<Tensor> x, Tensor y, Tensor g);
    }

    private final Function<List<Tensor>, Tensor> forward;
    private final Backward backward;

    private CustomRule(Function<List<Tensor>, Tensor> forward, Backward backward) {
        this.forward = forward;
        this.backward = backward;
    }

    /// A rule made of a forward expression and the product of its transposed Jacobian with a cotangent.
    public static CustomRule of(Function<List<Tensor>, Tensor> forward, Backward backward) {
        return new CustomRule(forward, backward);
    }

    /// The result for arguments `x`.
    public Tensor apply(Tensor... x) {
        return apply(List.of(x));
    }

    /// The result for arguments `x`.
    public Tensor apply(List<Tensor> x) {
        List<Tensor> operands = new ArrayList<>(x);
        operands.add(forward.apply(x));
        return Tensor.node(new Identity.Custom(this), operands);
    }

    /// The cotangents of the arguments, checked; called by differentiation.
    public List<Tensor> backward(List<Tensor> x, Tensor y, Tensor g) {
        List<Tensor> out = backward.apply(x, y, g);
        if (out.size() != x.size()) {
            throw new ShapeException("CustomRule: the backward function gave " + out.size() + " cotangents for " + x.size() + " arguments");
        }
        for (int i = 0; i < x.size(); i++) {
            if (!out.get(i).type().equals(x.get(i).type())) {
                throw new ShapeException("CustomRule: cotangent " + i + " is " + out.get(i).type() + ", the argument is " + x.get(i).type());
            }
        }
        return out;
    }

    /// `f(x)`, whose intermediate values are computed again when the derivative needs them instead of being kept until then.
    public static Tensor checkpoint(Function<List<Tensor>, Tensor> f, List<Tensor> x) {
        return of(f, (args, y, g) -> {
                    List<Tensor> late =
                            args.stream().map(a -> g.apply(new Identity.After(), a)).toList();
                    return Gradient.vjp(List.of(f.apply(late)), late, List.of(g));
                })
                .apply(x);
    }
}
