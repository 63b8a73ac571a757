package org.cosmograd.flows;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.nn.Activation;
import org.cosmograd.nn.Fit;
import org.cosmograd.nn.FitSettings;
import org.cosmograd.nn.Mlp;
import org.cosmograd.nn.Safetensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DensityFitTest {
    record Pairs(Tensor theta, Tensor x) {}

    private static final Key KEY = Key.of(5);

    static Tensor loss(Conditional model, Pairs d) {
        return model.logProb(d.theta(), d.x()).mean().neg();
    }

    private static <C extends Conditional> Fit.Result<C> fit(C model, Pairs d, int epochs) {
        return Fit.<C, Pairs>of(DensityFitTest::loss)
                .train(model, d, FitSettings.DEFAULT.withRate(3e-3).withEpochs(epochs).withPatience(10));
    }

    /// `θ ~ N(0, 1)²`, `x = θ + N(0, ½²)`, so that `θ | x ~ N(0.8 x, 0.2)`; the expected loss is the entropy `ln(2πe · 0.2)`.
    private static Pairs gaussian(int n) {
        Tensor theta = KEY.fold(0).normal(DType.F32, n, 2);
        return new Pairs(theta, theta.add(KEY.fold(1).normal(DType.F32, n, 2).mul(0.5)));
    }

    @Test
    void allFamiliesLearnAGaussianPosterior() {
        Pairs d = gaussian(4000);
        CouplingFlow.Form form = new CouplingFlow.Form(3, 32, 2, 8, 5, true, Activation.SILU);
        Support real = Support.real(2);
        List<Conditional> bodies = List.of(
                MixtureDensityNetwork.of(KEY.fold(2), 2, 2, 2, Activation.TANH, 32),
                CouplingFlow.affine(KEY.fold(3), 2, 2, form),
                CouplingFlow.splines(KEY.fold(4), 2, 2, form));
        double entropy = Math.log(2 * Math.PI * Math.E * 0.2);
        for (Conditional body : bodies) {
            ConditionalDensity model = ConditionalDensity.of(real, d.theta(), d.x(), Embedding.none(2), body);
            Fit.Result<ConditionalDensity> r = fit(model, d, 30);
            assertEquals(entropy, r.bestLoss(), 0.12, body.getClass().getSimpleName());
            double[][] s = r.model().given(Tensor.of(1f, -0.5f)).sample(KEY.fold(9), 5000).toRows();
            double m0 = 0;
            double m1 = 0;
            double v0 = 0;
            for (double[] x : s) {
                m0 += x[0] / s.length;
                m1 += x[1] / s.length;
                v0 += (x[0] - 0.8) * (x[0] - 0.8) / s.length;
            }
            assertEquals(0.8, m0, 0.1, body.getClass().getSimpleName());
            assertEquals(-0.4, m1, 0.1, body.getClass().getSimpleName());
            assertEquals(0.2, v0, 0.06, body.getClass().getSimpleName());
            assertArrayEquals(
                    model.target().mean().toFloats(), r.model().target().mean().toFloats());
        }
    }

    /// A uniform target in a box, which no context changes: the loss is the logarithm of the volume.
    @Test
    void aFlatDensityInABoxIsLearned() {
        Support box = Support.of(new double[] {2}, new double[] {6});
        Tensor theta = new Uniform(box, DType.F32).sample(KEY.fold(10), 4000);
        Pairs d = new Pairs(theta, KEY.fold(11).normal(DType.F32, 4000, 1));
        CouplingFlow flow = CouplingFlow.splines(KEY.fold(12), 1, 1, CouplingFlow.Form.DEFAULT.withLayers(1));
        ConditionalDensity model = ConditionalDensity.of(box, theta, d.x(), Embedding.none(1), flow);
        Fit.Result<ConditionalDensity> r = fit(model, d, 20);
        assertEquals(Math.log(4), r.bestLoss(), 0.03);
        Distribution p = r.model().given(Tensor.of(0f));
        for (double v : p.sample(KEY.fold(13), 10_000).toDoubles()) {
            assertTrue(2 <= v && v <= 6);
        }
        assertEquals(Double.NEGATIVE_INFINITY, p.logProb(Tensor.of(new float[][] {{6.1f}})).item());
    }

    @Test
    void anEmbeddingIsTrainedAlong() {
        Tensor theta = KEY.fold(20).normal(DType.F32, 2000, 1);
        Tensor x = KEY.fold(21).normal(DType.F32, 2000, 8).add(theta);
        Mlp net = Mlp.of(KEY.fold(22), Activation.SILU, 8, 16, 1);
        ConditionalDensity model = ConditionalDensity.of(
                Support.real(1), theta, x, Embedding.of(net, 1), MixtureDensityNetwork.of(KEY.fold(23), 1, 1, 1, Activation.TANH, 16));
        Fit.Result<ConditionalDensity> r = fit(model, new Pairs(theta, x), 40);
        assertEquals(0.5 * Math.log(2 * Math.PI * Math.E / 9), r.bestLoss(), 0.1);
    }

    @Test
    void rowsOfContextsGiveRowsOfSamples() {
        ConditionalDensity model = ConditionalDensity.of(
                Support.real(2),
                gaussian(100).theta(),
                gaussian(100).x(),
                Embedding.none(2),
                Samples.wide(CouplingFlow.splines(KEY.fold(30), 2, 2, Samples.FORM), 0.2));
        ConditionalDensity wide = Samples.wide(model, 0);
        Tensor context = KEY.fold(31).normal(DType.F64, 5, 2);
        Tensor theta = KEY.fold(32).normal(DType.F64, 5, 2);
        double[] together = wide.logProb(theta, context).toDoubles();
        for (int i = 0; i < 5; i++) {
            assertEquals(
                    together[i],
                    wide.given(context.at(0, i)).logProb(theta.slice(0, i, i + 1)).item(),
                    1e-12);
        }
        assertEquals(Tensor.zeros(DType.F64, 5, 2).type(), wide.given(context).sample(KEY, 5).type());
    }

    @Test
    void lossGradientsAreRight() {
        Pairs d = Samples.wide(gaussian(10), 0);
        for (Map.Entry<String, Conditional> e : Samples.conditionals().entrySet()) {
            Conditional model = e.getValue();
            Pairs data = model.dimension() == 1 ? new Pairs(d.theta().slice(1, 0, 1), d.x()) : d;
            data = new Pairs(data.theta().tanh().mul(0.4).add(2.5), data.x());
            List<Tensor> p = Tree.leaves(model);
            List<Tensor> g = Gradient.of(loss(model, data), p);
            double slope = 0;
            for (int i = 0; i < p.size(); i++) {
                slope += g.get(i).mul(direction(i, p.get(i))).sum().item();
            }
            double step = 1e-5;
            double up = loss(moved(model, g, step), data).item();
            double down = loss(moved(model, g, -step), data).item();
            assertEquals((up - down) / (2 * step), slope, 2e-5 * (1 + Math.abs(slope)), e.getKey());
        }
    }

    private static Tensor direction(int i, Tensor like) {
        return KEY.fold(200 + i).normal(DType.F64, like.shape().dims());
    }

    /// Constants, whose gradient is known to be zero, stay.
    private static Conditional moved(Conditional model, List<Tensor> g, double by) {
        int[] i = {0};
        return Tree.map(model, t -> {
            int k = i[0]++;
            return g.get(k).isZero() ? t : t.add(direction(k, t).mul(by));
        });
    }

    @Test
    void aModelIsSavedAndLoaded(@TempDir Path folder) throws Exception {
        Pairs d = gaussian(50);
        ConditionalDensity model = ConditionalDensity.of(
                Support.real(2), d.theta(), d.x(), Embedding.none(2), CouplingFlow.splines(KEY.fold(40), 2, 2, Samples.FORM));
        ConditionalDensity other = ConditionalDensity.of(
                Support.real(2), d.x(), d.theta(), Embedding.none(2), CouplingFlow.splines(KEY.fold(41), 2, 2, Samples.FORM));
        Path file = folder.resolve("flow.safetensors");
        Safetensors.of(model, Map.of()).write(file);
        ConditionalDensity back = Safetensors.read(file).restore(other);
        assertArrayEquals(
                model.logProb(d.theta(), d.x()).toFloats(), back.logProb(d.theta(), d.x()).toFloats());
    }
}
