package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Tensors as text.
final class Printer {
    private static final int FULL = 200;

    private Printer() {}

    static String print(Tensor t) {
        double[] v = t.toDoubles();
        if (t.shape().rank() == 0) {
            return t.type() + " " + number(v[0], t.dtype());
        }
        if (v.length > FULL) {
            double sum = 0;
            double min = Double.POSITIVE_INFINITY;
            double max = Double.NEGATIVE_INFINITY;
            for (double x : v) {
                sum += x;
                min = Math.min(min, x);
                max = Math.max(max, x);
            }
            double mean = sum / v.length;
            double square = 0;
            for (double x : v) {
                square += (x - mean) * (x - mean);
            }
            return String.format(Locale.ROOT, "%s mean %.4g sd %.4g min %.4g max %.4g", t.type(), mean, Math.sqrt(square / v.length), min, max);
        }
        List<String> cells = new ArrayList<>();
        int width = 0;
        for (double x : v) {
            String s = number(x, t.dtype());
            width = Math.max(width, s.length());
            cells.add(s);
        }
        int[] dims = t.shape().dims();
        StringBuilder out = new StringBuilder(t.type() + (dims.length > 1 ? "\n" : " "));
        block(cells, width, dims, 0, new int[] {0}, out, "");
        return out.toString();
    }

    private static void block(List<String> cells, int width, int[] dims, int axis, int[] at, StringBuilder out, String indent) {
        out.append('[');
        for (int i = 0; i < dims[axis]; i++) {
            if (axis == dims.length - 1) {
                String s = cells.get(at[0]++);
                out.append(i > 0 ? " " : "").append(" ".repeat(width - s.length())).append(s);
            } else {
                out.append(i > 0 ? "\n " + indent : "");
                block(cells, width, dims, axis + 1, at, out, indent + " ");
            }
        }
        out.append(']');
    }

    private static String number(double x, DType dtype) {
        if (dtype == DType.I32 || (x == Math.rint(x) && Math.abs(x) < 1e6)) {
            return Long.toString((long) x);
        }
        return String.format(Locale.ROOT, "%.5g", x);
    }
}
