package org.cosmograd.autodiff.kernel;

/// A convolution or one of its gradients.
sealed interface ConvStep extends Task permits ConvTask, WinogradTask, ConvWeightTask, WinogradWeightTask {
    /// The same in plain loops, for comparison.
    ConvStep plain();
}
