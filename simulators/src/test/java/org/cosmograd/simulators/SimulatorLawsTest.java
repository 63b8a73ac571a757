package org.cosmograd.simulators;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.simulators.cosmology.BackgroundLikelihood;
import org.cosmograd.simulators.cosmology.BackgroundParameter;
import org.cosmograd.simulators.cosmology.Survey;
import org.cosmograd.simulators.sbibm.SbibmTask;
import org.cosmograd.simulators.sbibm.TwoMoons;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What every simulator owes, over all of them. A new simulator is tested by being listed here; one that is not fails the build.
class SimulatorLawsTest {
    static Stream<Simulator> registry() {
        return Stream.concat(
                SbibmTask.all().stream(),
                Stream.of(
                        BackgroundLikelihood.of(Survey.desiDr2()),
                        BackgroundLikelihood.of(Survey.desiDr2(), Survey.union3()),
                        BackgroundLikelihood.of(Survey.sdssDr12(), Survey.pantheon2018()),
                        BackgroundLikelihood.of(
                                List.of(Survey.sdssDr16(), Survey.jla()),
                                Set.of(BackgroundParameter.OMEGA_M, BackgroundParameter.H0_RD, BackgroundParameter.OFFSET))));
    }

    @Test
    void everySimulatorIsListed() throws IOException, URISyntaxException {
        Path classes =
                Path.of(Simulator.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assertTrue(Files.isDirectory(classes), "run from class files");
        Set<Class<?>> listed = registry().map(Object::getClass).collect(Collectors.toSet());
        try (Stream<Path> files = Files.walk(classes)) {
            List<Class<?>> found = files.map(f -> classes.relativize(f).toString())
                    .filter(f -> f.endsWith(".class") && !f.endsWith("package-info.class"))
                    .map(f -> f.replace('/', '.').replace('\\', '.').replaceFirst("\\.class$", ""))
                    .<Class<?>>map(SimulatorLawsTest::load)
                    .filter(c -> Simulator.class.isAssignableFrom(c) && !c.isInterface())
                    .toList();
            assertFalse(found.isEmpty());
            for (Class<?> c : found) {
                assertTrue(listed.contains(c), c + " is not listed in the registry of simulators");
            }
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("registry")
    void shapesAndBits(Simulator s) {
        for (DType dtype : List.of(DType.F64, DType.F32)) {
            Tensor theta = s.samplePrior(Key.of(1), dtype, 50);
            assertEquals(Shape.of(50, s.parameters()), theta.shape());
            Tensor x = s.simulate(theta, Key.of(2));
            assertEquals(dtype, x.dtype());
            assertEquals(Shape.of(50, s.observables()), x.shape());
            assertEquals(Shape.of(50), s.logPrior(theta).shape());
            assertEquals(Shape.of(50), s.logLikelihood(theta, x).shape());
            assertEquals(Shape.of(50), s.logLikelihood(theta, x.at(0, 0)).shape());
            double[] bits = x.toDoubles();
            assertArrayEquals(bits, s.simulate(theta, Key.of(2)).toDoubles());
            assertFalse(Arrays.equals(bits, s.simulate(theta, Key.of(3)).toDoubles()));
            for (double v : s.logLikelihood(theta, x).toDoubles()) {
                assertTrue(Double.isFinite(v), s.name() + ": a simulation is impossible for its own parameters");
            }
        }
    }

    private record Draw(Tensor theta, Key key) {}

    @ParameterizedTest
    @MethodSource("registry")
    void aProgramGivesTheSameBitsAndTakesTheKey(Simulator s) {
        Tensor theta = s.samplePrior(Key.of(1), DType.F64, 50);
        Program<Draw, Tensor> program = Program.of((Draw d) -> s.simulate(d.theta, d.key), new Draw(theta, Key.of(0)));
        for (int seed = 2; seed < 4; seed++) {
            assertArrayEquals(
                    s.simulate(theta, Key.of(seed)).toDoubles(),
                    program.run(new Draw(theta, Key.of(seed))).toDoubles(),
                    s.name());
        }
    }

    @ParameterizedTest
    @MethodSource("registry")
    void derivativesEqualDifferences(Simulator s) {
        int n = 12;
        Tensor theta = s.samplePrior(Key.of(4), DType.F64, n);
        Tensor x = s.simulate(theta, Key.of(5)).stopGradient();
        Tensor g = Key.of(6).normal(DType.F64, n, s.observables());
        assertSlope(s.name() + " simulate", theta, t -> s.simulate(t, Key.of(5)).mul(g).sum(1));
        assertSlope(s.name() + " logLikelihood", theta, t -> s.logLikelihood(t, x));
    }

    /// Rows are independent, so one perturbed column gives all rows' differences at once; both modes, fourth order.
    private static void assertSlope(String name, Tensor theta, Function<Tensor, Tensor> f) {
        int p = theta.dim(1);
        Tensor y = f.apply(theta);
        double[][] reverse = Gradient.of(y.sum(), theta).toRows();
        for (int j = 0; j < p; j++) {
            Tensor unit = Tensor.of(j).oneHot(p, DType.F64).reshape(1, p).broadcastTo(theta.shape());
            double[] forward = Gradient.jvp(y, theta, unit).toDoubles();
            double[] size = theta.at(1, j).toDoubles();
            double h = 2e-5 * (1 + Arrays.stream(size).map(Math::abs).max().orElse(0) / 10);
            double[][] at = new double[4][];
            double[] steps = {-2, -1, 1, 2};
            for (int k = 0; k < 4; k++) {
                at[k] = f.apply(theta.add(unit.mul(steps[k] * h))).toDoubles();
            }
            for (int i = 0; i < theta.dim(0); i++) {
                double difference = (at[0][i] - 8 * at[1][i] + 8 * at[2][i] - at[3][i]) / (12 * h);
                double scale = Math.abs(difference) + Math.abs(at[0][i]) + 1;
                assertEquals(difference, reverse[i][j], 1e-6 * scale, name + " reverse, row " + i + " column " + j);
                assertEquals(difference, forward[i], 1e-6 * scale, name + " forward, row " + i + " column " + j);
            }
        }
    }

    /// `E_{x ~ p(x|θ)} ∂ ln p(x|θ)/∂θ = 0`; two moons are left out, because their support moves with `θ`.
    @ParameterizedTest
    @MethodSource("registry")
    void theScoreHasMeanZero(Simulator s) {
        if (s instanceof TwoMoons) {
            return;
        }
        int n = 4000;
        Tensor one = s.samplePrior(Key.of(7), DType.F64, 1);
        Tensor theta = one.broadcastTo(n, s.parameters()).add(0);
        Tensor x = s.simulate(theta, Key.of(8)).stopGradient();
        Tensor score = Gradient.of(s.logLikelihood(theta, x).sum(), theta);
        double[] mean = score.mean(0).toDoubles();
        double[] square = score.square().mean(0).toDoubles();
        for (int i = 0; i < s.parameters(); i++) {
            assertEquals(0, mean[i] / Math.sqrt(square[i] / n), 5, s.name() + " parameter " + i);
        }
    }
}
