package org.cosmograd.autodiff.kernel;

/// One step of a schedule, ready to run again and again without allocating.
public interface Task {
    /// Looks up where the operands lie; to be called again whenever they have moved.
    void bind(Memory memory);

    /// Does the work.
    void run();
}
