package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// A product of independent distributions: `p(x) = Π pᵢ(xᵢ)`, where `xᵢ` are consecutive parts of `x`.
///
/// @param parts `pᵢ`
public record Independent(List<Distribution> parts) implements Distribution {
    /// Checks that there are parts of one element type.
    public Independent {
        parts = List.copyOf(parts);
        Mixture.checkTypes("Independent", parts);
    }

    /// The product of the given distributions.
    public static Independent of(Distribution... parts) {
        return new Independent(List.of(parts));
    }

    @Override
    public int dimension() {
        return parts.stream().mapToInt(Distribution::dimension).sum();
    }

    @Override
    public DType dtype() {
        return parts.getFirst().dtype();
    }

    @Override
    public Tensor logProb(Tensor x) {
        Support.check("Independent.logProb", dimension(), x);
        int from = 0;
        Tensor sum = Chain.zeros(x);
        for (Distribution p : parts) {
            sum = sum.plus(p.logProb(x.slice(1, from, from + p.dimension())));
            from += p.dimension();
        }
        return sum;
    }

    @Override
    public Tensor sample(Key key, int n) {
        List<Tensor> samples = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            samples.add(parts.get(i).sample(key.fold(i), n));
        }
        return Tensor.concat(1, samples);
    }

    @Override
    public Support support() {
        return Support.product(parts.stream().map(Distribution::support).toList());
    }
}
