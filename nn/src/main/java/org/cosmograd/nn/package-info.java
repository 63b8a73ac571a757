/// Neural networks as records: a model is an immutable tree of tensors with a method that applies it.
///
/// Here live layers, initialisers, optimisers, the training loop and checkpoints. A training step is a pure function from trees
/// to trees, traced once and replayed for every batch.
@NullMarked
package org.cosmograd.nn;

import org.jspecify.annotations.NullMarked;
