package org.cosmograd.nn;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// Gradient descent with momentum: `v ← β v + g`, `p ← p - η v`; Polyak 1964, in the form of PyTorch.
///
/// @param momentum `β`, 0 for plain descent
public record Sgd(double momentum) implements Optimiser {

    /// Plain descent.
    public Sgd() {
        this(0);
    }

    @Override
    public <M> State<M> start(M parameters) {
        return new State<>(Tensor.scalar(0, DType.I32), momentum == 0 ? List.of() : List.of(Optimiser.zeros(parameters)));
    }

    @Override
    public <M> Update<M> step(M parameters, M gradient, State<M> state, Tensor rate) {
        M v = momentum == 0
                ? gradient
                : Tree.map(state.moments().getFirst(), gradient, (m, g) -> g.isZero() ? m : m.mul(momentum).add(g));
        List<Tensor> g = Tree.leaves(gradient);
        List<Tensor> direction = Tree.leaves(v);
        List<Tensor> p = Tree.leaves(parameters);
        List<Tensor> moved = new java.util.ArrayList<>();
        for (int i = 0; i < p.size(); i++) {
            moved.add(g.get(i).isZero() ? p.get(i) : p.get(i).sub(direction.get(i).mul(rate.cast(p.get(i).dtype()))));
        }
        return new Update<>(
                Tree.rebuild(parameters, moved), new State<>(state.step().add(1), momentum == 0 ? List.of() : List.of(v)));
    }
}
