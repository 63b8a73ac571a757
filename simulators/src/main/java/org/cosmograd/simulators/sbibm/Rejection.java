package org.cosmograd.simulators.sbibm;

import java.util.Arrays;
import java.util.function.Function;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// Sampling by proposing and keeping.
final class Rejection {
    private static final int ROUNDS = 1000;

    private Rejection() {}

    /// The first `n` rows, among those that `propose` offers key after key, which `accept` marks with 1.
    ///
    /// @param propose `[m, d]` proposals for a key
    /// @param accept `[m]` for `[m, d]`
    static Tensor sample(String task, Key key, int n, Function<Key, Tensor> propose, Function<Tensor, Tensor> accept) {
        double[] kept = new double[0];
        int rows = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Tensor proposals = propose.apply(key.fold(round));
            int d = proposals.dim(1);
            double[] all = proposals.toDoubles();
            double[] yes = accept.apply(proposals).toDoubles();
            kept = Arrays.copyOf(kept, n * d);
            for (int i = 0; i < yes.length && rows < n; i++) {
                if (yes[i] != 0) {
                    System.arraycopy(all, i * d, kept, rows++ * d, d);
                }
            }
            if (rows == n) {
                return Tensor.of(Shape.of(n, d), kept).cast(proposals.dtype());
            }
        }
        throw new IllegalArgumentException(task + ".samplePosterior: only " + rows + " of " + ROUNDS + " x " + n
                + " proposals lie within the prior; the observation is too far outside what the task simulates");
    }
}
