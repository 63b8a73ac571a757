package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// `p(x) = Σ wₖ pₖ(x)` with `wₖ = softmax(logits)ₖ`.
///
/// @param logits logarithms of the weights up to a constant, `[K]`
/// @param components `pₖ`
public record Mixture(Tensor logits, List<Distribution> components) implements Distribution {
    /// Checks that dimensions and types agree.
    public Mixture {
        components = List.copyOf(components);
        checkTypes("Mixture", components);
        for (Distribution p : components) {
            if (p.dimension() != components.getFirst().dimension()) {
                throw new ShapeException("Mixture: components of " + components.getFirst().dimension() + " and " + p.dimension() + " dimensions");
            }
        }
        if (logits.shape().rank() != 1 || logits.dim(0) != components.size()) {
            throw new ShapeException("Mixture: " + components.size() + " components need as many logits, got " + logits.type());
        }
    }

    static void checkTypes(String name, List<Distribution> parts) {
        if (parts.isEmpty()) {
            throw new ShapeException(name + ": needs at least one distribution");
        }
        for (Distribution p : parts) {
            if (p.dtype() != parts.getFirst().dtype()) {
                throw new ShapeException(name + ": distributions of " + parts.getFirst().dtype() + " and " + p.dtype());
            }
        }
    }

    @Override
    public int dimension() {
        return components.getFirst().dimension();
    }

    @Override
    public DType dtype() {
        return components.getFirst().dtype();
    }

    @Override
    public Tensor logProb(Tensor x) {
        Tensor each = Tensor.stack(-1, components.stream().map(p -> p.logProb(x)).toList());
        return each.add(logits.logSoftmax(0)).logSumExp(-1);
    }

    @Override
    public Tensor sample(Key key, int n) {
        Tensor chosen = choose(key.fold(0), logits.expand(0), n);
        List<Tensor> each = new ArrayList<>();
        for (int k = 0; k < components.size(); k++) {
            each.add(components.get(k).sample(key.fold(1 + k), n));
        }
        Tensor sum = each.getFirst();
        for (int k = 1; k < each.size(); k++) {
            sum = chosen.equal(k).expand(-1).where(each.get(k), sum);
        }
        return sum;
    }

    /// Random component numbers `[n]`, as floating-point numbers, for logits `[1, K]` or `[n, K]`.
    static Tensor choose(Key key, Tensor logits, int n) {
        int k = logits.dim(-1);
        Tensor edges = logits.softmax(-1).cumSum(-1);
        return key.uniform(logits.dtype(), n, 1).greaterEqual(edges).sum(-1).min(k - 1);
    }

    @Override
    public Support support() {
        return components.stream().map(Distribution::support).reduce(Support::hull).orElseThrow();
    }
}
