package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A generated loop over an index space of any rank, which stores elements or reduces along its last axis. Neighbouring axes
/// that all operands pass evenly are merged; the last is the kernel's inner loop, the one before it its rows.
public final class MapTask implements Task {
    // boundaries of chunks depend on the problem alone, so that results do not depend on threads
    private static final int ROW = 4096;
    private static final long GRAIN = 600_000;

    private final LoopKernel kernel;
    private final Operand[] operands;
    private final int[] outer;
    private final int rows;
    private final int n;
    private final int tail;
    private final int[] rowStride;
    private final int[] innerStride;
    private final int units;
    private final int unitsPerChunk;
    private final int chunks;
    private final Object[] arrays;
    private final int[] bases;
    private final int[][] geometry;
    private final Workers.Task body = this::chunk;

    /// The loop `body` over axes of sizes `dims`.
    ///
    /// @param operands sources and then sinks, each with one stride for each axis; a sink that reduces has stride 0 along the last
    /// @param cost arithmetic operations for one element, to judge whether threads pay
    public MapTask(LoopSpec body, int[] dims, List<Operand> operands, int cost) {
        boolean reduces = body.sinks().stream().anyMatch(s -> s.mode().isRow());
        int[][] strides = operands.stream().map(Operand::strides).toArray(int[][]::new);
        int[] d = Axes.merge(dims, strides, reduces ? 1 : 0);
        int rank = d.length;
        List<Operand> merged = new ArrayList<>();
        for (int k = 0; k < strides.length; k++) {
            merged.add(new Operand(operands.get(k).buffer(), operands.get(k).offset(), strides[k]));
        }
        this.operands = merged.toArray(Operand[]::new);
        this.innerStride = Arrays.stream(strides).mapToInt(s -> s[rank - 1]).toArray();
        boolean cut = rank == 1 && d[0] > 2 * ROW && !reduces;
        this.n = cut ? ROW : d[rank - 1];
        this.rows = cut ? d[0] / ROW : rank > 1 ? d[rank - 2] : 1;
        this.tail = cut ? d[0] % ROW : 0;
        this.rowStride = Arrays.stream(strides).mapToInt(s -> cut ? ROW * s[0] : rank > 1 ? s[rank - 2] : 0).toArray();
        this.kernel = Loops.kernel(Axes.specialise(body, innerStride, d[rank - 1]), rows, n);
        this.outer = Arrays.copyOf(d, Math.max(0, rank - 2));
        this.units = Axes.product(outer, outer.length) * rows;
        // an element read or written takes as long as about two operations
        long work = (cost + 2L * strides.length) * units * n;
        int wanted = (int) Math.max(1, Math.min(Math.min(units, 64), work / GRAIN));
        this.unitsPerChunk = Math.max(1, (units + wanted - 1) / wanted);
        this.chunks = (units + unitsPerChunk - 1) / unitsPerChunk;
        this.arrays = new Object[strides.length];
        this.bases = new int[strides.length];
        this.geometry = new int[chunks + 1][3 * strides.length];
    }

    @Override
    public void bind(Memory memory) {
        for (int k = 0; k < operands.length; k++) {
            arrays[k] = memory.array(operands[k].buffer());
            bases[k] = memory.base(operands[k].buffer()) + operands[k].offset();
        }
        for (int[] g : geometry) {
            for (int k = 0; k < operands.length; k++) {
                g[3 * k] = bases[k];
                g[3 * k + 1] = rowStride[k];
                g[3 * k + 2] = innerStride[k];
            }
        }
    }

    @Override
    public void run() {
        if (chunks == 1) {
            chunk(0);
        } else if (chunks > 1) {
            Workers.run(chunks, body);
        }
        if (tail > 0) {
            int[] g = geometry[chunks];
            for (int k = 0; k < bases.length; k++) {
                g[3 * k] = bases[k] + rows * rowStride[k];
            }
            kernel.run(arrays, g, 0, 1, tail);
        }
    }

    private void chunk(int c) {
        int[] g = geometry[c];
        int end = Math.min(units, (c + 1) * unitsPerChunk);
        if (outer.length == 0) {
            kernel.run(arrays, g, c * unitsPerChunk, end, n);
            return;
        }
        for (int u = c * unitsPerChunk; u < end; ) {
            int index = u / rows;
            int last = Math.min(end, (index + 1) * rows);
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
