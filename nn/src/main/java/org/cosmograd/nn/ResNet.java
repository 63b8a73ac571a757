package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// A residual network from images to numbers: a convolution, stages of [Bottleneck] blocks, the mean over all pixels, a linear map.
/// He et al. 2016, arXiv:1512.03385 and arXiv:1603.05027. `x[B, …, inputs] → y[B, outputs]`, for images of any size.
///
/// The first block of every stage but the first makes images smaller by 2. Unlike the paper's networks for photographs it does not
/// begin with a stride and a pool, which would cost small images their detail.
///
/// @param stem the first convolution
/// @param stages the blocks, stage by stage
/// @param norm the normalisation after them
/// @param activation and the activation
/// @param head the linear map
public record ResNet(Conv stem, List<Sequential> stages, Layer norm, Activation activation, Linear head) implements Layer {

    /// A network with a stage of `blocks` blocks for each of `widths`, the numbers of channels.
    public static ResNet of(Key key, Recipe recipe, int inputs, List<Integer> widths, int blocks, int outputs) {
        if (widths.isEmpty() || blocks < 1) {
            throw new ShapeException("ResNet: needs at least one stage and one block in each, got " + widths.size() + " and " + blocks);
        }
        Conv stem = recipe.conv(key.fold(0), inputs, widths.getFirst(), 3, 1);
        List<Sequential> stages = new ArrayList<>();
        int channels = widths.getFirst();
        for (int s = 0; s < widths.size(); s++) {
            List<Layer> stage = new ArrayList<>();
            for (int b = 0; b < blocks; b++) {
                int stride = s > 0 && b == 0 ? 2 : 1;
                stage.add(Bottleneck.of(key.fold(2 + s).fold(b), recipe, channels, widths.get(s), stride));
                channels = widths.get(s);
            }
            stages.add(new Sequential(stage));
        }
        return new ResNet(
                stem, List.copyOf(stages), recipe.norm().of(channels), recipe.activation(), Linear.of(key.fold(1), channels, outputs));
    }

    @Override
    public Tensor apply(Tensor x) {
        Tensor y = stem.apply(x);
        for (Sequential stage : stages) {
            y = stage.apply(y);
        }
        return read(norm.apply(y));
    }

    @Override
    public Pass<ResNet> train(Tensor x, Key key) {
        Pass<List<Sequential>> p = Layer.train(stages, stem.apply(x), key.fold(0));
        Pass<? extends Layer> n = norm.train(p.y(), key.fold(1));
        return new Pass<>(read(n.y()), new ResNet(stem, p.layer(), n.layer(), activation, head));
    }

    private Tensor read(Tensor y) {
        return head.apply(GlobalPool.AVERAGE.apply(activation.apply(y)));
    }

    @Override
    public String toString() {
        return stages.stream()
                        .map(s -> " -> " + s.layers().size() + " x " + width(s))
                        .collect(Collectors.joining("", "ResNet(" + stem.inputs(), " -> " + head.outputs()))
                + ", " + stem.convolution().boundary() + ", " + activation + ", " + Tree.size(this) + " numbers)";
    }

    private static String width(Sequential stage) {
        return stage.layers().getLast() instanceof Bottleneck b && b.body().layers().getLast() instanceof Conv c ? "" + c.outputs() : "?";
    }
}
