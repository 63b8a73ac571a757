package org.cosmograd.autodiff.op;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.CustomRule;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// `y[n, i, c] = x[n, ⌊i/f⌋, c]`: each place of the spatial axes repeated as a block. Its adjoint sums blocks.
///
/// @param factors size of a block along each spatial axis
public record Repeat(List<Integer> factors) implements Op {
    /// Windows of more elements are better treated axis by axis.
    public static final int MOST_TERMS = 16;

    @Override
    public TensorType infer(List<Tensor> x) {
        int[] dims = x.getFirst().shape().dims();
        for (int i = 0; i < factors.size(); i++) {
            dims[i + 1] = Math.multiplyExact(dims[i + 1], factors.get(i));
        }
        return new TensorType(x.getFirst().dtype(), Shape.of(dims));
    }

    @Override
    public List<Tensor> vjp(Tensor y, Tensor g) {
        return List.of(sums(g, factors));
    }

    @Override
    public Tensor jvp(Tensor y, List<Tensor> t) {
        return t.getFirst().apply(this);
    }

    /// `y[n, o, c] = Σ_k x[n, f·o + k, c]` over `k < f`; sizes are multiples of the factors.
    public static Tensor sums(Tensor x, List<Integer> factors) {
        return CustomRule.of(t -> plainSums(t.getFirst(), factors), (t, y, g) -> List.of(g.apply(new Repeat(factors)))).apply(x);
    }

    private static Tensor plainSums(Tensor x, List<Integer> factors) {
        if (factors.stream().reduce(1, Math::multiplyExact) <= MOST_TERMS) {
            return windows(x, factors, factors).stream().reduce(Tensor::add).orElseThrow();
        }
        int[] dims = new int[2 * factors.size() + 2];
        dims[0] = x.shape().dim(0);
        dims[dims.length - 1] = x.shape().dim(-1);
        for (int i = 0; i < factors.size(); i++) {
            dims[2 * i + 1] = x.shape().dim(i + 1) / factors.get(i);
            dims[2 * i + 2] = factors.get(i);
        }
        return x.reshape(dims).sum(IntStream.range(0, factors.size()).map(i -> 2 * i + 2).toArray());
    }

    /// For each place of a window that slides over the spatial axes, in row-major order, the elements that come to lie there.
    public static List<Tensor> windows(Tensor x, List<Integer> size, List<Integer> stride) {
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
}
