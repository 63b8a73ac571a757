package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.cosmograd.autodiff.op.Border;
import org.cosmograd.autodiff.op.Conv;
import org.cosmograd.autodiff.op.Repeat;

/// Up-sampling of the one to three spatial axes of `x[n, …, c]` by whole factors `f`, one for each axis, or one for all:
/// `[n, h, w, c] → [n, f₀ h, f₁ w, c]`.
///
///     Tensor large = Resampling.linear(x, 2);
///
/// Factors below 1, or not as many as axes, are a [ShapeException].
public final class Resampling {
    private Resampling() {}

    /// Every place repeated: `y[i] = x[⌊i/f⌋]` on each axis.
    public static Tensor nearest(Tensor x, int... factors) {
        return x.apply(new Repeat(check(x, factors)));
    }

    /// Linear interpolation on each axis between the centres of places, constant beyond the outermost:
    /// `y[i] = x((i + ½)/f - ½)` (bilinear, trilinear; corners are not aligned).
    public static Tensor linear(Tensor x, int... factors) {
        List<Integer> f = check(x, factors);
        int rank = f.size();
        int c = x.dim(-1);
        List<Integer> one = new ArrayList<>(Collections.nCopies(rank + 2, 1));
        one.set(0, 0);
        one.set(rank + 1, 0);
        List<Integer> low = new ArrayList<>();
        List<Integer> high = new ArrayList<>();
        List<Integer> size = new ArrayList<>();
        Tensor w = Tensor.scalar(1, DType.F64);
        for (int i = 0; i < rank; i++) {
            int n = f.get(i);
            // element k of the kernel lies k - n/2 places behind the beginning of a block of n
            double[] part = new double[2 * n - n % 2];
            for (int k = 0; k < part.length; k++) {
                part[k] = 1 - Math.abs((k - n / 2 + 0.5) / n - 0.5);
            }
            int[] dims = new int[rank + 2];
            Arrays.fill(dims, 1);
            dims[i] = part.length;
            w = w.mul(Tensor.of(Shape.of(dims), part));
            // the place added before the first begins n places earlier
            low.add(n / 2 + n);
            high.add(part.length - n / 2);
            size.add(Math.multiplyExact(n, x.dim(i + 1)));
        }
        Tensor kernel = w.cast(x.dtype()).broadcastTo(w.shape().with(-1, c));
        Conv.Window window = new Conv.Window(f, low, high, Collections.nCopies(rank, 1), c);
        return x.apply(new Border.Extend(one, one, Border.Kind.EDGE)).apply(new Conv.InputGradient(window, size), kernel);
    }

    private static List<Integer> check(Tensor x, int[] factors) {
        int rank = x.shape().rank() - 2;
        List<Integer> f = factors.length == 1
                ? Collections.nCopies(Math.max(0, rank), factors[0])
                : Arrays.stream(factors).boxed().toList();
        if (rank < 1 || rank > 3 || f.size() != rank || f.stream().anyMatch(i -> i < 1)) {
            throw new ShapeException("up-sampling: needs [n, …, channels] with 1 to 3 spatial axes and a factor of at least 1 for each, got "
                    + x.type() + " and " + Arrays.toString(factors));
        }
        return f;
    }
}
