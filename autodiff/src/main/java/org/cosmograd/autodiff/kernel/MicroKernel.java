package org.cosmograd.autodiff.kernel;

/// The innermost step of [Gemm] alone: the largest tile on packed panels in the cache, for benchmarks.
///
/// `C[rows, columns] += A[rows, 256] B[256, columns]` in single precision, many times over.
public final class MicroKernel implements Runnable {
    private static final int DEPTH = 256;
    private static final int TIMES = 200;
    private static final int VECTORS = 2;
    /// In an array this large, elements 12 (mod 16) begin cache lines, see [Memory].
    private static final int SLAB = 1 << 22;
    private static final int A_AT = 12;
    private static final int B_AT = A_AT + (1 << 14);
    private static final int C_AT = B_AT + (1 << 14);

    private final GemmTiles tiles = GemmTiles.of(false);
    private final int rows = rows(tiles);
    private final int columns = VECTORS * tiles.lanes;
    private final float[] slab = new float[SLAB];

    private static int rows(GemmTiles tiles) {
        return tiles.rows(GemmEmitter.Walk.ALONG_COLUMNS, VECTORS, Integer.MAX_VALUE);
    }

    /// Floating-point operations of a run; 0 where there is no SIMD, and no such step.
    public static double flop() {
        GemmTiles tiles = GemmTiles.of(false);
        return tiles.lanes == 0 ? 0 : 2.0 * rows(tiles) * VECTORS * tiles.lanes * DEPTH * TIMES;
    }

    @Override
    public void run() {
        GemmTile tile = tiles.tile(GemmEmitter.Walk.ALONG_COLUMNS, VECTORS, rows);
        for (int i = 0; i < TIMES; i++) {
            tile.run(slab, C_AT, columns, true, DEPTH, slab, A_AT, rows, slab, B_AT, columns);
        }
    }
}
