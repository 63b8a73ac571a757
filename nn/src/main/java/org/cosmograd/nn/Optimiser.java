package org.cosmograd.nn;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// A rule that moves parameters along a gradient, as a pure function of trees: `(parameters, gradient, state) → (parameters, state)`.
///
/// Parameters on which the loss does not depend, that is whose gradient is known to be zero from its expression alone
/// ([Tensor#isZero]), and integers are left as they are, moments and weight decay included. So constants may live in a model: behind
/// [Tensor#stopGradient] nothing moves them.
public interface Optimiser {

    /// What a rule remembers.
    ///
    /// @param step the number of steps made, `i32[]`
    /// @param moments running averages, each a tree of the form of the parameters
    /// @param <M> the form of the parameters
    record State<M>(Tensor step, List<M> moments) {}

    /// The result of a step.
    ///
    /// @param parameters the parameters after the step
    /// @param state what the rule remembers
    /// @param <M> the form of the parameters
    record Update<M>(M parameters, State<M> state) {}

    /// The state before the first step.
    <M> State<M> start(M parameters);

    /// One step with a learning rate, a scalar.
    <M> Update<M> step(M parameters, M gradient, State<M> state, Tensor rate);

    /// `‖g‖ = √(Σ g²)` over all tensors of a tree.
    static Tensor norm(Object gradient) {
        Tensor sum = Tensor.scalar(0, DType.F32);
        for (Tensor g : Tree.leaves(gradient)) {
            if (g.dtype().isFloating() && !g.isZero()) {
                Tensor s = g.square().sum();
                sum = sum.isZero() ? s : sum.add(s.cast(sum.dtype()));
            }
        }
        return sum.sqrt();
    }

    /// The gradient shortened to length `limit` if it is longer: `g · min(1, limit/‖g‖)`.
    static <M> M clip(M gradient, double limit) {
        Tensor norm = norm(gradient);
        Tensor factor = norm.like(limit).div(norm.max(limit));
        return Tree.map(gradient, g -> g.dtype().isFloating() && !g.isZero() ? g.mul(factor.cast(g.dtype())) : g);
    }

    /// A tree of the same form filled with zeros.
    static <M> M zeros(M parameters) {
        return Tree.map(parameters, p -> Tensor.zeros(p.type()));
    }
}
