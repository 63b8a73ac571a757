package org.cosmograd.autodiff.compile;

import java.util.List;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Plans;
import org.cosmograd.autodiff.kernel.Storage;

/// Expressions compiled together, as a schedule from which executables are made. Expressions of equal structure share one schedule and
/// its kernels, whatever data they hold.
public final class Compiler {
    private static final boolean CHECK = Boolean.getBoolean("cosmograd.check");

    private final Schedule schedule;
    private final List<Storage> constants;

    /// What makes two schedules equal.
    ///
    /// @param structure operations, wiring and types
    /// @param fuse whether loops hold several operations
    private record Structure(List<Object> structure, boolean fuse) {}

    /// The schedule of some expressions of program arguments.
    public Compiler(List<Tensor> expressions) {
        Graph graph = new Graph(expressions, Graph.DataMode.CONSTANT);
        this.schedule = schedule(graph);
        this.constants = graph.constants();
    }

    /// The schedule of a graph, made at the first request for its structure.
    static Schedule schedule(Graph graph) {
        return Plans.kept(new Structure(graph.key(), !CHECK), () -> new Schedule(graph.structure(), !CHECK));
    }

    /// The schedule with memory of its own.
    public Executable executable() {
        return new Executable(schedule, constants, CHECK);
    }
}
