package org.cosmograd.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.autodiff.kernel.Workers;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// One training step with Adam, as those who do simulation-based inference run it a hundred thousand times: a batch of 256,
/// 10 features, 4 parameters. Names and sizes are those of the scripts that time PyTorch and JAX.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class StepBenchmark {
    private static final int BATCH = 256;
    private static final int FEATURES = 10;
    private static final int D = 4;
    private static final int HIDDEN = 64;

    record Dense(Tensor weight, Tensor bias) {}

    record Training(List<Dense> model, List<Dense> m, List<Dense> v, Tensor t, Tensor loss) {}

    /// A training loop and its batch.
    @State(Scope.Benchmark)
    public abstract static class Step {
        /// Number of threads.
        @Param("1")
        public int threads;

        private Program.Loop<Training, Tensor> loop;
        private Tensor x;

        abstract List<Dense> model();

        abstract Tensor loss(List<Dense> model, Tensor x);

        /// Compiles the step and warms it up.
        @Setup
        public void warmUp() {
            Workers.threads(threads);
            x = data(1, FEATURES);
            List<Dense> zero = Tree.map(model(), w -> Tensor.zeros(w.type()));
            Training start = new Training(model(), zero, zero, Tensor.zeros(DType.F32), Tensor.zeros(DType.F32));
            loop = Program.loop((Training s, Tensor b) -> adam(s, p -> loss(p, b)), start, x);
            Warm.up(loop, x);
        }

        double step() {
            loop.step(x);
            return loop.live().loss().item();
        }
    }

    /// 10-64-64-64-4, mean squared error.
    public static class Mlp extends Step {
        private final Tensor y = data(2, D);

        @Override
        List<Dense> model() {
            return layers(1, FEATURES, HIDDEN, HIDDEN, HIDDEN, D);
        }

        @Override
        Tensor loss(List<Dense> model, Tensor x) {
            return mlp(model, x).sub(y).square().mean();
        }
    }

    /// Five conditional affine couplings with networks 12-64-64-4.
    public static class CouplingFlow extends Step {
        private static final int COUPLINGS = 5;
        private static final int LAYERS = 3;
        private final Tensor theta = data(3, D);

        @Override
        List<Dense> model() {
            List<Dense> all = new ArrayList<>();
            for (int i = 0; i < COUPLINGS; i++) {
                all.addAll(layers(10 + i, FEATURES + D / 2, HIDDEN, HIDDEN, D));
            }
            return all;
        }

        @Override
        Tensor loss(List<Dense> model, Tensor x) {
            Tensor z = theta;
            Tensor logDet = Tensor.zeros(DType.F32, BATCH);
            for (int i = 0; i < COUPLINGS; i++) {
                boolean flip = i % 2 == 1;
                Tensor low = z.slice(1, 0, 2);
                Tensor high = z.slice(1, 2, 4);
                Tensor a = flip ? high : low;
                Tensor h = mlp(model.subList(LAYERS * i, LAYERS * (i + 1)), Tensor.concat(1, a, x));
                Tensor s = h.slice(1, 0, 2).tanh();
                Tensor b = (flip ? low : high).mul(s.exp()).add(h.slice(1, 2, 4));
                z = flip ? Tensor.concat(1, b, a) : Tensor.concat(1, a, b);
                logDet = logDet.add(s.sum(1));
            }
            return z.square().sum(1).mul(0.5).sub(logDet).mean();
        }
    }

    /// Eight Gaussians with full covariances (a triangular precision factor each) from a network 10-64-64.
    public static class MixtureDensity extends Step {
        private static final int K = 8;
        private static final int TRIANGLE = D * (D + 1) / 2;
        private final Tensor theta = data(3, D);

        @Override
        List<Dense> model() {
            return layers(2, FEATURES, HIDDEN, HIDDEN, K * (1 + D + TRIANGLE));
        }

        @Override
        Tensor loss(List<Dense> model, Tensor x) {
            Tensor h = mlp(model, x);
            Tensor logits = h.slice(1, 0, K);
            Tensor mean = h.slice(1, K, K + K * D).reshape(BATCH, K, D);
            Tensor factor = h.slice(1, K + K * D, K * (1 + D + TRIANGLE)).reshape(BATCH, K, TRIANGLE);
            Tensor away = theta.expand(1).sub(mean);
            Tensor square = Tensor.zeros(DType.F32, BATCH, K);
            Tensor logDet = square;
            int at = 0;
            for (int i = 0; i < D; i++) {
                Tensor r = Tensor.zeros(DType.F32, BATCH, K);
                for (int j = 0; j <= i; j++) {
                    Tensor l = factor.at(2, at++);
                    if (j == i) {
                        logDet = logDet.plus(l);
                        l = l.exp();
                    }
                    r = r.plus(l.mul(away.at(2, j)));
                }
                square = square.plus(r.square());
            }
            return logits.logSoftmax(1).sub(square.mul(0.5)).add(logDet).logSumExp(1).mean().neg();
        }
    }

    /// See [Mlp].
    @Benchmark
    public double mlp_step(Mlp s) {
        return s.step();
    }

    /// See [CouplingFlow].
    @Benchmark
    public double coupling_flow_step(CouplingFlow s) {
        return s.step();
    }

    /// See [MixtureDensity].
    @Benchmark
    public double mdn_step(MixtureDensity s) {
        return s.step();
    }

    private static Tensor data(int seed, int columns) {
        Tensor t = Key.of(seed).normal(DType.F32, BATCH, columns);
        return Tensor.of(t.shape(), t.toFloats());
    }

    private static List<Dense> layers(int seed, int... sizes) {
        List<Dense> out = new ArrayList<>();
        for (int i = 0; i + 1 < sizes.length; i++) {
            Tensor w = Key.of(seed).fold(i).normal(DType.F32, sizes[i], sizes[i + 1]).mul(1 / Math.sqrt(sizes[i]));
            out.add(new Dense(Tensor.of(Shape.of(sizes[i], sizes[i + 1]), w.toFloats()), Tensor.zeros(DType.F32, sizes[i + 1])));
        }
        return out;
    }

    private static Tensor mlp(List<Dense> layers, Tensor x) {
        Tensor h = x;
        for (int i = 0; i < layers.size(); i++) {
            h = h.matmul(layers.get(i).weight()).add(layers.get(i).bias());
            h = i + 1 < layers.size() ? h.relu() : h;
        }
        return h;
    }

    /// Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1) with its default constants.
    private static Training adam(Training s, Function<List<Dense>, Tensor> loss) {
        Tensor value = loss.apply(s.model());
        List<Dense> g = Tree.rebuild(s.model(), Gradient.of(value, Tree.leaves(s.model())));
        List<Dense> m = Tree.map(s.m(), g, (a, b) -> a.mul(0.9).add(b.mul(0.1)));
        List<Dense> v = Tree.map(s.v(), g, (a, b) -> a.mul(0.999).add(b.square().mul(0.001)));
        Tensor t = s.t().add(1);
        Tensor rate = t.mul(Math.log(0.9)).exp().neg().add(1).reciprocal().mul(-1e-3);
        Tensor scale = t.mul(Math.log(0.999)).exp().neg().add(1).reciprocal();
        List<Dense> step = Tree.map(m, v, (a, b) -> a.mul(rate).div(b.mul(scale).sqrt().add(1e-8)));
        return new Training(Tree.map(s.model(), step, Tensor::add), m, v, t, value);
    }
}
