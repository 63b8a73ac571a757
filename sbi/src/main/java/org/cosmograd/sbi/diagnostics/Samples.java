package org.cosmograd.sbi.diagnostics;

import org.cosmograd.autodiff.Tensor;

/// Checks of what diagnostics are given, with one wording.
final class Samples {
    private Samples() {}

    /// The rows of a matrix, which must be finite.
    static double[][] rows(String operation, String what, Tensor x) {
        if (x.shape().rank() != 2 || x.dim(0) == 0) {
            throw new IllegalArgumentException(operation + ": the " + what + " must be a matrix [number, parameters], got " + x.type());
        }
        double[][] rows = x.toRows();
        for (int i = 0; i < rows.length; i++) {
            for (double v : rows[i]) {
                if (!Double.isFinite(v)) {
                    throw new IllegalArgumentException(operation + ": row " + i + " of the " + what + " holds " + v + "; drop such rows first");
                }
            }
        }
        return rows;
    }

    /// Checks that draws `[n, L, D]` belong to truths `[n, D]`.
    static void pairs(String operation, Tensor truth, Tensor draws) {
        if (truth.shape().rank() != 2
                || draws.shape().rank() != 3
                || draws.dim(0) != truth.dim(0)
                || draws.dim(2) != truth.dim(1)) {
            throw new IllegalArgumentException(operation + ": the draws " + draws.type() + " do not belong to the truths " + truth.type()
                    + "; expected [n, draws, parameters] and [n, parameters]");
        }
    }
}
