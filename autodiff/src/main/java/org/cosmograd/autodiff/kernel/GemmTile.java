package org.cosmograd.autodiff.kernel;

/// The innermost step of [Gemm]: one register tile of `C`, emitted by [GemmEmitter].
///
/// The arrays are `Object`s so that one driver serves float and double; a tile casts them once per call.
///
/// The order of the arguments counts. Six of them arrive in registers, and what the loop over `p` needs must not be among them: C2
/// keeps such a value, once spilled, in a vector register and moves it back in every turn, through the port of the multiply-adds.
@FunctionalInterface
interface GemmTile {
    /// `cᵢⱼ ← fma(aᵢₚ, bₚⱼ, cᵢⱼ)` for `p = 0 … k-1` and all `i`, `j` of the tile, from the old `C` if `accumulate`, else from +0.
    ///
    /// `B` and `C` are rows of adjacent elements, `bStep` and `cStep` apart. Where `A` lies is the tile's kind. Does nothing if
    /// `k < 0`: such calls cost nothing and still count as invocations, which is how tiles get compiled early.
    void run(Object c, int cAt, int cStep, boolean accumulate, int k, Object a, int aAt, int aStep, Object b, int bAt, int bStep);
}
