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
        GemmScalar.multiply(m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate);
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
        GemmScalar.multiply(m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, cColumn, accumulate);
        if (m > 0) {
            finished.rows(0, m);
        }
    }

    /// `batch` products: in the `i`-th, each matrix begins `i` batch strides after its offset.
    public static void multiplyBatched(int batch, int m, int n, int k, float[] a, int aOffset, int aRow, int aColumn,
            int aBatchStride, float[] b, int bOffset, int bRow, int bColumn, int bBatchStride, float[] c, int cOffset, int cRow,
            int cColumn, int cBatchStride, boolean accumulate) {
        for (int i = 0; i < batch; i++) {
            multiply(m, n, k, a, aOffset + i * aBatchStride, aRow, aColumn, b, bOffset + i * bBatchStride, bRow, bColumn,
                    c, cOffset + i * cBatchStride, cRow, cColumn, accumulate);
        }
    }

    /// `batch` products: in the `i`-th, each matrix begins `i` batch strides after its offset.
    public static void multiplyBatched(int batch, int m, int n, int k, double[] a, int aOffset, int aRow, int aColumn,
            int aBatchStride, double[] b, int bOffset, int bRow, int bColumn, int bBatchStride, double[] c, int cOffset, int cRow,
            int cColumn, int cBatchStride, boolean accumulate) {
        for (int i = 0; i < batch; i++) {
            multiply(m, n, k, a, aOffset + i * aBatchStride, aRow, aColumn, b, bOffset + i * bBatchStride, bRow, bColumn,
                    c, cOffset + i * cBatchStride, cRow, cColumn, accumulate);
        }
    }

    /// Returns when the SIMD kernels run compiled (or are known not to be available): for benchmarks.
    public static void awaitWarm() {}

    private static void check(int m, int n, int k) {
        if (m < 0 || n < 0 || k < 0) {
            throw new IllegalArgumentException("matmul: sizes must not be negative: [" + m + ", " + k + "] x [" + k + ", " + n + "]");
        }
    }
}
