package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
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
        // the last axis first: the axis that makes the most elements then has the longest rows
        for (int axis = f.size(); axis > 0; axis--) {
            x = f.get(axis - 1) == 1 ? x : along(x, axis, f.get(axis - 1));
        }
        return x;
    }

    private static Tensor along(Tensor x, int axis, int f) {
        Shape wide = x.shape().with(axis, Math.multiplyExact(f, x.dim(axis)));
        if (wide.size() == 0) {
            return Tensor.zeros(x.dtype(), wide.dims());
        }
        return CustomRule.of(t -> between(t.getFirst(), axis, f), (t, y, g) -> List.of(collected(g, axis, f))).apply(x);
    }

    /// The adjoint of [#along].
    private static Tensor collected(Tensor g, int axis, int f) {
        return CustomRule.of(t -> shares(t.getFirst(), axis, f), (t, y, h) -> List.of(along(h, axis, f))).apply(g);
    }

    /// How far place `k` behind the centre of an element is on the way to the next centre.
    private static double way(int k, int f) {
        return (k + (f % 2 == 0 ? 0.5 : 0)) / f;
    }

    /// `f` places from each centre to the next, and half as many before the first and behind the last.
    private static Tensor between(Tensor x, int axis, int f) {
        int n = x.dim(axis);
        int before = f / 2;
        Tensor first = x.slice(axis, 0, 1);
        Tensor last = x.slice(axis, n - 1, n);
        List<Tensor> parts = new ArrayList<>();
        parts.add(first.broadcastTo(first.shape().with(axis, before)));
        if (n > 1) {
            Tensor from = x.slice(axis, 0, n - 1);
            Tensor step = x.slice(axis, 1, n).sub(from);
            List<Tensor> places = IntStream.range(0, f).mapToObj(k -> way(k, f) == 0 ? from : step.mul(way(k, f)).add(from)).toList();
            parts.add(Tensor.stack(axis + 1, places).reshape(x.shape().with(axis, f * (n - 1))));
        }
        parts.add(last.broadcastTo(last.shape().with(axis, f - before)));
        return Tensor.concat(axis, parts);
    }

    /// What each element has given, from the places where it went.
    private static Tensor shares(Tensor g, int axis, int f) {
        int n = g.dim(axis) / f;
        int before = f / 2;
        Tensor first = sum(g, axis, 0, before, k -> 1);
        Tensor last = sum(g, axis, f * n - (f - before), f - before, k -> 1);
        if (n == 1) {
            return first.add(last);
        }
        List<Tensor> parts = new ArrayList<>();
        parts.add(first.add(sum(g, axis, before, f, k -> 1 - way(k, f))));
        if (n > 2) {
            List<Tensor> terms = new ArrayList<>();
            for (int k = 0; k < 2 * f; k++) {
                int from = before + k;
                double weight = k < f ? way(k, f) : 1 - way(k - f, f);
                if (weight > 0) {
                    terms.add(g.slice(axis, from, from + (n - 3) * f + 1, f).mul(weight));
                }
            }
            parts.add(terms.stream().reduce(Tensor::add).orElseThrow());
        }
        parts.add(sum(g, axis, before + (n - 2) * f, f, k -> way(k, f)).add(last));
        return Tensor.concat(axis, parts);
    }

    /// The weighted sum of `count` places, which leaves one.
    private static Tensor sum(Tensor g, int axis, int from, int count, IntToDoubleFunction weight) {
        return IntStream.range(0, count)
                .filter(k -> weight.applyAsDouble(k) > 0)
                .mapToObj(k -> g.slice(axis, from + k, from + k + 1).mul(weight.applyAsDouble(k)))
                .reduce(Tensor::add)
                .orElseThrow();
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
