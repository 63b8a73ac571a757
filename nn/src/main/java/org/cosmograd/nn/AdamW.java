package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// Adam with decoupled weight decay: the step of [Adam], then `p ← p - η λ p`. Loshchilov & Hutter 2019, arXiv:1711.05101,
/// algorithm 2. Only tensors of two and more axes decay: biases and scales do not, as is common practice.
///
/// @param beta1 `β₁`
/// @param beta2 `β₂`
/// @param epsilon `ε`
/// @param decay `λ`
public record AdamW(double beta1, double beta2, double epsilon, double decay) implements Optimiser {

    /// 0.9, 0.999, 10⁻⁸ and a decay of 0.01.
    public AdamW() {
        this(0.01);
    }

    /// 0.9, 0.999, 10⁻⁸ and the given decay.
    public AdamW(double decay) {
        this(0.9, 0.999, 1e-8, decay);
    }

    @Override
    public <M> State<M> start(M parameters) {
        return new State<>(
                Tensor.scalar(0, DType.I32), List.of(Optimiser.zeros(parameters), Optimiser.zeros(parameters)));
    }

    @Override
    public <M> Update<M> step(M parameters, M gradient, State<M> state, Tensor rate) {
        Tensor step = state.step().add(1);
        List<Tensor> p = Tree.leaves(parameters);
        List<Tensor> g = Tree.leaves(gradient);
        List<Tensor> m = Tree.leaves(state.moments().get(0));
        List<Tensor> v = Tree.leaves(state.moments().get(1));
        List<Tensor> nextP = new ArrayList<>();
        List<Tensor> nextM = new ArrayList<>();
        List<Tensor> nextV = new ArrayList<>();
        for (int i = 0; i < p.size(); i++) {
            Tensor x = p.get(i);
            Tensor slope = g.get(i);
            if (slope.isZero() || !x.dtype().isFloating()) {
                nextP.add(x);
                nextM.add(m.get(i));
                nextV.add(v.get(i));
                continue;
            }
            Tensor t = step.cast(x.dtype());
            Tensor eta = rate.cast(x.dtype());
            // 1 - βᵗ, exact while βᵗ is near 1
            Tensor bias1 = t.mul(Math.log(beta1)).expm1().neg();
            Tensor bias2 = t.mul(Math.log(beta2)).expm1().neg();
            Tensor mean = m.get(i).mul(beta1).add(slope.mul(1 - beta1));
            Tensor square = v.get(i).mul(beta2).add(slope.square().mul(1 - beta2));
            Tensor moved = x.sub(mean.mul(eta.div(bias1)).div(square.mul(bias2.reciprocal()).sqrt().add(epsilon)));
            nextP.add(decay > 0 && x.shape().rank() > 1 ? moved.sub(x.mul(eta.mul(decay))) : moved);
            nextM.add(mean);
            nextV.add(square);
        }
        List<M> moments = List.of(Tree.rebuild(parameters, nextM), Tree.rebuild(parameters, nextV));
        return new Update<>(Tree.rebuild(parameters, nextP), new State<>(step, moments));
    }
}
