package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Convolution;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.nn.Activation;
import org.cosmograd.nn.Conv;
import org.cosmograd.nn.GlobalPool;
import org.cosmograd.nn.Linear;
import org.cosmograd.nn.Pool;
import org.cosmograd.nn.Sequential;

/// A small convolutional network on 32 maps of 64 x 64 pixels, five 3 x 3 convolutions 1-32-32-64-64-128, and each of its convolutions
/// alone: `conv_C32_K64_32` is from 32 to 64 channels on 32 x 32 pixels.
final class CnnCases {
    private static final int RUNS = 12;
    private static final int BATCH = 32;
    private static final int SIZE = 64;
    private static final int OUTPUTS = 6;
    private static final double FORWARD_FLOP = 7.3e9;
    private static final double STEP_FLOP = 21.9e9;

    private CnnCases() {}

    private record Layer(int inputs, int outputs, int size) {}

    private static final List<Layer> LAYERS = List.of(new Layer(1, 32, 64), new Layer(32, 32, 64), new Layer(32, 64, 32), new Layer(64, 64, 32),
            new Layer(64, 128, 16), new Layer(128, 128, 16));

    static List<Case> all() {
        List<Case> all = new ArrayList<>();
        all.add(Case.of("cnn_step", "training step: five 3 x 3 convolutions, 32 maps of 64 x 64", RUNS,
                        Training.step(CnnCases::network, (net, x) -> net.apply(x).sub(normal(2, BATCH, OUTPUTS)).square().mean(), CnnCases::maps))
                .flop(STEP_FLOP));
        all.add(Case.of("cnn_forward", "the network of cnn_step, forward only", RUNS, Expressions.of(v -> network().apply(v.getFirst()), () -> List.of(maps())))
                .flop(FORWARD_FLOP));
        for (Layer l : LAYERS) {
            all.add(forward(l));
            all.add(backward(l));
        }
        return all;
    }

    private static Tensor maps() {
        return normal(1, BATCH, SIZE, SIZE, 1);
    }

    private static Sequential network() {
        Key key = Key.of(3);
        Sequential net = Sequential.of(
                conv(key, 0), Activation.RELU, conv(key, 1), Activation.RELU, Pool.average(2, 2),
                conv(key, 2), Activation.RELU, conv(key, 3), Activation.RELU, Pool.average(2, 2),
                conv(key, 4), Activation.RELU, GlobalPool.AVERAGE,
                Linear.of(key.fold(5), LAYERS.get(4).outputs(), OUTPUTS));
        return Tree.map(net, Expressions::evaluated);
    }

    private static Conv conv(Key key, int i) {
        return Conv.of(key.fold(i), LAYERS.get(i).inputs(), LAYERS.get(i).outputs(), 3, 3);
    }

    private static Tensor weight(Layer l) {
        return Expressions.evaluated(normal(2, 3, 3, l.inputs(), l.outputs()).mul(1 / Math.sqrt(9 * l.inputs())));
    }

    private static double flop(Layer l) {
        return 2.0 * BATCH * l.size() * l.size() * 9 * l.inputs() * l.outputs();
    }

    private static String name(Layer l, String direction) {
        return "conv_C" + l.inputs() + "_K" + l.outputs() + "_" + l.size() + "_" + direction;
    }

    private static String about(Layer l) {
        return "3 x 3 convolution of 32 maps of %d x %d, %d to %d channels".formatted(l.size(), l.size(), l.inputs(), l.outputs());
    }

    private static Case forward(Layer l) {
        return Case.of(name(l, "forward"), about(l), RUNS, Expressions.of(
                        v -> Convolution.same(2).apply(v.get(0), v.get(1)),
                        () -> List.of(normal(1, BATCH, l.size(), l.size(), l.inputs()), weight(l))))
                .flop(flop(l));
    }

    /// The gradient of the weight and, unless the input is the data, of the input.
    private static Case backward(Layer l) {
        boolean both = l.inputs() > 1;
        return Case.of(name(l, "backward"), about(l) + ", gradient of weight" + (both ? " and input" : ""), RUNS, Expressions.of(
                        v -> {
                            Tensor y = Convolution.same(2).apply(v.get(0), v.get(1));
                            return Gradient.vjp(List.of(y), both ? List.of(v.get(0), v.get(1)) : List.of(v.get(1)), List.of(v.get(2)));
                        },
                        () -> List.of(normal(1, BATCH, l.size(), l.size(), l.inputs()), weight(l), normal(3, BATCH, l.size(), l.size(), l.outputs()))))
                .flop(flop(l) * (both ? 2 : 1));
    }
}
