package org.cosmograd.simulators.sbibm;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.simulators.Simulator;

/// A benchmark task: a prior, a simulator, and the likelihood of what it simulates.
public sealed interface SbibmTask extends Simulator permits KnownPosterior, Slcp {

    /// All tasks.
    static List<SbibmTask> all() {
        return List.of(new TwoMoons(), new GaussianLinear(), new GaussianLinearUniform(), new GaussianMixture(), new Slcp());
    }

    /// The task of that name, as sbibm spells it.
    static SbibmTask of(String name) {
        List<String> names = all().stream().map(SbibmTask::name).toList();
        int i = names.indexOf(name);
        if (i < 0) {
            throw new IllegalArgumentException("SbibmTask.of: there is no task " + name + "; there are " + String.join(", ", names));
        }
        return all().get(i);
    }

    /// The prior in plain numbers.
    TaskPrior prior();

    @Override
    default int parameters() {
        return prior().size();
    }

    @Override
    default Tensor samplePrior(Key key, DType dtype, int n) {
        return prior().sample(key, dtype, n);
    }

    @Override
    default Tensor logPrior(Tensor theta) {
        return prior().logProb(theta);
    }
}
