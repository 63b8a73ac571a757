package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Convolution;
import org.cosmograd.autodiff.Convolution.Boundary;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Pooling;
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
        s.addAll(images());
        return s;
    }

    private static List<Sample> images() {
        List<Sample> s = new ArrayList<>();
        Recipe plane = new Recipe(2, Boundary.PERIODIC, Recipe.Norm.BATCH, Activation.SILU);
        s.add(sample(Conv.of(KEY, 2, 4, 3), 2, 5, 2));
        s.add(sample(Conv.of(KEY, 2, 4, 3, 2), 2, 5, 4, 2));
        s.add(sample(Conv.of(KEY, 1, 2, 3, 3, 3), 2, 4, 3, 3, 1));
        Convolution how = Convolution.same(2).stride(2, 1).dilation(1, 2).groups(2).boundary(Boundary.REFLECT);
        s.add(sample(Conv.of(KEY, Initialiser.GLOROT, how, 2, 4, 3, 3), 2, 5, 6, 2));
        s.add(sample(ConvTranspose.of(KEY, Convolution.valid(2).stride(2), 3, 2, 2, 2), 2, 3, 2, 3));
        s.add(sample(ConvTranspose.of(KEY, Convolution.same(1).stride(2).boundary(Boundary.PERIODIC), 2, 3, 5), 2, 4, 2));
        s.add(sample(Pool.max(2, 2), 2, 4, 6, 2));
        s.add(sample(Pool.average(2, 1, 2), 2, 4, 2, 2, 2));
        s.add(sample(new Pool(Pool.Kind.AVERAGE, Pooling.of(3).stride(2).padding(1), true), 2, 6, 2));
        s.add(sample(new Pool(Pool.Kind.MAX, Pooling.of(3, 3).stride(1).padding(1), false), 2, 4, 3, 2));
        s.add(sample(Upsample.nearest(2, 3), 2, 3, 2, 2));
        s.add(sample(Upsample.linear(2, 2, 3), 1, 2, 3, 2, 2));
        s.add(sample(Bottleneck.of(KEY, plane, 3, 8, 2), 2, 4, 5, 3));
        s.add(sample(Bottleneck.of(KEY, plane.withNorm(Recipe.Norm.GROUP), 4, 4, 1), 2, 4, 5, 4));
        s.add(sample(ResNet.of(KEY, plane, 1, List.of(4, 8), 1, 2), 3, 5, 6, 1));
        s.add(sample(InceptionBlock.of(KEY, plane, 2, 16), 2, 4, 4, 2));
        s.add(sample(UNet.of(KEY, plane, 1, 2, 1, 2), 2, 4, 4, 1));
        Recipe volume = new Recipe(3, Boundary.ZERO, Recipe.Norm.GROUP, Activation.TANH);
        s.add(sample(UNet.of(KEY, volume, 1, 2, 1, 1), 2, 2, 4, 2, 1));
        return s;
    }
}
