package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

class NormTest {
    private static final Key KEY = Key.of(5);

    private static Tensor images(int... dims) {
        return KEY.fold(1).normal(DType.F64, dims).mul(7).add(KEY.fold(2).normal(DType.F64, dims[dims.length - 1]).mul(20));
    }

    private static void standard(Tensor y, int... axes) {
        for (double v : y.mean(axes).toDoubles()) {
            assertEquals(0, v, 1e-12);
        }
        for (double v : y.square().mean(axes).toDoubles()) {
            assertEquals(1, v, 1e-5);
        }
    }

    @Test
    void eachNormHasMeanAndVarianceWhereItSays() {
        Tensor x = images(4, 5, 6, 8);
        standard(LayerSamples.wide(LayerNorm.of(8)).apply(x), 3);
        standard(LayerSamples.wide(BatchNorm.of(8)).train(x, KEY).y(), 0, 1, 2);
        standard(LayerSamples.wide(GroupNorm.of(4, 8)).apply(x).reshape(4, 30, 4, 2), 1, 3);
        standard(LayerSamples.wide(GroupNorm.instance(8)).apply(x), 1, 2);
        standard(LayerSamples.wide(GroupNorm.of(1, 8)).apply(x), 1, 2, 3);
    }

    @Test
    void scalesAndShiftsBelongToChannels() {
        Tensor x = images(3, 4, 4, 2);
        Tensor a = Tensor.of(2.0, -3.0);
        Tensor b = Tensor.of(5.0, 1.0);
        BatchNorm batch = LayerSamples.wide(BatchNorm.of(2));
        BatchNorm moved = new BatchNorm(a, b, batch.mean(), batch.variance(), batch.batches(), 0.1);
        assertArrayEquals(batch.train(x, KEY).y().mul(a).add(b).toDoubles(), moved.train(x, KEY).y().toDoubles(), 1e-12);
        assertArrayEquals(batch.apply(x).mul(a).add(b).toDoubles(), moved.apply(x).toDoubles(), 1e-10);
        GroupNorm group = LayerSamples.wide(GroupNorm.instance(2));
        assertArrayEquals(group.apply(x).mul(a).add(b).toDoubles(), new GroupNorm(a, b, 2).apply(x).toDoubles(), 1e-12);
    }

    /// The averages are what the definition says, written as a loop.
    @Test
    void runningAveragesFollowTheBatches() {
        BatchNorm norm = LayerSamples.wide(BatchNorm.of(2));
        double mean = 0;
        double variance = 1;
        for (int t = 0; t < 25; t++) {
            Tensor x = KEY.fold(10 + t).normal(DType.F64, 6, 2).mul(1 + 0.1 * t).add(t);
            double[][] rows = x.toRows();
            double mu = 0;
            double square = 0;
            for (double[] row : rows) {
                mu += row[1] / 6;
            }
            for (double[] row : rows) {
                square += (row[1] - mu) * (row[1] - mu) / 5;
            }
            double weight = Math.max(0.1, 1.0 / (t + 1));
            mean += weight * (mu - mean);
            variance += weight * (square - variance);
            norm = norm.train(x, KEY).layer();
            assertEquals(mean, norm.mean().get(1), 1e-12);
            assertEquals(variance, norm.variance().get(1), 1e-12);
            assertEquals(t + 1, norm.batches().item());
        }
    }

    /// After one batch, use and training agree but for the unbiased variance.
    @Test
    void useAgreesWithTraining() {
        Tensor x = images(50, 6, 6, 3);
        Pass<BatchNorm> pass = LayerSamples.wide(BatchNorm.of(3)).train(x, KEY);
        int n = 50 * 36;
        Tensor expected = pass.y().mul(Math.sqrt((n - 1.0) / n));
        assertArrayEquals(expected.toDoubles(), pass.layer().apply(x).toDoubles(), 1e-6);
    }

    /// The scheme of training: the averages reach the true moments and the optimiser leaves them alone.
    @Test
    void fitKeepsTheAverages() {
        record Pairs(Tensor x, Tensor y) {}
        Tensor x = KEY.fold(3).normal(DType.F32, 1000, 2).mul(Tensor.of(3f, 0.2f)).add(Tensor.of(40f, -1f));
        Tensor y = x.matmul(Tensor.of(new float[][] {{1}, {5}})).sub(35);
        Sequential net = Sequential.of(BatchNorm.of(2), new Dropout(0), Linear.of(KEY, 2, 1));
        Fit<Sequential, Pairs> fit = Fit.layer(Pairs::x, (p, d) -> p.sub(d.y()).square().mean());
        FitSettings s = FitSettings.DEFAULT.withRate(0.05).withBatch(100).withEpochs(40);
        Fit.Result<Sequential> r = fit.train(net, new Pairs(x, y), s);
        BatchNorm norm = (BatchNorm) r.model().layers().getFirst();
        assertEquals(9.0 * (r.bestEpoch() + 1), norm.batches().item());
        assertArrayEquals(new double[] {40, -1}, norm.mean().toDoubles(), 0.3);
        assertArrayEquals(new double[] {9, 0.04}, norm.variance().toDoubles(), 1);
        assertTrue(r.bestLoss() < 0.5, r.why());
    }

    @Test
    void dropoutThinsInTrainingOnly() {
        record Pairs(Tensor x, Tensor y) {}
        Tensor x = Tensor.ones(DType.F32, 400, 3);
        Pairs d = new Pairs(x, x);
        Fit<Sequential, Pairs> fit = Fit.layer(Pairs::x, (p, b) -> p.sub(b.y()).square().mean());
        Fit.Result<Sequential> r = fit.train(Sequential.of(new Dropout(0.5)), d, FitSettings.DEFAULT.withEpochs(1).withBatch(100));
        // (0 or 2 - 1)² is 1
        assertEquals(1, r.epochs().getFirst().trainLoss(), 1e-6);
        assertEquals(0, r.epochs().getFirst().validationLoss());
    }

    @Test
    void faultsAreSentences() {
        Tensor x = Tensor.zeros(DType.F32, 4, 3);
        says("BatchNorm: needs 2 channels in the last axis, got f32[4, 3]", () -> BatchNorm.of(2).apply(x));
        says(
                "BatchNorm: training needs at least 2 values of each channel, got f32[1, 3]; use larger batches, or GroupNorm",
                () -> BatchNorm.of(3).train(x.slice(0, 0, 1), KEY));
        says("GroupNorm: 6 channels do not divide into 4 groups", () -> GroupNorm.of(4, 6));
        says("GroupNorm: needs rows with 6 channels in the last axis, got f32[4, 3]", () -> GroupNorm.of(2, 6).apply(x));
        says(
                "SqueezeExcitation: needs images with 3 channels in the last axis, got f32[4, 3]",
                () -> SqueezeExcitation.of(KEY, 3, 16).apply(x));
        says("pooling: needs [n, …, channels] with at least one spatial axis, got f32[4, 3]", () -> GlobalPool.MAX.apply(x));
        assertEquals(
                "BatchNorm: the rate must be in (0, 1], got 0.0",
                assertThrows(IllegalArgumentException.class, () -> new BatchNorm(x, x, x, x, x, 0)).getMessage());
    }

    static void says(String sentence, org.junit.jupiter.api.function.Executable code) {
        assertEquals(sentence, assertThrows(ShapeException.class, code).getMessage());
    }
}
