package org.cosmograd.nn;

import org.cosmograd.autodiff.Tensor;

/// A function of a tensor that is itself a tree of tensors: `x[B, …] → y[B, …]`, row by row.
///
/// Implementations are records, so a model made of layers can be differentiated, trained, saved and printed as one tree.
@FunctionalInterface
public interface Layer {
    /// The result for a batch of rows.
    Tensor apply(Tensor x);
}
