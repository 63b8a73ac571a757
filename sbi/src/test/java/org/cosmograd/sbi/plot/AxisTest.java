package org.cosmograd.sbi.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AxisTest {

    private static List<String> labels(Axis axis, double length) {
        return axis.ticks(length, 11, true).stream().map(Axis.Tick::label).filter(l -> !l.isEmpty()).toList();
    }

    @Test
    void ticksAreRoundNumbers() {
        assertEquals(List.of("0.25", "0.30", "0.35", "0.40"), labels(new Axis(0.21, 0.43, false), 200));
        assertEquals(List.of("−1.0", "−0.5", "0.0", "0.5", "1.0"), labels(new Axis(-1.05, 1.1, false), 300));
        assertEquals(List.of("64", "66", "68", "70", "72"), labels(new Axis(63.5, 72.4, false), 200));
    }

    @Test
    void verySmallNumbersMoveTheirPowerIntoTheLabel() {
        Axis axis = new Axis(1.9e-9, 2.3e-9, false);
        assertEquals(List.of("1.9", "2.0", "2.1", "2.2", "2.3"), labels(axis, 200));
        assertEquals("Aₛ / 10^{−9}", axis.named("Aₛ"));
        assertEquals(2.1e-9, axis.ticks(200, 11, true).get(2).value(), 1e-20);
        assertEquals("z", new Axis(0, 2, false).named("z"));
    }

    @Test
    void logarithmicAxesLabelDecadesOrTheirParts() {
        assertEquals(List.of("0.01", "0.1", "1"), labels(new Axis(0.008, 2, true), 400));
        assertEquals(List.of("10^{−8}", "10^{−6}", "10^{−4}", "10^{−2}", "10^{0}"), labels(new Axis(1e-8, 1, true), 400));
        assertEquals(List.of("0.5", "1", "2"), labels(new Axis(0.25, 2.5, true), 400));
    }

    @Test
    void ticksOfRandomRangesAreInsideAndFewAndDoNotTouch() {
        Random random = new Random(1);
        for (int i = 0; i < 5000; i++) {
            double centre = random.nextGaussian() * Math.pow(10, random.nextInt(12) - 5);
            double width = Math.pow(10, random.nextInt(8) - 5) * Math.max(1e-9, Math.abs(centre)) * (1 + random.nextDouble());
            double length = 100 + 500 * random.nextDouble();
            Axis axis = new Axis(centre - width, centre + width, false);
            List<Axis.Tick> ticks = axis.ticks(length, 11, true);
            assertTrue(ticks.size() <= 7, axis.toString());
            double end = Double.NEGATIVE_INFINITY;
            for (Axis.Tick tick : ticks) {
                double at = axis.at(tick.value());
                assertTrue(at > -1e-6 && at < 1 + 1e-6, axis + " " + tick);
                double half = Svg.textWidth(tick.label(), 11) / 2;
                assertTrue(at * length - half > end, axis + " " + ticks);
                end = at * length + half;
            }
        }
    }

    @Test
    void aSingleValueStillMakesAnAxis() {
        for (Axis axis : List.of(new Axis(3, 3, false), new Axis(0, 0, false), new Axis(5, 5, true), new Axis(Double.NaN, 1, false))) {
            assertTrue(axis.hi() > axis.lo());
            axis.ticks(200, 11, true);
        }
    }

    @Test
    void valuesAreRoundedToTheirUncertainty() {
        assertEquals(2, Axis.decimalsOf(0.11));
        assertEquals(3, Axis.decimalsOf(0.043));
        assertEquals(-1, Axis.decimalsOf(120));
        assertEquals("−0.70", Axis.decimals(-0.7, 2));
        assertEquals("0.0", Axis.decimals(-0.01, 1));
        assertEquals("10220", Axis.decimals(10219, -1));
    }
}
