package org.cosmograd.sbi.diagnostics;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

/// A right posterior passes, a broken one is caught: how often each diagnostic says p < 0.01, over 40 repetitions of 300 pairs with 100
/// draws each.
class PlantedErrorTest {
    private static final int REPETITIONS = 40;
    private static final int PAIRS = 300;
    private static final int DRAWS = 100;

    private static Map<Planted, Double> power(ToDoubleFunction<Planted.Pairs> p) {
        Map<Planted, Double> out = new EnumMap<>(Planted.class);
        for (Planted planted : Planted.values()) {
            int caught = 0;
            for (int r = 0; r < REPETITIONS; r++) {
                caught += p.applyAsDouble(planted.pairs(PAIRS, DRAWS, 1000 + r)) < 0.01 ? 1 : 0;
            }
            out.put(planted, (double) caught / REPETITIONS);
        }
        return out;
    }

    private static void check(String name, Map<Planted, Double> power, Planted... seen) {
        assertTrue(power.get(Planted.NONE) <= 0.1, () -> name + " rejects a right posterior: " + power);
        assertTrue(power.get(Planted.TWO_MODES) <= 0.1, () -> name + " rejects a right posterior: " + power);
        for (Planted s : seen) {
            assertTrue(power.get(s) >= 0.9, () -> name + " does not see " + s + ": " + power);
        }
    }

    @Test
    void simulationBasedCalibration() {
        check("Sbc", power(q -> Sbc.of(q.truth(), q.draws()).p()),
                Planted.SHIFT, Planted.TOO_NARROW, Planted.TOO_WIDE, Planted.DROPPED_MODE);
    }

    @Test
    void calibrationOfDifferencesSeesCorrelations() {
        check("Sbc of the difference",
                power(q -> Sbc.of(q.truth(), q.draws(), t -> t.slice(1, 0, 1).sub(t.slice(1, 1, 2))).p()),
                Planted.TOO_NARROW, Planted.TOO_WIDE, Planted.WRONG_CORRELATION, Planted.DROPPED_MODE);
    }

    @Test
    void expectedCoverage() {
        Map<Planted, Double> power = power(q -> Coverage.of(q.logTruth(), q.logDraws()).p());
        check("Coverage", power, Planted.TOO_NARROW, Planted.TOO_WIDE, Planted.DROPPED_MODE);
        assertTrue(power.get(Planted.WRONG_CORRELATION) >= 0.5, power.toString());
    }

    @Test
    void randomPoints() {
        Map<Planted, Double> power = power(q -> Tarp.of(q.truth(), q.draws(), Key.of(5)).p());
        check("Tarp", power, Planted.TOO_NARROW, Planted.DROPPED_MODE);
        assertTrue(power.get(Planted.TOO_WIDE) >= 0.6, power.toString());
    }

    /// A bias is what other packages' scaling hid.
    @Test
    void randomPointsSeeABias() {
        int caught = 0;
        for (int r = 0; r < 20; r++) {
            Planted.Pairs q = Planted.SHIFT.pairs(1000, DRAWS, r);
            // references on one side of everything see a shift at first order
            Tensor far = q.truth().like(-20);
            caught += Tarp.of(q.truth(), q.draws(), far).p() < 0.01 ? 1 : 0;
        }
        assertTrue(caught >= 19, "caught " + caught + " of 20");
    }

    @Test
    void coverageSaysWhichWay() {
        Planted.Pairs narrow = Planted.TOO_NARROW.pairs(1000, 200, 1);
        Planted.Pairs wide = Planted.TOO_WIDE.pairs(1000, 200, 1);
        assertTrue(Coverage.of(narrow.logTruth(), narrow.logDraws()).bias() < -0.05);
        assertTrue(Coverage.of(wide.logTruth(), wide.logDraws()).bias() > 0.05);
    }

    @Test
    void classifierSeesEverything() {
        for (Planted planted : Planted.values()) {
            C2st c = C2st.of(planted.draws(false, 2000, 1), planted.draws(true, 2000, 2), Key.of(3));
            boolean right = planted == Planted.NONE || planted == Planted.TWO_MODES;
            assertTrue(right ? Math.abs(c.accuracy() - 0.5) < 0.025 : c.accuracy() > 0.54, planted + " " + c);
        }
    }

    @Test
    void discrepancySeesEverything() {
        for (Planted planted : Planted.values()) {
            Mmd m = Mmd.of(planted.draws(false, 1000, 1), planted.draws(true, 1000, 2), Key.of(3));
            boolean right = planted == Planted.NONE || planted == Planted.TWO_MODES;
            assertTrue(right ? m.p() > 0.01 : m.p() < 0.01, planted + " " + m);
        }
    }
}
