package org.cosmograd.autodiff.kernel;

/// A register tile of a matrix product whose sums go through a loop before they are stored, emitted by [FittedEmitter].
@FunctionalInterface
interface FittedTile {
    /// `sᵢⱼ = Σ_p aᵢₚ·bₚⱼ`, from +0 on, `p = 0 … k-1` in order, each step rounded once, for the rows `i` from `row` and the columns `j` from
    /// `column` on; then the loop for these rows and columns, one of whose sources is `s`. Its operands lie as those of a [LoopKernel].
    /// `a[aAt]` is the first row's first element, `b[bAt]` that of `B` in its first column. Does nothing if `k < 0`.
    ///
    /// The order of the arguments counts. Five arrive in registers (on x86), and what is needed after the loop over `p` must not be among them: C2
    /// keeps it in a vector register. So three say nothing.
    void run(int aAt, int bAt, int none, int nothing, int nil, int k, Object a, Object b, Object[] arrays, int[] geometry, int row, int column);
}
