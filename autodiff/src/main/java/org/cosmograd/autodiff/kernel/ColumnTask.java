package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// A generated loop that reduces along an axis which is not the innermost in memory: partial rows are kept and combined in the
/// canonical order of [LoopSpec.Mode#ROW_SUM] or [LoopSpec.Mode#LONG_ROW_SUM], so the bits are those of a reduction along the
/// innermost axis.
public final class ColumnTask implements Task {
    /// Elements of a partial row: all of them should stay in the first cache, and a stretch of a row be long enough for the prefetcher.
    private static final int WIDTH = 256;
    private static final int LONG_WIDTH = 128;
    private static final int MOST_CHUNKS = 16;
    private static final long GRAIN = 600_000;

    private final LoopKernel kernel;
    private final LoopKernel rest;
    private final Operand[] operands;
    private final int[] outer;
    private final int length;
    private final int n;
    private final int blocks;
    private final int partials;
    private final int width;
    private final boolean[] reducing;
    private final int reducers;
    private final boolean[] max;
    private final DType type;
    private final int scratch;
    private final int units;
    private final int unitsPerChunk;
    private final int chunks;
    private final Object[] arrays;
    private final Object[] outputs;
    private final int[] bases;
    private final int[][] geometry;
    private final Workers.Task body = this::chunk;
    private Object scratchArray = new float[0];
    private int scratchBase;

    /// The loop `body` over axes of sizes `dims`, reducing along `axis`.
    ///
    /// @param operands sources and then sinks, each with one stride for each axis; a sink of mode `ADD` or `MAX` has stride 0 along `axis`
    /// @param cost arithmetic operations for one element, to judge whether threads pay
    /// @param type element type of the sinks that reduce
    /// @param scratch number of a buffer of [#scratchLength] elements
    public ColumnTask(LoopSpec body, int[] dims, int axis, List<Operand> operands, int cost, DType type, int scratch) {
        int count = operands.size();
        int[][] strides = operands.stream().map(o -> Axes.remove(o.strides(), axis)).toArray(int[][]::new);
        int[] d = Axes.merge(Axes.remove(dims, axis), strides, 0);
        int last = d.length - 1;
        List<Operand> moved = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            Operand o = operands.get(k);
            moved.add(new Operand(o.buffer(), o.offset(), Axes.insert(strides[k], last, o.strides()[axis])));
        }
        this.operands = moved.toArray(Operand[]::new);
        this.outer = Arrays.copyOf(d, last);
        this.length = dims[axis];
        this.n = d[last];
        this.type = type;
        this.scratch = scratch;
        this.partials = partials(length);
        this.width = Math.min(n, widest(length));
        this.blocks = n == 0 ? 0 : (n + width - 1) / width;
        int sources = body.sources().size();
        this.reducing = new boolean[count];
        this.max = new boolean[count];
        int r = 0;
        int[] innermost = new int[count];
        for (int k = 0; k < count; k++) {
            Mode mode = k < sources ? Mode.STORE : body.sinks().get(k - sources).mode();
            reducing[k] = mode != Mode.STORE;
            max[k] = mode == Mode.MAX;
            r += reducing[k] ? 1 : 0;
            innermost[k] = reducing[k] ? 1 : strides[k][last];
        }
        this.reducers = r;
        this.kernel = Loops.kernel(Axes.specialise(body, innermost, n), length, width);
        this.rest = blocks * width == n ? kernel : Loops.kernel(Axes.specialise(body, innermost, n));
        this.units = Axes.product(outer, outer.length) * blocks;
        long work = (long) (cost + 1) * units * width * length;
        int wanted = (int) Math.max(1, Math.min(Math.min(units, MOST_CHUNKS), work / GRAIN));
        this.unitsPerChunk = Math.max(1, (units + wanted - 1) / wanted);
        this.chunks = (units + unitsPerChunk - 1) / unitsPerChunk;
        this.arrays = new Object[count];
        this.outputs = new Object[count];
        this.bases = new int[count];
        this.geometry = new int[Math.max(1, chunks)][3 * count];
    }

    /// Partial rows of a reduction of `length` rows.
    private static int partials(int length) {
        return Math.min(length, Mode.columnSum(length).partials());
    }

    private static int widest(int length) {
        return length < Mode.LONG ? WIDTH : LONG_WIDTH;
    }

    /// An upper bound of the scratch elements needed for `sinks` reductions over an index space of these sizes along `axis`.
    public static int scratchLength(int[] dims, int axis, int sinks) {
        int length = dims[axis];
        int others = Axes.product(Axes.remove(dims, axis), dims.length - 1);
        return sinks * partials(length) * Math.min(others, MOST_CHUNKS * widest(length));
    }

    @Override
    public void bind(Memory memory) {
        for (int k = 0; k < operands.length; k++) {
            arrays[k] = memory.array(operands[k].buffer());
            bases[k] = memory.base(operands[k].buffer()) + operands[k].offset();
        }
        scratchArray = memory.array(scratch);
        scratchBase = memory.base(scratch);
        for (int k = 0; k < operands.length; k++) {
            if (reducing[k]) {
                outputs[k] = arrays[k];
                arrays[k] = scratchArray;
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
    }

    private void chunk(int c) {
        int[] g = geometry[c];
        int rank = outer.length;
        int begin = c * unitsPerChunk;
        int end = Math.min(units, begin + unitsPerChunk);
        // where there is room, a chunk's partial rows lie where its results would; it has at least as many as its widest block
        int before = Axes.product(outer, rank) * n <= MOST_CHUNKS * widest(length) ? begin / blocks * n + begin % blocks * width : c * width;
        int own = scratchBase + partials * reducers * before;
        for (int u = begin; u < end; u++) {
            int index = u / blocks;
            int first = u % blocks * width;
            int w = Math.min(width, n - first);
            int at = own;
            for (int k = 0; k < operands.length; k++) {
                int[] s = operands[k].strides();
                if (reducing[k]) {
                    fill(at, partials * w, max[k]);
                    g[3 * k] = at;
                    g[3 * k + 1] = w;
                    g[3 * k + 2] = 1;
                    at += partials * w;
                } else {
                    g[3 * k] = bases[k] + Axes.advance(outer, rank, s, index) + first * s[rank + 1];
                    g[3 * k + 1] = s[rank];
                    g[3 * k + 2] = s[rank + 1];
                }
            }
            (w == width ? kernel : rest).run(arrays, g, 0, length, w);
            at = own;
            for (int k = 0; k < operands.length; k++) {
                if (reducing[k]) {
                    int[] s = operands[k].strides();
                    int result = bases[k] + Axes.advance(outer, rank, s, index) + first * s[rank + 1];
                    combine(at, partials, w, max[k], outputs[k], result, s[rank + 1]);
                    at += partials * w;
                }
            }
        }
    }

    private void fill(int from, int count, boolean max) {
        if (type == DType.F32) {
            Arrays.fill((float[]) scratchArray, from, from + count, max ? Float.NEGATIVE_INFINITY : 0);
        } else {
            Arrays.fill((double[]) scratchArray, from, from + count, max ? Double.NEGATIVE_INFINITY : 0);
        }
    }

    private void combine(int from, int kept, int w, boolean max, Object out, int to, int stride) {
        if (type == DType.F32) {
            combine((float[]) scratchArray, from, kept, w, max);
            copy((float[]) scratchArray, from, w, (float[]) out, to, stride);
        } else {
            combine((double[]) scratchArray, from, kept, w, max);
            copy((double[]) scratchArray, from, w, (double[]) out, to, stride);
        }
    }

    private static void combine(float[] s, int from, int kept, int w, boolean max) {
        for (int half = Integer.highestOneBit(Math.max(1, kept - 1)); half >= 1 && kept > 1; half /= 2) {
            int end = from + (Math.min(kept, 2 * half) - half) * w;
            int next = half * w;
            if (max) {
                for (int i = from; i < end; i++) {
                    s[i] = Math.max(s[i], s[i + next]);
                }
            } else {
                for (int i = from; i < end; i++) {
                    s[i] += s[i + next];
                }
            }
        }
    }

    private static void combine(double[] s, int from, int kept, int w, boolean max) {
        for (int half = Integer.highestOneBit(Math.max(1, kept - 1)); half >= 1 && kept > 1; half /= 2) {
            int end = from + (Math.min(kept, 2 * half) - half) * w;
            int next = half * w;
            if (max) {
                for (int i = from; i < end; i++) {
                    s[i] = Math.max(s[i], s[i + next]);
                }
            } else {
                for (int i = from; i < end; i++) {
                    s[i] += s[i + next];
                }
            }
        }
    }

    private static void copy(float[] s, int from, int w, float[] out, int to, int stride) {
        for (int i = 0; i < w; i++) {
            out[to + i * stride] = s[from + i];
        }
    }

    private static void copy(double[] s, int from, int w, double[] out, int to, int stride) {
        for (int i = 0; i < w; i++) {
            out[to + i * stride] = s[from + i];
        }
    }

    @Override
    public String toString() {
        return "loop " + Arrays.toString(outer) + " x " + length + " (reduced) x " + n;
    }
}
