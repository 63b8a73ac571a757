package org.cosmograd.autodiff.kernel;

/// Rows of a matrix product with few columns, emitted by [NarrowEmitter].
@FunctionalInterface
interface NarrowTile {
    /// `cᵢⱼ = Σ_p aᵢₚ·bₚⱼ`, from +0 on, `p = 0 … k-1` in order, each step rounded once, for `blocks` blocks of rows. `x[xAt]` is where the tile keeps
    /// what it has transposed. Columns of `C` are `cStep` apart. Does nothing if `k < 0`.
    ///
    /// @param all minus one: to C2 a number it knows nothing of
    void run(int aAt, int bAt, int xAt, int all, int blocks, int k, Object a, Object b, Object x, Object c, int cAt, int cStep);
}
