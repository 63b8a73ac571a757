package org.cosmograd.simulators.sbibm;

import java.util.stream.IntStream;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// `θ ~ U(−1, 1)¹⁰`, `x ~ N(θ, 0.1 I)`, where 0.1 is the variance; the posterior is `N(x, 0.1 I)` cut off at the box, independent
/// in each dimension.
///
/// Source: sbibm task `gaussian_linear_uniform`, T.2 of arXiv:2101.04653.
public record GaussianLinearUniform() implements KnownPosterior {
    @Override
    public String name() {
        return "gaussian_linear_uniform";
    }

    @Override
    public TaskPrior.Box prior() {
        return TaskPrior.Box.cube(-1, 1, 10);
    }

    @Override
    public int observables() {
        return 10;
    }

    @Override
    public Tensor simulate(Tensor theta, Key key) {
        return GaussianLinear.shifted(Rows.of(this, "simulate", theta), key);
    }

    @Override
    public Tensor logLikelihood(Tensor theta, Tensor x) {
        return GaussianLinear.density(Rows.of(this, "logLikelihood", theta), x);
    }

    @Override
    public Tensor samplePosterior(Tensor x, Key key, int n) {
        return Tensor.concat(
                1,
                IntStream.range(0, 10)
                        .mapToObj(i -> {
                            Tensor centre = x.slice(0, i, i + 1).broadcastTo(n, 1);
                            return Rejection.sample(
                                    name(),
                                    key.fold(i),
                                    n,
                                    k -> GaussianLinear.shifted(centre, k),
                                    t -> t.abs().lessEqual(1).at(1, 0));
                        })
                        .toList());
    }
}
