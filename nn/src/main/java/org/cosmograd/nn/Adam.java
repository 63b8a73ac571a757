package org.cosmograd.nn;

import org.cosmograd.autodiff.Tensor;

/// Adam: `m ← β₁ m + (1-β₁) g`, `v ← β₂ v + (1-β₂) g²`, `p ← p - η m̂/(√v̂ + ε)` with `m̂ = m/(1-β₁ᵗ)`, `v̂ = v/(1-β₂ᵗ)`.
/// Kingma & Ba 2015, arXiv:1412.6980, algorithm 1.
///
/// @param beta1 `β₁`
/// @param beta2 `β₂`
/// @param epsilon `ε`
public record Adam(double beta1, double beta2, double epsilon) implements Optimiser {

    /// The values of the paper: 0.9, 0.999, 10⁻⁸.
    public Adam() {
        this(0.9, 0.999, 1e-8);
    }

    @Override
    public <M> State<M> start(M parameters) {
        return decayed().start(parameters);
    }

    @Override
    public <M> Update<M> step(M parameters, M gradient, State<M> state, Tensor rate) {
        return decayed().step(parameters, gradient, state, rate);
    }

    private AdamW decayed() {
        return new AdamW(beta1, beta2, epsilon, 0);
    }
}
