package org.cosmograd.autodiff.kernel;

import org.cosmograd.autodiff.DType;

/// Matrix products over all indices of leading axes.
public final class GemmTask implements Task {
    private final DType type;
    private final int[] batch;
    private final int batches;
    private final int m;
    private final int n;
    private final int k;
    private final Operand a;
    private final Operand b;
    private final Operand c;
    private final Object[] arrays = new Object[3];
    private final int[] bases = new int[3];

    /// `C = A·B`; operands have strides for the axes `batch` and then for their two own axes.
    public GemmTask(DType type, int[] batch, int m, int n, int k, Operand a, Operand b, Operand c) {
        int[][] strides = {lead(a), lead(b), lead(c)};
        this.type = type;
        this.batch = Axes.merge(batch, strides, 0);
        this.batches = Axes.product(this.batch, this.batch.length);
        this.m = m;
        this.n = n;
        this.k = k;
        this.a = joined(a, strides[0]);
        this.b = joined(b, strides[1]);
        this.c = joined(c, strides[2]);
    }

    private static int[] lead(Operand o) {
        return java.util.Arrays.copyOf(o.strides(), o.strides().length - 2);
    }

    private static Operand joined(Operand o, int[] lead) {
        int r = o.strides().length;
        int[] s = Axes.insert(Axes.insert(lead, lead.length, o.strides()[r - 2]), lead.length + 1, o.strides()[r - 1]);
        return new Operand(o.buffer(), o.offset(), s);
    }

    @Override
    public void bind(Memory memory) {
        bind(memory, 0, a);
        bind(memory, 1, b);
        bind(memory, 2, c);
    }

    private void bind(Memory memory, int i, Operand o) {
        arrays[i] = memory.array(o.buffer());
        bases[i] = memory.base(o.buffer()) + o.offset();
    }

    @Override
    public void run() {
        int r = batch.length;
        for (int i = 0; i < batches; i++) {
            int ao = bases[0] + Axes.advance(batch, r, a.strides(), i);
            int bo = bases[1] + Axes.advance(batch, r, b.strides(), i);
            int co = bases[2] + Axes.advance(batch, r, c.strides(), i);
            if (type == DType.F32) {
                Gemm.multiply(m, n, k, (float[]) arrays[0], ao, a.strides()[r], a.strides()[r + 1], (float[]) arrays[1], bo,
                        b.strides()[r], b.strides()[r + 1], (float[]) arrays[2], co, c.strides()[r], c.strides()[r + 1], false);
            } else {
                Gemm.multiply(m, n, k, (double[]) arrays[0], ao, a.strides()[r], a.strides()[r + 1], (double[]) arrays[1], bo,
                        b.strides()[r], b.strides()[r + 1], (double[]) arrays[2], co, c.strides()[r], c.strides()[r + 1], false);
            }
        }
    }

    @Override
    public String toString() {
        return "gemm " + (batches > 1 ? batches + " x " : "") + m + " x " + n + " x " + k;
    }
}
