package org.cosmograd.autodiff.compile;

import java.util.List;
import java.util.stream.Stream;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.kernel.Dense;
import org.cosmograd.autodiff.kernel.DenseTask;
import org.cosmograd.autodiff.kernel.Operand;
import org.cosmograd.autodiff.op.Border;
import org.cosmograd.autodiff.op.Indexing;
import org.cosmograd.autodiff.op.LinearAlgebra;
import org.cosmograd.autodiff.op.Pool;
import org.cosmograd.autodiff.op.RandomDraw;
import org.cosmograd.autodiff.op.Reduction;
import org.cosmograd.autodiff.op.Repeat;

/// From the operations that take their operands dense and in row-major order to their tasks.
record DenseWork(Graph graph, Values values, Steps steps) {

    void dense(int i) {
        Graph.Node n = graph.node(i);
        List<View> in = n.in().stream().map(values::dense).toList();
        List<Shape> shapes = in.stream().map(View::shape).toList();
        View to = values.define(i);
        List<Operand> operands = Stream.concat(in.stream(), Stream.of(to)).map(View::operand).toList();
        // each task has work of its own, which may remember its operands
        steps.add(
                () -> new DenseTask(n.op().name(), of(n, shapes), operands), in, List.of(to), List.of(i), Flops.of(n.op(), n.shape(), shapes));
    }

    /// The work of a node.
    ///
    /// @param in shapes of its operands
    private static DenseTask.Work of(Graph.Node n, List<Shape> in) {
        Shape first = in.isEmpty() ? n.shape() : in.getFirst();
        int size = first.size();
        return switch (n.op()) {
            case Indexing.Gather g -> Dense.gather(n.dtype(), first.dim(0), first.without(0).size(), in.get(1).size());
            case Indexing.ScatterAdd s -> Dense.scatterAdd(n.dtype(), s.rows(), n.shape().without(0).size(), in.get(1).size());
            case Indexing.ArgSort s -> Dense.argSort(size / Math.max(1, first.dim(-1)), first.dim(-1));
            case Reduction.ArgMax m ->
                    Dense.argMax(first.slice(0, m.axis()).size(), first.dim(m.axis()), first.slice(m.axis() + 1, first.rank()).size());
            case Reduction.CumSum c ->
                    Dense.cumSum(first.slice(0, c.axis()).size(), first.dim(c.axis()), first.slice(c.axis() + 1, first.rank()).size());
            case LinearAlgebra.Cholesky c -> Dense.cholesky(first.slice(0, first.rank() - 2).size(), first.dim(-1));
            case LinearAlgebra.TriangularSolve t ->
                    Dense.solveTriangular(first.slice(0, first.rank() - 2).size(), first.dim(-1), n.shape().dim(-1), t.transpose());
            case LinearAlgebra.SymmetricEigen e -> Dense.symmetricEigen(first.slice(0, first.rank() - 2).size(), first.dim(-1));
            case RandomDraw.Fold f -> Dense.foldKey(f.index());
            case RandomDraw.Uniform u -> Dense.uniform(n.shape().size());
            case RandomDraw.Normal u -> Dense.normal(n.shape().size());
            case RandomDraw.Bits u -> Dense.bits(n.shape().size());
            case Border.Extend e -> Convolutions.extend(e, first);
            case Border.Fold f -> Convolutions.fold(f, n.shape());
            case Repeat r -> Convolutions.repeat(r, first);
            case Pool.Pick p -> Convolutions.pick(p.window(), first, n.shape());
            case Pool.Route p -> Convolutions.route(n.dtype(), p.window(), first, in.get(1));
            default -> throw new IllegalStateException("compile: no step for " + n.op().name());
        };
    }
}
