package org.cosmograd.simulators.cosmology;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DistancesTest {
    private static final double C = Distances.SPEED_OF_LIGHT;

    // ------------------------------------------------------------------------------------------------- against CCL

    private static Tensor s(double v) {
        return Tensor.scalar(v, DType.F64);
    }

    /// Models 1–5 of CCL with this `h`.
    private static DarkEnergy ccl(int model, double h) {
        DarkEnergy flat = DarkEnergy.flat(s(0.3), s(model == 1 ? -1 : -0.9), s(model >= 3 ? 0.1 : 0), s(h));
        return model < 4 ? flat : flat.curved(s(model == 4 ? 0.05 : -0.05));
    }

    /// Models CCL1–5 and 7–11: those with radiation, the last five with massive neutrinos. The tables were made with photons at
    /// 2.725 K and as many massless neutrinos as three have left over (found by comparing: any other choice misses by 1e-6 or more).
    private static DarkEnergy withRadiation(int column) {
        List<List<Double>> masses =
                List.of(List.of(0.04), List.of(0.05, 0.01), List.of(0.03, 0.02, 0.04), List.of(0.05), List.of(0.03, 0.02));
        List<Tensor> m = column < 5
                ? List.of()
                : masses.get(column - 5).stream().map(DistancesTest::s).toList();
        return ccl(column % 5 + 1, 0.7).with(new Radiation.Relics(2.725, m.isEmpty() ? 3.046 : 3 - m.size(), m));
    }

    private static double[][] table(String file) {
        try (InputStream in = Objects.requireNonNull(DistancesTest.class.getResourceAsStream(file), file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(l -> l.replaceFirst("#.*", "").strip())
                    .filter(l -> !l.isEmpty())
                    .map(l -> Arrays.stream(l.split("\\s+"))
                            .mapToDouble(w -> w.equals("-inf") ? Double.NEGATIVE_INFINITY : Double.parseDouble(w))
                            .toArray())
                    .toArray(double[][]::new);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The largest difference in the table: relative for distances, absolute for moduli.
    private static double worst(String file, Function<Integer, DarkEnergy> model, BiFunction<Distances, DarkEnergy, Tensor> quantity) {
        double[][] rows = table(file);
        double[] z = Arrays.stream(rows).mapToDouble(r -> r[0]).toArray();
        Distances at = Distances.at(z);
        double worst = 0;
        for (int m = 0; m < rows[0].length - 1; m++) {
            double[] ours = quantity.apply(at, model.apply(m)).toDoubles();
            for (int i = 0; i < z.length; i++) {
                double theirs = rows[i][m + 1];
                if (z[i] == 0) {
                    assertEquals(theirs, ours[i]);
                } else {
                    worst = Math.max(worst, Math.abs(ours[i] - theirs) / (file.startsWith("dm") ? 1 : theirs));
                }
            }
        }
        System.getLogger("simulators").log(System.Logger.Level.DEBUG, file + ": " + worst);
        return worst;
    }

    @ParameterizedTest
    @CsvSource({"chi_model1-5.txt, 2.5e-7", "chi_hiz_model1-3.txt, 2e-7"})
    void matterAndDarkEnergyAgreeWithCclToTheDigitsOfTheTables(String file, double tolerance) {
        assertTrue(worst(file, m -> ccl(m + 1, 1), Distances::comoving) < tolerance);
    }

    @Test
    void modulusAgreesWithCclWhoseTableHoldsUnstatedRadiation() {
        assertTrue(worst("dm_model1-5.txt", m -> ccl(m + 1, 0.7), Distances::modulus) < 1e-3);
        assertTrue(worst("dm_model1-5.txt", m -> ccl(m + 1, 0.7).with(Radiation.standard()), Distances::modulus) < 1e-4);
    }

    @ParameterizedTest
    @CsvSource({"chi_class_allz.txt", "chi_class_lowz.txt", "chi_class_hiz.txt"})
    void radiationAndNeutrinosAgreeWithClass(String file) {
        assertTrue(worst(file, DistancesTest::withRadiation, Distances::comoving) < 6e-8);
    }

    @Test
    void modulusWithRadiationAgreesWithClass() {
        assertTrue(worst("dm_class_allz.txt", DistancesTest::withRadiation, Distances::modulus) < 2e-7);
    }

    @ParameterizedTest
    @CsvSource({"chi_mnu_model1-5.txt", "chi_hiz_mnu_model1-5.txt"})
    void massiveNeutrinosAgreeWithAstropy(String file) {
        assertTrue(worst(file, m -> withRadiation(m + 5), Distances::comoving) < 1e-3);
    }

    // ------------------------------------------------------------------------------------------------- closed forms

    private static final double[] Z = {0.001, 0.1, 0.5, 1, 2.33, 10, 1100};

    private static void close(double[] expected, Tensor got, double relative) {
        double[] g = got.toDoubles();
        assertEquals(expected.length, g.length);
        for (int i = 0; i < g.length; i++) {
            assertEquals(expected[i], g[i], relative * Math.abs(expected[i]), "element " + i);
        }
    }

    @Test
    void einsteinDeSitter() {
        double[] chi = Arrays.stream(Z).map(z -> 2 * C / 70 * (1 - 1 / Math.sqrt(1 + z))).toArray();
        close(chi, Distances.at(Z).comoving(DarkEnergy.flat(s(1), s(0.7))), 1e-12);
    }

    @Test
    void deSitter() {
        double[] chi = Arrays.stream(Z).map(z -> C * z / 70).toArray();
        close(chi, Distances.at(Z).comoving(DarkEnergy.flat(s(0), s(0.7))), 1e-12);
    }

    /// `D_L = c/H0 · z (1 + z/2)`
    @Test
    void milneUniverseIsOpen() {
        double[] d = Arrays.stream(Z).map(z -> C / 70 * z * (1 + z / 2)).toArray();
        close(d, Distances.at(Z).luminosity(DarkEnergy.flat(s(0), s(0.7)).curved(s(1))), 1e-12);
    }

    /// Mattig's formula for `Ωm = 2`, a closed universe without dark energy.
    @Test
    void closedMatterUniverse() {
        double q = 1;
        double[] z = {0.01, 0.1, 0.5, 1, 2.33};
        double[] d = Arrays.stream(z)
                .map(x -> C / 70 / (q * q) * (q * x + (q - 1) * (Math.sqrt(1 + 2 * q * x) - 1)))
                .toArray();
        close(d, Distances.at(z).luminosity(DarkEnergy.flat(s(2), s(0.7)).curved(s(-1))), 1e-12);
    }

    @Test
    void radiationAloneExpandsAsTheRootOfTime() {
        Radiation light = new Radiation.Relics(2.7255, 0, List.of());
        double omega = 2.4729753e-5;
        double[] z = {0.1, 1, 10, 1000};
        double[] chi = Arrays.stream(z).map(x -> C / 100 * (1 - 1 / (1 + x))).toArray();
        DarkEnergy model = DarkEnergy.flat(s(0), s(Math.sqrt(omega))).with(light);
        close(Arrays.stream(chi).map(x -> x / Math.sqrt(omega)).toArray(), Distances.at(z).comoving(model), 1e-6);
    }

    @Test
    void distancesFollowFromOneAnother() {
        double[] z = {0.3, 0.7, 1.4};
        Distances at = Distances.at(z);
        DarkEnergy m = ccl(5, 0.7);
        double[] dm = at.transverse(m).toDoubles();
        double[] h = at.hubble(m).toDoubles();
        double[] e = at.expansion(m).toDoubles();
        for (int i = 0; i < z.length; i++) {
            assertEquals(70 * e[i], h[i], 1e-10);
            assertEquals(dm[i] / (1 + z[i]), at.angularDiameter(m).get(i), 1e-9);
            assertEquals(dm[i] * (1 + z[i]), at.luminosity(m).get(i), 1e-9);
            assertEquals(C / h[i], at.hubbleDistance(m).get(i), 1e-9);
            assertEquals(Math.cbrt(z[i] * dm[i] * dm[i] * C / h[i]), at.volume(m).get(i), 1e-9);
            assertEquals(5 * Math.log10(dm[i] * (1 + z[i]) * 1e5), at.modulus(m).get(i), 1e-12 * 50);
        }
    }

    @Test
    void curvatureIsSmoothThroughZero() {
        Distances at = Distances.at(0.5, 2, 1000);
        DarkEnergy flat = ccl(3, 0.7);
        close(at.transverse(flat).toDoubles(), at.transverse(flat.curved(s(0))), 1e-15);
        close(at.transverse(flat).toDoubles(), at.transverse(flat.curved(s(1e-9))), 1e-8);
        close(at.transverse(flat).toDoubles(), at.transverse(flat.curved(s(-1e-9))), 1e-8);
        Tensor k = Tensor.of(-1e-3, 0, 1e-3);
        double[] slope = Gradient.of(at.transverse(flat.curved(k)).sum(), k).toDoubles();
        assertEquals((slope[0] + slope[2]) / 2, slope[1], 1e-4 * Math.abs(slope[1]));
    }

    /// `∫₀^∞ x² √(x²+y²)/(eˣ+1) dx` by a fine trapezium in `ln x`.
    @Test
    void fermiDiracIntegral() {
        for (double mass : new double[] {0, 1e-6, 1e-4, 1e-3, 0.01, 0.06, 0.3, 1}) {
            double y = mass / (8.617333262e-5 * 0.71611 * 2.7255);
            double sum = 0;
            for (double l = -12; l < 5; l += 1e-3) {
                double x = Math.exp(l);
                sum += 1e-3 * x * x * x * Math.sqrt(x * x + y * y) / (Math.exp(x) + 1);
            }
            double exact = sum * 120 / (7 * Math.pow(Math.PI, 4)) * 0.875 * Math.pow(0.71611, 4) * 2.4729753e-5;
            double ours = new Radiation.Relics(2.7255, 2, List.of(s(mass))).massive(s(1)).item();
            assertEquals(1, ours / exact, 4.5e-6, "mass " + mass);
        }
    }

    // ------------------------------------------------------------------------------------------------- derivatives

    /// All parameters in one vector: Ωm, w0, wa, h, Ωk, mass.
    private static DarkEnergy full(Tensor p) {
        return DarkEnergy.flat(p.at(-1, 0), p.at(-1, 1), p.at(-1, 2), p.at(-1, 3))
                .curved(p.at(-1, 4))
                .with(Radiation.neutrinos(3.046, List.of(p.at(-1, 5))));
    }

    @Test
    void gradientsEqualDifferencesInEveryParameter() {
        Distances at = Distances.at(0.2, 1, 5, 1000);
        List<BiFunction<Distances, DarkEnergy, Tensor>> all = List.of(
                Distances::comoving, Distances::luminosity, Distances::volume, Distances::modulus, Distances::hubble);
        double[] p = {0.31, -0.8, -0.6, 0.68, 0.03, 0.1};
        for (BiFunction<Distances, DarkEnergy, Tensor> f : all) {
            Function<Tensor, Tensor> y = t -> f.apply(at, full(t)).log().sum();
            Tensor x = Tensor.of(p);
            double[] g = Gradient.of(y.apply(x), x).toDoubles();
            for (int i = 0; i < p.length; i++) {
                double h = 1e-4;
                double[] d = new double[4];
                for (int k = 0; k < 4; k++) {
                    double[] q = p.clone();
                    q[i] += h * (k < 2 ? k - 2 : k - 1);
                    d[k] = y.apply(Tensor.of(q)).item();
                }
                double difference = (d[0] - 8 * d[1] + 8 * d[2] - d[3]) / (12 * h);
                assertEquals(difference, g[i], 1e-9 + 1e-8 * Math.abs(g[i]), "parameter " + i);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- shapes, precision

    @Test
    void aBatchIsItsRows() {
        double[][] p = {{0.31, -0.8, -0.6, 0.68, 0.03, 0.1}, {0.2, -1.2, 0.5, 0.74, -0.1, 0}, {0.5, -1, 0, 0.5, 0, 0.3}};
        Distances at = Distances.at(0.2, 1, 5, 1000);
        Tensor batch = at.modulus(full(Tensor.of(p)));
        assertEquals(Shape.of(3, 4), batch.shape());
        for (int i = 0; i < 3; i++) {
            Tensor one = at.modulus(full(Tensor.of(p[i])));
            assertEquals(Shape.of(4), one.shape());
            assertArrayEquals(batch.toRows()[i], one.toDoubles(), 1e-12 * 50);
        }
    }

    @Test
    void scalarsServeTheBatch() {
        DarkEnergy model = DarkEnergy.flat(Tensor.of(0.2, 0.3), s(-1), s(0), s(0.7));
        assertEquals(Shape.of(2, 3), Distances.at(0, 1, 2).comoving(model).shape());
    }

    @Test
    void singlePrecisionKeepsSixDigits() {
        Tensor om = Tensor.of(0.1, 0.3, 0.9);
        Tensor w0 = Tensor.of(-0.2, -1, -2);
        Tensor wa = Tensor.of(-2.7, 0, 1);
        Tensor h = s(0.7);
        Distances at = Distances.at(0.01, 0.5, 2.33, 1000);
        double[] full = at.transverse(DarkEnergy.flat(om, w0, wa, h)).toDoubles();
        DType f = DType.F32;
        double[] single = at.transverse(DarkEnergy.flat(om.cast(f), w0.cast(f), wa.cast(f), h.cast(f)))
                .toDoubles();
        for (int i = 0; i < full.length; i++) {
            assertEquals(1, single[i] / full[i], 2e-6);
        }
    }

    /// Simpson's rule with 20 000 steps in `ln(1+z)`.
    @Test
    void cornersOfThePriorKeepSevenDigits() {
        List<double[]> corners = new ArrayList<>();
        for (double om : new double[] {0.01, 0.1, 0.4, 0.99}) {
            for (double[] w : new double[][] {{-3, -3}, {-3, 2}, {1, -3}, {-0.2, -2.7}, {0.9, -0.95}, {-2, 2}, {-1.5, 0}, {-1, 0}, {-0.5, 0}}) {
                corners.add(new double[] {om, w[0], w[1]});
            }
        }
        double[] z = {0.1, 0.3, 0.7, 1.5, 2.33, 3};
        double worst = 0;
        double usual = 0;
        for (double[] p : corners) {
            double[] ours = Distances.at(z)
                    .inHubbleLengths(DarkEnergy.flat(s(p[0]), s(p[1]), s(p[2]), s(1)))
                    .toDoubles();
            for (int i = 0; i < z.length; i++) {
                double off = Math.abs(ours[i] / simpson(p, Math.log1p(z[i])) - 1);
                worst = Math.max(worst, off);
                usual = Math.max(usual, p[0] >= 0.1 && p[1] >= -1.5 && p[1] <= -0.5 && p[2] == 0 ? off : 0);
            }
        }
        assertTrue(worst < 2e-7, "worst " + worst);
        assertTrue(usual < 1e-12, "usual " + usual);
    }

    private static double simpson(double[] p, double end) {
        int n = 20_000;
        double sum = 0;
        for (int i = 0; i <= n; i++) {
            double u = end * i / n;
            double e2 = p[0] * Math.exp(3 * u)
                    + (1 - p[0]) * Math.exp(3 * (1 + p[1] + p[2]) * u + 3 * p[2] * Math.expm1(-u));
            sum += (i == 0 || i == n ? 1 : i % 2 == 1 ? 4 : 2) * Math.exp(u) / Math.sqrt(e2);
        }
        return sum * end / n / 3;
    }

    @Test
    void errors() {
        assertEquals(
                "Distances.at: a redshift is -0.1; it must be finite and not negative",
                assertThrows(IllegalArgumentException.class, () -> Distances.at(0.1, -0.1)).getMessage());
        assertEquals(
                "Distances.at: no redshift given; give at least one",
                assertThrows(IllegalArgumentException.class, Distances::at).getMessage());
        assertEquals(
                "DarkEnergy: w0 is f32[] beside omegaM f64[]; parameters are scalars or vectors of one length and one floating-point type",
                assertThrows(
                                ShapeException.class,
                                () -> Distances.at(1)
                                        .comoving(DarkEnergy.flat(s(0.3), Tensor.scalar(-1, DType.F32), s(0), s(0.7))))
                        .getMessage());
        assertEquals(
                "Radiation.neutrinos: 3 massive neutrinos exceed the effective number 2.0; raise it or take fewer masses",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Radiation.neutrinos(2, List.of(s(0.1), s(0.1), s(0.1))))
                        .getMessage());
    }
}
