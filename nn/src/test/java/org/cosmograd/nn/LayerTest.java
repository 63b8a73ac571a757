package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

class LayerTest {
    private static final Key KEY = Key.of(7);

    @Test
    void linearIsAnAffineMap() {
        Linear l = new Linear(Tensor.of(new float[][] {{1, 2}, {3, 4}}), Tensor.of(10f, 20f));
        assertArrayEquals(new float[] {14, 26}, l.apply(Tensor.of(new float[][] {{1, 1}})).toFloats());
        ShapeException e = assertThrows(ShapeException.class, () -> l.apply(Tensor.zeros(DType.F32, 5, 3)));
        assertEquals("Linear: needs 2 features in the last axis, got f32[5, 3]", e.getMessage());
    }

    @Test
    void initialisersStayWithinTheirBounds() {
        for (Initialiser i : Initialiser.values()) {
            Linear l = Linear.of(KEY, i, 30, 40);
            double bound = i.bound(30, 40);
            double largest = 0;
            double square = 0;
            for (double w : l.weight().toDoubles()) {
                largest = Math.max(largest, Math.abs(w));
                square += w * w;
            }
            assertTrue(largest <= bound, i.name());
            assertEquals(bound * bound / 3, square / 1200, 0.06 * bound * bound / 3 + 1e-30, i.name());
        }
        assertEquals(1 / Math.sqrt(30), Initialiser.LINEAR.bound(30, 40), 1e-15);
        assertEquals(Math.sqrt(0.2), Initialiser.HE.bound(30, 40), 1e-15);
        assertEquals(Math.sqrt(6 / 70.0), Initialiser.GLOROT.bound(30, 40), 1e-15);
    }

    @Test
    void layerNormHasMeanAndVariance() {
        Tensor y = LayerNorm.of(50).apply(KEY.normal(DType.F32, 3, 50).mul(7).add(100));
        for (double[] row : y.toRows()) {
            double mean = java.util.Arrays.stream(row).average().orElseThrow();
            double square = java.util.Arrays.stream(row).map(v -> v * v).average().orElseThrow();
            assertEquals(0, mean, 1e-4);
            assertEquals(1, square, 1e-3);
        }
    }

    @Test
    void dropoutKeepsTheMean() {
        Tensor x = Tensor.ones(DType.F32, 100, 100);
        Dropout dropout = new Dropout(0.3);
        double[] y = dropout.apply(x, KEY).toDoubles();
        assertEquals(1, java.util.Arrays.stream(y).average().orElseThrow(), 0.03);
        assertEquals(0.3, java.util.Arrays.stream(y).filter(v -> v == 0).count() / 1e4, 0.02);
        assertArrayEquals(x.toDoubles(), dropout.apply(x).toDoubles());
        assertEquals(
                "Dropout: the rate must be in [0, 1), got 1.0",
                assertThrows(IllegalArgumentException.class, () -> new Dropout(1)).getMessage());
    }

    @Test
    void standardiseIsRobust() {
        int n = 1000;
        double[][] rows = new double[n][4];
        double[] z = KEY.normal(DType.F64, n).toDoubles();
        for (int i = 0; i < n; i++) {
            rows[i][0] = 3 + 2 * z[i];
            rows[i][1] = i < 5 ? 1e30 : z[i];
            rows[i][2] = 0.1;
            rows[i][3] = i == 17 ? 1 : i == 18 ? Double.NaN : 0;
        }
        Standardise s = Standardise.of(Tensor.of(rows));
        assertEquals(3, s.mean().get(0), 0.3);
        assertEquals(2, s.sd().get(0), 0.2);
        assertEquals(1, s.sd().get(1), 0.2);
        assertEquals(0.1, s.mean().get(2), 1e-9);
        assertEquals(1, s.sd().get(2));
        assertTrue(s.sd().get(3) > 0 && s.sd().get(3) < 0.1);
        Tensor y = s.scale(Tensor.of(rows));
        assertArrayEquals(rows[7], s.unscale(y).toRows()[7], 1e-9);
        double[] far = Standardise.none(3, DType.F64)
                .apply(Tensor.of(new double[][] {{-5, 1e6, Double.MAX_VALUE}}))
                .toDoubles();
        assertEquals(-5, far[0]);
        assertEquals(8 + Math.log1p(1e6 - 8), far[1], 1e-9);
        assertTrue(far[2] < 1000);
        assertEquals(
                "Standardise: needs 3 features in the last axis, got f64[1, 2]",
                assertThrows(ShapeException.class, () -> Standardise.none(3, DType.F64).apply(Tensor.zeros(DType.F64, 1, 2)))
                        .getMessage());
    }

    @Test
    void modelsPrintWithTheirSizes() {
        assertEquals("Mlp(3 -> 5 -> 2, TANH, 32 numbers)", Mlp.of(KEY, Activation.TANH, 3, 5, 2).toString());
        assertEquals("Linear(3 -> 5)", Linear.of(KEY, 3, 5).toString());
        assertEquals(
                "ResidualMlp(3 -> 6 x 2 -> 2, SILU, 206 numbers)",
                ResidualMlp.of(KEY, Activation.SILU, 3, 6, 2, 2).toString());
    }
}
