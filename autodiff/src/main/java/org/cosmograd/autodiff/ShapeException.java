package org.cosmograd.autodiff;

/// Operands that do not fit an operation. The message is one sentence: operation, fault, shapes, remedy.
public final class ShapeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// With the sentence to show.
    public ShapeException(String message) {
        super(message);
    }
}
