/// Tensors as expressions, their derivatives, and the programs that run them.
///
/// There are three verbs, and each is a function of expressions:
///
/// | verb | from → to |
/// |---|---|
/// | **build** | an operation on tensors makes a new tensor; shape and element type are checked as it is made |
/// | **differentiate** | reverse and forward mode map an expression to an expression, so derivatives have derivatives |
/// | **run** | expressions become a program: scheduled, fused, memory-planned, compiled to SIMD kernels, replayed |
///
/// There is no tape, no tracing mode and no global state: a tensor is immutable, and asking for its numbers computes them.
/// Parameters, optimiser states and batches are record trees whose leaves are tensors, and randomness comes only from
/// an explicit, splittable key.
@NullMarked
package org.cosmograd.autodiff;

import org.jspecify.annotations.NullMarked;
