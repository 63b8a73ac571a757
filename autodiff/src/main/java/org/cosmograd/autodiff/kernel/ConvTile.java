package org.cosmograd.autodiff.kernel;

/// The innermost step of a convolution: one register tile of `C`, summed over several stretches of `A` before it is stored.
///
/// The arrays are `Object`s so that one driver serves float and double; a tile casts them once per call.
@FunctionalInterface
interface ConvTile {
    /// `cᵢⱼ ← fma(aᵢₚ, bₚⱼ, cᵢⱼ)` for stretch 0, 1, …, in each for `p = 0 … k-1`, and all `i`, `j` of the tile, from the old `C` if
    /// `accumulate`, else from +0.
    ///
    /// Stretch `s` of `A` begins at `aAt + starts[s]`; where its element `(i, p)` lies is the tile's kind: see [GemmEmitter.Walk].
    /// `B` and `C` are rows of adjacent elements, `bStep` and `cStep` apart; the rows of `B` go on from stretch to stretch. Does
    /// nothing if `stretches < 0`.
    void run(int stretches, int[] starts, int k, Object a, int aAt, int aStep, Object b, int bAt, int bStep, Object c, int cAt,
            int cStep, boolean accumulate);
}
