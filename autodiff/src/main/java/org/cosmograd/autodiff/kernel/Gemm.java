package org.cosmograd.autodiff.kernel;

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

        /// Whether the calls must come from the caller's thread, in ascending order of rows.
        default boolean inOrder() {
            return false;
        }
    }

    static final RowBlock NOTHING = (from, to) -> {};

    /// Fewer columns than this do not fill a vector.
    private static final int NARROW = 16;

    /// Fewer multiply-adds than this are not worth the way to the tiles.
    private static final long FEW = 128;

    private Gemm() {}

    /// `C[m,n] = A[m,k]·B[k,n]`, added to the old `C` if `accumulate`; `finished` hears of the rows of `C`. The arrays are all `float[]` or
    /// all `double[]`.
    static void product(int m, int n, int k, Object a, int aOffset, int aRow, int aColumn, Object b, int bOffset, int bRow,
            int bColumn, Object c, int cOffset, int cRow, int cColumn, boolean accumulate, RowBlock finished) {
        if (m < 0 || n < 0 || k < 0) {
            throw new IllegalArgumentException("matmul: sizes must not be negative: [" + m + ", " + k + "] x [" + k + ", " + n + "]");
        }
        boolean isDouble = c instanceof double[];
        if ((long) m * n * k < FEW) {
            GemmScalar.multiply(m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate);
        } else if (cRow == 1 && cColumn != 1 && n > 1
                || n < NARROW && m >= NARROW && aRow == 1 && aColumn != 1 && (n == 1 || bColumn == 1 || bRow == 1)) {
            // The transposed product has the rows, or fills vectors.
            GemmBlocks.mine().multiply(isDouble, n, m, k, b, bOffset, n == 1 ? 1 : bColumn, bRow, a, aOffset, aColumn, m == 1 ? 1 : aRow,
                    c, cOffset, cColumn, m == 1 ? 1 : cRow, accumulate, NOTHING);
        } else {
            GemmBlocks.mine().multiply(isDouble, m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, n == 1 ? 1 : bColumn, c, cOffset,
                    cRow, n == 1 ? 1 : cColumn, accumulate, finished);
            return;
        }
        if (m > 0) {
            finished.rows(0, m);
        }
    }
}
