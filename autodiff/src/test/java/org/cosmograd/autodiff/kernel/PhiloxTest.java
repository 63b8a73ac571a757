package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Known answers of Philox 4x32-10: lines `philox4x32 10` of `tests/kat_vectors` in Random123 (Salmon et al. 2011).
class PhiloxTest {

    @ParameterizedTest
    @CsvSource({
        "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1",
    })
    void knownAnswers(String counter, String key, String answer) {
        int[] c = words(counter);
        int[] k = words(key);
        int[] out = new int[4];
        Philox.block((k[0] & 0xffffffffL) | ((long) k[1] << 32), c[0], c[1], c[2], c[3], out);
        assertArrayEquals(words(answer), out);
    }

    private static int[] words(String hex) {
        return java.util.Arrays.stream(hex.split(" ")).mapToInt(w -> Integer.parseUnsignedInt(w, 16)).toArray();
    }

    @Test
    void partsOfADrawAreTheDraw() {
        int n = 37;
        float[] f = new float[n];
        double[] d = new double[n];
        int[] i = new int[n];
        Philox.normal(9, f, 0, 0, n);
        Philox.normal(9, d, 0, 0, n);
        Philox.bits(9, i, 0, 0, n);
        for (int cut = 0; cut <= n; cut++) {
            float[] f2 = new float[n + 3];
            double[] d2 = new double[n + 3];
            int[] i2 = new int[n + 3];
            Philox.normal(9, f2, 3, 0, cut);
            Philox.normal(9, f2, 3, cut, n);
            Philox.normal(9, d2, 3, 0, cut);
            Philox.normal(9, d2, 3, cut, n);
            Philox.bits(9, i2, 3, 0, cut);
            Philox.bits(9, i2, 3, cut, n);
            for (int j = 0; j < n; j++) {
                assertEquals(f[j], f2[3 + j]);
                assertEquals(d[j], d2[3 + j]);
                assertEquals(i[j], i2[3 + j]);
            }
        }
    }

    /// Φ⁻¹ at p where Φ is known to many digits: standard tables of the normal distribution.
    @ParameterizedTest
    @CsvSource({"0.5, 0", "0.975, 1.959963984540054", "0.025, -1.959963984540054", "0.8413447460685429, 1", "1e-10, -6.361340902404056"})
    void quantiles(double p, double x) {
        assertEquals(x, Philox.quantile(p), 1e-14 * (1 + Math.abs(x)));
    }
}
