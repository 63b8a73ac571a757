package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.cosmograd.autodiff.kernel.ColumnTask;
import org.cosmograd.autodiff.kernel.LoopSpec;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;
import org.cosmograd.autodiff.kernel.Operand;
import org.cosmograd.autodiff.kernel.RowsTask;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Reduction;

/// From groups of elementwise operations and reductions to loops.
///
/// @param stored the nodes that have memory of their own
/// @param repeated the nodes that are computed wherever they are used
record Groups(Graph graph, Layout layout, boolean[] stored, boolean[] repeated, Values values, Steps steps) {

    void group(Fusion.Item item) {
        List<Integer> members = new ArrayList<>();
        List<Integer> reductions = new ArrayList<>();
        for (int i : item.nodes) {
            (graph.node(i).op() instanceof Elementwise ? members : reductions).add(i);
        }
        List<Integer> free = members.isEmpty()
                ? values.view(graph.node(reductions.getFirst()).in().getFirst()).byStride()
                : layout.order(members.getFirst());
        List<Integer> order = order(free, item.axes);
        GroupBody body = new GroupBody(graph, members, repeated, i -> values.view(i, order));
        List<View> sources = new ArrayList<>();
        List<Operand> operands = new ArrayList<>();
        for (int i : reductions) {
            body.value(graph.node(i).in().getFirst());
        }
        for (int i : members) {
            if (stored[i]) {
                body.value(i);
            }
        }
        for (View v : body.sources.keySet()) {
            sources.add(v);
            operands.add(v.operand(order));
        }
        List<LoopSpec.Sink> sinks = new ArrayList<>();
        List<View> targets = new ArrayList<>();
        for (int i : members) {
            if (stored[i]) {
                View to = values.define(i);
                targets.add(to);
                operands.add(to.operand(order));
                sinks.add(new LoopSpec.Sink(body.number(i), Access.UNIT, Mode.STORE));
            }
        }
        int[] axes = item.axes.stream().mapToInt(order::indexOf).toArray();
        boolean inner = axes.length > 0 && item.axes.contains(order.getLast());
        int n = item.axes.stream().mapToInt(item.space::dim).reduce(1, (a, b) -> a * b);
        for (int i : reductions) {
            View to = values.define(i);
            targets.add(to);
            int[] s = new int[order.size()];
            for (int k = 0; k < s.length; k++) {
                int from = order.get(k);
                int removed = (int) item.axes.stream().filter(a -> a < from).count();
                s[k] = item.axes.contains(from) ? 0 : to.strides()[from - removed];
            }
            operands.add(new Operand(to.buffer(), to.offset(), s));
            boolean sum = graph.node(i).op() instanceof Reduction.Sum;
            Mode mode = inner ? (sum ? Mode.rowSum(n) : Mode.ROW_MAX) : sum ? Mode.columnSum(n) : Mode.MAX;
            sinks.add(new LoopSpec.Sink(body.number(graph.node(i).in().getFirst()), Access.UNIT, mode));
        }
        LoopSpec spec = new LoopSpec(body.sourceSpecs(), body.instructions(), sinks);
        int[] dims = Layout.dims(item.space, order);
        int cost = Math.max(1, item.operations);
        double flops = (double) item.operations * item.space.size();
        if (axes.length == 0 || inner) {
            steps.loop(new RowsTask.Stage(spec, dims, operands, cost), sources, targets, item.nodes, flops);
            return;
        }
        View scratch = steps.scratch(item.dtype, ColumnTask.scratchLength(dims, axes, reductions.size()));
        targets.add(scratch);
        Function<List<Operand>, ColumnTask> task = o -> new ColumnTask(spec, dims, axes, o, cost, item.dtype, scratch.buffer());
        steps.elementwise(() -> task.apply(operands), sources, targets, item.nodes, flops);
        if (ColumnTask.isPiecewise(spec, dims, axes, item.dtype)) {
            steps.sums(item.nodes, new RowPipelines.Sums(new RowsTask.Stage(spec, dims, operands, cost), scratch.buffer(), task));
        }
    }

    /// The axes of a loop, which has one last that is not reduced, if several are.
    static List<Integer> order(List<Integer> order, List<Integer> reduced) {
        if (reduced.size() <= 1) {
            return order;
        }
        int last = order.stream().filter(a -> !reduced.contains(a)).reduce((a, b) -> b).orElseThrow();
        return Stream.concat(order.stream().filter(a -> a != last), Stream.of(last)).toList();
    }
}
