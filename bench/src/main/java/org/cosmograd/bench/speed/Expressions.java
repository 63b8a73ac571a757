package org.cosmograd.bench.speed;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// One run of an expression: it is evaluated into memory that is there already.
final class Expressions {
    private Expressions() {}

    /// A run of `f` on given tensors.
    ///
    /// @param <R> form of the result
    static <R> Supplier<Runnable> of(Function<List<Tensor>, R> f, Supplier<List<Tensor>> given) {
        return () -> {
            List<Tensor> x = given.get();
            R example = Tree.map(f.apply(x), r -> Tensor.zeros(r.type()));
            Program.Loop<R, List<Tensor>> loop = Program.loop((R old, List<Tensor> v) -> f.apply(v), example, x);
            return () -> loop.step(x);
        };
    }

    /// The value of an expression, in memory of its own.
    static Tensor evaluated(Tensor t) {
        return switch (t.dtype()) {
            case F32 -> Tensor.of(t.shape(), t.toFloats());
            case F64 -> Tensor.of(t.shape(), t.toDoubles());
            case I32 -> Tensor.of(t.shape(), t.toInts());
        };
    }

    /// Standard normal numbers.
    static Tensor normal(int seed, DType dtype, int... dims) {
        return evaluated(Key.of(seed).normal(dtype, dims));
    }

    /// Standard normal numbers in single precision.
    static Tensor normal(int seed, int... dims) {
        return normal(seed, DType.F32, dims);
    }
}
