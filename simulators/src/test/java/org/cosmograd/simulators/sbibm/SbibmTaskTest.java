package org.cosmograd.simulators.sbibm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.simulators.Shared;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SbibmTaskTest {
    private static final int N = 10_000;

    static Stream<KnownPosterior> known() {
        return SbibmTask.all().stream().filter(KnownPosterior.class::isInstance).map(KnownPosterior.class::cast);
    }

    static Stream<SbibmTask> all() {
        return SbibmTask.all().stream();
    }

    private static List<String[]> reference() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                SbibmTaskTest.class.getResourceAsStream("/org/cosmograd/simulators/sbibm/reference.csv"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(l -> !l.startsWith("#"))
                    .map(l -> l.split(","))
                    .toList();
        }
    }

    private static double[] numbers(String[] row, int from) {
        return Arrays.stream(row).skip(from).mapToDouble(Double::parseDouble).toArray();
    }

    private static double[] column(Tensor t, int i) {
        double[] c = t.at(-1, i).toDoubles();
        Arrays.sort(c);
        return c;
    }

    // ------------------------------------------------------------------------------------------------- posteriors

    @ParameterizedTest
    @MethodSource("known")
    void posteriorHasTheReferenceMomentsAndQuantiles(KnownPosterior task) throws IOException {
        double[] levels = {0.05, 0.25, 0.5, 0.75, 0.95};
        List<String[]> rows =
                reference().stream().filter(r -> r[0].equals(task.name())).toList();
        for (String[] observation : rows.stream().filter(r -> r[2].equals("x")).toList()) {
            Tensor x = Tensor.of(numbers(observation, 3));
            Tensor samples = task.samplePosterior(x, Key.of(41), N);
            assertEquals(N, samples.dim(0));
            for (String[] r : rows) {
                if (!r[1].equals(observation[1]) || r[2].equals("x")) {
                    continue;
                }
                double[] v = numbers(r, 4);
                double[] ours = column(samples, Integer.parseInt(r[3]));
                String where = task.name() + " " + r[1] + " " + r[3];
                double mean = Arrays.stream(ours).average().orElseThrow();
                double sd = Math.sqrt(Arrays.stream(ours).map(a -> (a - mean) * (a - mean)).sum() / (N - 1));
                assertEquals(v[0], mean, 5 * v[1] * Math.sqrt(2.0 / N), where);
                assertEquals(1, sd / v[1], 0.06, where);
                for (int q = 0; q < levels.length; q++) {
                    double threshold = v[2 + q];
                    double below = Arrays.stream(ours).filter(a -> a < threshold).count() / (double) N;
                    assertEquals(levels[q], below, 5 * Math.sqrt(2 * levels[q] * (1 - levels[q]) / N), where);
                }
            }
        }
    }

    private static double[][] csv(Path file) throws IOException {
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".bz2") ? new BZip2CompressorInputStream(raw) : raw;
                BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return reader.lines()
                    .skip(1)
                    .map(l -> Arrays.stream(l.split(","))
                            .mapToDouble(Double::parseDouble)
                            .toArray())
                    .toArray(double[][]::new);
        }
    }

    private static Path shared(SbibmTask task, int observation) {
        Optional<Path> folder = Shared.find("data/sbibm/" + task.name() + "/num_observation_" + observation);
        assumeTrue(folder.isPresent(), "the sbibm reference files are not here; give -Dcosmograd.shared=<folder>");
        return folder.orElseThrow();
    }

    /// Two-sample Kolmogorov–Smirnov in each parameter, in sums and in differences of neighbours.
    @ParameterizedTest
    @MethodSource("known")
    void posteriorAgreesWithTheReferenceSamples(KnownPosterior task) throws IOException {
        for (int k = 1; k <= 5; k++) {
            Path folder = shared(task, k);
            Tensor x = Tensor.of(csv(folder.resolve("observation.csv"))[0]);
            Tensor theirs = Tensor.of(csv(folder.resolve("reference_posterior_samples.csv.bz2")));
            Tensor ours = task.samplePosterior(x, Key.of(17 + k), N);
            int d = task.parameters();
            for (int i = 0; i < d; i++) {
                int next = (i + 1) % d;
                assertSame(task.name() + k + " " + i, column(ours, i), column(theirs, i));
                for (double sign : new double[] {1, -1}) {
                    Tensor a = ours.at(1, i).add(ours.at(1, next).mul(sign)).expand(1);
                    Tensor b = theirs.at(1, i).add(theirs.at(1, next).mul(sign)).expand(1);
                    assertSame(task.name() + k + " " + i + " and next", column(a, 0), column(b, 0));
                }
            }
        }
    }

    private static void assertSame(String name, double[] a, double[] b) {
        double worst = 0;
        for (int i = 0, j = 0; i < a.length && j < b.length; ) {
            if (a[i] <= b[j]) {
                i++;
            } else {
                j++;
            }
            worst = Math.max(worst, Math.abs(i / (double) a.length - j / (double) b.length));
        }
        // probability 2e-5 of a larger difference
        assertTrue(worst < 2.4 * Math.sqrt((a.length + b.length) / (double) a.length / b.length), name + ": " + worst);
    }

    /// Stein's identity: `E_posterior[φ ∂ ln p(x|θ)/∂θ_i + ∂φ/∂θ_i] = 0` for `φ = 9 − θ_i²`, which vanishes at the box.
    @Test
    void slcpLikelihoodFitsTheReferenceSamples() throws IOException {
        Slcp task = new Slcp();
        for (int k = 1; k <= 5; k++) {
            Path folder = shared(task, k);
            Tensor x = Tensor.of(csv(folder.resolve("observation.csv"))[0]);
            Tensor theta = Tensor.of(csv(folder.resolve("reference_posterior_samples.csv.bz2")));
            Tensor score = Gradient.of(task.logLikelihood(theta, x).sum(), theta);
            Tensor stein = theta.square().neg().add(9).mul(score).sub(theta.mul(2));
            double[] mean = stein.mean(0).toDoubles();
            double[] square = stein.square().mean(0).toDoubles();
            for (int i = 0; i < 5; i++) {
                assertEquals(0, mean[i] / Math.sqrt(square[i] / theta.dim(0)), 5, "observation " + k + " parameter " + i);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- likelihoods

    /// `∫ p(x|θ) dx = 1` on a grid of the plane.
    @Test
    void planarLikelihoodsAreNormalised() {
        for (SbibmTask task : List.of(new TwoMoons(), new GaussianMixture())) {
            double[] theta = {0.3, -0.55};
            double half = task instanceof TwoMoons ? 0.2 : 7;
            double[] centre = task instanceof TwoMoons ? new double[] {0.25 - 0.25 / Math.sqrt(2), -0.85 / Math.sqrt(2)} : theta;
            int n = 700;
            double[][] x = new double[n * n][];
            for (int i = 0; i < n * n; i++) {
                x[i] = new double[] {
                    centre[0] + half * (2 * (i / n + 0.5) / n - 1), centre[1] + half * (2 * (i % n + 0.5) / n - 1)
                };
            }
            Tensor p = task.logLikelihood(Tensor.of(theta).broadcastTo(n * n, 2), Tensor.of(x)).exp();
            assertEquals(1, p.sum().item() * 4 * half * half / n / n, 1e-3, task.name());
        }
    }

    @Test
    void slcpIsFourNormalPointsWithTheStatedCovariance() {
        Slcp task = new Slcp();
        double[] t = {0.7, -2.9, -1.1, 0.6, 0.8};
        double s1 = t[2] * t[2];
        double s2 = t[3] * t[3];
        double rho = Math.tanh(t[4]);
        double a = s1 * s1 + 1e-6;
        double b = rho * s1 * s2;
        double c = s2 * s2 + 1e-6;
        double det = a * c - b * b;
        double[] x = {1, -2, 0.2, -2.6, 1.9, -3.4, -0.4, -3.1};
        double expected = 0;
        for (int i = 0; i < 8; i += 2) {
            double u = x[i] - t[0];
            double v = x[i + 1] - t[1];
            expected -= (c * u * u - 2 * b * u * v + a * v * v) / det / 2 + Math.log(2 * Math.PI * Math.sqrt(det));
        }
        assertEquals(expected, task.logLikelihood(Tensor.of(new double[][] {t}), Tensor.of(x)).item(), 1e-10);
        int n = 40_000;
        double[][] rows = task.simulate(Tensor.of(t).broadcastTo(n, 5), Key.of(9)).toRows();
        double[] moments = new double[6];
        for (double[] r : rows) {
            for (int i = 0; i < 8; i += 2) {
                double u = r[i] - t[0];
                double v = r[i + 1] - t[1];
                double[] m = {u, v, u * u / a, v * v / c, u * v / b, (r[0] - t[0]) * (r[2] - t[0]) / a};
                for (int k = 0; k < 6; k++) {
                    moments[k] += m[k] / (4.0 * n);
                }
            }
        }
        double[] want = {0, 0, 1, 1, 1, 0};
        for (int k = 0; k < 6; k++) {
            assertEquals(want[k], moments[k], 0.03, "moment " + k);
        }
    }

    @Test
    void gaussianTasksHaveVarianceATenth() {
        for (SbibmTask task : List.of(new GaussianLinear(), new GaussianLinearUniform())) {
            Tensor theta = Tensor.full(0.2, DType.F64, N, 10);
            Tensor d = task.simulate(theta, Key.of(2)).sub(theta);
            assertEquals(0.1, d.square().mean().item(), 5 * 0.1 * Math.sqrt(2.0 / (10 * N)));
            double exact = -10 * Math.log(2 * Math.PI * 0.1) / 2;
            assertEquals(exact, task.logLikelihood(theta, theta).at(0, 0).item(), 1e-12);
        }
        Tensor prior = new GaussianLinear().samplePrior(Key.of(3), DType.F64, N);
        assertEquals(0.1, prior.square().mean().item(), 5 * 0.1 * Math.sqrt(2.0 / (10 * N)));
    }

    @Test
    void mixtureDrawsOneComponentForEachRowAndBothDimensions() {
        Tensor theta = Tensor.zeros(DType.F64, N, 2);
        double[][] x = new GaussianMixture().simulate(theta, Key.of(4)).toRows();
        int far = 0;
        int mixed = 0;
        double square = 0;
        for (double[] r : x) {
            boolean a = Math.abs(r[0]) > 0.5;
            boolean b = Math.abs(r[1]) > 0.5;
            far += a ? 1 : 0;
            mixed += a != b ? 1 : 0;
            square += (r[0] * r[0] + r[1] * r[1]) / (2 * N);
        }
        double outside = 0.6170750774519738; // P(|N(0,1)| > ½)
        assertEquals(0.5 * outside, far / (double) N, 0.02);
        assertEquals(outside * (1 - outside), mixed / (double) N, 0.02);
        assertEquals(0.505, square, 0.03);
    }

    @Test
    void twoMoonsIsTheCrescent() {
        double[] t = {0.4, -0.9};
        Tensor x = new TwoMoons().simulate(Tensor.of(t).broadcastTo(N, 2), Key.of(6));
        Tensor v = x.sub(Tensor.of(0.25 - 0.5 / Math.sqrt(2), -1.3 / Math.sqrt(2)));
        Tensor r = v.square().sum(-1).sqrt();
        assertEquals(0.1, r.mean().item(), 5e-4);
        assertEquals(0.01, r.sub(0.1).square().mean().sqrt().item(), 4e-4);
        assertEquals(0.1 * 2 / Math.PI, v.at(1, 0).mean().item(), 2e-3);
        assertEquals(0, v.at(1, 1).mean().item(), 4e-3);
        assertTrue(v.at(1, 0).neg().max().item() < 0);
    }

    // ------------------------------------------------------------------------------------------------- priors, names, errors

    @ParameterizedTest
    @MethodSource("all")
    void priorDrawsLieInThePrior(SbibmTask task) {
        Tensor theta = task.samplePrior(Key.of(8), DType.F32, 2000);
        for (double v : task.logPrior(theta).toDoubles()) {
            assertTrue(Double.isFinite(v));
        }
        assertEquals(task, SbibmTask.of(task.name()));
    }

    @Test
    void priorDensities() {
        Tensor theta = Tensor.of(new double[][] {{0, 0}, {9.9, -9.9}, {10.1, 0}});
        double[] p = new GaussianMixture().logPrior(theta).toDoubles();
        assertEquals(-Math.log(400), p[0], 1e-14);
        assertEquals(-Math.log(400), p[1], 1e-14);
        assertEquals(Double.NEGATIVE_INFINITY, p[2]);
        double normal = new GaussianLinear().logPrior(Tensor.full(0.1, DType.F64, 1, 10)).item();
        assertEquals(-10 * (0.05 + Math.log(2 * Math.PI * 0.1) / 2), normal, 1e-12);
    }

    @Test
    void errors() {
        assertEquals(
                "SbibmTask.of: there is no task sir; there are two_moons, gaussian_linear, gaussian_linear_uniform, gaussian_mixture, slcp",
                assertThrows(IllegalArgumentException.class, () -> SbibmTask.of("sir")).getMessage());
        assertEquals(
                "two_moons.simulate: theta is f64[3], needs [n, 2] of a floating-point type",
                assertThrows(ShapeException.class, () -> new TwoMoons().simulate(Tensor.of(1.0, 2, 3), Key.of(1)))
                        .getMessage());
        assertEquals(
                "gaussian_mixture.samplePosterior: only 0 of 1000 x 10 proposals lie within the prior; the observation is too far outside"
                        + " what the task simulates",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new GaussianMixture().samplePosterior(Tensor.of(100.0, 0), Key.of(1), 10))
                        .getMessage());
    }
}
