package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FitTest {
    record Pairs(Tensor x, Tensor y) {}

    private static final Key KEY = Key.of(3);

    private static Tensor mse(Layer net, Pairs d) {
        return net.apply(d.x()).sub(d.y()).square().mean();
    }

    private static Pairs line(int n) {
        Tensor x = KEY.fold(0).normal(DType.F32, n, 2);
        Tensor y = x.matmul(Tensor.of(new float[][] {{2}, {-3}})).add(0.5);
        return new Pairs(x, y.add(KEY.fold(1).normal(DType.F32, n, 1).mul(0.01)));
    }

    private static Pairs sine(int n) {
        Tensor x = KEY.fold(2).uniform(DType.F32, n, 1).mul(2 * Math.PI).sub(Math.PI);
        return new Pairs(x, x.sin());
    }

    @Test
    void recoversALine() {
        Linear net = Linear.of(KEY, 2, 1);
        Fit<Linear, Pairs> fit = Fit.of(FitTest::mse);
        Fit.Result<Linear> r = fit.train(net, line(1000), FitSettings.DEFAULT.withRate(0.03).withBatch(100).withEpochs(80));
        assertArrayEquals(new double[] {2, -3}, r.model().weight().toDoubles(), 0.01);
        assertEquals(0.5, r.model().bias().item(), 0.01);
        assertEquals(1e-4, r.bestLoss(), 5e-5);
    }

    @Test
    void learnsASine() {
        Mlp net = Mlp.of(KEY, Activation.TANH, 1, 32, 32, 1);
        Fit.Result<Mlp> r = Fit.<Mlp, Pairs>of(FitTest::mse)
                .train(net, sine(2000), FitSettings.DEFAULT.withRate(5e-3).withEpochs(100).withPlateau(5, 0.5));
        Tensor x = Tensor.of(new float[][] {{-2}, {0.5f}, {1}});
        assertArrayEquals(new double[] {Math.sin(-2), Math.sin(0.5), Math.sin(1)}, r.model().apply(x).toDoubles(), 0.02);
        assertTrue(r.epochs().getLast().rate() <= 5e-3);
    }

    @Test
    void interruptedTrainingEndsWithTheSameBits(@TempDir Path folder) {
        Mlp net = Mlp.of(KEY, Activation.SILU, 1, 16, 1);
        // a loss with its own randomness, decay and a schedule, so that everything that is remembered matters
        Fit<Mlp, Pairs> fit = Fit.random((m, d, key) -> mse(
                m, new Pairs(d.x().add(key.normal(DType.F32, d.x().dim(0), 1).mul(0.05)), d.y())));
        FitSettings s = FitSettings.DEFAULT
                .withOptimiser(new AdamW())
                .withSchedule(Schedule.exponential(50).warmUp(7))
                .withBatch(64)
                .withPlateau(2, 0.5)
                .withCheckpointSeconds(0);
        Fit.Result<Mlp> whole = fit.train(net, sine(500), s.withEpochs(12));
        Path file = folder.resolve("fit.safetensors");
        Fit.Result<Mlp> part = fit.checkpoint(file).train(net, sine(500), s.withEpochs(5));
        assertEquals(5, part.epochs().size());
        List<Integer> told = new ArrayList<>();
        Fit.Result<Mlp> rest = fit.checkpoint(file)
                .listener(new FitListener() {
                    @Override
                    public void epoch(Epoch e) {
                        told.add(e.epoch());
                    }
                })
                .train(net, sine(500), s.withEpochs(12));
        assertEquals(List.of(5, 6, 7, 8, 9, 10, 11), told);
        assertSame(whole, rest);
        Fit.Result<Mlp> again = fit.checkpoint(file).train(net, sine(500), s.withEpochs(12));
        assertSame(whole, again);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> fit.checkpoint(file).train(net, sine(500), s.withBatch(32)));
        assertEquals(
                "Fit: the checkpoint fit.safetensors belongs to another training: batch is 64 there and 32 here; remove the file to start anew",
                e.getMessage());
    }

    /// The same for layers whose averages move and which draw in training.
    @Test
    void interruptedPassesEndWithTheSameBits(@TempDir Path folder) {
        Sequential net = Sequential.of(Linear.of(KEY, 1, 16), BatchNorm.of(16), Activation.SILU, new Dropout(0.1), Linear.of(KEY, 16, 1));
        Fit<Sequential, Pairs> fit = Fit.layer(Pairs::x, (y, d) -> y.sub(d.y()).square().mean());
        FitSettings s = FitSettings.DEFAULT.withBatch(64);
        Fit.Result<Sequential> whole = fit.train(net, sine(500), s.withEpochs(6));
        Path file = folder.resolve("fit.safetensors");
        fit.checkpoint(file).train(net, sine(500), s.withEpochs(2));
        assertSame(whole, fit.checkpoint(file).train(net, sine(500), s.withEpochs(6)));
    }

    private static <M> void assertSame(Fit.Result<M> a, Fit.Result<M> b) {
        assertEquals(a.bestEpoch(), b.bestEpoch());
        assertEquals(a.bestLoss(), b.bestLoss());
        assertEquals(a.epochs().size(), b.epochs().size());
        for (int i = 0; i < a.epochs().size(); i++) {
            assertEquals(a.epochs().get(i).trainLoss(), b.epochs().get(i).trainLoss());
            assertEquals(a.epochs().get(i).validationLoss(), b.epochs().get(i).validationLoss());
        }
        List<Tensor> left = Tree.leaves(a.model());
        List<Tensor> right = Tree.leaves(b.model());
        for (int i = 0; i < left.size(); i++) {
            assertArrayEquals(left.get(i).toDoubles(), right.get(i).toDoubles());
        }
    }

    @Test
    void stopsEarlyAndKeepsTheBest() {
        // 20 noisy points and many weights: the validation loss rises again
        Tensor x = KEY.fold(5).normal(DType.F32, 20, 1);
        Pairs noise = new Pairs(x, KEY.fold(6).normal(DType.F32, 20, 1));
        Mlp net = Mlp.of(KEY, Activation.TANH, 1, 64, 64, 1);
        Fit.Result<Mlp> r = Fit.<Mlp, Pairs>of(FitTest::mse)
                .train(net, noise, FitSettings.DEFAULT.withValidation(0.5).withRate(0.01).withPatience(7));
        assertEquals(Fit.Stop.PATIENCE, r.stop());
        assertEquals(r.bestEpoch() + 8, r.epochs().size());
        double least = r.epochs().stream().mapToDouble(FitListener.Epoch::validationLoss).min().orElseThrow();
        assertEquals(least, r.bestLoss());
        assertEquals(
                String.format(
                        java.util.Locale.ROOT,
                        "Fit: the validation loss did not fall for 7 epochs; the weights of epoch %d (validation loss %.6g) are kept",
                        r.bestEpoch(),
                        r.bestLoss()),
                r.why());
    }

    @Test
    void validationCoversAllRowsAndBatchesMayBeTooLarge() {
        Pairs d = line(103);
        Linear net = new Linear(Tensor.zeros(DType.F32, 2, 1), Tensor.zeros(DType.F32, 1));
        FitSettings s = FitSettings.DEFAULT.withEpochs(1).withRate(1e-12).withBatch(20);
        double all = mse(net, d).item();
        assertEquals(all, Fit.<Linear, Pairs>of(FitTest::mse).train(net, d, d, s).epochs().getFirst().validationLoss(), 1e-5);
        Fit.Result<Linear> one = Fit.<Linear, Pairs>of(FitTest::mse).train(net, d, s.withBatch(100_000).withValidation(0));
        assertEquals(all, one.epochs().getFirst().trainLoss(), 1e-5);
        Fit.Result<Linear> single = Fit.<Linear, Pairs>of(FitTest::mse).train(net, line(1), s);
        assertEquals(1, single.epochs().size());
    }

    @Test
    void aBrokenLossStopsWithTheBestWeights() {
        Pairs d = line(100);
        Fit<Linear, Pairs> fit = Fit.of((m, b) -> mse(m, b).mul(m.weight().square().sum().sub(1).neg().sqrt().add(1)));
        Linear net = new Linear(Tensor.zeros(DType.F32, 2, 1).add(0.1), Tensor.zeros(DType.F32, 1));
        Fit.Result<Linear> r = fit.train(net, d, FitSettings.DEFAULT.withRate(0.05).withBatch(30).withEpochs(100));
        assertEquals(Fit.Stop.NOT_FINITE, r.stop());
        assertTrue(Double.isFinite(r.model().weight().sum().item()));
        assertTrue(
                r.why().matches("Fit: the loss became NaN in epoch \\d+; (the weights of epoch \\d+ \\(validation loss [0-9.]+\\)|the initial weights) "
                        + "are kept; look for NaN or huge numbers in the data, or lower the learning rate"),
                r.why());
        Fit.Result<Linear> never = Fit.<Linear, Pairs>of((m, b) -> mse(m, b).mul(Double.NaN)).train(net, d, FitSettings.DEFAULT);
        assertEquals(
                "Fit: the loss became NaN in epoch 0; the initial weights are kept; look for NaN or huge numbers in the data, or lower the "
                        + "learning rate",
                never.why());
        assertEquals(-1, never.bestEpoch());
    }

    @Test
    void timeIsLimited() {
        Mlp net = Mlp.of(KEY, Activation.TANH, 1, 32, 1);
        long start = System.nanoTime();
        Fit.Result<Mlp> r = Fit.<Mlp, Pairs>of(FitTest::mse)
                .train(net, sine(2000), FitSettings.DEFAULT.withEpochs(1_000_000).withPatience(1_000_000).withSeconds(0.5));
        assertEquals(Fit.Stop.TIME, r.stop());
        assertTrue(System.nanoTime() - start < 10e9);
        assertTrue(r.why().startsWith("Fit: the time limit of 0.500000 s is reached in epoch "), r.why());
    }

    @Test
    void metricsAreWritten(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("metrics.csv");
        Fit<Linear, Pairs> fit = Fit.<Linear, Pairs>of(FitTest::mse).listener(new MetricsCsv(file));
        fit.train(Linear.of(KEY, 2, 1), line(50), FitSettings.DEFAULT.withEpochs(3));
        List<String> lines = Files.readAllLines(file);
        assertEquals("epoch,train_loss,validation_loss,learning_rate,best,seconds", lines.getFirst());
        assertEquals(4, lines.size());
        assertTrue(lines.get(1).startsWith("0,"));
        assertFalse(lines.get(3).isEmpty());
    }

    @Test
    void listenersShowAndRecord(@TempDir Path folder) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TensorBoardEvents events = TensorBoardEvents.open(folder)) {
            Fit<Linear, Pairs> fit = Fit.<Linear, Pairs>of(FitTest::mse)
                    .listener(FitListener.progress(new PrintStream(out, true, StandardCharsets.UTF_8)))
                    .listener(FitListener.tensorBoard(events));
            fit.train(Linear.of(KEY, 2, 1), line(50), FitSettings.DEFAULT.withEpochs(3));
            assertTrue(Files.size(events.file()) > 9 * 30);
        }
        String shown = out.toString(StandardCharsets.UTF_8);
        assertTrue(shown.contains("3/3 epochs"), shown);
        assertTrue(shown.strip().endsWith("are kept"), shown);
    }

    @Test
    void faultsAreSentences() {
        Fit<Linear, Pairs> fit = Fit.of(FitTest::mse);
        Linear net = Linear.of(KEY, 2, 1);
        Pairs uneven = new Pairs(Tensor.zeros(DType.F32, 10, 2), Tensor.zeros(DType.F32, 9, 1));
        assertEquals(
                "Fit: the data set has 10 rows, but y has 9",
                assertThrows(IllegalArgumentException.class, () -> fit.train(net, uneven, FitSettings.DEFAULT))
                        .getMessage());
        Pairs none = new Pairs(Tensor.zeros(DType.F32, 0, 2), Tensor.zeros(DType.F32, 0, 1));
        assertEquals(
                "Fit: the data set has no rows",
                assertThrows(IllegalArgumentException.class, () -> fit.train(net, none, FitSettings.DEFAULT))
                        .getMessage());
        Fit<Linear, Pairs> mover = Fit.passes(
                (m, b, key) -> new Pass<>(mse(m, b), new Linear(m.weight(), m.bias().add(1))), FitTest::mse);
        assertEquals(
                "Fit: the training pass moves bias, on which its loss depends; use it behind stopGradient(), or leave it to the optimiser",
                assertThrows(IllegalArgumentException.class, () -> mover.train(net, line(10), FitSettings.DEFAULT))
                        .getMessage());
        assertEquals(
                "FitSettings: rate must be positive, got 0.0",
                assertThrows(IllegalArgumentException.class, () -> FitSettings.DEFAULT.withRate(0))
                        .getMessage());
    }
}
