package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// `yᵢ = x_order(i)`; `ln |det J| = 0`.
///
/// @param order for each dimension of `y` the dimension of `x` it is
public record Permutation(List<Integer> order) implements Bijection {
    /// Checks that each dimension comes once.
    public Permutation {
        order = List.copyOf(order);
        List<Integer> sorted = new ArrayList<>(order);
        Collections.sort(sorted);
        if (!sorted.equals(IntStream.range(0, sorted.size()).boxed().toList())) {
            throw new IllegalArgumentException("Permutation: each of 0 … " + (order.size() - 1) + " must come once, got " + order);
        }
    }

    /// A random order.
    public static Permutation random(Key key, int dimension) {
        return new Permutation(Arrays.stream(key.permutation(dimension).toInts()).boxed().toList());
    }

    @Override
    public int dimension() {
        return order.size();
    }

    @Override
    public Mapped forward(Tensor x) {
        Support.check("Permutation", dimension(), x);
        return new Mapped(pick(x, order), Chain.zeros(x));
    }

    @Override
    public Mapped inverse(Tensor y) {
        Support.check("Permutation", dimension(), y);
        List<Integer> back = new ArrayList<>(order);
        for (int i = 0; i < order.size(); i++) {
            back.set(order.get(i), i);
        }
        return new Mapped(pick(y, back), Chain.zeros(y));
    }

    private static Tensor pick(Tensor x, List<Integer> order) {
        return x.gather(1, Tensor.of(order.stream().mapToInt(Integer::intValue).toArray()));
    }

    @Override
    public Support image(Support of) {
        return new Support(
                order.stream().map(of.lower()::get).toList(),
                order.stream().map(of.upper()::get).toList());
    }
}
