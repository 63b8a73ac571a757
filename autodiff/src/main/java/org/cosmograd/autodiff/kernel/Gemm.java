package org.cosmograd.autodiff.kernel;

import java.util.concurrent.CountDownLatch;

/// The matrix product `C = A·B`, or `C += A·B`, in float and double.
///
/// Matrices are strided views of arrays: element `(i, j)` of `X` is `x[xOffset + i*xRow + j*xColumn]`. A stride of one in either
/// direction is the fast case, so all four products of transposed matrices are. `C` must not overlap `A` or `B`.
///
/// Order of arithmetic: `cᵢⱼ ← fma(aᵢₚ, bₚⱼ, cᵢⱼ)` for `p = 0, 1, …, k-1`, from `+0` or from the old `cᵢⱼ`, each step rounded
/// once. Every path (scalar, SIMD, blocked, any number of threads) keeps this order, so all give the same bits.
public final class Gemm {
    /// Told which rows of `C` have just become final, while they are still in cache; the place for a bias or an activation.
    @FunctionalInterface
    public interface RowBlock {
        /// Rows `from` to `to - 1` are final. Every row is reported exactly once; calls may come from several threads at a time.
        void rows(int from, int to);
    }

    private static final RowBlock NOTHING = (from, to) -> {};

    private Gemm() {}

    /// `C[m,n] = A[m,k]·B[k,n]`, added to the old `C` if `accumulate`.
    public static void multiply(int m, int n, int k, float[] a, int aOffset, int aRow, int aColumn, float[] b, int bOffset,
            int bRow, int bColumn, float[] c, int cOffset, int cRow, int cColumn, boolean accumulate) {
        multiply(m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate, NOTHING);
    }

    /// `C[m,n] = A[m,k]·B[k,n]`, added to the old `C` if `accumulate`; `finished` hears of the rows of `C`.
    public static void multiply(int m, int n, int k, float[] a, int aOffset, int aRow, int aColumn, float[] b, int bOffset,
            int bRow, int bColumn, float[] c, int cOffset, int cRow, int cColumn, boolean accumulate, RowBlock finished) {
        check(m, n, k);
        if (cRow == 1 && cColumn != 1 && n != 1) {
            multiply(n, m, k, b, bOffset, bColumn, bRow, a, aOffset, aColumn, aRow, c, cOffset, cColumn, cRow, accumulate, NOTHING);
        } else if (Warm.simd(FLOATS, m, n, k) && (cColumn == 1 || n == 1)) {
            GemmBlocks.mine().multiply(Warm.TILES[FLOATS], false, m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow,
                    n == 1 ? 1 : bColumn, c, cOffset, cRow, accumulate, finished);
            return;
        } else {
            GemmScalar.multiply(m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate);
        }
        if (m > 0) {
            finished.rows(0, m);
        }
    }

    /// `C[m,n] = A[m,k]·B[k,n]`, added to the old `C` if `accumulate`.
    public static void multiply(int m, int n, int k, double[] a, int aOffset, int aRow, int aColumn, double[] b, int bOffset,
            int bRow, int bColumn, double[] c, int cOffset, int cRow, int cColumn, boolean accumulate) {
        multiply(m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate, NOTHING);
    }

    /// `C[m,n] = A[m,k]·B[k,n]`, added to the old `C` if `accumulate`; `finished` hears of the rows of `C`.
    public static void multiply(int m, int n, int k, double[] a, int aOffset, int aRow, int aColumn, double[] b, int bOffset,
            int bRow, int bColumn, double[] c, int cOffset, int cRow, int cColumn, boolean accumulate, RowBlock finished) {
        check(m, n, k);
        if (cRow == 1 && cColumn != 1 && n != 1) {
            multiply(n, m, k, b, bOffset, bColumn, bRow, a, aOffset, aColumn, aRow, c, cOffset, cColumn, cRow, accumulate, NOTHING);
        } else if (Warm.simd(DOUBLES, m, n, k) && (cColumn == 1 || n == 1)) {
            GemmBlocks.mine().multiply(Warm.TILES[DOUBLES], true, m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow,
                    n == 1 ? 1 : bColumn, c, cOffset, cRow, accumulate, finished);
            return;
        } else {
            GemmScalar.multiply(m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate);
        }
        if (m > 0) {
            finished.rows(0, m);
        }
    }

    /// `batch` products: in the `i`-th, each matrix begins `i` batch strides after its offset. A `B` of batch stride zero under
    /// an `A` and a `C` whose batches continue their rows is one product of more rows.
    public static void multiplyBatched(int batch, int m, int n, int k, float[] a, int aOffset, int aRow, int aColumn,
            int aBatchStride, float[] b, int bOffset, int bRow, int bColumn, int bBatchStride, float[] c, int cOffset, int cRow,
            int cColumn, int cBatchStride, boolean accumulate) {
        if (bBatchStride == 0 && aBatchStride == m * aRow && cBatchStride == m * cRow) {
            multiply(batch * m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate);
            return;
        }
        check(m, n, k);
        boolean tiny = (long) m * n * k < Warm.FEW;
        for (int i = 0; i < batch && tiny; i++) {
            GemmScalar.multiply(m, n, k, a, aOffset + i * aBatchStride, aRow, aColumn, b, bOffset + i * bBatchStride, bRow, bColumn,
                    c, cOffset + i * cBatchStride, cRow, cColumn, accumulate);
        }
        for (int i = 0; i < batch && !tiny; i++) {
            multiply(m, n, k, a, aOffset + i * aBatchStride, aRow, aColumn, b, bOffset + i * bBatchStride, bRow, bColumn,
                    c, cOffset + i * cBatchStride, cRow, cColumn, accumulate);
        }
    }

    /// `batch` products: in the `i`-th, each matrix begins `i` batch strides after its offset. A `B` of batch stride zero under
    /// an `A` and a `C` whose batches continue their rows is one product of more rows.
    public static void multiplyBatched(int batch, int m, int n, int k, double[] a, int aOffset, int aRow, int aColumn,
            int aBatchStride, double[] b, int bOffset, int bRow, int bColumn, int bBatchStride, double[] c, int cOffset, int cRow,
            int cColumn, int cBatchStride, boolean accumulate) {
        if (bBatchStride == 0 && aBatchStride == m * aRow && cBatchStride == m * cRow) {
            multiply(batch * m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate);
            return;
        }
        check(m, n, k);
        boolean tiny = (long) m * n * k < Warm.FEW;
        for (int i = 0; i < batch && tiny; i++) {
            GemmScalar.multiply(m, n, k, a, aOffset + i * aBatchStride, aRow, aColumn, b, bOffset + i * bBatchStride, bRow, bColumn,
                    c, cOffset + i * cBatchStride, cRow, cColumn, accumulate);
        }
        for (int i = 0; i < batch && !tiny; i++) {
            multiply(m, n, k, a, aOffset + i * aBatchStride, aRow, aColumn, b, bOffset + i * bBatchStride, bRow, bColumn,
                    c, cOffset + i * cBatchStride, cRow, cColumn, accumulate);
        }
    }

    /// Returns when the SIMD kernels run compiled (or are known not to be available): for benchmarks.
    public static void awaitWarm() {
        Warm.await();
    }

    private static final int FLOATS = 0;
    private static final int DOUBLES = 1;

    /// The tiles, made and warmed by a daemon thread that the first large enough product starts.
    private static final class Warm {
        /// Fewer multiply-adds than this are not worth the way to the tiles.
        private static final long FEW = 128;
        private static final GemmTiles[] TILES = new GemmTiles[2];
        private static final boolean[] STARTED = new boolean[2];
        private static final CountDownLatch[] DONE = {new CountDownLatch(1), new CountDownLatch(1)};
        private static volatile boolean floatsWarm;
        private static volatile boolean doublesWarm;

        static boolean simd(int type, int m, int n, int k) {
            if ((long) m * n * k < FEW) {
                return false;
            }
            if (type == FLOATS ? floatsWarm : doublesWarm) {
                return true;
            }
            start(type);
            return false;
        }

        static synchronized void start(int type) {
            if (!STARTED[type]) {
                STARTED[type] = true;
                Thread.ofPlatform().daemon().name("cosmograd-matmul-warm-up-" + (type == FLOATS ? "f32" : "f64")).start(() -> warm(type));
            }
        }

        private static void warm(int type) {
            try {
                int bits = VectorWidth.bits();
                if (bits >= 128) {
                    GemmTiles tiles = new GemmTiles(type == DOUBLES, bits);
                    TILES[type] = tiles;
                    tiles.warmUp();
                    if (type == FLOATS) {
                        floatsWarm = tiles.warm();
                    } else {
                        doublesWarm = tiles.warm();
                    }
                }
            } finally {
                DONE[type].countDown();
            }
        }

        static void await() {
            try {
                start(FLOATS);
                DONE[FLOATS].await();
                start(DOUBLES);
                DONE[DOUBLES].await();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void check(int m, int n, int k) {
        if (m < 0 || n < 0 || k < 0) {
            throw new IllegalArgumentException("matmul: sizes must not be negative: [" + m + ", " + k + "] x [" + k + ", " + n + "]");
        }
    }
}
