package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// Training steps with Adam, as those who do simulation-based inference run them a hundred thousand times: a batch of 256, 10
/// features, 4 parameters, single precision. On several threads each has a replica of the network and its share of the batch.
final class StepCases {
    private static final int BATCH = 256;
    private static final int FEATURES = 10;
    private static final int D = 4;
    private static final int HIDDEN = 64;
    private static final int COUPLINGS = 5;
    private static final int LAYERS = 3;
    private static final int K = 8;
    private static final int TRIANGLE = D * (D + 1) / 2;

    private StepCases() {}

    static List<Case> all() {
        return List.of(
                Case.of("mlp_step", "training step: 10-64-64-64-4, mean squared error", 200,
                        Training.replicated(() -> layers(1, FEATURES, HIDDEN, HIDDEN, HIDDEN, D), StepCases::squaredError, StepCases::examples)),
                Case.of("coupling_flow_step", "training step: five conditional affine couplings with networks 12-64-64-4", 100,
                        Training.replicated(StepCases::couplings, StepCases::couplingLoss, StepCases::examples)),
                Case.of("mdn_step", "training step: network 10-64-64, eight Gaussians with full covariances", 100,
                        Training.replicated(() -> layers(2, FEATURES, HIDDEN, HIDDEN, K * (1 + D + TRIANGLE)), StepCases::mixtureLoss, StepCases::examples)));
    }

    /// A linear layer.
    record Dense(Tensor weight, Tensor bias) {}

    /// A batch.
    ///
    /// @param x features, `[n, FEATURES]`
    /// @param y parameters, `[n, D]`
    record Examples(Tensor x, Tensor y) {}

    private static Examples examples() {
        return new Examples(normal(1, BATCH, FEATURES), normal(2, BATCH, D));
    }

    private static Tensor squaredError(List<Dense> model, Examples b) {
        return mlp(model, b.x()).sub(b.y()).square().mean();
    }

    private static List<Dense> couplings() {
        List<Dense> all = new ArrayList<>();
        for (int i = 0; i < COUPLINGS; i++) {
            all.addAll(layers(10 + i, FEATURES + D / 2, HIDDEN, HIDDEN, D));
        }
        return all;
    }

    private static Tensor couplingLoss(List<Dense> model, Examples batch) {
        Tensor z = batch.y();
        Tensor logDet = Tensor.zeros(DType.F32, z.dim(0));
        for (int i = 0; i < COUPLINGS; i++) {
            boolean flip = i % 2 == 1;
            Tensor low = z.slice(1, 0, 2);
            Tensor high = z.slice(1, 2, 4);
            Tensor a = flip ? high : low;
            Tensor h = mlp(model.subList(LAYERS * i, LAYERS * (i + 1)), Tensor.concat(1, a, batch.x()));
            Tensor s = h.slice(1, 0, 2).tanh();
            Tensor b = (flip ? low : high).mul(s.exp()).add(h.slice(1, 2, 4));
            z = flip ? Tensor.concat(1, b, a) : Tensor.concat(1, a, b);
            logDet = logDet.add(s.sum(1));
        }
        return z.square().sum(1).mul(0.5).sub(logDet).mean();
    }

    /// The covariances are given by triangular factors of the precisions, with exponentials on the diagonal.
    private static Tensor mixtureLoss(List<Dense> model, Examples batch) {
        Tensor h = mlp(model, batch.x());
        int n = h.dim(0);
        Tensor logits = h.slice(1, 0, K);
        Tensor mean = h.slice(1, K, K + K * D).reshape(n, K, D);
        Tensor factor = h.slice(1, K + K * D, K * (1 + D + TRIANGLE)).reshape(n, K, TRIANGLE);
        Tensor away = batch.y().expand(1).sub(mean);
        Tensor square = Tensor.zeros(DType.F32, n, K);
        Tensor logDet = square;
        int at = 0;
        for (int i = 0; i < D; i++) {
            Tensor r = Tensor.zeros(DType.F32, n, K);
            for (int j = 0; j <= i; j++) {
                Tensor l = factor.at(2, at++);
                if (j == i) {
                    logDet = logDet.plus(l);
                    l = l.exp();
                }
                r = r.plus(l.mul(away.at(2, j)));
            }
            square = square.plus(r.square());
        }
        return logits.logSoftmax(1).sub(square.mul(0.5)).add(logDet).logSumExp(1).mean().neg();
    }

    private static List<Dense> layers(int seed, int... sizes) {
        List<Dense> out = new ArrayList<>();
        for (int i = 0; i + 1 < sizes.length; i++) {
            Tensor w = Key.of(seed).fold(i).normal(DType.F32, sizes[i], sizes[i + 1]).mul(1 / Math.sqrt(sizes[i]));
            out.add(new Dense(Tensor.of(Shape.of(sizes[i], sizes[i + 1]), w.toFloats()), Tensor.zeros(DType.F32, sizes[i + 1])));
        }
        return out;
    }

    private static Tensor mlp(List<Dense> layers, Tensor x) {
        Tensor h = x;
        for (int i = 0; i < layers.size(); i++) {
            h = h.matmul(layers.get(i).weight()).add(layers.get(i).bias());
            h = i + 1 < layers.size() ? h.relu() : h;
        }
        return h;
    }
}
