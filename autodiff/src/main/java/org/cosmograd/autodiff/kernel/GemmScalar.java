package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// The matrix product in plain loops: the specification of [Gemm], what runs before the SIMD kernels are compiled or where there
/// are none, and the way of matrices too small or too oddly strided for tiles.
final class GemmScalar {
    /// Loops shorter than this are not worth a vector.
    private static final int SHORT = 8;

    private GemmScalar() {}

    /// `C = A·B`, or `C += A·B` if `accumulate`.
    static void multiply(int m, int n, int k, float[] a, int aOffset, int aRow, int aColumn, float[] b, int bOffset, int bRow,
            int bColumn, float[] c, int cOffset, int cRow, int cColumn, boolean accumulate) {
        if (bColumn == 1 && cColumn == 1 && n >= SHORT) {
            for (int i = 0; i < m; i++) {
                int row = cOffset + i * cRow;
                if (!accumulate) {
                    Arrays.fill(c, row, row + n, 0);
                }
                for (int p = 0; p < k; p++) {
                    axpy(n, a[aOffset + i * aRow + p * aColumn], b, bOffset + p * bRow, c, row);
                }
            }
        } else if (aRow == 1 && cRow == 1 && m >= SHORT) {
            multiply(n, m, k, b, bOffset, bColumn, bRow, a, aOffset, aColumn, aRow, c, cOffset, cColumn, cRow, accumulate);
        } else {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    int at = cOffset + i * cRow + j * cColumn;
                    c[at] = dot(k, a, aOffset + i * aRow, aColumn, b, bOffset + j * bColumn, bRow, accumulate ? c[at] : 0);
                }
            }
        }
    }

    /// `cⱼ ← fma(s, bⱼ, cⱼ)`
    private static void axpy(int n, float s, float[] b, int bAt, float[] c, int cAt) {
        for (int j = 0; j < n; j++) {
            c[cAt + j] = Math.fma(s, b[bAt + j], c[cAt + j]);
        }
    }

    private static float dot(int k, float[] a, int aAt, int aStep, float[] b, int bAt, int bStep, float sum) {
        for (int p = 0; p < k; p++) {
            sum = Math.fma(a[aAt + p * aStep], b[bAt + p * bStep], sum);
        }
        return sum;
    }

    /// `C = A·B`, or `C += A·B` if `accumulate`.
    static void multiply(int m, int n, int k, double[] a, int aOffset, int aRow, int aColumn, double[] b, int bOffset, int bRow,
            int bColumn, double[] c, int cOffset, int cRow, int cColumn, boolean accumulate) {
        if (bColumn == 1 && cColumn == 1 && n >= SHORT) {
            for (int i = 0; i < m; i++) {
                int row = cOffset + i * cRow;
                if (!accumulate) {
                    Arrays.fill(c, row, row + n, 0);
                }
                for (int p = 0; p < k; p++) {
                    axpy(n, a[aOffset + i * aRow + p * aColumn], b, bOffset + p * bRow, c, row);
                }
            }
        } else if (aRow == 1 && cRow == 1 && m >= SHORT) {
            multiply(n, m, k, b, bOffset, bColumn, bRow, a, aOffset, aColumn, aRow, c, cOffset, cColumn, cRow, accumulate);
        } else {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    int at = cOffset + i * cRow + j * cColumn;
                    c[at] = dot(k, a, aOffset + i * aRow, aColumn, b, bOffset + j * bColumn, bRow, accumulate ? c[at] : 0);
                }
            }
        }
    }

    /// `cⱼ ← fma(s, bⱼ, cⱼ)`
    private static void axpy(int n, double s, double[] b, int bAt, double[] c, int cAt) {
        for (int j = 0; j < n; j++) {
            c[cAt + j] = Math.fma(s, b[bAt + j], c[cAt + j]);
        }
    }

    private static double dot(int k, double[] a, int aAt, int aStep, double[] b, int bAt, int bStep, double sum) {
        for (int p = 0; p < k; p++) {
            sum = Math.fma(a[aAt + p * aStep], b[bAt + p * bStep], sum);
        }
        return sum;
    }
}
