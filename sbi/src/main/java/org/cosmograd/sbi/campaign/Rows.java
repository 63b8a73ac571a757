package org.cosmograd.sbi.campaign;

import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// Rows of evaluated tensors put together and picked out.
final class Rows {
    private Rows() {}

    /// The first `n` rows of tensors one after the other; all of one type beyond the first axis.
    static Tensor concat(List<Tensor> parts, int n) {
        Tensor first = parts.getFirst();
        Shape row = first.shape().slice(1, first.shape().rank());
        Shape shape = Shape.of(n).concat(row);
        int width = row.size();
        return switch (first.dtype()) {
            case F32 -> {
                float[] out = new float[shape.size()];
                fill(parts, n, width, (part, from, length) -> System.arraycopy(part.toFloats(), 0, out, from, length));
                yield Tensor.of(shape, out);
            }
            case F64 -> {
                double[] out = new double[shape.size()];
                fill(parts, n, width, (part, from, length) -> System.arraycopy(part.toDoubles(), 0, out, from, length));
                yield Tensor.of(shape, out);
            }
            default -> {
                int[] out = new int[shape.size()];
                fill(parts, n, width, (part, from, length) -> System.arraycopy(part.toInts(), 0, out, from, length));
                yield Tensor.of(shape, out);
            }
        };
    }

    private interface Copy {
        void part(Tensor part, int from, int length);
    }

    private static void fill(List<Tensor> parts, int n, int width, Copy copy) {
        int row = 0;
        for (Tensor part : parts) {
            int take = Math.min(n - row, part.dim(0));
            copy.part(part, row * width, take * width);
            row += take;
        }
    }

    /// The numbers of the rows without NaN or infinity.
    static int[] finite(Tensor x) {
        int n = x.dim(0);
        int width = n == 0 ? 0 : x.shape().size() / n;
        double[] v = x.toDoubles();
        int[] out = new int[n];
        int count = 0;
        for (int i = 0; i < n; i++) {
            boolean finite = true;
            for (int k = 0; k < width; k++) {
                finite &= Double.isFinite(v[i * width + k]);
            }
            if (finite) {
                out[count++] = i;
            }
        }
        return Arrays.copyOf(out, count);
    }
}
