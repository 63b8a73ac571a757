package org.cosmograd.sbi.mcmc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.flows.Support;
import org.junit.jupiter.api.Test;

class HmcTest {

    /// A Gaussian of standard deviations 1 and 100, correlation 0.95.
    private static Tensor correlated(Tensor t) {
        Tensor x = t.at(1, 0);
        Tensor y = t.at(1, 1).sub(5).div(100);
        Tensor q = x.square().sub(x.mul(y).mul(1.9)).add(y.square());
        return q.div(-2 * (1 - 0.95 * 0.95));
    }

    @Test
    void correlatedGaussian() {
        Chains c = Hmc.of(HmcTest::correlated, 2).run(Key.of(1).normal(DType.F64, 32, 2), Key.of(2));
        assertTrue(c.rHat() < 1.01, c.toString());
        assertTrue(c.ess() > 8000, c.toString());
        assertEquals(0, c.divergences());
        assertEquals(0, c.parameters().get(0).mean(), 0.05);
        assertEquals(5, c.parameters().get(1).mean(), 5);
        assertEquals(1, c.parameters().get(0).sd(), 0.04);
        assertEquals(100, c.parameters().get(1).sd(), 4);
        double[][] s = c.samples().toRows();
        double xy = 0;
        for (double[] r : s) {
            xy += r[0] * (r[1] - 5) / 100 / s.length;
        }
        assertEquals(0.95, xy, 0.06);
        assertEquals(correlated(c.samples()).toDoubles()[77], c.logDensity().reshape(-1).toDoubles()[77], 1e-9);
    }

    /// Five parameters along a curved ridge a tenth as wide as it is long.
    private static Tensor ridge(Tensor t) {
        Tensor a = t.at(1, 0);
        Tensor b = t.at(1, 1);
        Tensor c = t.at(1, 2);
        Tensor d = t.at(1, 3);
        Tensor e = t.at(1, 4);
        Tensor chi = a.square()
                .add(b.sub(a.square().mul(0.5)).div(0.3).square())
                .add(c.sub(b.mul(0.9)).div(0.1).square())
                .add(d.add(c).div(0.5).square())
                .add(e.sub(d).div(0.2).square());
        return chi.mul(-0.5);
    }

    @Test
    void curvedRidgeOfFiveParameters() {
        Support box = Support.of(new double[] {-10, -10, -10, -10, -10}, new double[] {10, 10, 10, 10, 10});
        Tensor start = Key.of(1).uniform(DType.F64, 64, 5).mul(4).sub(2);
        Chains c = Hmc.of(HmcTest::ridge, box).run(start, Key.of(2));
        assertTrue(c.rHat() < 1.02, c.toString());
        assertTrue(c.ess() > 5000, c.toString());
        assertTrue(c.divergences() < 32, c.toString());
        assertEquals(0, c.parameters().get(0).mean(), 0.06);
        assertEquals(1, c.parameters().get(0).sd(), 0.05);
        assertEquals(0.5, c.parameters().get(1).mean(), 0.05);
    }

    @Test
    void single() {
        Chains c = Hmc.of(HmcTest::correlated, 2).draws(200).run(Key.of(1).normal(DType.F32, 64, 2), Key.of(2));
        assertTrue(c.rHat() < 1.02, c.toString());
        assertEquals(100, c.parameters().get(1).sd(), 5);
    }

    @Test
    void diagonalMetric() {
        Chains c = Hmc.of(HmcTest::correlated, 2).dense(false).run(Key.of(1).normal(DType.F64, 32, 2), Key.of(2));
        assertTrue(c.rHat() < 1.02, c.toString());
        assertEquals(100, c.parameters().get(1).sd(), 6);
    }

    /// Beta(3, 1) on [-1, 1]·½+½, Gamma(4, 1) above 2, its mirror below -2.
    @Test
    void boundedTarget() {
        Support box = Support.of(
                new double[] {-1, 2, Double.NEGATIVE_INFINITY}, new double[] {1, Double.POSITIVE_INFINITY, -2});
        LogDensity target = t -> {
            Tensor u = t.at(1, 0).add(1).div(2);
            Tensor g = t.at(1, 1).sub(2);
            Tensor h = t.at(1, 2).neg().sub(2);
            return u.log().mul(2).add(g.log().mul(3).sub(g)).add(h.log().mul(3).sub(h));
        };
        Tensor start = Key.of(3).uniform(DType.F64, 32, 3).mul(Tensor.of(1.0, 3.0, -3.0)).add(Tensor.of(0.0, 2.0, -2.0));
        Chains c = Hmc.of(target, box).draws(1000).run(start, Key.of(4));
        assertTrue(c.rHat() < 1.01, c.toString());
        assertEquals(0.5, c.parameters().get(0).mean(), 0.02);
        assertEquals(2 * Math.sqrt(3.0 / 80), c.parameters().get(0).sd(), 0.02);
        assertEquals(6, c.parameters().get(1).mean(), 0.1);
        assertEquals(2, c.parameters().get(1).sd(), 0.1);
        assertEquals(-6, c.parameters().get(2).mean(), 0.1);
        for (double[] r : c.samples().toRows()) {
            assertTrue(r[0] >= -1 && r[0] <= 1 && r[1] >= 2 && r[2] <= -2);
        }
    }

    @Test
    void sameKeySameBits() {
        Hmc hmc = Hmc.of(HmcTest::correlated, 2).warmup(60).draws(20);
        Tensor start = Key.of(1).normal(DType.F64, 8, 2);
        assertArrayEquals(
                hmc.run(start, Key.of(2)).draws().toDoubles(), hmc.run(start, Key.of(2)).draws().toDoubles(), 0);
    }

    @Test
    void effectiveSamplesOfAnAutoregression() {
        double rho = 0.6;
        double[][] chains = new double[8][2000];
        for (int c = 0; c < 8; c++) {
            var chance = Key.of(c).stream();
            double v = chance.normal();
            for (int t = 0; t < 2000; t++) {
                v = rho * v + Math.sqrt(1 - rho * rho) * chance.normal();
                chains[c][t] = v;
            }
        }
        Convergence d = Convergence.of(chains);
        // τ = (1 + ρ)/(1 - ρ) = 4
        assertEquals(4000, d.bulkEss(), 500);
        assertEquals(1, d.rHat(), 0.01);
        for (int t = 0; t < 2000; t++) {
            chains[0][t] += 1;
        }
        assertTrue(Convergence.of(chains).rHat() > 1.02);
    }

    @Test
    void deadline() {
        Hmc slow = Hmc.of(HmcTest::correlated, 2).draws(100_000_000);
        Chains c = slow.draws(1_000_000).deadline(Duration.ofSeconds(2)).run(Key.of(1).normal(DType.F64, 4, 2), Key.of(2));
        assertFalse(c.complete());
        assertTrue(c.seconds() < 10, "took " + c.seconds());
        assertEquals(
                "Hmc.run: the deadline of 1.00e-06 s passed after 0 of 300 warm-up steps, before any draw; allow more time or ask for fewer warm-up steps",
                assertThrows(
                                IllegalStateException.class,
                                () -> slow.deadline(Duration.ofNanos(1000)).run(Key.of(1).normal(DType.F64, 4, 2), Key.of(2)))
                        .getMessage());
    }

    @Test
    void errorsAreSentences() {
        Hmc hmc = Hmc.of(HmcTest::correlated, 2);
        assertEquals(
                "Hmc.run: expected starting points [chains, 2], got f64[4, 3]",
                assertThrows(IllegalArgumentException.class, () -> hmc.run(Tensor.zeros(DType.F64, 4, 3), Key.of(1))).getMessage());
        assertEquals(
                "Hmc.run: the log-density or its gradient is not finite at any of the 4 starting points",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Hmc.of(t -> t.sum(1).log(), 2).run(Tensor.full(-1, DType.F64, 4, 2), Key.of(1)))
                        .getMessage());
        assertEquals(
                "Hmc: the log-density of f64[4, 2] must be [4], got f64[]",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Hmc.of(t -> t.sum(), 2).run(Tensor.zeros(DType.F64, 4, 2), Key.of(1)))
                        .getMessage());
        assertEquals("Hmc.draws: expected at least 4, got 1", assertThrows(IllegalArgumentException.class, () -> hmc.draws(1)).getMessage());
    }
}
