package org.cosmograd.sbi;

import java.time.Duration;
import java.util.Arrays;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// Samples that a constraint allows, out of candidates in batches, until enough are there or time is up.
final class Rejection {
    /// Candidates are made in batches of at most this many.
    static final int MOST = 10_000;

    private Rejection() {}

    /// Makes `m` candidates.
    interface Source {
        Tensor candidates(Key key, int m);
    }

    static Draws draw(Source source, Constraint allowed, int dimension, Key key, int n, Duration deadline) {
        if (n < 0) {
            throw new IllegalArgumentException("Posterior.draw: the number of samples cannot be negative, got " + n);
        }
        long begin = System.nanoTime();
        int batch = Math.clamp(n, 1, MOST);
        float[] out = new float[n * dimension];
        int kept = 0;
        long tried = 0;
        long accepted = 0;
        for (int i = 0; kept < n && (i == 0 || System.nanoTime() - begin < deadline.toNanos()); i++) {
            Tensor c = source.candidates(key.fold(i), batch);
            float[] ok = allowed.allows(c).toFloats();
            float[] values = c.toFloats();
            for (int r = 0; r < batch; r++) {
                if (ok[r] != 0 && finite(values, r * dimension, dimension)) {
                    accepted++;
                    if (kept < n) {
                        System.arraycopy(values, r * dimension, out, kept * dimension, dimension);
                        kept++;
                    }
                }
            }
            tried += batch;
        }
        Tensor samples = Tensor.of(Shape.of(kept, dimension), Arrays.copyOf(out, kept * dimension));
        double rate = tried == 0 ? 1 : (double) accepted / tried;
        return new Draws(samples, n, rate, (System.nanoTime() - begin) * 1e-9);
    }

    private static boolean finite(float[] v, int from, int length) {
        boolean finite = true;
        for (int k = from; k < from + length; k++) {
            finite &= Float.isFinite(v[k]);
        }
        return finite;
    }
}
