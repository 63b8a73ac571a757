package org.cosmograd.bench.speed;

import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.autodiff.kernel.Workers;

/// A training step with Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1) and its default constants: loss, gradient, update.
final class Training {
    private Training() {}

    /// What a step replaces.
    ///
    /// @param <M> form of the model
    record State<M>(M model, M m, M v, Tensor t, Tensor loss) {}

    /// What one replica computes.
    ///
    /// @param <M> form of the model
    record Share<M>(M gradient, Tensor loss) {}

    /// A run is a step on a batch, whose tensors have one row for each example.
    static <M, B> Supplier<Runnable> step(Supplier<M> model, BiFunction<M, B, Tensor> loss, Supplier<B> batch) {
        return () -> {
            B examples = batch.get();
            Program.Loop<State<M>, B> loop = Program.loop((State<M> s, B b) -> adam(s, share(s, loss, b)), start(model.get()), examples);
            return () -> loop.step(examples);
        };
    }

    /// The same in as many replicas as there are threads, each with its share of the batch: kernels of a small network are too short to be
    /// shared by threads.
    static <M, B> Supplier<Runnable> replicated(Supplier<M> model, BiFunction<M, B, Tensor> loss, Supplier<B> batch) {
        Supplier<Runnable> whole = step(model, loss, batch);
        return () -> {
            int replicas = Workers.threads();
            B examples = batch.get();
            int rows = Tree.leaves(examples).getFirst().dim(0);
            if (replicas == 1 || rows % replicas != 0) {
                return whole.get();
            }
            Program.Loop<State<M>, B> loop = Program.replicated(
                    replicas,
                    (State<M> s, B b, Tensor number) -> share(s, loss, Tree.map(b, t -> piece(t, rows / replicas, number))),
                    (State<M> s, B b, Share<M> sum) -> adam(s, Tree.map(sum, t -> t.mul(1.0 / replicas))),
                    start(model.get()),
                    examples);
            return () -> loop.step(examples);
        };
    }

    private static Tensor piece(Tensor t, int rows, Tensor number) {
        return t.gather(0, Tensor.iota(rows).add(number.mul(rows)));
    }

    private static <M> State<M> start(M model) {
        M zero = Tree.map(model, w -> Tensor.zeros(w.type()));
        return new State<>(model, zero, zero, Tensor.zeros(DType.F32), Tensor.zeros(DType.F32));
    }

    private static <M, B> Share<M> share(State<M> s, BiFunction<M, B, Tensor> loss, B batch) {
        Tensor value = loss.apply(s.model(), batch);
        return new Share<>(Tree.rebuild(s.model(), Gradient.of(value, Tree.leaves(s.model()))), value);
    }

    private static <M> State<M> adam(State<M> s, Share<M> share) {
        M g = share.gradient();
        M m = Tree.map(s.m(), g, (a, b) -> a.mul(0.9).add(b.mul(0.1)));
        M v = Tree.map(s.v(), g, (a, b) -> a.mul(0.999).add(b.square().mul(0.001)));
        Tensor t = s.t().add(1);
        Tensor rate = t.mul(Math.log(0.9)).exp().neg().add(1).reciprocal().mul(-1e-3);
        Tensor scale = t.mul(Math.log(0.999)).exp().neg().add(1).reciprocal();
        M step = Tree.map(m, v, (a, b) -> a.mul(rate).div(b.mul(scale).sqrt().add(1e-8)));
        return new State<>(Tree.map(s.model(), step, Tensor::add), m, v, t, share.loss());
    }
}
