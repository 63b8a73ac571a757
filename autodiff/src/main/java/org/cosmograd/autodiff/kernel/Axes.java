package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Index spaces: sizes of axes, and operands' strides along them.
final class Axes {
    private Axes() {}

    /// Merges neighbouring axes along which all operands advance evenly and drops axes of size 1; leaves the last `fixed` axes
    /// alone. Replaces the strides and returns the sizes; at least one axis remains.
    static int[] merge(int[] dims, int[][] strides, int fixed) {
        List<Integer> sizes = new ArrayList<>();
        List<int[]> steps = new ArrayList<>();
        for (int i = 0; i < dims.length; i++) {
            int size = dims[i];
            int[] step = along(strides, i);
            boolean free = i < dims.length - fixed;
            if (free && size == 1) {
                continue;
            }
            int last = sizes.size() - 1;
            boolean joins = free && last >= 0;
            for (int k = 0; joins && k < step.length; k++) {
                joins = steps.get(last)[k] == step[k] * size;
            }
            if (joins) {
                sizes.set(last, sizes.get(last) * size);
                steps.set(last, step);
            } else {
                sizes.add(size);
                steps.add(step);
            }
        }
        if (sizes.isEmpty()) {
            sizes.add(1);
            steps.add(new int[strides.length]);
        }
        int[] merged = new int[sizes.size()];
        for (int k = 0; k < strides.length; k++) {
            strides[k] = new int[merged.length];
        }
        for (int i = 0; i < merged.length; i++) {
            merged[i] = sizes.get(i);
            for (int k = 0; k < strides.length; k++) {
                strides[k][i] = steps.get(i)[k];
            }
        }
        return merged;
    }

    /// The strides of all operands along one axis.
    static int[] along(int[][] strides, int axis) {
        int[] out = new int[strides.length];
        for (int k = 0; k < out.length; k++) {
            out[k] = strides[k][axis];
        }
        return out;
    }

    /// The strides of operands, a row for each.
    static int[][] strides(List<Operand> operands) {
        int[][] out = new int[operands.size()][];
        for (int k = 0; k < out.length; k++) {
            out[k] = operands.get(k).strides().clone();
        }
        return out;
    }

    /// The strides of operands but along the first axis, a row for each.
    static int[][] innerStrides(List<Operand> operands) {
        int[][] out = new int[operands.size()][];
        for (int k = 0; k < out.length; k++) {
            out[k] = remove(operands.get(k).strides(), 0);
        }
        return out;
    }

    /// The elements at some places.
    static int[] select(int[] a, int[] places) {
        return Arrays.stream(places).map(i -> a[i]).toArray();
    }

    static int[] remove(int[] a, int at) {
        int[] out = new int[a.length - 1];
        System.arraycopy(a, 0, out, 0, at);
        System.arraycopy(a, at + 1, out, at, out.length - at);
        return out;
    }

    static int[] insert(int[] a, int at, int value) {
        int[] out = new int[a.length + 1];
        System.arraycopy(a, 0, out, 0, at);
        System.arraycopy(a, at, out, at + 1, a.length - at);
        out[at] = value;
        return out;
    }

    /// The product of the sizes of the first `count` axes.
    static int product(int[] dims, int count) {
        int p = 1;
        for (int i = 0; i < count; i++) {
            p *= dims[i];
        }
        return p;
    }

    /// How far an operand is advanced by number `index` of the first `count` axes, counted in row-major order.
    static int advance(int[] dims, int count, int[] strides, int index) {
        int at = 0;
        for (int i = count - 1; i >= 0; i--) {
            at += index % dims[i] * strides[i];
            index /= dims[i];
        }
        return at;
    }

    /// The spec with the access kinds that the innermost strides call for.
    static LoopSpec specialise(LoopSpec body, int[] innermost, int n) {
        List<LoopSpec.Source> sources = new ArrayList<>();
        for (int k = 0; k < body.sources().size(); k++) {
            sources.add(new LoopSpec.Source(body.sources().get(k).type(), access(innermost[k], n)));
        }
        List<LoopSpec.Sink> sinks = new ArrayList<>();
        for (LoopSpec.Sink s : body.sinks()) {
            LoopSpec.Access a = access(innermost[sources.size() + sinks.size()], n);
            sinks.add(new LoopSpec.Sink(s.value(), s.mode().isRow() ? LoopSpec.Access.SPLAT : a, s.mode()));
        }
        return new LoopSpec(sources, body.body(), sinks);
    }

    private static LoopSpec.Access access(int stride, int n) {
        return stride == 1 || n == 1 ? LoopSpec.Access.UNIT : stride == 0 ? LoopSpec.Access.SPLAT : LoopSpec.Access.STRIDED;
    }
}
