package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

class OptimiserTest {
    record Point(Tensor x, Tensor fixed) {}

    private static final Tensor RATE = Tensor.scalar(0.1, DType.F32);

    /// Adam written as a loop over numbers, straight from the paper.
    private static double[] adam(int steps, double decay) {
        double x = 2;
        double m = 0;
        double v = 0;
        for (int t = 1; t <= steps; t++) {
            double g = 2 * x;
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            double step = 0.1 * (m / (1 - Math.pow(0.9, t))) / (Math.sqrt(v / (1 - Math.pow(0.999, t))) + 1e-8);
            x = x - step - 0.1 * decay * x;
        }
        return new double[] {x, m, v};
    }

    private static double[] run(Optimiser rule, int steps, int rank) {
        Tensor start = rank == 2 ? Tensor.of(new double[][] {{2}}) : Tensor.of(2.0);
        Point p = new Point(start, Tensor.of(5.0));
        Optimiser.State<Point> s = rule.start(p);
        for (int i = 0; i < steps; i++) {
            List<Tensor> g = Gradient.of(p.x.square().sum().add(p.fixed.stopGradient().sum()), List.of(p.x, p.fixed));
            Tensor fixed = p.fixed;
            Optimiser.Update<Point> u = rule.step(p, new Point(g.get(0), g.get(1)), s, RATE);
            p = u.parameters();
            s = u.state();
            assertSame(fixed, p.fixed);
        }
        assertEquals(steps, s.step().toInts()[0]);
        double m = s.moments().isEmpty() ? 0 : s.moments().get(0).x.toDoubles()[0];
        double v = s.moments().size() < 2 ? 0 : s.moments().get(1).x.toDoubles()[0];
        return new double[] {p.x.toDoubles()[0], m, v};
    }

    @Test
    void adamIsThePaper() {
        assertArrayEquals(adam(25, 0), run(new Adam(), 25, 1), 1e-6);
    }

    @Test
    void weightDecayIsDecoupledAndSparesVectors() {
        assertArrayEquals(adam(25, 0.3), run(new AdamW(0.3), 25, 2), 1e-6);
        assertArrayEquals(adam(25, 0), run(new AdamW(0.3), 25, 1), 1e-6);
    }

    @Test
    void momentumAddsUp() {
        double x = 2;
        double v = 0;
        for (int i = 0; i < 5; i++) {
            v = 0.5 * v + 2 * x;
            x -= 0.1 * v;
        }
        assertEquals(x, run(new Sgd(0.5), 5, 1)[0], 1e-6);
        assertEquals(2 * Math.pow(0.8, 5), run(new Sgd(), 5, 1)[0], 1e-6);
    }

    @Test
    void clippingShortensLongGradientsOnly() {
        List<Tensor> g = List.of(Tensor.of(3f), Tensor.of(new float[][] {{0, 4}}), Tensor.zeros(DType.F32, 2));
        assertEquals(5, Optimiser.norm(g).item(), 1e-6);
        List<Tensor> clipped = Optimiser.clip(g, 1);
        assertEquals(0.6, clipped.get(0).item(), 1e-6);
        assertEquals(0.8, clipped.get(1).get(0, 1), 1e-6);
        assertEquals(1, Optimiser.norm(clipped).item(), 1e-6);
        assertSame(g.get(2), clipped.get(2));
        assertEquals(3, Optimiser.clip(g, 10).get(0).item(), 1e-6);
    }

    @Test
    void schedules() {
        assertEquals(1, at(Schedule.constant(), 100));
        assertEquals(1, at(Schedule.cosine(100, 0.1), 0), 1e-6);
        assertEquals(0.55, at(Schedule.cosine(100, 0.1), 50), 1e-6);
        assertEquals(0.1, at(Schedule.cosine(100, 0.1), 1000), 1e-6);
        assertEquals(0.25, at(Schedule.exponential(10), 20), 1e-6);
        assertEquals(0.2, at(Schedule.constant().warmUp(5), 0), 1e-6);
        assertEquals(1, at(Schedule.constant().warmUp(5), 10), 1e-6);
        assertEquals(0.5, at(Schedule.exponential(10).warmUp(5), 15), 1e-6);
    }

    private static double at(Schedule s, int step) {
        return s.at(Tensor.scalar(step, DType.I32)).item();
    }
}
