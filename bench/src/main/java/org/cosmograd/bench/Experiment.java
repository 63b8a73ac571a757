package org.cosmograd.bench;

import java.util.List;
import org.cosmograd.bench.experiment.DarkEnergyExperiment;
import org.cosmograd.bench.experiment.SbibmExperiment;

/// Something that `cosmograd run NAME` does: it takes settings and a seed, and leaves a run folder.
public interface Experiment {

    /// All experiments, the main one first.
    static List<Experiment> all() {
        return List.of(new DarkEnergyExperiment(), new SbibmExperiment());
    }

    /// A setting, given as `key=value`.
    ///
    /// @param key its name
    /// @param value what it is if nothing is said
    /// @param meaning what it means, with unit and range
    record Setting(String key, String value, String meaning) {}

    /// The name on the command line.
    String name();

    /// What it does, in one line.
    String summary();

    /// What it does and what its figures mean, in a few lines.
    String description();

    /// Its settings.
    List<Setting> settings();

    /// Does it.
    void run(Run run);
}
