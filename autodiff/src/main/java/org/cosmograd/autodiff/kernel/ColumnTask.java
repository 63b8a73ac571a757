package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// A generated loop that reduces along axes none of which is the innermost in memory: partial rows are kept and combined in the
/// canonical order of [LoopSpec.Mode#ROW_SUM] or [LoopSpec.Mode#LONG_ROW_SUM], so the bits are those of a reduction along the
/// innermost axis. Several axes are reduced as one: their elements count in row-major order, however they lie in memory.
public final class ColumnTask implements Task {
    /// Elements of a partial row: all of them should stay in the first cache, and a stretch of a row be long enough for the prefetcher.
    private static final int WIDTH = 256;
    private static final int LONG_WIDTH = 128;
    /// Rows of no more elements are taken many at a time if they lie one after the other.
    private static final int FLAT = 64;
    /// Rows that are reduced at a time where they are told of one by one, and the most bytes of such a row.
    private static final int PIECE = 32;
    private static final int PIECE_BYTES = 512;
    private static final int MOST_CHUNKS = 16;
    private static final long GRAIN = 600_000;

    private final Kernels kernels;
    private final Kernels rest;
    private final Kernels pieces;
    private final Operand[] operands;
    private final int[] outer;
    private final int length;
    /// The reduced axes but for the last: their sizes, and the strides of each operand.
    private final int[] above;
    private final int[][] aboveStrides;
    /// The size of the last reduced axis.
    private final int run;
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
    /// How many rows have been reduced so far, where they are told of one by one.
    private int reduced;

    /// What reduces rows of one width: many rows in one call of the deep kernel, which goes in steps of `step` rows from multiples of `period` on.
    ///
    /// @param flat whether rows lie one after the other: then all partial rows are one long row
    private record Kernels(LoopKernel deep, LoopKernel single, int period, int step, boolean flat) {
        static Kernels of(LoopSpec spec, int rows, int width, boolean flat) {
            int period = spec.partialRows();
            int depth = LoopEmitter.depth(spec);
            while (depth > 1 && rows < period * depth) {
                depth /= 2;
            }
            LoopKernel single = Loops.kernel(spec, rows, width);
            return rows < period * depth || depth == 1 && !flat
                    ? new Kernels(single, single, 1, Integer.MAX_VALUE, false)
                    : new Kernels(Loops.deep(spec, depth, flat ? period * width : width), single, period, period * depth, flat);
        }
    }

    /// The loop `body` over axes of sizes `dims`, reducing along `axes`.
    ///
    /// @param axes where in `dims` the reduced axes are, in the order in which their elements count
    /// @param operands sources and then sinks, each with one stride for each axis; a sink of mode `ADD` or `MAX` has stride 0 along `axes`
    /// @param cost arithmetic operations for one element, to judge whether threads pay
    /// @param type element type of the sinks that reduce
    /// @param scratch number of a buffer of [#scratchLength] elements
    public ColumnTask(LoopSpec body, int[] dims, int[] axes, List<Operand> operands, int cost, DType type, int scratch) {
        int count = operands.size();
        int[] kept = kept(dims, axes);
        int[][] strides = operands.stream().map(o -> Axes.select(o.strides(), kept)).toArray(int[][]::new);
        int[] d = Axes.merge(Axes.select(dims, kept), strides, 0);
        int last = d.length - 1;
        int[][] reduced = operands.stream().map(o -> Axes.select(o.strides(), axes)).toArray(int[][]::new);
        int[] r = Axes.merge(Axes.select(dims, axes), reduced, 0);
        int deepest = r.length - 1;
        this.run = r[deepest];
        this.above = Arrays.copyOf(r, deepest);
        this.aboveStrides = Arrays.stream(reduced).map(s -> Arrays.copyOf(s, deepest)).toArray(int[][]::new);
        this.length = Axes.product(r, r.length);
        List<Operand> moved = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            Operand o = operands.get(k);
            moved.add(new Operand(o.buffer(), o.offset(), Axes.insert(strides[k], last, reduced[k][deepest])));
        }
        this.operands = moved.toArray(Operand[]::new);
        this.outer = Arrays.copyOf(d, last);
        this.n = d[last];
        this.type = type;
        this.scratch = scratch;
        this.partials = partials(length);
        this.width = Math.min(n, widest(length));
        this.blocks = n == 0 ? 0 : (n + width - 1) / width;
        int sources = body.sources().size();
        this.reducing = new boolean[count];
        this.max = new boolean[count];
        int sinks = 0;
        int[] innermost = new int[count];
        for (int k = 0; k < count; k++) {
            Mode mode = k < sources ? Mode.STORE : body.sinks().get(k - sources).mode();
            reducing[k] = mode != Mode.STORE;
            max[k] = mode == Mode.MAX;
            sinks += reducing[k] ? 1 : 0;
            innermost[k] = reducing[k] ? 1 : strides[k][last];
        }
        this.reducers = sinks;
        LoopSpec own = Axes.specialise(body, innermost, n);
        boolean flat = n <= FLAT;
        for (int k = 0; k < count; k++) {
            flat &= reducing[k] || strides[k][last] == 1 && reduced[k][deepest] == n;
        }
        this.kernels = Kernels.of(own, run, width, flat);
        this.rest = blocks * width == n ? kernels : Kernels.of(own, run, n % width, false);
        this.pieces = isPiecewise(body, dims, axes, type) ? Kernels.of(own, PIECE, width, flat) : kernels;
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

    private static int[] kept(int[] dims, int[] axes) {
        return IntStream.range(0, dims.length).filter(i -> Arrays.stream(axes).noneMatch(a -> a == i)).toArray();
    }

    /// Partial rows of a reduction of `length` rows.
    private static int partials(int length) {
        return Math.min(length, Mode.columnSum(length).partials());
    }

    private static int widest(int length) {
        return length < Mode.LONG ? WIDTH : LONG_WIDTH;
    }

    /// An upper bound of the scratch elements needed for `sinks` reductions over an index space of these sizes along `axes`.
    public static int scratchLength(int[] dims, int[] axes, int sinks) {
        int length = Axes.product(Axes.select(dims, axes), axes.length);
        int others = Axes.product(Axes.select(dims, kept(dims, axes)), dims.length - axes.length);
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

    /// Whether a loop may reduce along its first axis piece by piece: [#begin], [#upTo], [#end].
    public static boolean isPiecewise(LoopSpec body, int[] dims, int[] axes, DType type) {
        return dims.length == 2 && axes.length == 1 && axes[0] == 0 && dims[0] >= PIECE && dims[0] < Mode.LONG
                && dims[1] * type.bytes() <= PIECE_BYTES && dims[1] > 0 && body.reducesColumns();
    }

    /// The arrays of a reduction piece by piece, as a [LoopKernel] is given them, after [#begin].
    Object[] arrays() {
        return arrays;
    }

    /// The places of its operands.
    int[] geometry() {
        return geometry[0];
    }

    /// Begins a reduction piece by piece.
    void begin() {
        reduced = 0;
        start(geometry[0], 0, scratchBase);
    }

    /// Reduces further rows, or leaves them for later; `rows` of them are ready.
    void upTo(int rows) {
        int end = rows == run ? run : rows / PIECE * PIECE;
        if (end > reduced) {
            rows(pieces, geometry[0], reduced, end, n);
            reduced = end;
        }
    }

    /// Ends it when all rows have been reduced, here or by somebody else.
    void end() {
        finish(0, scratchBase);
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
            start(g, u, own);
            int w = width(u);
            reduce(w == width ? kernels : rest, g, w);
            finish(u, own);
        }
    }

    private int width(int unit) {
        return Math.min(width, n - unit % blocks * width);
    }

    /// Empties the partial rows of a unit, from `own` on, and says where its first row is.
    private void start(int[] g, int unit, int own) {
        int rank = outer.length;
        int w = width(unit);
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
                g[3 * k] = bases[k] + Axes.advance(outer, rank, s, unit / blocks) + unit % blocks * width * s[rank + 1];
                g[3 * k + 1] = s[rank];
                g[3 * k + 2] = s[rank + 1];
            }
        }
    }

    /// Combines the partial rows of a unit to its results.
    private void finish(int unit, int own) {
        int rank = outer.length;
        int w = width(unit);
        int at = own;
        for (int k = 0; k < operands.length; k++) {
            if (reducing[k]) {
                int[] s = operands[k].strides();
                int result = bases[k] + Axes.advance(outer, rank, s, unit / blocks) + unit % blocks * width * s[rank + 1];
                combine(at, partials, w, max[k], outputs[k], result, s[rank + 1]);
                at += partials * w;
            }
        }
    }

    /// All rows of a unit, whose first is where `g` says; rows have the numbers that they count as.
    private void reduce(Kernels k, int[] g, int w) {
        int runs = Axes.product(above, above.length);
        for (int q = 0; q < runs; q++) {
            if (runs > 1) {
                shift(g, q, 1);
            }
            rows(k, g, q * run, (q + 1) * run, w);
            if (runs > 1) {
                shift(g, q, -1);
            }
        }
    }

    private void rows(Kernels k, int[] g, int from, int to, int w) {
        int at = from;
        for (; from % k.period == 0 && to - at >= k.step; at += k.step) {
            if (k.flat) {
                advance(g, at * w);
                k.deep.run(arrays, g, 0, 1, k.period * w);
                advance(g, -at * w);
            } else {
                k.deep.run(arrays, g, at, at + k.period, w);
            }
        }
        if (at < to) {
            k.single.run(arrays, g, at, to, w);
        }
    }

    private void advance(int[] g, int by) {
        for (int k = 0; k < operands.length; k++) {
            g[3 * k] += reducing[k] ? 0 : by;
        }
    }

    private void shift(int[] g, int q, int sign) {
        for (int k = 0; k < operands.length; k++) {
            if (!reducing[k]) {
                g[3 * k] += sign * (Axes.advance(above, above.length, aboveStrides[k], q) - q * run * g[3 * k + 1]);
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
