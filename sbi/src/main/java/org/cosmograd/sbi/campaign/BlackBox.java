package org.cosmograd.sbi.campaign;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Philox;
import org.cosmograd.autodiff.kernel.Workers;

/// A simulator in plain Java: one set of parameters and a stream of random numbers to one set of features, always equally many. Calls
/// run on several threads at once. A simulation that fails may return NaN in any feature.
@FunctionalInterface
public interface BlackBox {
    /// The features for parameters of length D.
    double[] simulate(double[] theta, Philox stream);

    /// This as a simulator of batches; row `i` uses `key.fold(i)`, so the result does not depend on threads.
    default Simulator batched() {
        return (theta, key) -> simulate(theta, i -> key.fold(i), 0);
    }

    /// Features `[n, F]` for parameters `[n, D]`; row `i` uses the key of number `first + i`.
    private Tensor simulate(Tensor theta, IntFunction<Key> keys, int first) {
        double[][] rows = theta.toRows();
        double[][] out = new double[rows.length][];
        Workers.run(rows.length, i -> {
            try {
                out[i] = simulate(rows[i], keys.apply(first + i).stream());
            } catch (RuntimeException e) {
                throw new IllegalStateException(
                        "simulation " + (first + i) + " failed at parameters " + Arrays.toString(rows[i]) + ": " + e.getMessage(), e);
            }
        });
        int features = out.length == 0 ? 0 : out[0].length;
        double[] flat = new double[out.length * features];
        for (int i = 0; i < out.length; i++) {
            if (out[i].length != features) {
                throw new IllegalStateException("simulation " + (first + i) + " gave " + out[i].length + " features, simulation " + first
                        + " gave " + features + "; all must give equally many");
            }
            System.arraycopy(out[i], 0, flat, i * features, features);
        }
        return Tensor.of(Shape.of(out.length, features), flat);
    }

    /// Features of simulations `first … first + n - 1` of a campaign.
    static Tensor simulate(BlackBox box, Tensor theta, Key root, int first) {
        return box.simulate(theta, root::fold, first);
    }
}
