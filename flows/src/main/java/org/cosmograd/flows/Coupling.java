package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.cosmograd.autodiff.Tensor;

/// A coupling layer for a context: the dimensions `from … to-1` are mapped by a bijection whose parameters depend on the others and on
/// the context; the others stay. Dinh et al. 2015, arXiv:1410.8516.
///
/// @param net the others and the context to parameters
/// @param transformer parameters `[n, m]` to a bijection of `to - from` dimensions
/// @param dimension the number of dimensions
/// @param from the first dimension mapped
/// @param to the one behind the last dimension mapped
/// @param context `[1, C]` or `[n, C]`
record Coupling(Conditioner net, Function<Tensor, Bijection> transformer, int dimension, int from, int to, Tensor context)
        implements Bijection {
    @Override
    public Mapped forward(Tensor x) {
        return map(x, false);
    }

    @Override
    public Mapped inverse(Tensor y) {
        return map(y, true);
    }

    private Mapped map(Tensor x, boolean inverse) {
        Support.check("Coupling", dimension, x);
        List<Tensor> others = new ArrayList<>();
        if (from > 0) {
            others.add(x.slice(1, 0, from));
        }
        if (to < dimension) {
            others.add(x.slice(1, to, dimension));
        }
        Tensor a = others.isEmpty() ? x : Tensor.concat(1, others);
        Bijection map = transformer.apply(net.apply(a, context));
        Tensor part = x.slice(1, from, to);
        Mapped mapped = inverse ? map.inverse(part) : map.forward(part);
        others.add(from > 0 ? 1 : 0, mapped.value());
        return new Mapped(Tensor.concat(1, others), mapped.logDet());
    }
}
