package org.cosmograd.simulators.cosmology;

import static org.cosmograd.simulators.cosmology.BackgroundParameter.H0_RD;
import static org.cosmograd.simulators.cosmology.BackgroundParameter.OFFSET;
import static org.cosmograd.simulators.cosmology.BackgroundParameter.OMEGA_M;
import static org.cosmograd.simulators.cosmology.BackgroundParameter.W0;
import static org.cosmograd.simulators.cosmology.BackgroundParameter.WA;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

class BackgroundLikelihoodTest {

    /// The maximum of a likelihood, with standard deviations from the second derivatives of `χ²/2` there.
    private record Fit(double[] theta, double[] sigma, double chi2) {}

    private record Step(Tensor gradient, Tensor matrix, Tensor chi2) {}

    /// Levenberg–Marquardt with the engine's derivatives: residual `r = L⁻¹(x − m)`, steps `(JᵀJ + λ diag JᵀJ)⁻¹ Jᵀ r`.
    private static Fit fit(BackgroundLikelihood l, double... start) {
        int p = l.parameters();
        Program<Tensor, Step> program = Program.of(
                (Tensor theta) -> {
                    Tensor r = l.whiten(l.observed(DType.F64).sub(l.theory(theta)));
                    List<Tensor> columns = new ArrayList<>();
                    for (int i = 0; i < p; i++) {
                        columns.add(Gradient.jvp(r, theta, Tensor.of(i).oneHot(p, DType.F64).reshape(p)));
                    }
                    Tensor j = Tensor.stack(0, columns);
                    return new Step(j.matmul(r), j.matmul(j.transpose()), r.square().sum());
                },
                Tensor.of(start));
        double[] at = start.clone();
        double lambda = 1e-3;
        Step s = program.run(Tensor.of(at));
        for (int i = 0; i < 200 && lambda < 1e12; i++) {
            double[][] damped = s.matrix.toRows();
            for (int k = 0; k < p; k++) {
                damped[k][k] *= 1 + lambda;
            }
            double[] step = solve(damped, s.gradient.toDoubles());
            double[] next = at.clone();
            for (int k = 0; k < p; k++) {
                next[k] -= step[k];
            }
            Step t = program.run(Tensor.of(next));
            if (t.chi2.item() <= s.chi2.item()) {
                at = next;
                s = t;
                lambda /= 5;
            } else {
                lambda *= 4;
            }
        }
        Tensor theta = Tensor.of(at);
        Tensor half = l.chiSquared(theta, l.observed(DType.F64)).mul(0.5);
        Tensor hessian = Gradient.jacobian(Gradient.of(half, theta), theta);
        double[] sigma = new double[p];
        for (int k = 0; k < p; k++) {
            double[] unit = new double[p];
            unit[k] = 1;
            sigma[k] = Math.sqrt(solve(hessian.toRows(), unit)[k]);
        }
        return new Fit(at, sigma, s.chi2.item());
    }

    private static double[] solve(double[][] a, double[] b) {
        int n = b.length;
        double[] x = b.clone();
        for (int k = 0; k < n; k++) {
            for (int i = k + 1; i < n; i++) {
                double f = a[i][k] / a[k][k];
                for (int j = k; j < n; j++) {
                    a[i][j] -= f * a[k][j];
                }
                x[i] -= f * x[k];
            }
        }
        for (int i = n - 1; i >= 0; i--) {
            for (int j = i + 1; j < n; j++) {
                x[i] -= a[i][j] * x[j];
            }
            x[i] /= a[i][i];
        }
        return x;
    }

    // ------------------------------------------------------------------------------------------------- published fits

    @Test
    void desiDr2FlatLcdm() {
        Fit f = fit(BackgroundLikelihood.of(List.of(Survey.desiDr2()), Set.of(OMEGA_M, H0_RD)), 0.3, 10_000);
        report("DESI DR2 ΛCDM", f);
        assertEquals(0.29746, f.theta[0], 1e-5);
        assertEquals(0.00861, f.sigma[0], 1e-5);
        assertEquals(101.540, f.theta[1] / 100, 1e-3);
        assertEquals(0.736, f.sigma[1] / 100, 1e-3);
        assertEquals(10.271, f.chi2, 1e-3);
    }

    @Test
    void desiDr2FreeDarkEnergy() {
        Fit f = fit(BackgroundLikelihood.of(Survey.desiDr2()), 0.35, -0.5, -1.5, 9500);
        report("DESI DR2 w0wa", f);
        assertEquals(0.3866, f.theta[0], 1e-3);
        assertEquals(-0.179, f.theta[1], 1e-2);
        assertEquals(-2.717, f.theta[2], 3e-2);
        assertEquals(5.62, f.chi2, 5e-3);
    }

    @Test
    void union3() {
        Fit f = fit(BackgroundLikelihood.of(List.of(Survey.union3()), Set.of(OMEGA_M, OFFSET)), 0.3, 0);
        report("Union3 ΛCDM", f);
        assertEquals(0.3559, f.theta[0], 1e-4);
        assertEquals(0.0270, f.sigma[0], 2e-4);
        assertEquals(23.96, f.chi2, 5e-3);
        Fit w = fit(BackgroundLikelihood.of(List.of(Survey.union3()), Set.of(OMEGA_M, W0, OFFSET)), 0.3, -1, 0);
        report("Union3 wCDM", w);
        assertEquals(0.244, w.theta[0], 1e-3);
        assertEquals(-0.735, w.theta[1], 1e-3);
        assertEquals(22.12, w.chi2, 5e-3);
    }

    @Test
    void olderSupernovae() {
        Fit p = fit(BackgroundLikelihood.of(List.of(Survey.pantheon2018()), Set.of(OMEGA_M, OFFSET)), 0.3, 0);
        report("Pantheon 2018 ΛCDM", p);
        assertEquals(0.2963, p.theta[0], 1e-4);
        assertEquals(0.0217, p.sigma[0], 2e-4);
        assertEquals(39.30, p.chi2, 5e-3);
        Fit j = fit(BackgroundLikelihood.of(List.of(Survey.jla()), Set.of(OMEGA_M, OFFSET)), 0.3, 0);
        report("JLA ΛCDM", j);
        assertEquals(0.2945, j.theta[0], 1e-4);
        assertEquals(0.0337, j.sigma[0], 2e-4);
        assertEquals(33.62, j.chi2, 5e-3);
    }

    @Test
    void desiWithUnion3PrefersEvolvingDarkEnergy() {
        Fit f = fit(BackgroundLikelihood.of(Survey.desiDr2(), Survey.union3()), 0.33, -0.7, -1, 10_000, 0);
        report("DESI DR2 + Union3 w0wa", f);
        Fit l = fit(
                BackgroundLikelihood.of(List.of(Survey.desiDr2(), Survey.union3()), Set.of(OMEGA_M, H0_RD, OFFSET)), 0.3, 10_000, 0);
        report("DESI DR2 + Union3 ΛCDM", l);
        assertTrue(f.theta[1] > -1 && f.theta[2] < 0);
        assertTrue(f.chi2 < l.chi2 - 2);
    }

    @Test
    void sdssAgreesWithDesi() {
        for (Survey s : List.of(Survey.sdssDr12(), Survey.sdssDr16(), Survey.desiDr1())) {
            Fit f = fit(BackgroundLikelihood.of(List.of(s), Set.of(OMEGA_M, H0_RD)), 0.3, 10_000);
            report(s.name() + " ΛCDM", f);
            assertEquals(0.2975, f.theta[0], 2.5 * f.sigma[0]);
            assertEquals(10_154, f.theta[1], 2.5 * f.sigma[1]);
            assertTrue(f.chi2 < 2.2 * s.size());
        }
    }

    private static void report(String name, Fit f) {
        System.getLogger("simulators")
                .log(
                        System.Logger.Level.DEBUG,
                        name + ": " + Arrays.toString(f.theta) + " ± " + Arrays.toString(f.sigma) + ", χ² " + f.chi2);
    }

    // ------------------------------------------------------------------------------------------------- theory

    private static final BackgroundLikelihood BOTH = BackgroundLikelihood.of(Survey.desiDr2(), Survey.union3());

    /// Each observable from [Distances] with `H0 = 70` and `r_d = H0 r_d / 70`.
    @Test
    void theoryIsTheDistances() {
        double[] theta = {0.33, -0.7, -1.1, 9900, 0.05};
        BackgroundLikelihood l = BackgroundLikelihood.of(Survey.desiDr2(), Survey.sdssDr12(), Survey.jla());
        DarkEnergy m = DarkEnergy.flat(
                Tensor.scalar(0.33, DType.F64),
                Tensor.scalar(-0.7, DType.F64),
                Tensor.scalar(-1.1, DType.F64),
                Tensor.scalar(0.7, DType.F64));
        double horizon = 9900.0 / 70;
        double[] got = l.theory(Tensor.of(theta)).toDoubles();
        int row = 0;
        for (Survey s : l.surveys()) {
            for (int i = 0; i < s.size(); i++) {
                Distances at = Distances.at(s.z().get(i));
                double expected =
                        switch (s.quantities().get(i)) {
                            case DM_OVER_RD -> at.transverse(m).item() / horizon;
                            case DH_OVER_RD -> at.hubbleDistance(m).item() / horizon;
                            case DV_OVER_RD -> at.volume(m).item() / horizon;
                            case H_TIMES_RD -> at.hubble(m).item() * horizon;
                            case DISTANCE_MODULUS -> at.modulus(m).item() + 0.05;
                        };
                assertEquals(1, got[row++] / expected, 1e-9);
            }
        }
    }

    @Test
    void aBatchIsItsRowsInBothPrecisionsAndInAProgram() {
        Tensor theta = BOTH.samplePrior(Key.of(3), DType.F64, 64);
        Tensor logs = BOTH.logLikelihood(theta);
        assertEquals(Shape.of(64), logs.shape());
        double[] all = logs.toDoubles();
        double[] single = BOTH.logLikelihood(theta.cast(DType.F32)).toDoubles();
        Program<Tensor, Tensor> program = Program.of((Tensor t) -> BOTH.logLikelihood(t), theta);
        assertArrayEquals(all, program.run(theta).toDoubles());
        assertArrayEquals(all, BOTH.logLikelihood(theta, BOTH.observed(DType.F64)).toDoubles());
        double[] chi2 = BOTH.whiten(BOTH.observed(DType.F64).sub(BOTH.theory(theta))).square().sum(-1).toDoubles();
        assertArrayEquals(chi2, BOTH.chiSquared(theta, BOTH.observed(DType.F64)).toDoubles());
        double[][] rows = theta.toRows();
        for (int i = 0; i < 64; i++) {
            assertEquals(all[i], BOTH.logLikelihood(Tensor.of(rows[i])).item(), 1e-9 * Math.abs(all[i]));
            assertEquals(all[i], single[i], 2e-3 * Math.abs(all[i]) + 0.05);
        }
    }

    @Test
    void everyCornerOfThePriorIsFinite() {
        List<double[]> corners = new ArrayList<>();
        for (double om : new double[] {OMEGA_M.low(), OMEGA_M.high()}) {
            for (double[] w : new double[][] {{-3, -3}, {-3, 2}, {1, -3}, {1, -1}, {0, 0}, {-2, 2}, {0.5, -0.5 - 1e-12}}) {
                corners.add(new double[] {om, w[0], w[1], H0_RD.low(), OFFSET.high()});
            }
        }
        for (DType dtype : List.of(DType.F64, DType.F32)) {
            Tensor theta = Tensor.of(corners.toArray(double[][]::new)).cast(dtype);
            Tensor log = BOTH.logLikelihood(theta);
            for (double v : log.toDoubles()) {
                assertTrue(Double.isFinite(v));
            }
            for (double v : Gradient.of(log.sum(), theta).toDoubles()) {
                assertTrue(Double.isFinite(v));
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- simulation, prior

    @Test
    void simulationsHaveTheCovarianceOfTheSurveys() {
        int n = 20_000;
        Tensor theta = Tensor.of(0.3, -1, 0, 10_150, 0).broadcastTo(n, 5);
        Tensor x = BOTH.simulate(theta, Key.of(5));
        Tensor white = BOTH.whiten(x.sub(BOTH.theory(theta)));
        int d = BOTH.observables();
        double[][] c = white.transpose().matmul(white).div(n).toRows();
        double[] mean = white.mean(0).toDoubles();
        for (int i = 0; i < d; i++) {
            assertEquals(0, mean[i], 5 / Math.sqrt(n));
            for (int j = 0; j < d; j++) {
                assertEquals(i == j ? 1 : 0, c[i][j], 5 * Math.sqrt(2.0 / n));
            }
        }
        assertEquals(d, BOTH.chiSquared(theta, x).mean().item(), 5 * Math.sqrt(2.0 * d / n));
    }

    @Test
    void priorIsUniformWhereItIsAllowed() {
        int n = 40_000;
        for (BackgroundLikelihood l : List.of(
                BOTH,
                BackgroundLikelihood.of(List.of(Survey.desiDr2()), Set.of(OMEGA_M, W0, H0_RD)),
                BackgroundLikelihood.of(List.of(Survey.desiDr2()), Set.of(OMEGA_M, WA)))) {
            Tensor theta = l.samplePrior(Key.of(11), DType.F64, n);
            assertEquals(Shape.of(n, l.parameters()), theta.shape());
            double[] log = l.logPrior(theta).toDoubles();
            for (double v : log) {
                assertEquals(log[0], v);
            }
            assertTrue(Double.isFinite(log[0]));
            // the fraction of a box inside the support is the box's volume times the density
            for (int i = 0; i < l.parameters(); i++) {
                BackgroundParameter p = l.free().get(i);
                double low = p.low();
                double high = p == WA && !l.free().contains(W0) ? 1 : p == W0 && !l.free().contains(WA) ? 0 : p.high();
                assertTrue(theta.at(1, i).neg().max().neg().item() < low + 0.02 * (high - low));
            }
        }
        double[][] t = BOTH.samplePrior(Key.of(12), DType.F64, n).toRows();
        for (double[] box : new double[][] {{-3, -1, -3, -1}, {-1, 1, -3, -2}, {-3, -2, 0, 2}, {-1, 0, -1, 0}}) {
            double inside = Arrays.stream(t)
                    .filter(r -> r[1] > box[0] && r[1] < box[1] && r[2] > box[2] && r[2] < box[3])
                    .count();
            double expected = (box[1] - box[0]) * (box[3] - box[2]) / 15.5;
            assertEquals(expected, inside / n, 5 * Math.sqrt(expected / n));
        }
    }

    @Test
    void priorIsZeroOutside() {
        Tensor theta = Tensor.of(new double[][] {
            {0.3, -1, 0, 10_150, 0}, {0.3, 0.5, -0.4, 10_150, 0}, {0.005, -1, 0, 10_150, 0}, {0.3, -1, 0, 20_000, 0}, {0.3, -1, 0, 10_150, 2}
        });
        double[] p = BOTH.logPrior(theta).toDoubles();
        assertEquals(-Math.log(0.98 * 15.5 * 14_600 * 2), p[0], 1e-12);
        for (int i = 1; i < p.length; i++) {
            assertEquals(Double.NEGATIVE_INFINITY, p[i]);
        }
    }

    @Test
    void errors() {
        assertEquals(
                "BackgroundLikelihood: the supernova surveys Union3 and JLA share supernovae and one offset; use one of them",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> BackgroundLikelihood.of(Survey.union3(), Survey.desiDr2(), Survey.jla()))
                        .getMessage());
        assertEquals(
                "BackgroundLikelihood: 0 surveys and 3 free parameters given; needs at least one of each",
                assertThrows(IllegalArgumentException.class, () -> BackgroundLikelihood.of()).getMessage());
        assertEquals(
                "BackgroundLikelihood.model: theta is f64[4], needs 5 columns (Ωm, w0, wa, H0·rd, ΔM)",
                assertThrows(ShapeException.class, () -> BOTH.theory(Tensor.of(0.3, -1, 0, 10_150)))
                        .getMessage());
        assertEquals("BackgroundLikelihood[DESI DR2 + Union3, 35 numbers, Ωm, w0, wa, H0·rd, ΔM]", BOTH.toString());
    }
}
