package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// The registry over which the laws of layers run: every layer occurs in at least one sample.
final class LayerSamples {
    private LayerSamples() {}

    private static final Key KEY = Key.of(7);

    /// A layer in double precision, with parameters away from special values, and rows for it.
    ///
    /// @param layer the layer
    /// @param x the rows
    record Sample(Layer layer, Tensor x) {
        @Override
        public String toString() {
            return layer.toString();
        }
    }

    static <T> T wide(T tree) {
        return Tree.map(tree, t -> t.dtype() == DType.F32 ? t.cast(DType.F64) : t);
    }

    private static Sample sample(Layer layer, int... dims) {
        Layer wide = wide(layer);
        List<Tensor> moved = new ArrayList<>();
        for (Tensor t : Tree.leaves(wide)) {
            // zeros and ones hide faults; a variance must stay positive
            Tensor by = KEY.fold(moved.size()).normal(DType.F64, t.shape().dims()).mul(0.1);
            moved.add(t.dtype() == DType.F64 ? Tensor.of(t.shape(), t.add(by).toDoubles()) : t);
        }
        Tensor x = Tensor.of(KEY.fold(1000).normal(DType.F64, dims).type(), KEY.fold(1000).normal(DType.F64, dims).storage());
        return new Sample(Tree.rebuild(wide, moved), x);
    }

    static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (Activation a : Activation.values()) {
            s.add(sample(a, 4, 3));
        }
        s.add(sample(Linear.of(KEY, 3, 2), 4, 3));
        s.add(sample(Mlp.of(KEY, Activation.TANH, 3, 5, 4, 2), 4, 3));
        s.add(sample(ResidualMlp.of(KEY, Activation.SILU, 3, 6, 2, 2), 4, 3));
        s.add(sample(new Dropout(0.3), 4, 3));
        s.add(sample(Standardise.none(3, DType.F64), 4, 3));
        s.add(sample(LayerNorm.of(3), 4, 3));
        s.add(sample(LayerNorm.of(3), 2, 4, 5, 3));
        s.add(sample(BatchNorm.of(3), 4, 3));
        s.add(sample(BatchNorm.of(3), 2, 4, 5, 3));
        s.add(sample(GroupNorm.of(2, 6), 2, 3, 4, 6));
        s.add(sample(GroupNorm.instance(3), 2, 5, 3));
        s.add(sample(GroupNorm.of(1, 4), 2, 2, 3, 2, 4));
        s.add(sample(GlobalPool.AVERAGE, 2, 3, 4, 2));
        s.add(sample(GlobalPool.MAX, 2, 3, 4, 2));
        s.add(sample(SqueezeExcitation.of(KEY, 4, 2), 2, 3, 3, 4));
        s.add(sample(Sequential.of(), 4, 3));
        s.add(sample(Sequential.of(Linear.of(KEY, 3, 5), BatchNorm.of(5), Activation.TANH, new Dropout(0.2), Linear.of(KEY, 5, 2)), 4, 3));
        return s;
    }
}
