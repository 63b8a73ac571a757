package org.cosmograd.nn;

import java.util.stream.Collectors;
import org.cosmograd.autodiff.Pooling;
import org.cosmograd.autodiff.Tensor;

/// The largest element or the mean of windows over the pixels, channel by channel: `x[B, …, n] → y[B, …, n]`, smaller by the stride.
///
///     Pool half = Pool.max(2, 2);
///
/// @param kind what is taken of a window
/// @param pooling the windows; places outside the image do not count, or
/// @param periodic are those at the other end of it
public record Pool(Kind kind, Pooling pooling, boolean periodic) implements Layer {

    /// What is taken of a window.
    public enum Kind {
        /// the mean
        AVERAGE,
        /// the largest element
        MAX
    }

    /// The largest element of windows side by side; a size for each axis.
    public static Pool max(int... window) {
        return new Pool(Kind.MAX, Pooling.of(window), false);
    }

    /// The mean of windows side by side; a size for each axis.
    public static Pool average(int... window) {
        return new Pool(Kind.AVERAGE, Pooling.of(window), false);
    }

    @Override
    public Tensor apply(Tensor x) {
        int axes = pooling.window().size();
        Conv.check("Pool", x, axes);
        Pooling inside = pooling;
        if (periodic) {
            for (int i = 0; i < axes; i++) {
                int n = x.dim(i + 1);
                Tensor before = x.slice(i + 1, n - pooling.low().get(i), n);
                x = Tensor.concat(i + 1, before, x, x.slice(i + 1, 0, pooling.high().get(i)));
            }
            inside = pooling.padding(0);
        }
        return kind == Kind.MAX ? inside.max(x) : inside.average(x);
    }

    @Override
    public String toString() {
        String window = pooling.window().stream().map(String::valueOf).collect(Collectors.joining("x"));
        String stride = pooling.stride().equals(pooling.window()) ? "" : ", stride " + pooling.stride();
        return "Pool(" + kind + ", " + window + stride + (periodic ? ", PERIODIC)" : ")");
    }
}
