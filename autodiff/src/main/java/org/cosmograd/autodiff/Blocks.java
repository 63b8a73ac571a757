package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.op.Movement;

/// Sums over blocks of neighbouring places of `x[n, …, c]`, and each place repeated as a block: each is the other's adjoint.
final class Blocks {
    /// Blocks of more elements are summed axis by axis.
    static final int MOST_TERMS = 16;

    private Blocks() {}

    /// `y[n, o, c] = Σ_k x[n, f·o + k, c]` over `k < f`; sizes are multiples of the factors.
    static Tensor sum(Tensor x, List<Integer> factors) {
        if (factors.stream().allMatch(f -> f == 1)) {
            return x;
        }
        return CustomRule.of(t -> plainSum(t.getFirst(), factors), (t, y, g) -> List.of(repeat(g, factors))).apply(x);
    }

    /// `y[n, i, c] = x[n, ⌊i/f⌋, c]`
    static Tensor repeat(Tensor x, List<Integer> factors) {
        if (factors.stream().allMatch(f -> f == 1)) {
            return x;
        }
        return CustomRule.of(t -> plainRepeat(t.getFirst(), factors), (t, y, g) -> List.of(sum(g, factors))).apply(x);
    }

    private static Tensor plainSum(Tensor x, List<Integer> factors) {
        int terms = factors.stream().reduce(1, Math::multiplyExact);
        if (terms > MOST_TERMS) {
            int[] inner = IntStream.range(0, factors.size()).map(i -> 2 * i + 2).toArray();
            return x.reshape(split(x.shape(), factors)).sum(inner);
        }
        return windows(x, factors, factors).stream().reduce(Tensor::add).orElseThrow();
    }

    /// For each place of a window that slides over `x`, in row-major order, the elements that come to lie there.
    static List<Tensor> windows(Tensor x, List<Integer> size, List<Integer> stride) {
        int r = x.shape().rank();
        int terms = size.stream().reduce(1, Math::multiplyExact);
        List<Tensor> parts = new ArrayList<>();
        for (int k = 0; k < terms; k++) {
            List<Integer> start = new ArrayList<>();
            List<Integer> stop = new ArrayList<>();
            List<Integer> step = new ArrayList<>();
            int left = k;
            int whole = terms;
            for (int i = 0; i < r; i++) {
                boolean spatial = i > 0 && i < r - 1;
                int n = spatial ? size.get(i - 1) : 1;
                int s = spatial ? stride.get(i - 1) : 1;
                whole /= n;
                start.add(left / whole);
                left %= whole;
                stop.add(start.getLast() + (x.shape().dim(i) - n) / s * s + 1);
                step.add(s);
            }
            parts.add(x.apply(new Movement.Slice(start, stop, step)));
        }
        return parts;
    }

    private static Tensor plainRepeat(Tensor x, List<Integer> factors) {
        int[] to = x.shape().dims();
        int[] kept = new int[2 * factors.size() + 2];
        kept[0] = to[0];
        kept[kept.length - 1] = to[to.length - 1];
        for (int i = 0; i < factors.size(); i++) {
            kept[2 * i + 1] = to[i + 1];
            kept[2 * i + 2] = 1;
            to[i + 1] = Math.multiplyExact(to[i + 1], factors.get(i));
        }
        Shape all = Shape.of(to);
        return x.reshape(Shape.of(kept)).broadcastTo(split(all, factors)).reshape(all);
    }

    /// `[n, …, c]` with each spatial axis as two, blocks and places in a block.
    private static Shape split(Shape s, List<Integer> factors) {
        int[] dims = new int[2 * factors.size() + 2];
        dims[0] = s.dim(0);
        dims[dims.length - 1] = s.dim(-1);
        for (int i = 0; i < factors.size(); i++) {
            dims[2 * i + 1] = s.dim(i + 1) / factors.get(i);
            dims[2 * i + 2] = factors.get(i);
        }
        return Shape.of(dims);
    }
}
