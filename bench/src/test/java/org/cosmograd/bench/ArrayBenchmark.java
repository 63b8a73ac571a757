package org.cosmograd.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
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
import org.openjdk.jmh.infra.BenchmarkParams;

/// Single expressions on single-precision arrays, into memory that is there already. Names and sizes are those of the scripts
/// that time PyTorch and JAX: `1M` is 2²⁰ elements, a product is `[m, k] x [k, n]`.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class ArrayBenchmark {
    private static final int MILLION = 1 << 20;

    /// Number of threads.
    @Param("1")
    public int threads;

    private Program.Loop<Tensor, List<Tensor>> loop;
    private List<Tensor> x;

    /// Compiles the expression that the benchmark is named after and warms it up.
    @Setup
    public void warmUp(BenchmarkParams which) {
        Workers.threads(threads);
        String name = which.getBenchmark().substring(which.getBenchmark().lastIndexOf('.') + 1);
        switch (name) {
            case "sgemm_512x512x512" -> product(512, 512, 512);
            case "sgemm_256x256x256" -> product(256, 256, 256);
            case "sgemm_200x50x50" -> product(200, 50, 50);
            case "exp_1M" -> expression(Tensor::exp, MILLION);
            case "tanh_1M" -> expression(Tensor::tanh, MILLION);
            case "chain_1M" -> expression(v -> v.mul(v.neg().mul(v).exp()).add(v.tanh()), MILLION);
            case "sum_1M" -> expression(Tensor::sum, MILLION);
            case "softmax_4096x256" -> expression(v -> v.softmax(1), 4096, 256);
            default -> throw new IllegalStateException("benchmark: no expression is named " + name);
        }
        Warm.up(loop, x);
    }

    private void product(int m, int k, int n) {
        prepare(v -> v.get(0).matmul(v.get(1)), List.of(normal(1, m, k), normal(2, k, n)));
    }

    private void expression(Function<Tensor, Tensor> f, int... dims) {
        prepare(v -> f.apply(v.getFirst()), List.of(normal(1, dims)));
    }

    private void prepare(Function<List<Tensor>, Tensor> f, List<Tensor> given) {
        x = given;
        loop = Program.loop((Tensor old, List<Tensor> v) -> f.apply(v), Tensor.zeros(f.apply(given).type()), given);
    }

    private static Tensor normal(int seed, int... dims) {
        Tensor t = Key.of(seed).normal(DType.F32, dims);
        return Tensor.of(t.shape(), t.toFloats());
    }

    private Tensor step() {
        loop.step(x);
        return loop.live();
    }

    /// `A B`, 512 to a side
    @Benchmark
    public Tensor sgemm_512x512x512() {
        return step();
    }

    /// `A B`, 256 to a side
    @Benchmark
    public Tensor sgemm_256x256x256() {
        return step();
    }

    /// `A B` of a small network layer
    @Benchmark
    public Tensor sgemm_200x50x50() {
        return step();
    }

    /// `eˣ`
    @Benchmark
    public Tensor exp_1M() {
        return step();
    }

    /// `tanh x`
    @Benchmark
    public Tensor tanh_1M() {
        return step();
    }

    /// `x exp(-x²) + tanh x`
    @Benchmark
    public Tensor chain_1M() {
        return step();
    }

    /// `Σ x`
    @Benchmark
    public Tensor sum_1M() {
        return step();
    }

    /// `softmax` over rows of 256
    @Benchmark
    public Tensor softmax_4096x256() {
        return step();
    }
}
