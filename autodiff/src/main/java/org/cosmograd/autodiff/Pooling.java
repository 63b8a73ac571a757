package org.cosmograd.autodiff;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.op.Conv;
import org.cosmograd.autodiff.op.Pool;

/// The mean or the largest element of each window that slides over the spatial axes of `x[n, …, c]`, channel by channel.
///
///     Tensor half = Pooling.of(2, 2).average(x);               // [n, h, w, c] -> [n, h/2, w/2, c]
///     Tensor same = Pooling.of(3, 3).stride(1).padding(1).max(x);
///
/// Places outside the input do not count: the mean is one of the elements there are. Windows that would reach beyond the padded end
/// are left out.
///
/// @param window elements of a window, for each axis
/// @param stride from one window to the next, for each axis
/// @param low    how far the first window reaches over the beginning
/// @param high   how far the last window may reach over the end
public record Pooling(List<Integer> window, List<Integer> stride, List<Integer> low, List<Integer> high) {

    /// Checks the settings.
    public Pooling {
        window = List.copyOf(window);
        stride = List.copyOf(stride);
        low = List.copyOf(low);
        high = List.copyOf(high);
        int rank = window.size();
        if (rank < 1 || rank > 3) {
            throw new ShapeException("pooling: 1, 2 or 3 spatial axes are possible, got " + rank);
        }
        atLeast("window", window, 1, rank);
        atLeast("stride", stride, 1, rank);
        atLeast("padding", low, 0, rank);
        atLeast("padding", high, 0, rank);
    }

    private static void atLeast(String what, List<Integer> values, int least, int rank) {
        if (values.size() != rank || values.stream().anyMatch(v -> v < least)) {
            throw new ShapeException("pooling: " + what + " needs a number of at least " + least + " for each of " + rank
                    + (rank == 1 ? " axis" : " axes") + ", got " + values);
        }
    }

    /// Windows side by side, without padding.
    public static Pooling of(int... window) {
        List<Integer> w = Arrays.stream(window).boxed().toList();
        List<Integer> none = Collections.nCopies(window.length, 0);
        return new Pooling(w, w, none, none);
    }

    /// This with other strides: one for each axis, or one for all.
    public Pooling stride(int... stride) {
        return new Pooling(window, each(stride), low, high);
    }

    /// This with windows that reach over both ends: by one amount for each axis, or one for all.
    public Pooling padding(int... amount) {
        return new Pooling(window, stride, each(amount), each(amount));
    }

    private List<Integer> each(int[] values) {
        return values.length == 1 ? Collections.nCopies(window.size(), values[0]) : Arrays.stream(values).boxed().toList();
    }

    private boolean isUnpadded() {
        return low.stream().allMatch(i -> i == 0) && high.stream().allMatch(i -> i == 0);
    }

    /// The mean of each window.
    public Tensor average(Tensor x) {
        Shape y = new Pool.Window(window, stride, low, high).places(x);
        int count = window.stream().reduce(1, Math::multiplyExact);
        if (stride.equals(window) && isUnpadded()) {
            return Blocks.sum(whole(x, y), window).mul(1.0 / count);
        }
        int c = x.dim(-1);
        int[] w = new int[window.size() + 2];
        for (int i = 0; i < window.size(); i++) {
            w[i] = window.get(i);
        }
        w[w.length - 2] = 1;
        w[w.length - 1] = c;
        Conv.Window depthwise = new Conv.Window(stride, low, high, Collections.nCopies(window.size(), 1), c);
        Tensor sum = x.apply(new Conv.Forward(depthwise), Tensor.full(1, x.dtype(), w));
        return isUnpadded() ? sum.mul(1.0 / count) : sum.mul(shares(x.shape(), y).cast(x.dtype()));
    }

    /// `x` without the places behind the last window.
    private Tensor whole(Tensor x, Shape y) {
        for (int i = 0; i < window.size(); i++) {
            x = x.slice(i + 1, 0, y.dim(i + 1) * window.get(i));
        }
        return x;
    }

    /// One over the number of elements that each window holds.
    private Tensor shares(Shape x, Shape y) {
        Tensor all = Tensor.scalar(1, DType.F64);
        for (int i = 0; i < window.size(); i++) {
            double[] part = new double[y.dim(i + 1)];
            for (int o = 0; o < part.length; o++) {
                int from = o * stride.get(i) - low.get(i);
                part[o] = 1.0 / (Math.min(from + window.get(i), x.dim(i + 1)) - Math.max(from, 0));
            }
            int[] dims = IntStream.range(0, y.rank()).map(a -> 1).toArray();
            dims[i + 1] = part.length;
            all = all.mul(Tensor.of(Shape.of(dims), part));
        }
        return all;
    }

    /// The largest element of each window. Where several are equal, the first in row-major order has the derivative. A NaN counts as
    /// largest.
    public Tensor max(Tensor x) {
        Pool.Window w = new Pool.Window(window, stride, low, high);
        w.places(x);
        boolean few = isUnpadded() && window.stream().reduce(1, Math::multiplyExact) <= Blocks.MOST_TERMS;
        return CustomRule.of(
                        t -> few
                                ? Blocks.windows(t.getFirst(), window, stride).stream().reduce(Tensor::max).orElseThrow()
                                : t.getFirst().apply(new Pool.Pick(w), t.getFirst()),
                        (t, y, g) -> List.of(t.getFirst().apply(new Pool.Route(w), g)))
                .apply(x);
    }

    /// The mean over all places: `[n, …, c] -> [n, c]`.
    public static Tensor globalAverage(Tensor x) {
        return x.mean(spatial(x));
    }

    /// The largest element over all places: `[n, …, c] -> [n, c]`. Equal largest elements share the derivative equally.
    public static Tensor globalMax(Tensor x) {
        return x.maxOver(spatial(x));
    }

    private static int[] spatial(Tensor x) {
        if (x.shape().rank() < 3) {
            throw new ShapeException("pooling: needs [n, …, channels] with at least one spatial axis, got " + x.type());
        }
        return IntStream.range(1, x.shape().rank() - 1).toArray();
    }
}
