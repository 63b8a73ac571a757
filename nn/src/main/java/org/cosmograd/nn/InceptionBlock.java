package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.Convolution.Boundary;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Pooling;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// Several receptive fields side by side: kernels of 1, of 3 and of 5 pixels, the latter two after a reduction by kernels of 1, and a
/// pool of 3 before kernels of 1, their channels one after the other; Szegedy et al. 2015, arXiv:1409.4842, figure 2b, with the
/// normalisations of arXiv:1502.03167. `x[B, …, inputs] → y[B, …, outputs]`, sizes kept.
///
/// @param branches what stands side by side
public record InceptionBlock(List<Sequential> branches) implements Layer {
    /// Copies the list.
    public InceptionBlock {
        branches = List.copyOf(branches);
    }

    /// A block with the shares of the paper's first one, "3a": 1/4, 1/2, 1/8 and 1/8 of the outputs from the four branches, after
    /// reductions to 3/8 and 1/16.
    public static InceptionBlock of(Key key, Recipe recipe, int inputs, int outputs) {
        if (outputs < 16 || outputs % 16 != 0) {
            throw new ShapeException("InceptionBlock: the output channels must be a multiple of 16, got " + outputs);
        }
        int u = outputs / 16;
        return of(key, recipe, inputs, 4 * u, 6 * u, 8 * u, u, 2 * u, 2 * u);
    }

    /// A block with channels as in the columns of the paper's table 1.
    ///
    /// @param ones from kernels of 1 pixel
    /// @param reduce3 before those of 3
    /// @param threes from those of 3
    /// @param reduce5 before those of 5
    /// @param fives from those of 5
    /// @param pooled after the pool
    public static InceptionBlock of(
            Key key, Recipe recipe, int inputs, int ones, int reduce3, int threes, int reduce5, int fives, int pooled) {
        Pooling around = Pooling.of(recipe.cube(3)).stride(1).padding(1);
        Pool pool = new Pool(Pool.Kind.MAX, around, recipe.boundary() == Boundary.PERIODIC);
        return new InceptionBlock(List.of(
                recipe.unit(key.fold(0), inputs, ones, 1),
                recipe.unit(key.fold(1), inputs, reduce3, 1).then(recipe.unit(key.fold(2), reduce3, threes, 3)),
                recipe.unit(key.fold(3), inputs, reduce5, 1).then(recipe.unit(key.fold(4), reduce5, fives, 5)),
                Sequential.of(pool).then(recipe.unit(key.fold(5), inputs, pooled, 1))));
    }

    @Override
    public Tensor apply(Tensor x) {
        return Tensor.concat(-1, branches.stream().map(b -> b.apply(x)).toList());
    }

    @Override
    public Pass<InceptionBlock> train(Tensor x, Key key) {
        List<Tensor> y = new ArrayList<>();
        List<Sequential> next = new ArrayList<>();
        for (int i = 0; i < branches.size(); i++) {
            Pass<Sequential> p = branches.get(i).train(x, key.fold(i));
            y.add(p.y());
            next.add(p.layer());
        }
        return new Pass<>(Tensor.concat(-1, y), new InceptionBlock(next));
    }

    @Override
    public String toString() {
        return branches.stream().map(Sequential::toString).collect(Collectors.joining(" | ", "InceptionBlock(", ")"));
    }
}
