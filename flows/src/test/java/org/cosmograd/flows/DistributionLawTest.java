package org.cosmograd.flows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class DistributionLawTest {

    private static Map<String, Samples.OfDistribution> all() {
        Map<String, Samples.OfDistribution> out = new LinkedHashMap<>(Samples.distributions());
        Samples.conditionals()
                .forEach((k, v) -> out.put(
                        k,
                        k.endsWith("box")
                                ? new Samples.OfDistribution(v.given(Samples.CONTEXT), -1.25, 4.25)
                                : new Samples.OfDistribution(v.given(Samples.CONTEXT), -14, 14)));
        return out;
    }

    /// Functions whose means by samples and by density are compared.
    private static final List<ToDoubleFunction<double[]>> PROBES = List.of(
            x -> 1,
            x -> Math.tanh(x[0]),
            x -> Math.cos(2 * x[0]),
            x -> x[x.length - 1] > 0 ? 1 : 0,
            x -> Math.sin(x[0] + 2 * x[x.length - 1]));

    @TestFactory
    Stream<DynamicTest> densityIsNormalisedAndSamplesMatchIt() {
        return all().entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
            Samples.OfDistribution s = e.getValue();
            Distribution p = s.distribution();
            int d = p.dimension();
            int n = d == 1 ? 20_000 : 500;
            double[][] grid = new double[d == 1 ? n : n * n][d];
            double[] cell = new double[grid.length];
            for (int i = 0; i < grid.length; i++) {
                cell[i] = 1;
                for (int j = 0; j < d; j++) {
                    cell[i] *= place(s, j, ((j == 0 ? i % n : i / n) + 0.5) / n, grid[i]) / n;
                }
            }
            double[] log = p.logProb(Tensor.of(grid)).toDoubles();
            double[] byDensity = new double[PROBES.size()];
            for (int i = 0; i < grid.length; i++) {
                double mass = Math.exp(log[i]) * cell[i];
                for (int k = 0; k < PROBES.size(); k++) {
                    byDensity[k] += mass * PROBES.get(k).applyAsDouble(grid[i]);
                }
            }
            // the edges of a uniform part lie anywhere within a cell
            assertEquals(1, byDensity[0], e.getKey().equals("mixture") ? 2e-3 : 2e-4);
            int m = 20_000;
            Tensor sample = p.sample(Key.of(8), m);
            assertEquals(DType.F64, p.dtype());
            assertEquals(p.dtype(), sample.dtype());
            assertEquals(m, p.support().contains(sample).sum().item());
            double[] bySamples = new double[PROBES.size()];
            for (double[] x : sample.toRows()) {
                for (int k = 0; k < PROBES.size(); k++) {
                    bySamples[k] += PROBES.get(k).applyAsDouble(x) / m;
                }
            }
            for (int k = 1; k < PROBES.size(); k++) {
                assertEquals(byDensity[k] / byDensity[0], bySamples[k], 4.5 / Math.sqrt(m), "probe " + k);
            }
        }));
    }

    /// Puts coordinate `j` at the fraction `t` of its range and gives the length there: evenly, or crowded at both ends of a bounded
    /// support, where densities may be steep.
    private static double place(Samples.OfDistribution s, int j, double t, double[] x) {
        double low = s.distribution().support().lower().get(j);
        double high = s.distribution().support().upper().get(j);
        if (Double.isFinite(low) && Double.isFinite(high)) {
            double u = 1 / (1 + Math.exp(-40 * (t - 0.5)));
            x[j] = low + (high - low) * u;
            return 40 * u * (1 - u) * (high - low);
        }
        x[j] = s.low() + (s.high() - s.low()) * t;
        return s.high() - s.low();
    }

    /// The derivative by `x` is that of the values.
    @TestFactory
    Stream<DynamicTest> derivativesAreRight() {
        return all().entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
            Distribution p = e.getValue().distribution();
            Tensor sample = p.sample(Key.of(9), 20);
            Tensor x = Tensor.of(sample.type(), sample.storage());
            Tensor g = Gradient.of(p.logProb(x).sum(), x);
            Tensor t = Key.of(10).normal(DType.F64, 20, p.dimension());
            double step = 1e-6;
            double[] up = p.logProb(x.add(t.mul(step))).toDoubles();
            double[] down = p.logProb(x.sub(t.mul(step))).toDoubles();
            double[] slope = g.mul(t).sum(1).toDoubles();
            int compared = 0;
            for (int i = 0; i < 20; i++) {
                double difference = (up[i] - down[i]) / (2 * step);
                if (Double.isFinite(difference)) {
                    assertEquals(difference, slope[i], 1e-4 * (1 + Math.abs(slope[i])));
                    compared++;
                }
            }
            assertTrue(compared > 15);
        }));
    }

    @Test
    void densityVanishesOutsideTheSupport() {
        for (Map.Entry<String, Samples.OfDistribution> e : all().entrySet()) {
            Distribution p = e.getValue().distribution();
            if (!p.support().isReal()) {
                List<Double> low = p.support().lower();
                double[][] x = new double[1][p.dimension()];
                for (int i = 0; i < x[0].length; i++) {
                    x[0][i] = Double.isFinite(low.get(i)) ? low.get(i) - 0.1 : 0;
                }
                Tensor at = Tensor.of(x);
                Tensor log = p.logProb(at);
                if (e.getKey().equals("mixture")) {
                    continue;
                }
                assertEquals(Double.NEGATIVE_INFINITY, log.item(), e.getKey());
                Tensor g = Gradient.of(log.sum(), at);
                for (double v : g.toDoubles()) {
                    assertTrue(Double.isFinite(v), e.getKey());
                }
            }
        }
    }

    /// Densities written out by hand.
    @Test
    void densitiesAreThoseOfTheBooks() {
        assertEquals(-1.418938533204673, one(Normal.standard(1, DType.F64), 1), 1e-14);
        assertEquals(
                -0.5 * Math.pow(Math.log(0.7) / 0.5, 2) - Math.log(0.35 * Math.sqrt(2 * Math.PI)), one(new LogNormal(Tensor.of(0.0), Tensor.of(0.5)), 0.7), 1e-14);
        double phi = Math.exp(-0.5 * 0.25) / Math.sqrt(2 * Math.PI);
        Distribution t = new TruncatedNormal(Tensor.of(0.0), Tensor.of(1.0), Support.of(new double[] {0}, new double[] {1.959963984540054}));
        assertEquals(Math.log(phi / 0.475), one(t, 0.5), 1e-12);
        Distribution mvn = MultivariateNormal.of(Tensor.of(0.0, 0), Tensor.of(new double[][] {{2, 1}, {1, 1}}));
        assertEquals(
                -Math.log(2 * Math.PI) - 0.5, mvn.logProb(Tensor.of(new double[][] {{1, 1}})).item(), 1e-14);
    }

    private static double one(Distribution p, double x) {
        return p.logProb(Tensor.of(new double[][] {{x}})).item();
    }

    @Test
    void quantilesInvertTheDistributionFunction() {
        List<Double> x = new ArrayList<>();
        for (double v = -37; v <= 5; v += 0.37) {
            x.add(v);
        }
        Tensor at = Tensor.of(x.stream().mapToDouble(Double::doubleValue).toArray());
        double[] back = Gaussian.quantile(Gaussian.logCdf(at)).toDoubles();
        for (int i = 0; i < back.length; i++) {
            assertEquals(x.get(i), back[i], 1e-8 * (1 + Math.exp(0.5 * Math.max(0, x.get(i)) * x.get(i)) * 1e-2));
        }
        // Φ(-1.96…) = 0.025; ln Φ(-10) from Mathematica's LogErfc: -53.23128515051247
        assertEquals(Math.log(0.025), Gaussian.logCdf(Tensor.of(-1.959963984540054)).item(), 1e-13);
        assertEquals(-53.23128515051247, Gaussian.logCdf(Tensor.of(-10.0)).item(), 1e-12);
        assertEquals(0, Gaussian.logCdf(Tensor.of(Double.POSITIVE_INFINITY)).item(), 0.0);
        assertEquals(Double.NEGATIVE_INFINITY, Gaussian.logCdf(Tensor.of(Double.NEGATIVE_INFINITY)).item());
    }

    @Test
    void everyDistributionIsListed() throws Exception {
        Set<Class<?>> listed = new HashSet<>();
        Samples.distributions().values().forEach(s -> listed.add(s.distribution().getClass()));
        for (Class<?> c : Samples.classes(Distribution.class)) {
            assertTrue(listed.contains(c), c + " is not in Samples.distributions()");
        }
        Set<Class<?>> conditionals = new HashSet<>();
        Samples.conditionals().values().forEach(c -> conditionals.add(c.getClass()));
        assertEquals(conditionals, new HashSet<>(Samples.classes(Conditional.class)));
    }

    @Test
    void singlePrecisionSamplesLieWithinDoubleBounds() {
        Support s = Support.of(new double[] {0.1, -0.3}, new double[] {0.3, 0.1});
        Tensor far = Tensor.of(new float[][] {{1e30f, -1e30f}, {-1e30f, 1e30f}, {17, -17}, {-100, 100}});
        for (Tensor x : List.of(
                new Uniform(s, DType.F32).sample(Key.of(1), 100_000), new Constrain(s).forward(far).value())) {
            for (double[] row : x.toRows()) {
                assertTrue(0.1 <= row[0] && row[0] <= 0.3 && -0.3 <= row[1] && row[1] <= 0.1);
            }
        }
    }

    @Test
    void faultsAreSentences() {
        assertEquals(
                "Uniform: all bounds must be finite, got Support([0.0, Infinity])",
                assertThrows(IllegalArgumentException.class, () -> new Uniform(Support.positive(1), DType.F32))
                        .getMessage());
        assertEquals(
                "Normal.logProb: needs rows [n, 1], got f32[2, 2]",
                assertThrows(ShapeException.class, () -> Normal.standard(1, DType.F32).logProb(Tensor.zeros(DType.F32, 2, 2)))
                        .getMessage());
        assertEquals(
                "CouplingFlow: the context is f32[4], the model was made for 6 features",
                assertThrows(
                                ShapeException.class,
                                () -> CouplingFlow.affine(Key.of(1), 2, 6, Samples.FORM).given(Tensor.zeros(DType.F32, 4)))
                        .getMessage());
        assertEquals(
                "Mixture: 1 components need as many logits, got f64[2]",
                assertThrows(ShapeException.class, () -> new Mixture(Tensor.of(0.0, 0), List.of(Normal.standard(1, DType.F64))))
                        .getMessage());
    }
}
