package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.kernel.LoopSpec;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;
import org.cosmograd.autodiff.kernel.MapTask;
import org.cosmograd.autodiff.kernel.Operand;
import org.cosmograd.autodiff.kernel.RowsTask;
import org.cosmograd.autodiff.kernel.Task;
import org.cosmograd.autodiff.kernel.TransposeTask;

/// The steps made so far, in the order of the graph, and the buffers they use.
final class Steps {
    private final List<Schedule.Buffer> buffers = new ArrayList<>();
    private final List<Schedule.Step> list = new ArrayList<>();
    private final RowPipelines pipelines = new RowPipelines(buffers);
    private final EqualLoops loops = new EqualLoops();

    List<Schedule.Buffer> buffers() {
        return buffers;
    }

    /// The steps as they were made.
    List<Schedule.Step> made() {
        return list;
    }

    /// The steps, with those joined that gain by it, in an order that keeps little alive.
    List<Schedule.Step> arranged(Graph graph) {
        List<Schedule.Step> joined = pipelines.merge(loops.mergeUpdates(graph, buffers, list));
        return loops.merge(graph, buffers, StepOrder.lean(graph, buffers, joined));
    }

    // ------------------------------------------------------------------------------------------------- buffers

    int buffer(Schedule.Kind kind, TensorType type, int index) {
        buffers.add(new Schedule.Buffer(kind, type.dtype(), type.shape().size(), index));
        return buffers.size() - 1;
    }

    /// A new buffer inside, of elements in row-major order.
    View inside(DType type, Shape shape, int node) {
        return View.dense(buffer(Schedule.Kind.INSIDE, new TensorType(type, shape), node), shape);
    }

    /// Memory that one step works in.
    View scratch(DType type, int length) {
        return inside(type, Shape.of(length), -1);
    }

    // ------------------------------------------------------------------------------------------------- steps

    void add(Supplier<Task> task, List<View> reads, List<View> writes, List<Integer> nodes, double flops) {
        add(task, reads, writes, nodes, flops, List.of());
    }

    private void add(
            Supplier<Task> task, List<View> reads, List<View> writes, List<Integer> nodes, double flops, List<Schedule.Reuse> reuses) {
        boolean empty = true;
        for (View w : writes) {
            empty &= w.shape().size() == 0;
        }
        if (!empty) {
            list.add(new Schedule.Step(task, used(reads), used(writes), nodes, flops, bytes(reads) + bytes(writes), reuses));
        }
    }

    private static List<Integer> used(List<View> views) {
        List<Integer> out = new ArrayList<>();
        for (View v : views) {
            out.add(v.buffer());
        }
        return out;
    }

    private long bytes(List<View> views) {
        long bytes = 0;
        for (View v : views) {
            bytes += v.distinct() * buffers.get(v.buffer()).dtype().bytes();
        }
        return bytes;
    }

    /// A step that takes each element from the place where it may put another.
    void elementwise(Supplier<Task> task, List<View> reads, List<View> writes, List<Integer> nodes, double flops) {
        List<Schedule.Reuse> reuses = new ArrayList<>();
        for (View w : writes) {
            for (View r : reads) {
                if (r.buffer() != w.buffer()
                        && r.sameElements(w)
                        && buffers.get(r.buffer()).dtype() == buffers.get(w.buffer()).dtype()
                        && buffers.get(r.buffer()).length() == buffers.get(w.buffer()).length()
                        && isAlike(r, reads)) {
                    reuses.add(new Schedule.Reuse(r.buffer(), w.buffer()));
                }
            }
        }
        add(task, reads, writes, nodes, flops, List.copyOf(reuses));
    }

    /// Whether all views of a buffer are the same.
    private static boolean isAlike(View r, List<View> all) {
        for (View o : all) {
            if (o.buffer() == r.buffer() && !o.sameElements(r)) {
                return false;
            }
        }
        return true;
    }

    /// A loop over elements or rows, which may be joined with others.
    void loop(RowsTask.Stage stage, List<View> reads, List<View> writes, List<Integer> nodes, double flops) {
        elementwise(() -> new MapTask(List.of(stage)), reads, writes, nodes, flops);
        pipelines.loop(list, nodes, stage);
        loops.loop(list, nodes, stage);
    }

    /// Says that the last step, if it is that of these nodes, sums along rows.
    void sums(List<Integer> nodes, RowPipelines.Sums sums) {
        pipelines.sums(list, nodes, sums);
    }

    /// Says that the last step makes rows that loops may take while they are in the cache.
    void rows(RowsTask.Producer producer) {
        pipelines.producer(list.getLast(), producer);
    }

    void copy(View from, View to, DType type, List<Integer> nodes) {
        LoopSpec body = new LoopSpec(
                List.of(new LoopSpec.Source(type, Access.UNIT)), List.of(), List.of(new LoopSpec.Sink(0, Access.UNIT, Mode.STORE)));
        List<Integer> order = to.byStride();
        int[] dims = Layout.dims(to.shape(), order);
        Operand source = from.operand(order);
        Operand target = to.operand(order);
        add(() -> TransposeTask.of(body, dims, source, target), List.of(from), List.of(to), nodes, 0);
    }

    void fill(View to, double value, DType type, List<Integer> nodes) {
        LoopSpec body = new LoopSpec(
                List.of(),
                List.of(new LoopSpec.Instruction(new Functions.Constant(value), type, List.of())),
                List.of(new LoopSpec.Sink(0, Access.UNIT, Mode.STORE)));
        List<Integer> order = to.byStride();
        int[] dims = Layout.dims(to.shape(), order);
        List<Operand> operands = List.of(to.operand(order));
        add(() -> new MapTask(body, dims, operands, 1), List.of(), List.of(to), nodes, 0);
    }
}
