package org.cosmograd.autodiff.compile;

import java.util.List;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Plans;
import org.cosmograd.autodiff.kernel.Prelude;
import org.cosmograd.autodiff.kernel.Storage;

/// Expressions compiled together, as a schedule from which executables are made. Expressions of equal structure share one schedule and
/// its kernels, whatever data they hold.
public final class Compiler {
    private static final boolean CHECK = Boolean.getBoolean("cosmograd.check");

    /// What a node of a kept schedule takes, roughly.
    private static final long NODE_BYTES = 2000;

    private final Schedule schedule;
    private final List<Storage> constants;

    /// What makes two schedules equal.
    ///
    /// @param structure operations, wiring and types
    /// @param memory the most bytes it may plan
    private record Structure(List<Object> structure, long memory) {}

    /// The schedule of some expressions of program arguments.
    ///
    /// @param memory the most bytes it may plan for what lives inside
    public Compiler(List<Tensor> expressions, long memory) {
        Prelude.end();
        Graph graph = new Graph(expressions, Graph.DataMode.CONSTANT);
        this.schedule = schedule(graph, memory);
        this.constants = graph.constants();
    }

    /// The schedule of a graph, made at the first request for its structure.
    ///
    /// @param memory the most bytes it may plan
    static Schedule schedule(Graph graph, long memory) {
        return Plans.kept(new Structure(graph.key(), memory), () -> Recompute.within(graph.structure(), !CHECK, memory), s -> NODE_BYTES * s.graph().size());
    }

    Schedule schedule() {
        return schedule;
    }

    /// The schedule with memory of its own.
    public Executable executable() {
        return new Executable(schedule, constants, CHECK);
    }
}
