package org.cosmograd.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.Convolution;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// A network from images to images of the same size, which sees them at several resolutions at once: on the way down blocks of two
/// convolutions and pools of 2, on the way up up-convolutions by 2 and blocks that also receive what was there on the way down;
/// Ronneberger et al. 2015, arXiv:1505.04597, and for volumes Çiçek et al. 2016, arXiv:1606.06650.
/// `x[B, …, inputs] → y[B, …, outputs]`.
///
/// The convolutions keep the size, so nothing is cropped. All sizes must be multiples of `2^depth`. With periodic boundaries the
/// network commutes with shifts by such multiples, as is right for fields in a periodic box.
///
/// @param down the blocks on the way down, the last one at the lowest resolution
/// @param lift the up-convolutions, lowest first
/// @param up the blocks on the way up
/// @param head the last convolution, of one pixel
public record UNet(List<Sequential> down, List<ConvTranspose> lift, List<Sequential> up, Conv head) implements Layer {

    /// A network with `width` channels at the full resolution and twice as many at each of `depth` halvings.
    public static UNet of(Key key, Recipe recipe, int inputs, int width, int depth, int outputs) {
        if (depth < 1 || width < 1) {
            throw new ShapeException("UNet: needs at least one halving and one channel, got depth " + depth + ", width " + width);
        }
        List<Sequential> down = new ArrayList<>();
        int channels = inputs;
        for (int i = 0; i <= depth; i++) {
            down.add(block(key.fold(0).fold(i), recipe, channels, width << i));
            channels = width << i;
        }
        List<ConvTranspose> lift = new ArrayList<>();
        List<Sequential> up = new ArrayList<>();
        Convolution twice = Convolution.valid(recipe.axes()).stride(2);
        for (int i = depth - 1; i >= 0; i--) {
            lift.add(ConvTranspose.of(key.fold(1).fold(i), twice, width << i + 1, width << i, recipe.cube(2)));
            up.add(block(key.fold(2).fold(i), recipe, width << i + 1, width << i));
        }
        Conv head = recipe.conv(key.fold(3), Initialiser.LINEAR, width, outputs, 1, 1);
        return new UNet(List.copyOf(down), List.copyOf(lift), List.copyOf(up), head);
    }

    private static Sequential block(Key key, Recipe recipe, int inputs, int outputs) {
        return recipe.unit(key.fold(0), inputs, outputs, 3).then(recipe.unit(key.fold(1), outputs, outputs, 3));
    }

    /// The number of halvings.
    public int depth() {
        return up.size();
    }

    @Override
    public Tensor apply(Tensor x) {
        return pass(x, (block, y, number) -> new Pass<>(block.apply(y), block)).y();
    }

    @Override
    public Pass<UNet> train(Tensor x, Key key) {
        return pass(x, (block, y, number) -> block.train(y, key.fold(number)));
    }

    private interface Step {
        Pass<Sequential> of(Sequential block, Tensor y, int number);
    }

    private Pass<UNet> pass(Tensor x, Step step) {
        check(x);
        int[] two = new int[head.convolution().rank()];
        Arrays.fill(two, 2);
        Layer half = Pool.max(two);
        List<Sequential> nextDown = new ArrayList<>();
        List<Sequential> nextUp = new ArrayList<>();
        List<Tensor> kept = new ArrayList<>();
        Tensor y = x;
        for (int i = 0; i <= depth(); i++) {
            Pass<Sequential> p = step.of(down.get(i), i == 0 ? y : half.apply(y), i);
            y = p.y();
            kept.add(y);
            nextDown.add(p.layer());
        }
        for (int i = 0; i < depth(); i++) {
            Tensor there = kept.get(depth() - 1 - i);
            Pass<Sequential> p = step.of(up.get(i), Tensor.concat(-1, there, lift.get(i).apply(y)), depth() + 1 + i);
            y = p.y();
            nextUp.add(p.layer());
        }
        return new Pass<>(head.apply(y), new UNet(List.copyOf(nextDown), lift, List.copyOf(nextUp), head));
    }

    private void check(Tensor x) {
        int axes = head.convolution().rank();
        Conv.check("UNet", x, axes, inputs());
        int multiple = 1 << depth();
        for (int i = 1; i <= axes; i++) {
            if (x.dim(i) % multiple != 0 || x.dim(i) == 0) {
                throw new ShapeException("UNet: with depth " + depth() + " all sizes must be multiples of " + multiple + ", got " + x.type()
                        + "; cut or pad() the images, or use a smaller depth");
            }
        }
    }

    /// The number of input channels.
    public int inputs() {
        return ((Conv) down.getFirst().layers().getFirst()).inputs();
    }

    @Override
    public String toString() {
        return "UNet(" + inputs() + " -> " + head.inputs() + " x 2^" + depth() + " -> " + head.outputs() + ", "
                + Tree.size(this) + " numbers)";
    }
}
