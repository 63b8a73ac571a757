package org.cosmograd.simulators.sbibm;

import java.util.Arrays;
import java.util.function.Function;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// A task whose posterior can be sampled exactly.
public sealed interface KnownPosterior extends SbibmTask permits TwoMoons, GaussianLinear, GaussianLinearUniform, GaussianMixture {

    /// `n` independent draws from `p(θ|x)`, `[n, parameters]`, for one observation `x`, `[observables]`.
    Tensor samplePosterior(Tensor x, Key key, int n);

    /// The first `n` rows, among those that `propose` offers key after key, which `accept` marks with 1.
    ///
    /// @param propose `[m, d]` proposals for a key
    /// @param accept `[m]` for `[m, d]`
    static Tensor reject(String task, Key key, int n, Function<Key, Tensor> propose, Function<Tensor, Tensor> accept) {
        double[] kept = new double[0];
        int rows = 0;
        Tensor example = propose.apply(key);
        int d = example.dim(1);
        for (int round = 0; rows < n; round++) {
            if (round == 1000) {
                throw new IllegalArgumentException(task + ".samplePosterior: only " + rows + " of " + 1000L * example.dim(0)
                        + " proposals lie within the prior; the observation is too far outside what the task simulates");
            }
            Tensor proposals = propose.apply(key.fold(round));
            double[] all = proposals.toDoubles();
            double[] yes = accept.apply(proposals).toDoubles();
            kept = Arrays.copyOf(kept, n * d);
            for (int i = 0; i < yes.length && rows < n; i++) {
                if (yes[i] != 0) {
                    System.arraycopy(all, i * d, kept, rows++ * d, d);
                }
            }
        }
        return Tensor.of(Shape.of(n, d), kept).cast(example.dtype());
    }
}
