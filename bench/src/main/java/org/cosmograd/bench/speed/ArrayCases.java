package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.List;
import java.util.function.UnaryOperator;
import org.cosmograd.autodiff.Tensor;

/// Single expressions on single-precision arrays; `1M` is 2²⁰ elements.
final class ArrayCases {
    private static final int RUNS = 30;
    private static final int MILLION = 1 << 20;
    private static final int ROWS = 4096;
    private static final int COLUMNS = 256;

    private ArrayCases() {}

    static List<Case> all() {
        return List.of(
                expression("exp_1M", "exp x", Tensor::exp, MILLION),
                expression("tanh_1M", "tanh x", Tensor::tanh, MILLION),
                expression("chain_1M", "x exp(-x²) + tanh x", v -> v.mul(v.neg().mul(v).exp()).add(v.tanh()), MILLION),
                expression("sum_1M", "Σ x", Tensor::sum, MILLION),
                expression("sum_axes_64x128x256", "Σ x over the first and last of three axes", v -> v.sum(0, 2), 64, 128, 256),
                expression("max_axes_64x128x256", "max x over the first and last of three axes", v -> v.maxOver(0, 2), 64, 128, 256),
                expression("mean_batch_32x64x64x32", "the mean of each of 32 channels of 32 maps of 64 x 64", v -> v.mean(0, 1, 2), 32, 64, 64, 32),
                expression("softmax_4096x256", "softmax over rows of 256", v -> v.softmax(1), ROWS, COLUMNS),
                expression("logsumexp_4096x256", "log Σ exp x over rows of 256", v -> v.logSumExp(1), ROWS, COLUMNS),
                expression("layer_norm_4096x256", "(x - mean) / √(variance + 1e-5) over rows of 256", ArrayCases::normalised, ROWS, COLUMNS));
    }

    private static Tensor normalised(Tensor x) {
        Tensor centred = x.sub(x.mean(1).expand(1));
        Tensor variance = centred.square().mean(1);
        return centred.div(variance.add(1e-5).sqrt().expand(1));
    }

    private static Case expression(String name, String about, UnaryOperator<Tensor> f, int... dims) {
        return Case.of(name, about + (dims.length == 1 ? ", 2²⁰ elements" : dims.length == 2 ? ", " + dims[0] + " rows" : ""), RUNS,
                Expressions.of(v -> f.apply(v.getFirst()), () -> List.of(normal(1, dims))));
    }
}
