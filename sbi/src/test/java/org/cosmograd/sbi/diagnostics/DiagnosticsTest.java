package org.cosmograd.sbi.diagnostics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Philox;
import org.junit.jupiter.api.Test;

class DiagnosticsTest {

    /// Tabulated quantiles.
    @Test
    void tailProbabilities() {
        assertEquals(0.31731050786291415, Significance.chiSquare(1, 1), 1e-13);
        assertEquals(0.05, Significance.chiSquare(11.070497693516351, 5), 1e-13);
        assertEquals(0.001, Significance.chiSquare(59.70306430442993, 30), 1e-13);
        assertEquals(0.5, Significance.chiSquare(99.33412923598846, 100), 1e-12);
        assertEquals(1, Significance.chiSquare(0, 3), 0);
        assertEquals(Math.log(6), Significance.logGamma(4), 1e-13);
        assertEquals(0.5723649429247001, Significance.logGamma(0.5), 1e-13);
        // at n → ∞ the 5 % point of √n D is 1.3581
        assertEquals(0.05, Significance.kolmogorov(1.3581 / 1e4, 100_000_000), 1e-4);
    }

    @Test
    void uniformRanksPassAndPilesFail() {
        int[] even = IntStream.range(0, 1010).map(i -> i % 101).toArray();
        Uniformity u = Uniformity.of(even, 100);
        assertTrue(u.p() > 0.9, u.toString());
        assertTrue(u.ks() < 1e-12);
        int[] piled = IntStream.range(0, 1010).map(i -> i % 101 / 2 + 25).toArray();
        assertTrue(Uniformity.of(piled, 100).p() < 1e-20);
    }

    @Test
    void pValuesAreUniform() {
        Philox chance = Key.of(3).stream();
        int low = 0;
        for (int r = 0; r < 400; r++) {
            int[] ranks = IntStream.range(0, 200).map(i -> chance.integer(301)).toArray();
            low += Uniformity.of(ranks, 300).p() < 0.1 ? 1 : 0;
        }
        assertTrue(low > 15 && low < 60, "expected about 40 (fewer, for Bonferroni), got " + low);
    }

    @Test
    void coverageOfEvenRanksIsTheDiagonal() {
        int[] even = IntStream.range(0, 202).map(i -> i % 101).toArray();
        double[] levels = {0, 0.1, 0.5, 0.683, 1};
        assertArrayEquals(levels, Coverage.ofRanks(even, 100).at(levels), 1e-12);
        assertEquals(0, Coverage.ofRanks(even, 100).bias(), 1e-12);
    }

    /// Two unit Gaussians a distance δ apart can be told apart with accuracy `Φ(δ/2)` at best.
    @Test
    void classifierReachesTheBestAccuracy() {
        Tensor a = Key.of(1).normal(DType.F32, 5000, 2);
        Tensor b = Key.of(2).normal(DType.F32, 5000, 2).add(Tensor.of(1f, 0f));
        C2st c = C2st.of(a, b, Key.of(3));
        assertEquals(0.6915, c.accuracy(), 0.012);
        C2st same = C2st.of(a, Key.of(4).normal(DType.F32, 5000, 2), Key.of(3));
        assertEquals(0.5, same.accuracy(), 0.02);
        assertEquals(same, C2st.of(a, Key.of(4).normal(DType.F32, 5000, 2), Key.of(3)), "same key, same numbers");
    }

    @Test
    void classifierTakesOddNumbers() {
        Tensor a = Key.of(1).normal(DType.F64, 103, 3);
        Tensor b = Key.of(2).normal(DType.F64, 120, 3).add(8);
        assertTrue(C2st.of(a, b, Key.of(3)).accuracy() > 0.97);
    }

    @Test
    void slicedWassersteinOfAShiftIsItsLength() {
        Tensor a = Key.of(1).normal(DType.F64, 4000, 3);
        Tensor shift = Tensor.of(0.0, 2.0, 0.0);
        assertEquals(2 / Math.sqrt(3), SlicedWasserstein.of(a, a.add(shift), 2000, Key.of(2)), 0.05);
        assertEquals(0, SlicedWasserstein.of(a, a, Key.of(2)), 0);
    }

    @Test
    void predictiveCheck() {
        Philox chance = Key.of(8).stream();
        int low = 0;
        for (int r = 0; r < 200; r++) {
            Tensor rep = Tensor.of(Shape.of(200, 3), IntStream.range(0, 600).mapToDouble(i -> chance.normal()).toArray());
            Tensor x = Tensor.of(IntStream.range(0, 3).mapToDouble(i -> chance.normal()).toArray());
            low += PredictiveCheck.of(x, rep).p() <= 0.1 ? 1 : 0;
        }
        assertTrue(low > 8 && low < 35, "expected about 20, got " + low);
        double[] pairs = new double[2000];
        for (int i = 0; i < 1000; i++) {
            pairs[2 * i] = chance.normal();
            pairs[2 * i + 1] = pairs[2 * i] + 0.1 * chance.normal();
        }
        // each feature is common, the two together are not
        PredictiveCheck odd = PredictiveCheck.of(Tensor.of(1.0, -1.0), Tensor.of(Shape.of(1000, 2), pairs));
        assertTrue(odd.p() < 0.01 && odd.chiSquareP() < 1e-10 && Arrays.stream(odd.features().toDoubles()).min().orElse(0) > 0.1, odd.toString());
    }

    private static String message(org.junit.jupiter.api.function.Executable e) {
        return assertThrows(IllegalArgumentException.class, e).getMessage();
    }

    @Test
    void errorsAreSentences() {
        Tensor a = Tensor.zeros(DType.F64, 100, 2);
        assertEquals(
                "Sbc: the draws f64[100, 2] do not belong to the truths f64[100, 2]; expected [n, draws, parameters] and [n, parameters]",
                message(() -> Sbc.of(a, a)));
        assertEquals("C2st: the reference has 2 parameters, the draws have 3", message(() -> C2st.of(a, Tensor.zeros(DType.F64, 100, 3), Key.of(1))));
        assertEquals(
                "C2st: row 0 of the draws holds NaN; drop such rows first",
                message(() -> C2st.of(a, a.add(Double.NaN), Key.of(1))));
        assertEquals("uniformity: 3 ranks are too few to test, at least 10 are needed", message(() -> Uniformity.of(new int[3], 5)));
        assertEquals(
                "Tarp: the references f64[3] must have the shape of the truths f64[100, 2]",
                message(() -> Tarp.of(a, Tensor.zeros(DType.F64, 100, 5, 2), Tensor.of(1.0, 2.0, 3.0))));
        assertEquals(
                "Coverage: expected log-probabilities [n] of truths and [n, draws] of draws, got f64[100, 2] and f64[100, 2]",
                message(() -> Coverage.of(a, a)));
        assertEquals(
                "PredictiveCheck: the observation has 3 features, the replications have 2",
                message(() -> PredictiveCheck.of(Tensor.of(1.0, 2.0, 3.0), a)));
    }
}
