package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// The matrix product in plain loops: the specification of [Gemm], what runs before the SIMD kernels are compiled or where there
/// are none, and the way of matrices too small or too oddly strided for tiles.
final class GemmScalar {
    /// Loops shorter than this are not worth a vector.
    private static final int SHORT = 8;

    private GemmScalar() {}

    /// `C = A·B`, or `C += A·B` if `accumulate`; the arrays are all `float[]` or all `double[]`.
    static void multiply(int m, int n, int k, Object a, int aOffset, int aRow, int aColumn, Object b, int bOffset, int bRow,
            int bColumn, Object c, int cOffset, int cRow, int cColumn, boolean accumulate) {
        if (aRow == 1 && cRow == 1 && m >= SHORT && !(bColumn == 1 && cColumn == 1 && n >= SHORT)) {
            multiply(n, m, k, b, bOffset, bColumn, bRow, a, aOffset, aColumn, aRow, c, cOffset, cColumn, cRow, accumulate);
            return;
        }
        boolean along = bColumn == 1 && cColumn == 1 && n >= SHORT;
        for (int i = 0; i < m; i++) {
            int aAt = aOffset + i * aRow;
            int cAt = cOffset + i * cRow;
            if (c instanceof float[] y) {
                if (along) {
                    row(n, k, (float[]) a, aAt, aColumn, (float[]) b, bOffset, bRow, y, cAt, accumulate);
                } else {
                    dots(n, k, (float[]) a, aAt, aColumn, (float[]) b, bOffset, bRow, bColumn, y, cAt, cColumn, accumulate);
                }
            } else if (along) {
                row(n, k, (double[]) a, aAt, aColumn, (double[]) b, bOffset, bRow, (double[]) c, cAt, accumulate);
            } else {
                dots(n, k, (double[]) a, aAt, aColumn, (double[]) b, bOffset, bRow, bColumn, (double[]) c, cAt, cColumn, accumulate);
            }
        }
    }

    /// A row of `C` as a sum of rows of `B`.
    static void row(int n, int k, float[] a, int aAt, int aStep, float[] b, int bAt, int bStep, float[] c, int cAt,
            boolean accumulate) {
        if (!accumulate) {
            Arrays.fill(c, cAt, cAt + n, 0);
        }
        for (int p = 0; p < k; p++) {
            axpy(n, a[aAt + p * aStep], b, bAt + p * bStep, c, cAt);
        }
    }

    /// A row of `C` as a sum of rows of `B`.
    static void row(int n, int k, double[] a, int aAt, int aStep, double[] b, int bAt, int bStep, double[] c, int cAt,
            boolean accumulate) {
        if (!accumulate) {
            Arrays.fill(c, cAt, cAt + n, 0);
        }
        for (int p = 0; p < k; p++) {
            axpy(n, a[aAt + p * aStep], b, bAt + p * bStep, c, cAt);
        }
    }

    /// `cⱼ ← fma(s, bⱼ, cⱼ)`
    private static void axpy(int n, float s, float[] b, int bAt, float[] c, int cAt) {
        for (int j = 0; j < n; j++) {
            c[cAt + j] = Math.fma(s, b[bAt + j], c[cAt + j]);
        }
    }

    /// `cⱼ ← fma(s, bⱼ, cⱼ)`
    private static void axpy(int n, double s, double[] b, int bAt, double[] c, int cAt) {
        for (int j = 0; j < n; j++) {
            c[cAt + j] = Math.fma(s, b[bAt + j], c[cAt + j]);
        }
    }

    /// A row of `C` as products of a row of `A` with columns of `B`.
    private static void dots(int n, int k, float[] a, int aAt, int aStep, float[] b, int bAt, int bRow, int bColumn, float[] c,
            int cAt, int cStep, boolean accumulate) {
        for (int j = 0; j < n; j++) {
            int at = cAt + j * cStep;
            c[at] = dot(k, a, aAt, aStep, b, bAt + j * bColumn, bRow, accumulate ? c[at] : 0);
        }
    }

    /// `sum + Σₚ aₚ bₚ`; a method of its own, because HotSpot compiles what is called often long before it compiles a loop that runs.
    private static float dot(int k, float[] a, int aAt, int aStep, float[] b, int bAt, int bStep, float sum) {
        for (int p = 0; p < k; p++) {
            sum = Math.fma(a[aAt + p * aStep], b[bAt + p * bStep], sum);
        }
        return sum;
    }

    /// A row of `C` as products of a row of `A` with columns of `B`.
    private static void dots(int n, int k, double[] a, int aAt, int aStep, double[] b, int bAt, int bRow, int bColumn, double[] c,
            int cAt, int cStep, boolean accumulate) {
        for (int j = 0; j < n; j++) {
            int at = cAt + j * cStep;
            c[at] = dot(k, a, aAt, aStep, b, bAt + j * bColumn, bRow, accumulate ? c[at] : 0);
        }
    }

    /// `sum + Σₚ aₚ bₚ`
    private static double dot(int k, double[] a, int aAt, int aStep, double[] b, int bAt, int bStep, double sum) {
        for (int p = 0; p < k; p++) {
            sum = Math.fma(a[aAt + p * aStep], b[bAt + p * bStep], sum);
        }
        return sum;
    }
}
