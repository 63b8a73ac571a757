package org.cosmograd.nn;

import org.cosmograd.autodiff.Tensor;

/// The elementwise functions between linear maps.
public enum Activation implements Layer {
    /// `max(x, 0)`
    RELU,
    /// `tanh x`
    TANH,
    /// `x / (1 + e⁻ˣ)`; Hendrycks & Gimpel 2016, arXiv:1606.08415, also named swish
    SILU,
    /// `x Φ(x)` with the normal distribution function `Φ`; arXiv:1606.08415
    GELU,
    /// `ln(1 + eˣ)`
    SOFTPLUS,
    /// `1 / (1 + e⁻ˣ)`
    LOGISTIC,
    /// `x`
    IDENTITY;

    @Override
    public Tensor apply(Tensor x) {
        return switch (this) {
            case RELU -> x.relu();
            case TANH -> x.tanh();
            case SILU -> x.silu();
            case GELU -> x.gelu();
            case SOFTPLUS -> x.softplus();
            case LOGISTIC -> x.logistic();
            case IDENTITY -> x;
        };
    }
}
