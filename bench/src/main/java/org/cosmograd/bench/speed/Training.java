package org.cosmograd.bench.speed;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// A training step with Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1) and its default constants: loss, gradient, update.
final class Training {
    private Training() {}

    /// What a step replaces.
    ///
    /// @param <M> form of the model
    record State<M>(M model, M m, M v, Tensor t, Tensor loss) {}

    /// A run is a step on the batch `x`.
    static <M> Supplier<Runnable> step(Supplier<M> model, BiFunction<M, Tensor, Tensor> loss, Supplier<Tensor> x) {
        return () -> {
            M begin = model.get();
            M zero = Tree.map(begin, w -> Tensor.zeros(w.type()));
            State<M> start = new State<>(begin, zero, zero, Tensor.zeros(DType.F32), Tensor.zeros(DType.F32));
            Tensor batch = x.get();
            Program.Loop<State<M>, Tensor> loop = Program.loop((State<M> s, Tensor b) -> adam(s, loss.apply(s.model(), b)), start, batch);
            return () -> loop.step(batch);
        };
    }

    private static <M> State<M> adam(State<M> s, Tensor loss) {
        List<Tensor> gradient = Gradient.of(loss, Tree.leaves(s.model()));
        M g = Tree.rebuild(s.model(), gradient);
        M m = Tree.map(s.m(), g, (a, b) -> a.mul(0.9).add(b.mul(0.1)));
        M v = Tree.map(s.v(), g, (a, b) -> a.mul(0.999).add(b.square().mul(0.001)));
        Tensor t = s.t().add(1);
        Tensor rate = t.mul(Math.log(0.9)).exp().neg().add(1).reciprocal().mul(-1e-3);
        Tensor scale = t.mul(Math.log(0.999)).exp().neg().add(1).reciprocal();
        M step = Tree.map(m, v, (a, b) -> a.mul(rate).div(b.mul(scale).sqrt().add(1e-8)));
        return new State<>(Tree.map(s.model(), step, Tensor::add), m, v, t, loss);
    }
}
