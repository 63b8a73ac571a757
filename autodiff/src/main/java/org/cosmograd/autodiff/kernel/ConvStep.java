package org.cosmograd.autodiff.kernel;

/// A convolution or one of its gradients.
sealed interface ConvStep extends Task
        permits ConvTask, ConvTapsTask, WinogradTask, DepthwiseTask, ConvWeightTask, WinogradWeightTask, DepthwiseWeightTask {
    /// Multiply-adds below which a hand-over to a second thread costs more than it saves.
    double WORTH_SHARING = 1_000_000;

    /// The same in plain loops, for comparison.
    ConvStep plain();

    /// Does all parts of a work, on all threads if it is worth it.
    static void run(boolean shared, int parts, Workers.Task task) {
        if (shared) {
            Workers.run(parts, task);
        } else {
            for (int i = 0; i < parts; i++) {
                task.run(i);
            }
        }
    }
}
