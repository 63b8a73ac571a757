package org.cosmograd.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.cosmograd.autodiff.kernel.Workers;
import org.cosmograd.bench.speed.Cases;
import org.cosmograd.bench.speed.Stopwatch;
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

/// A case of `cosmograd bench` in a virtual machine of its own, for work on kernels: `-p name=chain_1M -p threads=1,2`.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class SpeedBenchmark {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /// The case.
    @Param({"mlp_step", "coupling_flow_step", "mdn_step", "sgemm_512x512x512", "chain_1M", "softmax_4096x256"})
    public String name;

    /// Number of threads.
    @Param("1")
    public int threads;

    private Runnable work;

    /// Sets the case up and brings it to its lasting speed.
    @Setup
    public void warmUp() {
        Workers.threads(threads);
        work = Cases.named(name).setUp().get();
        if (!Stopwatch.warmUp(work, LIMIT)) {
            throw new IllegalStateException("benchmark: " + name + " was not warm after 60 s; is the machine busy?");
        }
    }

    /// One run.
    @Benchmark
    public void run() {
        work.run();
    }
}
