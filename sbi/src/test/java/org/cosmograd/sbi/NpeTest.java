package org.cosmograd.sbi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.flows.CouplingFlow;
import org.cosmograd.flows.Distribution;
import org.cosmograd.flows.Normal;
import org.cosmograd.flows.Uniform;
import org.cosmograd.sbi.campaign.Campaign;
import org.cosmograd.sbi.campaign.Simulations;
import org.cosmograd.sbi.campaign.Simulator;
import org.cosmograd.sbi.diagnostics.C2st;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpeTest {
    private static final double NOISE = 0.5;
    private static final Simulator GAUSSIAN =
            (theta, key) -> theta.add(key.normal(theta.dtype(), theta.dim(0), theta.dim(1)).mul(NOISE));
    private static final Distribution NORMAL = Normal.standard(2, DType.F32);
    private static final Distribution BOX = Uniform.of(-1, 1, 2);
    private static final CouplingFlow.Form SMALL = CouplingFlow.Form.DEFAULT.withLayers(3).withHidden(32, 2).withBins(8, 5);

    private static Npe quick(Distribution prior) {
        Npe npe = Npe.of(prior);
        return npe.splines(SMALL).settings(npe.settings().withBatch(500).withRate(3e-3).withEpochs(60).withPlateau(4, 0.5).withPatience(12));
    }

    /// Prior N(0, 1), noise σ: the posterior is `N(x/(1 + σ²), σ²/(1 + σ²))`.
    @Test
    void conjugateGaussian() {
        Simulations s = Campaign.of(NORMAL::sample, GAUSSIAN, 1).run(10_000);
        AmortizedPosterior posterior = quick(NORMAL).members(2).train(s);
        double sd = NOISE / Math.sqrt(1 + NOISE * NOISE);
        for (float[] x : new float[][] {{0, 0}, {1, -0.5f}, {-1.5f, 1}}) {
            ObservedPosterior p = posterior.given(Tensor.of(x));
            Tensor exact = Key.of(7).normal(DType.F32, 5000, 2).mul(sd).add(Tensor.of(x).div(1 + NOISE * NOISE));
            C2st c = C2st.of(exact, p.sample(Key.of(8), 5000), Key.of(9));
            assertTrue(c.accuracy() < 0.54, c.toString());
            ObservedPosterior.Point map = p.map(Key.of(3));
            assertEquals(x[0] / (1 + NOISE * NOISE), map.theta().get(0), 0.12);
            assertEquals(x[1] / (1 + NOISE * NOISE), map.theta().get(1), 0.12);
            assertEquals(-Math.log(2 * Math.PI * sd * sd), map.logProb(), 0.15);
        }
        // -E ln q is the entropy of the posterior
        assertEquals(Math.log(2 * Math.PI * Math.E * sd * sd), posterior.losses().getFirst(), 0.08);
        Simulations fresh = Campaign.of(NORMAL::sample, GAUSSIAN, 2).run(500);
        Calibration calibration = Calibration.of(posterior, fresh.theta(), fresh.x(), 200, Key.of(4));
        assertTrue(calibration.sbc().p() > 1e-3, calibration.toString());
        assertTrue(calibration.coverage().p() > 1e-3, calibration.toString());
        assertTrue(calibration.tarp().p() > 1e-3, calibration.toString());
        // the same posterior for data that are not what it was trained on is caught
        Calibration broken = Calibration.of(posterior, fresh.theta(), fresh.x().add(0.3), 200, Key.of(4));
        assertTrue(broken.sbc().p() < 1e-3, broken.toString());
    }

    @Test
    void boxIsNeverLeftAndDensityIsNormalised(@TempDir Path folder) {
        Simulations s = Campaign.of(BOX::sample, GAUSSIAN, 1).run(4000);
        Npe npe = quick(BOX);
        AmortizedPosterior posterior = npe.train(s);
        Tensor x = Tensor.of(0.9f, -0.2f);
        ObservedPosterior p = posterior.given(x);
        for (double[] r : p.sample(Key.of(1), 20_000).toRows()) {
            assertTrue(Math.abs(r[0]) <= 1 && Math.abs(r[1]) <= 1);
        }
        int n = 120;
        double[][] grid = new double[n * n][];
        for (int i = 0; i < n * n; i++) {
            grid[i] = new double[] {-1 + (i / n + 0.5) * 2 / n, -1 + (i % n + 0.5) * 2 / n};
        }
        double mass = p.logProb(Tensor.of(grid)).exp().sum().item() * 4 / n / n;
        assertEquals(1, mass, 0.03);
        assertEquals(Double.NEGATIVE_INFINITY, p.logProb(Tensor.of(new double[][] {{1.5, 0}})).item());

        posterior.save(folder);
        AmortizedPosterior again = npe.load(folder);
        assertArrayEquals(
                p.sample(Key.of(5), 100).toFloats(), again.given(x).sample(Key.of(5), 100).toFloats(), "saved and loaded");
        assertEquals(
                "Npe.load: " + folder + " holds splines " + SMALL + "; embedding none, this Npe makes mixture of 3, hidden [20]; embedding none; "
                        + "make it with the same density and embedding",
                assertThrows(IllegalArgumentException.class, () -> npe.mixture(3, 20).load(folder)).getMessage());
    }

    @Test
    void constraint() {
        ConstrainedPrior prior = ConstrainedPrior.of(BOX, theta -> theta.at(1, 0).add(theta.at(1, 1)).less(0));
        assertEquals(0.5, prior.acceptance(), 0.01);
        Simulations s = Campaign.of(prior::sample, GAUSSIAN, 1).run(2000);
        for (double[] r : s.theta().toRows()) {
            assertTrue(r[0] + r[1] < 0);
        }
        Npe npe = Npe.of(prior).mixture(3, 32);
        AmortizedPosterior posterior = npe.settings(npe.settings().withEpochs(20).withRate(3e-3)).train(s);
        ObservedPosterior p = posterior.given(Tensor.of(0.2f, 0.2f));
        Draws d = p.draw(Key.of(1), 3000, Duration.ofSeconds(20));
        assertTrue(d.complete(), d.message());
        assertTrue(d.acceptance() > 0.2 && d.acceptance() < 1, d.message());
        assertEquals(p.acceptance(), d.acceptance(), 0.05);
        for (double[] r : d.samples().toRows()) {
            assertTrue(r[0] + r[1] < 0);
        }
        int n = 120;
        double[][] grid = new double[n * n][];
        for (int i = 0; i < n * n; i++) {
            grid[i] = new double[] {-1 + (i / n + 0.5) * 2 / n, -1 + (i % n + 0.5) * 2 / n};
        }
        assertEquals(1, p.logProb(Tensor.of(grid)).exp().sum().item() * 4 / n / n, 0.05);
    }

    @Test
    void deadlineIsKept() {
        // a constraint that allows next to nothing
        ConstrainedPrior prior = new ConstrainedPrior(BOX, theta -> theta.at(1, 0).greater(0.9999f), 5e-5);
        Draws d = prior.draw(Key.of(1), 10_000, Duration.ofMillis(300));
        assertFalse(d.complete());
        assertTrue(d.seconds() < 5, d.message());
        assertTrue(d.acceptance() < 1e-3);
        assertEquals(
                "ConstrainedPrior: none of 100000 samples of the prior is allowed by the constraint",
                assertThrows(IllegalArgumentException.class, () -> ConstrainedPrior.of(BOX, theta -> theta.at(1, 0).greater(2)))
                        .getMessage());
        assertTrue(assertThrows(IllegalStateException.class, () -> d.all("Posterior.sample"))
                .getMessage()
                .endsWith("; time ran out; allow more time, or ask draw() for what there is"));
    }

    @Test
    void badInputIsASentence() {
        Simulations s = Campaign.of(BOX::sample, GAUSSIAN, 1).run(100);
        Npe npe = Npe.of(BOX).mixture(1, 8);
        AmortizedPosterior p = npe.settings(npe.settings().withEpochs(1)).train(s);
        assertEquals(
                "Posterior.given: the observation has 4 features, the network was trained on 2",
                assertThrows(IllegalArgumentException.class, () -> p.given(Tensor.of(1f, 2f, 3f, 4f))).getMessage());
        assertEquals(
                "Posterior.given: feature 1 of the observation is NaN; fill it in, or train without it",
                assertThrows(IllegalArgumentException.class, () -> p.given(Tensor.of(1f, Float.NaN))).getMessage());
        assertEquals(
                "Npe.train: expected parameters [n, 2] as in the prior, got f32[100, 1]",
                assertThrows(IllegalArgumentException.class, () -> npe.train(s.theta().slice(1, 0, 1), s.x())).getMessage());
        String outside = assertThrows(IllegalArgumentException.class, () -> npe.train(s.theta().mul(3), s.x())).getMessage();
        assertTrue(outside.matches("Npe.train: \\d+ of 100 parameters lie outside the prior's Support.*, the first in row \\d+"), outside);
        assertEquals(
                "Npe.train: 5 simulations are too few, at least 10 are needed",
                assertThrows(IllegalArgumentException.class, () -> npe.train(s.theta().slice(0, 0, 5), s.x().slice(0, 0, 5)))
                        .getMessage());
    }
}
