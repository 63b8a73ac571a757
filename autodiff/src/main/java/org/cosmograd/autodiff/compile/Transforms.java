package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.kernel.FftTask;
import org.cosmograd.autodiff.op.Spectral;

/// From Fourier transforms as operations to their tasks.
record Transforms(Graph graph, Values values, Steps steps) {

    void transform(int i, Spectral f) {
        Graph.Node n = graph.node(i);
        View from = values.dense(n.in().getFirst());
        View to = values.define(i);
        boolean inverse = f instanceof Spectral.Inverse;
        int rank = switch (f) {
            case Spectral.Forward x -> x.rank();
            case Spectral.Inverse x -> x.rank();
        };
        boolean weighted = switch (f) {
            case Spectral.Forward x -> x.adjoint();
            case Spectral.Inverse x -> !x.adjoint();
        };
        Shape numbers = inverse ? n.shape() : from.shape();
        int r = numbers.rank();
        int batch = numbers.slice(0, r - rank).size();
        int[] dims = numbers.slice(r - rank, r).dims();
        double whole = numbers.slice(r - rank, r).size();
        // the modes at the edges of the half spectrum stand for themselves, the rest also for their conjugates
        double edge = weighted ? 1 / whole : 1;
        double rest = weighted == inverse ? edge : inverse ? 0.5 : 2 / whole;
        int length = FftTask.scratchLength(inverse, n.dtype(), batch, dims);
        List<View> writes = new ArrayList<>(List.of(to));
        if (length > 0) {
            writes.add(steps.scratch(n.dtype(), length));
        }
        int between = length > 0 ? writes.getLast().buffer() : -1;
        steps.add(
                () -> new FftTask(inverse, n.dtype(), batch, dims, edge, rest, from.operand(), to.operand(), between),
                List.of(from),
                writes,
                List.of(i),
                2.5 * numbers.size() * Math.log(whole) / Math.log(2));
    }
}
