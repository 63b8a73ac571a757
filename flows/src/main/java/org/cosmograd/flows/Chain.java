package org.cosmograd.flows;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// `y = fₙ(… f₂(f₁(x)))`; the logarithms of the determinants add up.
///
/// @param maps `f₁` to `fₙ`, in the order in which they are applied
public record Chain(List<Bijection> maps) implements Bijection {
    /// Checks that the dimensions agree.
    public Chain {
        maps = List.copyOf(maps);
        if (maps.isEmpty()) {
            throw new ShapeException("Chain: needs at least one bijection");
        }
        for (Bijection b : maps) {
            if (b.dimension() != maps.getFirst().dimension()) {
                throw new ShapeException("Chain: bijections of " + maps.getFirst().dimension() + " and " + b.dimension() + " dimensions");
            }
        }
    }

    /// The maps in the order in which they are applied.
    public static Chain of(Bijection... maps) {
        return new Chain(List.of(maps));
    }

    @Override
    public int dimension() {
        return maps.getFirst().dimension();
    }

    @Override
    public Mapped forward(Tensor x) {
        Mapped at = new Mapped(x, zeros(x));
        for (Bijection b : maps) {
            at = then(at, b.forward(at.value()));
        }
        return at;
    }

    @Override
    public Mapped inverse(Tensor y) {
        Mapped at = new Mapped(y, zeros(y));
        for (Bijection b : maps.reversed()) {
            at = then(at, b.inverse(at.value()));
        }
        return at;
    }

    @Override
    public Support image(Support of) {
        Support s = of;
        for (Bijection b : maps) {
            s = b.image(s);
        }
        return s;
    }

    private static Mapped then(Mapped before, Mapped after) {
        return new Mapped(after.value(), before.logDet().plus(after.logDet()));
    }

    static Tensor zeros(Tensor x) {
        return Tensor.zeros(x.dtype() == DType.I32 ? DType.F32 : x.dtype(), x.dim(0));
    }
}
