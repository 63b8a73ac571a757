package org.cosmograd.sbi.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class DensityTest {

    private static final double NONE = Double.POSITIVE_INFINITY;

    private static double[] ones(int n) {
        double[] w = new double[n];
        Arrays.fill(w, 1);
        return w;
    }

    private static double worst(Density1 f, DoubleUnaryOperator truth) {
        double worst = 0;
        for (int j = 0; j < f.values().length; j++) worst = Math.max(worst, Math.abs(f.values()[j] - truth.applyAsDouble(f.centre(j))));
        return worst;
    }

    private static double integral(Density1 f) {
        return Arrays.stream(f.values()).sum() * (f.hi() - f.lo()) / f.values().length;
    }

    private static double normal(double x) {
        return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    }

    @Test
    void aNormalDensityIsFound() {
        double[] x = new double[20000];
        Random random = new Random(2);
        for (int i = 0; i < x.length; i++) x[i] = random.nextGaussian();
        Density1 f = Density1.of(x, ones(x.length), -NONE, NONE);
        assertEquals(1, integral(f), 1e-12);
        assertTrue(worst(f, DensityTest::normal) < 0.02, "worst error " + worst(f, DensityTest::normal));
    }

    @Test
    void twoNarrowModesFarApartAreNotSmearedOut() {
        Random random = new Random(3);
        double[] x = new double[20000];
        for (int i = 0; i < x.length; i++) x[i] = (i % 2 == 0 ? -20 : 20) + random.nextGaussian();
        Density1 f = Density1.of(x, ones(x.length), -NONE, NONE);
        DoubleUnaryOperator truth = t -> 0.5 * (normal(t + 20) + normal(t - 20));
        assertEquals(1, integral(f), 1e-12);
        assertTrue(worst(f, truth) < 0.02, "worst error " + worst(f, truth));
    }

    @Test
    void aDensityThatPeaksOnAHardLimitKeepsItsPeak() {
        Random random = new Random(4);
        double[] x = new double[20000];
        for (int i = 0; i < x.length; i++) x[i] = -Math.log(1 - random.nextDouble());
        Density1 limited = Density1.of(x, ones(x.length), 0, NONE);
        assertEquals(0, limited.lo());
        assertEquals(1, integral(limited), 1e-12);
        assertEquals(1, limited.values()[0], 0.1);
        // Without the limit about half of the peak leaks over it: the check is able to fail.
        Density1 free = Density1.of(x, ones(x.length), -NONE, NONE);
        double atZero = free.values()[(int) ((0 - free.lo()) / (free.hi() - free.lo()) * free.values().length)];
        assertTrue(atZero < 0.8, "density at the limit " + atZero);
    }

    @Test
    void weightsCountAsCopies() {
        Random random = new Random(5);
        double[] once = new double[4000];
        double[] twice = new double[6000];
        double[] weights = new double[4000];
        for (int i = 0; i < 4000; i++) {
            once[i] = random.nextGaussian();
            weights[i] = i % 2 == 0 ? 2 : 1;
        }
        for (int i = 0, k = 0; i < 4000; i++) for (int c = 0; c < weights[i]; c++) twice[k++] = once[i];
        Spread a = Spread.of(once, weights);
        Spread b = Spread.of(twice, ones(6000));
        for (double p : new double[] {0.025, 0.16, 0.5, 0.84, 0.975}) assertEquals(b.quantile(p), a.quantile(p), 0.01);
        assertEquals(6000.0 * 6000 / (2000 * 4 + 2000), a.count(), 1e-6);
    }

    /// Whether a point is inside closed curves, by counting crossings of a ray.
    private static boolean inside(List<double[][]> rings, double x, double y) {
        boolean inside = false;
        for (double[][] ring : rings) {
            for (int i = 0, j = ring.length - 1; i < ring.length; j = i++) {
                boolean crosses = ring[i][1] > y != ring[j][1] > y;
                if (crosses && x < (ring[j][0] - ring[i][0]) * (y - ring[i][1]) / (ring[j][1] - ring[i][1]) + ring[i][0]) inside = !inside;
            }
        }
        return inside;
    }

    private static double fractionInside(double[] x, double[] y, double mass) {
        double[] w = ones(x.length);
        Density2 f = new Density2(x, y, w, new double[] {-NONE, -NONE}, new double[] {NONE, NONE});
        List<double[][]> rings = f.contours(f.level(mass, x, y, w));
        int count = 0;
        for (int i = 0; i < x.length; i++) if (inside(rings, x[i], y[i])) count++;
        return count / (double) x.length;
    }

    @Test
    void contoursHoldTheMassTheyClaim() {
        Random random = new Random(6);
        int n = 8000;
        double[][] cloud = new double[2][n];
        double[][] needle = new double[2][n];
        double[][] banana = new double[2][n];
        double[][] modes = new double[2][n];
        for (int i = 0; i < n; i++) {
            double a = random.nextGaussian();
            double b = random.nextGaussian();
            cloud[0][i] = 1e-9 * (2 + 0.1 * a);
            cloud[1][i] = 1e4 + 100 * b;
            needle[0][i] = a;
            needle[1][i] = a + 0.01 * b;
            banana[0][i] = a;
            banana[1][i] = a * a + 0.3 * b;
            modes[0][i] = a + (i % 3 == 0 ? 8 : 0);
            modes[1][i] = 0.5 * b;
        }
        for (double[][] s : List.of(cloud, needle, banana, modes)) {
            assertEquals(0.68, fractionInside(s[0], s[1], 0.68), 0.01);
            assertEquals(0.95, fractionInside(s[0], s[1], 0.95), 0.01);
        }
    }

    @Test
    void theRegionOfANormalIsItsEllipse() {
        Random random = new Random(7);
        int n = 20000;
        double[] x = new double[n];
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextGaussian();
            y[i] = 0.9 * x[i] + Math.sqrt(1 - 0.81) * random.nextGaussian();
        }
        double[] w = ones(n);
        Density2 f = new Density2(x, y, w, new double[] {-NONE, -NONE}, new double[] {NONE, NONE});
        for (double mass : new double[] {0.68, 0.95}) {
            List<double[][]> rings = f.contours(f.level(mass, x, y, w));
            assertEquals(1, rings.size());
            double area = 0;
            double[][] r = rings.getFirst();
            for (int i = 0, j = r.length - 1; i < r.length; j = i++) area += 0.5 * (r[j][0] * r[i][1] - r[i][0] * r[j][1]);
            double exact = -2 * Math.log(1 - mass) * Math.PI * Math.sqrt(1 - 0.81);
            assertEquals(1, Math.abs(area) / exact, 0.05);
        }
    }

    @Test
    void aFlatSquareWithLimitsHasNoRoundedCorners() {
        Random random = new Random(8);
        int n = 20000;
        double[] x = random.doubles(n).toArray();
        double[] y = random.doubles(n).toArray();
        Density2 f = new Density2(x, y, ones(n), new double[] {0, 0}, new double[] {1, 1});
        double centre = f.at(0.5, 0.5);
        for (double[] corner : new double[][] {{0.02, 0.02}, {0.98, 0.02}, {0.02, 0.98}, {0.98, 0.98}})
            assertEquals(1, f.at(corner[0], corner[1]) / centre, 0.2);
        Density2 free = new Density2(x, y, ones(n), new double[] {-NONE, -NONE}, new double[] {NONE, NONE});
        assertTrue(free.at(0.005, 0.005) / free.at(0.5, 0.5) < 0.7);
    }
}
