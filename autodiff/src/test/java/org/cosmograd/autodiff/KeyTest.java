package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.kernel.Philox;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Keys: the generator itself is tested in `PhiloxTest`.
class KeyTest {
    private static final int N = 200_000;

    /// Raw moments of orders 1 to 4; each mean of `n` numbers lies within 5 standard errors.
    private static void moments(double[] x, double... expected) {
        for (int k = 1; k <= expected.length; k++) {
            double mean = 0;
            double square = 0;
            for (double v : x) {
                mean += Math.pow(v, k) / x.length;
                square += Math.pow(v, 2 * k) / x.length;
            }
            double error = Math.sqrt((square - mean * mean) / x.length);
            assertEquals(expected[k - 1], mean, 5 * error, "moment " + k);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void momentsOfDraws(DType dtype) {
        moments(Key.of(11).normal(dtype, N).toDoubles(), 0, 1, 0, 3);
        double[] u = Key.of(12).uniform(dtype, N).toDoubles();
        moments(u, 1 / 2.0, 1 / 3.0, 1 / 4.0, 1 / 5.0);
        assertTrue(Arrays.stream(u).allMatch(v -> v > 0 && v < 1), "uniform numbers lie inside (0, 1)");
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void neighboursAreUncorrelated(DType dtype) {
        double[] x = Key.of(13).normal(dtype, N).toDoubles();
        for (int lag = 1; lag <= 4; lag++) {
            double c = 0;
            for (int i = lag; i < N; i++) {
                c += x[i] * x[i - lag] / N;
            }
            assertEquals(0, c, 5 / Math.sqrt(N), "lag " + lag);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void bitsDependOnTheElementNumberOnly(DType dtype) {
        double[] flat = Key.of(21).normal(dtype, 3 * 5 * 7).toDoubles();
        assertArrayEquals(flat, Key.of(21).normal(dtype, 3, 5, 7).toDoubles());
        assertArrayEquals(flat, Key.of(21).normal(dtype, 35, 3).toDoubles());
        for (int n : new int[] {0, 1, 2, 3, 5, 17}) {
            assertArrayEquals(Arrays.copyOf(flat, n), Key.of(21).normal(dtype, n).toDoubles(), "the first " + n);
        }
    }

    @Test
    void bitsDoNotDependOnThreadsNorOnCompilation() {
        int threads = Workers.threads();
        try {
            Workers.threads(1);
            double[] one = Key.of(22).uniform(DType.F32, 100_003).toDoubles();
            Workers.threads(3);
            assertArrayEquals(one, Key.of(22).uniform(DType.F32, 100_003).toDoubles());
            assertArrayEquals(one, Program.of((Key k) -> k.uniform(DType.F32, 100_003), Key.of(0)).run(Key.of(22)).toDoubles());
        } finally {
            Workers.threads(threads);
        }
    }

    @Test
    void foldedKeysAreDistinct() {
        Set<Long> seen = new HashSet<>();
        for (long seed = 0; seed < 10; seed++) {
            Key key = Key.of(seed);
            assertTrue(seen.add(key.seed()));
            key.split(100).forEach(k -> assertTrue(seen.add(k.seed()), "a key twice"));
            assertTrue(seen.add(key.fold(-1).seed()));
            assertTrue(seen.add(key.fold(3).fold(5).seed()));
            assertTrue(seen.add(key.fold(5).fold(3).seed()));
        }
        assertEquals(Key.of(5).fold(3).seed(), Key.of(5).split(4).get(3).seed());
        assertNotEquals(Key.of(1).fold(0).normal(DType.F32, 1).item(), Key.of(1).fold(1).normal(DType.F32, 1).item());
    }

    @Test
    void aKeyIsItsSeed() {
        for (long seed : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0x123456789abcdefL}) {
            assertEquals(seed, Key.of(seed).seed());
        }
        assertEquals("Key[ff]", Key.of(255).toString());
    }

    @Test
    void foldsInsideAProgramAreFoldsOutside() {
        Program<Key, Tensor> p = Program.of((Key k) -> k.fold(7).fold(-2).normal(DType.F64, 9), Key.of(0));
        for (long seed = 0; seed < 5; seed++) {
            assertArrayEquals(Key.of(seed).fold(7).fold(-2).normal(DType.F64, 9).toDoubles(), p.run(Key.of(seed)).toDoubles());
        }
    }

    @Test
    void permutations() {
        for (int n : new int[] {0, 1, 2, 17, 1000}) {
            int[] p = Key.of(31).fold(n).permutation(n).toInts();
            assertArrayEquals(IntStream.range(0, n).toArray(), Arrays.stream(p).sorted().toArray());
        }
        assertNotEquals(
                Arrays.toString(Key.of(1).permutation(50).toInts()), Arrays.toString(Key.of(2).permutation(50).toInts()));
    }

    @Test
    void integersFillTheirRange() {
        int[] x = Key.of(41).integers(6, 60, 1000).toInts();
        int[] count = new int[6];
        Arrays.stream(x).forEach(i -> count[i]++);
        double expected = x.length / 6.0;
        double chiSquare = Arrays.stream(count).mapToDouble(c -> (c - expected) * (c - expected) / expected).sum();
        assertTrue(chiSquare < 25.7, "χ² with 5 degrees of freedom is " + chiSquare + "; above 25.7 once in 10⁴ times");
    }

    @Test
    void streamsAreRepeatable() {
        Philox a = Key.of(51).stream();
        Philox b = Key.of(51).stream();
        double[] x = new double[N];
        for (int i = 0; i < N; i++) {
            x[i] = a.normal();
            assertEquals(x[i], b.normal());
        }
        moments(x, 0, 1, 0, 3);
    }
}
