package org.cosmograd.flows;

import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// A probability density of `θ` for each context: `p(θ | context)`.
public interface Conditional {
    /// The number of dimensions of `θ`.
    int dimension();

    /// The density for one context `[C]` or `[1, C]`; or for `B` contexts `[B, C]`, whose density and samples have `B` rows, one for
    /// each.
    Distribution given(Tensor context);

    /// `ln p(θᵢ | contextᵢ)`: `θ[B, D], context[B, C] → [B]`.
    default Tensor logProb(Tensor theta, Tensor context) {
        return given(context).logProb(theta);
    }

    /// A context as rows `[R, C]`, checked.
    static Tensor rows(String operation, Tensor context, int features) {
        Tensor c = context.shape().rank() == 1 ? context.expand(0) : context;
        if (c.shape().rank() != 2 || c.dim(1) != features) {
            throw new ShapeException(operation + ": the context is " + context.type() + ", the model was made for " + features
                    + (features == 1 ? " feature" : " features"));
        }
        return c;
    }
}
