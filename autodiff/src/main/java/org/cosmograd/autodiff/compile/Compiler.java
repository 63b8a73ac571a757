package org.cosmograd.autodiff.compile;

import java.util.List;
import org.cosmograd.autodiff.Tensor;

/// Expressions compiled together, as a schedule from which executables are made.
public final class Compiler {
    private static final boolean CHECK = Boolean.getBoolean("cosmograd.check");

    private final Schedule schedule;

    /// The schedule of some expressions of program arguments.
    public Compiler(List<Tensor> expressions) {
        this.schedule = new Schedule(new Graph(expressions, Graph.DataMode.CONSTANT), !CHECK);
    }

    /// The schedule with memory of its own.
    public Executable executable() {
        return new Executable(schedule, CHECK);
    }
}
