package org.cosmograd.autodiff.compile;

import java.util.List;
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
import org.cosmograd.autodiff.kernel.Task;
import org.cosmograd.autodiff.op.Border;
import org.cosmograd.autodiff.op.Conv;
import org.cosmograd.autodiff.op.Pool;
import org.cosmograd.autodiff.op.Repeat;

/// From convolutions and pooling as operations to their tasks.
final class Convolutions {
    private Convolutions() {}

    /// The sizes of a convolution from the shapes of its operands and its result.
    static ConvShape shape(Conv op, Shape first, Shape second, Shape result) {
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
    static Shape scratch(Conv op, DType type, ConvShape s) {
        try {
            return Shape.of(op instanceof Conv.WeightGradient
                    ? ConvWeightTask.scratchLength(type, s)
                    : ConvTask.scratchLength(type, s, op instanceof Conv.InputGradient));
        } catch (ArithmeticException tooLarge) {
            throw new ShapeException("convolution: the packed weights for " + s.c() + " input and " + s.q()
                    + " output channels would hold more than 2147483583 elements; take fewer channels or a smaller kernel");
        }
    }

    /// The task; `finished` hears of rows (places of the result) unless it is a weight gradient.
    static Task task(Conv op, DType type, ConvShape s, Operand a, Operand b, Operand to, int scratch, Gemm.RowBlock finished) {
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

    static DenseTask.Work route(Pool.Window w, Shape x, Shape g) {
        return LargestPlaces.route(
                x.dim(0), spatial(x), spatial(g), x.dim(-1), ints(w.size()), ints(w.stride()), ints(w.low()));
    }

    static DenseTask.Work repeat(Repeat r, Shape x) {
        return Repeats.of(x.dim(0), spatial(x), ints(r.factors()), x.dim(-1));
    }

    private static int[] spatial(Shape s) {
        return s.slice(1, s.rank() - 1).dims();
    }
}
