package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.List;

/// A generated loop over an index space of any rank, which can run any of its units, the rows of the kernel. Neighbouring axes that all
/// operands pass evenly are merged; the last is the kernel's inner loop, the one before it its rows.
final class MapLoop {
    private static final int ROW = 4096;

    private final LoopKernel kernel;
    private final Operand[] operands;
    private final int[] outer;
    private final int rows;
    private final int n;
    private final int tail;
    private final int[] rowStride;
    private final int[] innerStride;
    private final Object[] arrays;
    private final int[] bases;
    /// Number of units.
    final int units;
    /// What a unit costs, in operations.
    final long work;

    /// The loop `body` over axes of sizes `dims`.
    MapLoop(LoopSpec body, int[] dims, List<Operand> given, int cost) {
        boolean reduces = body.reducesRows();
        int[][] strides = Axes.strides(given);
        int[] d = Axes.merge(dims, strides, reduces ? 1 : 0);
        int rank = d.length;
        this.operands = new Operand[strides.length];
        for (int k = 0; k < strides.length; k++) {
            operands[k] = new Operand(given.get(k).buffer(), given.get(k).offset(), strides[k]);
        }
        this.innerStride = Axes.along(strides, rank - 1);
        boolean cut = rank == 1 && d[0] > 2 * ROW && !reduces;
        this.n = cut ? ROW : d[rank - 1];
        this.rows = cut ? d[0] / ROW : rank > 1 ? d[rank - 2] : 1;
        this.tail = cut ? d[0] % ROW : 0;
        this.rowStride = new int[strides.length];
        for (int k = 0; k < strides.length; k++) {
            rowStride[k] = cut ? ROW * strides[k][0] : rank > 1 ? strides[k][rank - 2] : 0;
        }
        this.kernel = Loops.kernel(Axes.specialise(body, innerStride, d[rank - 1]), rows, n);
        this.outer = Arrays.copyOf(d, Math.max(0, rank - 2));
        this.units = Axes.product(outer, outer.length) * rows;
        // an element read or written takes as long as about two operations
        this.work = Math.max(1, (cost + 2L * strides.length) * n);
        this.arrays = new Object[strides.length];
        this.bases = new int[strides.length];
    }

    void bind(Memory memory) {
        for (int k = 0; k < operands.length; k++) {
            arrays[k] = memory.array(operands[k].buffer());
            bases[k] = memory.base(operands[k].buffer()) + operands[k].offset();
        }
    }

    /// Some of the units, with an array for the kernel of their own.
    Piece piece(int from, int to) {
        return new Piece(this, from, to, new int[3 * operands.length]);
    }

    /// The units `from … to-1`; the last bring what is left of an axis cut to rows.
    record Piece(MapLoop loop, int from, int to, int[] geometry) {
        void bind() {
            for (int k = 0; k < loop.bases.length; k++) {
                geometry[3 * k] = loop.bases[k];
                geometry[3 * k + 1] = loop.rowStride[k];
                geometry[3 * k + 2] = loop.innerStride[k];
            }
        }

        void run() {
            loop.run(from, to, geometry);
        }
    }

    private void run(int from, int to, int[] g) {
        if (outer.length == 0) {
            kernel.run(arrays, g, from, to, n);
            if (tail > 0 && to == units) {
                for (int k = 0; k < bases.length; k++) {
                    g[3 * k] = bases[k] + rows * rowStride[k];
                }
                kernel.run(arrays, g, 0, 1, tail);
                for (int k = 0; k < bases.length; k++) {
                    g[3 * k] = bases[k];
                }
            }
            return;
        }
        for (int u = from; u < to; ) {
            int index = u / rows;
            int last = Math.min(to, (index + 1) * rows);
            for (int k = 0; k < bases.length; k++) {
                g[3 * k] = bases[k] + Axes.advance(outer, outer.length, operands[k].strides(), index);
            }
            kernel.run(arrays, g, u - index * rows, last - index * rows, n);
            u = last;
        }
    }

    @Override
    public String toString() {
        return "loop " + Arrays.toString(outer) + " x " + rows + " x " + n;
    }
}
