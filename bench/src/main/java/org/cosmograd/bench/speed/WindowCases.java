package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Pooling;
import org.cosmograd.autodiff.Resampling;
import org.cosmograd.autodiff.Tensor;

/// What a convolutional network does between its convolutions, on 32 maps of 32 channels.
final class WindowCases {
    private static final int RUNS = 20;
    private static final int BATCH = 32;
    private static final int CHANNELS = 32;

    private WindowCases() {}

    static List<Case> all() {
        return Stream.of(
                        pair("upsample_linear", "bilinear up-sampling of 32 maps of 32 x 32 and 32 channels by 2", x -> Resampling.linear(x, 2), 32, 64),
                        pair("maxpool_3x3_s2", "largest of 3 x 3 windows 2 apart, 32 maps of 64 x 64 and 32 channels",
                                x -> Pooling.of(3, 3).stride(2).padding(1).max(x), 64, 32))
                .flatMap(List::stream)
                .toList();
    }

    private static List<Case> pair(String name, String about, UnaryOperator<Tensor> f, int from, int to) {
        return List.of(
                Case.of(name + "_forward", about, RUNS,
                        Expressions.of(v -> f.apply(v.getFirst()), () -> List.of(normal(1, BATCH, from, from, CHANNELS)))),
                Case.of(name + "_backward", about + ", gradient", RUNS, Expressions.of(
                        v -> Gradient.vjp(List.of(f.apply(v.get(0))), List.of(v.get(0)), List.of(v.get(1))).getFirst(),
                        () -> List.of(normal(1, BATCH, from, from, CHANNELS), normal(2, BATCH, to, to, CHANNELS)))));
    }
}
