package org.cosmograd.autodiff.compile;

import java.util.List;
import org.cosmograd.autodiff.kernel.Storage;

/// Compiled work with memory, to be repeated.
public sealed interface Replay permits Executable, Replicas {
    /// Says where inputs are read and outputs written from now on.
    void bind(List<Storage> inputs, List<Storage> outputs);

    /// To be called when somebody else has written to inputs that the work before this one had as outputs.
    void changed();

    /// Does the work.
    void run();

    /// The work as text, with the times of the steps so far if they are taken.
    String explain();

    /// From now on steps are timed, or no longer; times so far are forgotten.
    void profile(boolean on);

    /// The same work with other inputs and outputs on the same memory; the two must not run at the same time. They share times.
    Replay twin();
}
