package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/// The work of [DenseTask]s: indexing, sorting, running sums, decompositions, random draws.
public final class Dense {
    private Dense() {}

    /// Rows `index[i]` of a matrix with `rows` rows of `width` elements.
    public static DenseTask.Work gather(DType type, int rows, int width, int count) {
        return new Rows.Gather(type, rows, width, count);
    }

    /// `count` rows of `width` elements added to rows `index[i]` of a zeroed matrix with `rows` rows.
    public static DenseTask.Work scatterAdd(DType type, int rows, int width, int count) {
        return new Rows.ScatterAdd(type, rows, width, count);
    }

    /// The order that sorts each row of `n` elements, stable, NaN last.
    public static DenseTask.Work argSort(int rows, int n) {
        return (arrays, bases) -> {
            double[] keys = DenseScratch.doubles(n);
            int[] spare = DenseScratch.ints(n);
            for (int r = 0; r < rows; r++) {
                for (int i = 0; i < n; i++) {
                    keys[i] = element(arrays[0], bases[0] + r * n + i);
                }
                sort(keys, (int[]) arrays[1], bases[1] + r * n, spare, n);
            }
        };
    }

    /// Merge sort from runs of one element upwards.
    private static void sort(double[] keys, int[] order, int at, int[] spare, int n) {
        for (int i = 0; i < n; i++) {
            order[at + i] = i;
        }
        for (int width = 1; width < n; width *= 2) {
            System.arraycopy(order, at, spare, 0, n);
            for (int low = 0; low < n - width; low += 2 * width) {
                int middle = low + width;
                int high = Math.min(n - width, low + width) + width;
                int left = low;
                int right = middle;
                for (int to = low; to < high; to++) {
                    boolean takeRight = left == middle || (right < high && isGreater(keys[spare[left]], keys[spare[right]]));
                    order[at + to] = spare[takeRight ? right++ : left++];
                }
            }
        }
    }

    private static boolean isGreater(double a, double b) {
        return a > b || (Double.isNaN(a) && !Double.isNaN(b));
    }

    private static double element(Object array, int i) {
        return switch (array) {
            case float[] a -> a[i];
            case double[] a -> a[i];
            default -> ((int[]) array)[i];
        };
    }

    /// The place of the first largest of `n` elements `inner` apart, for each of `outer · inner` sequences. NaN counts as largest.
    public static DenseTask.Work argMax(int outer, int n, int inner) {
        return (arrays, bases) -> {
            int[] out = (int[]) arrays[1];
            for (int o = 0; o < outer; o++) {
                for (int i = 0; i < inner; i++) {
                    int from = bases[0] + o * n * inner + i;
                    int best = 0;
                    for (int j = 1; j < n; j++) {
                        double x = element(arrays[0], from + j * inner);
                        double y = element(arrays[0], from + best * inner);
                        if (x > y || (Double.isNaN(x) && !Double.isNaN(y))) {
                            best = j;
                        }
                    }
                    out[bases[1] + o * inner + i] = best;
                }
            }
        };
    }

    /// Running sums of `n` elements `inner` apart, for each of `outer · inner` sequences.
    public static DenseTask.Work cumSum(int outer, int n, int inner) {
        int block = n * inner;
        return (arrays, bases) -> {
            for (int o = 0; o < outer; o++) {
                int from = bases[0] + o * block;
                int to = bases[1] + o * block;
                System.arraycopy(arrays[0], from, arrays[1], to, Math.min(block, inner));
                switch (arrays[1]) {
                    case float[] out -> {
                        float[] x = (float[]) arrays[0];
                        for (int i = inner; i < block; i++) {
                            out[to + i] = out[to + i - inner] + x[from + i];
                        }
                    }
                    case double[] out -> {
                        double[] x = (double[]) arrays[0];
                        for (int i = inner; i < block; i++) {
                            out[to + i] = out[to + i - inner] + x[from + i];
                        }
                    }
                    default -> {
                        int[] out = (int[]) arrays[1];
                        int[] x = (int[]) arrays[0];
                        for (int i = inner; i < block; i++) {
                            out[to + i] = out[to + i - inner] + x[from + i];
                        }
                    }
                }
            }
        };
    }

    /// Cholesky factors of the symmetric parts of `count` matrices of order `n`; NaN where one is not positive definite.
    public static DenseTask.Work cholesky(int count, int n) {
        return (arrays, bases) -> {
            double[] l = DenseScratch.doubles(n * n);
            for (int c = 0; c < count; c++) {
                int at = bases[0] + c * n * n;
                Arrays.fill(l, 0, n * n, 0);
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j <= i; j++) {
                        double s = 0.5 * (element(arrays[0], at + i * n + j) + element(arrays[0], at + j * n + i));
                        for (int p = 0; p < j; p++) {
                            s -= l[i * n + p] * l[j * n + p];
                        }
                        l[i * n + j] = i == j ? Math.sqrt(s) : s / l[j * n + j];
                    }
                }
                store(l, n * n, arrays[1], bases[1] + c * n * n);
            }
        };
    }

    private static void store(double[] x, int count, Object array, int at) {
        if (array instanceof float[] a) {
            for (int i = 0; i < count; i++) {
                a[at + i] = (float) x[i];
            }
        } else {
            System.arraycopy(x, 0, array, at, count);
        }
    }

    /// `L⁻¹B` or `L⁻ᵀB` for `count` lower triangular matrices of order `n` and right sides with `k` columns.
    public static DenseTask.Work solveTriangular(int count, int n, int k, boolean transpose) {
        return (arrays, bases) -> {
            double[] x = DenseScratch.doubles(n * k);
            for (int c = 0; c < count; c++) {
                int l = bases[0] + c * n * n;
                int b = bases[1] + c * n * k;
                for (int step = 0; step < n; step++) {
                    int i = transpose ? n - 1 - step : step;
                    double d = element(arrays[0], l + i * n + i);
                    for (int j = 0; j < k; j++) {
                        double s = element(arrays[1], b + i * k + j);
                        for (int q = 0; q < step; q++) {
                            int p = transpose ? n - 1 - q : q;
                            s -= element(arrays[0], transpose ? l + p * n + i : l + i * n + p) * x[p * k + j];
                        }
                        x[i * k + j] = s / d;
                    }
                }
                store(x, n * k, arrays[2], bases[2] + c * n * k);
            }
        };
    }

    /// Eigenvalues (upwards) and then eigenvectors in columns of the symmetric parts of `count` matrices of order `n`.
    public static DenseTask.Work symmetricEigen(int count, int n) {
        return (arrays, bases) -> {
            double[] out = new double[(n + 1) * n];
            for (int c = 0; c < count; c++) {
                int at = bases[0] + c * n * n;
                DMatrixRMaj a = new DMatrixRMaj(n, n);
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        a.set(i, j, 0.5 * (element(arrays[0], at + i * n + j) + element(arrays[0], at + j * n + i)));
                    }
                }
                EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(n, true, true);
                if (n > 0 && !eigen.decompose(a)) {
                    Arrays.fill(out, Double.NaN);
                } else {
                    Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
                    Arrays.sort(order, Comparator.comparingDouble(i -> eigen.getEigenvalue(i).getReal()));
                    for (int j = 0; j < n; j++) {
                        DMatrixRMaj v = eigen.getEigenVector(order[j]);
                        int top = 0;
                        for (int i = 1; i < n; i++) {
                            top = Math.abs(v.get(i)) > Math.abs(v.get(top)) ? i : top;
                        }
                        double sign = v.get(top) < 0 ? -1 : 1;
                        out[j] = eigen.getEigenvalue(order[j]).getReal();
                        for (int i = 0; i < n; i++) {
                            out[(i + 1) * n + j] = sign * v.get(i);
                        }
                    }
                }
                store(out, out.length, arrays[1], bases[1] + c * (n + 1) * n);
            }
        };
    }

    private static long key(Object[] arrays, int[] bases) {
        int[] k = (int[]) arrays[0];
        return (k[bases[0]] & 0xffffffffL) | ((long) k[bases[0] + 1] << 32);
    }

    /// A key that follows from another.
    public static DenseTask.Work foldKey(int index) {
        return (arrays, bases) -> {
            long next = Philox.fold(key(arrays, bases), index);
            int[] out = (int[]) arrays[1];
            out[bases[1]] = (int) next;
            out[bases[1] + 1] = (int) (next >>> 32);
        };
    }

    /// Uniform numbers.
    public static DenseTask.Work uniform(int count) {
        return (arrays, bases) -> {
            if (arrays[1] instanceof float[] out) {
                Philox.uniform(key(arrays, bases), out, bases[1], 0, count);
            } else {
                Philox.uniform(key(arrays, bases), (double[]) arrays[1], bases[1], 0, count);
            }
        };
    }

    /// Standard normal numbers.
    public static DenseTask.Work normal(int count) {
        return (arrays, bases) -> {
            if (arrays[1] instanceof float[] out) {
                Philox.normal(key(arrays, bases), out, bases[1], 0, count);
            } else {
                Philox.normal(key(arrays, bases), (double[]) arrays[1], bases[1], 0, count);
            }
        };
    }

    /// Random integers.
    public static DenseTask.Work bits(int count) {
        return (arrays, bases) -> Philox.bits(key(arrays, bases), (int[]) arrays[1], bases[1], 0, count);
    }
}
