package org.cosmograd.autodiff.compile;

import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.kernel.Borders;
import org.cosmograd.autodiff.kernel.ConvShape;
import org.cosmograd.autodiff.kernel.ConvTask;
import org.cosmograd.autodiff.kernel.ConvWeightTask;
import org.cosmograd.autodiff.kernel.DenseTask;
import org.cosmograd.autodiff.kernel.Gemm;
import org.cosmograd.autodiff.kernel.LargestPlaces;
import org.cosmograd.autodiff.kernel.Operand;
import org.cosmograd.autodiff.kernel.Repeats;
import org.cosmograd.autodiff.kernel.RowsTask;
import org.cosmograd.autodiff.kernel.Task;
import org.cosmograd.autodiff.op.Border;
import org.cosmograd.autodiff.op.Conv;
import org.cosmograd.autodiff.op.Pool;
import org.cosmograd.autodiff.op.Repeat;

/// From convolutions and pooling as operations to their tasks.
record Convolutions(Graph graph, Values values, Steps steps) {

    void convolution(int i, Conv op) {
        Graph.Node n = graph.node(i);
        View a = values.dense(n.in().get(0));
        View b = values.dense(n.in().get(1));
        ConvShape s = shape(op, a.shape(), b.shape(), n.shape());
        View scratch = steps.scratch(n.dtype(), scratchLength(op, n.dtype(), s));
        View to = values.define(i);
        BiFunction<Integer, Gemm.RowBlock, Task> task = (buffer, told) ->
                task(op, n.dtype(), s, a.operand(), b.operand(), to.operand().in(buffer), scratch.buffer(), told);
        steps.add(() -> task.apply(to.buffer(), (from, end) -> {}), List.of(a, b), List.of(to, scratch), List.of(i), 2 * s.work());
        int channels = n.shape().dim(-1);
        int rows = n.shape().size() / Math.max(1, channels);
        if (!(op instanceof Conv.WeightGradient) && rows > 0) {
            Operand places = new Operand(to.buffer(), to.offset(), new int[] {channels, 1});
            steps.rows(new RowsTask.Producer(rows, channels, places, Optional.empty(), task));
        }
    }

    /// The sizes of a convolution from the shapes of its operands and its result.
    private static ConvShape shape(Conv op, Shape first, Shape second, Shape result) {
        Shape x = op instanceof Conv.InputGradient ? result : first;
        Shape w = op instanceof Conv.WeightGradient ? result : second;
        Shape y = op instanceof Conv.Forward ? result : op instanceof Conv.InputGradient ? first : second;
        int r = op.window().rank();
        return ConvShape.of(
                x.dim(0), spatial(x), x.dim(-1), w.slice(0, r).dims(), spatial(y), y.dim(-1),
                ints(op.window().stride()), ints(op.window().low()), ints(op.window().dilation()), op.window().groups());
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    /// The scratch that the task needs.
    private static int scratchLength(Conv op, DType type, ConvShape s) {
        try {
            return op instanceof Conv.WeightGradient
                    ? ConvWeightTask.scratchLength(type, s)
                    : ConvTask.scratchLength(type, s, op instanceof Conv.InputGradient);
        } catch (ArithmeticException tooLarge) {
            throw new ShapeException("convolution: the packed weights for " + s.c() + " input and " + s.q()
                    + " output channels would hold more than 2147483583 elements; take fewer channels or a smaller kernel");
        }
    }

    /// The task; `finished` hears of rows (places of the result) unless it is a weight gradient.
    private static Task task(Conv op, DType type, ConvShape s, Operand a, Operand b, Operand to, int scratch, Gemm.RowBlock finished) {
        return switch (op) {
            case Conv.Forward f -> ConvTask.forward(type, s, a, b, to, scratch, finished);
            case Conv.InputGradient g -> ConvTask.inputGradient(type, s, a, b, to, scratch, finished);
            case Conv.WeightGradient g -> ConvWeightTask.of(type, s, a, b, to, scratch);
        };
    }

    static DenseTask.Work extend(Border.Extend e, Shape x) {
        return Borders.extend(x.dims(), ints(e.low()), ints(e.high()), e.kind()::inside);
    }

    static DenseTask.Work fold(Border.Fold f, Shape y) {
        return Borders.fold(y.dims(), ints(f.low()), ints(f.high()), f.kind()::inside);
    }

    static DenseTask.Work pick(Pool.Window w, Shape x, Shape y) {
        return LargestPlaces.pick(
                x.dim(0), spatial(x), spatial(y), x.dim(-1), ints(w.size()), ints(w.stride()), ints(w.low()));
    }

    static DenseTask.Work route(DType type, Pool.Window w, Shape x, Shape g) {
        return LargestPlaces.route(
                type, x.dim(0), spatial(x), spatial(g), x.dim(-1), ints(w.size()), ints(w.stride()), ints(w.low()));
    }

    static DenseTask.Work repeat(Repeat r, Shape x) {
        return Repeats.of(x.dim(0), spatial(x), ints(r.factors()), x.dim(-1));
    }

    private static int[] spatial(Shape s) {
        return s.slice(1, s.rank() - 1).dims();
    }
}
