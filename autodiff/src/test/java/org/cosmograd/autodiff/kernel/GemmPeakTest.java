package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.cosmograd.autodiff.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// The innermost loop of the matrix product keeps near the peak of the same run.
@Isolated
class GemmPeakTest {
    private static final double FLOOR = 0.85;

    @Test
    void theMicrokernelKeepsNearThePeak() {
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            double best = 0;
            for (int attempt = 0; attempt < 4 && best < FLOOR; attempt++) {
                Optional<GemmPeak> peak = GemmPeak.measure(type);
                if (peak.isEmpty()) {
                    return;
                }
                best = peak.get().fraction();
            }
            double fraction = best;
            assertTrue(fraction >= FLOOR, () -> type + ": the micro-kernel reaches " + fraction + " of the peak");
        }
    }
}
