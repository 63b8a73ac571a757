package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;

/// A convolution or its input gradient with three taps along the last spatial axis, by [Winograd]'s filter along that axis: blocks as in
/// [ConvTask], whose rows are transformed, multiplied by the transformed weights, and transformed back.
///
/// Order of arithmetic: for each of the four points `m ← fma(x, w, m)` from `+0`, over taps of the other axes in ascending order of the
/// place they read and then over ascending source channels; transformations as [Winograd] has them.
final class WinogradTask implements ConvStep {
    private static final double WORTH_SHARING = 1_000_000;
    private static final int MOST_VECTORS = ConvTiles.MOST_VECTORS;
    private static final int POINTS = Winograd.POINTS;
    private static final int PLACES = Winograd.PLACES;
    /// Groups of places whose products are transformed back together.
    private static final int TOGETHER = 32;

    private final boolean isDouble;
    private final boolean gradient;
    private final boolean scalar;
    private final ConvShape shape;
    private final ConvTiles tiles;
    private final List<ConvPass> passes;
    /// For each pass, stretches of the transformed source, of so many rows each.
    private final int[][] starts;
    private final int[] fused;
    private final LoopKernel[] inward;
    private final LoopKernel[] outward;
    private final LoopKernel[] outwardRest;
    private final int[] unitsBefore;
    private final int[] weightsBefore;
    private final int panels;
    private final int each;
    private final int columns;
    private final Operand from;
    private final Operand weight;
    private final Operand to;
    private final int scratch;
    private final Gemm.RowBlock finished;
    private final Workers.Task packing = this::pack;
    private final Workers.Task computing = this::compute;
    private final Object[] arrays = new Object[4];
    private final int[] bases = new int[4];

    WinogradTask(DType type, ConvShape shape, boolean gradient, Operand from, Operand weight, Operand to, int scratch,
            Gemm.RowBlock finished, boolean scalar) {
        this.isDouble = type == DType.F64;
        this.gradient = gradient;
        this.scalar = scalar;
        this.shape = shape;
        this.tiles = ConvTiles.of(isDouble);
        this.passes = passes(shape, gradient);
        this.each = gradient ? shape.q() : shape.c();
        this.columns = gradient ? shape.c() : shape.q();
        int whole = MOST_VECTORS * tiles.lanes;
        this.panels = (columns + whole - 1) / whole;
        int count = passes.size();
        this.unitsBefore = new int[count + 1];
        this.weightsBefore = new int[count + 1];
        this.starts = new int[count][];
        this.fused = new int[count];
        this.inward = new LoopKernel[count];
        this.outward = new LoopKernel[count];
        this.outwardRest = new LoopKernel[count];
        for (int i = 0; i < count; i++) {
            ConvPass p = passes.get(i);
            unitsBefore[i + 1] = unitsBefore[i] + p.units;
            weightsBefore[i + 1] = weightsBefore[i] + p.taps.length / Winograd.TAPS * POINTS * each * tiles.padded(columns);
            int groups = p.columns / PLACES;
            // rows that neighbouring taps of the second axis read lie next to one another
            int[] at = Arrays.stream(p.starts).map(s -> s / p.blockWidth()).toArray();
            int n = p.axes[1].at().length;
            boolean adjacent = true;
            for (int t = 1; t < n; t++) {
                adjacent &= at[t] == at[t - 1] + each;
            }
            int joined = adjacent ? n : 1;
            fused[i] = joined;
            starts[i] = IntStream.range(0, at.length / joined).map(s -> at[s * joined]).toArray();
            inward[i] = Winograd.input(isDouble, groups, each);
            int rest = columns - (panels - 1) * whole;
            outward[i] = Winograd.output(isDouble, TOGETHER, Math.min(whole, columns));
            outwardRest[i] = Winograd.output(isDouble, TOGETHER, rest);
        }
        this.from = from;
        this.weight = weight;
        this.to = to;
        this.scratch = scratch;
        this.finished = finished;
        if (!scalar) {
            tiles.start();
        }
    }

    private static List<ConvPass> passes(ConvShape shape, boolean gradient) {
        return gradient ? ConvPass.inputGradient(shape, true) : List.of(ConvPass.forward(shape, true));
    }

    /// Whether this serves for a convolution or its input gradient.
    static boolean applies(ConvShape shape, boolean gradient) {
        return Winograd.applies(shape, passes(shape, gradient));
    }

    static long scratchLength(DType type, ConvShape shape, boolean gradient) {
        ConvTiles tiles = ConvTiles.of(type == DType.F64);
        long sum = 0;
        for (ConvPass p : passes(shape, gradient)) {
            sum += (long) (p.taps.length / Winograd.TAPS) * POINTS * (gradient ? shape.q() : shape.c())
                    * tiles.padded(gradient ? shape.c() : shape.q());
        }
        return sum;
    }

    @Override
    public ConvStep plain() {
        return new WinogradTask(isDouble ? DType.F64 : DType.F32, shape, gradient, from, weight, to, scratch, finished, true);
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, weight, to, Operand.of(scratch));
    }

    @Override
    public void run() {
        int packs = passes.size() * panels;
        int units = unitsBefore[passes.size()];
        if (shape.work() >= WORTH_SHARING) {
            Workers.run(packs, packing);
            Workers.run(units, computing);
        } else {
            for (int i = 0; i < packs; i++) {
                pack(i);
            }
            for (int i = 0; i < units; i++) {
                compute(i);
            }
        }
    }

    /// Where the weights of a panel begin in the scratch.
    private int packedAt(int pass, int panel) {
        int rows = passes.get(pass).taps.length / Winograd.TAPS * POINTS * each;
        return bases[3] + weightsBefore[pass] + panel * MOST_VECTORS * tiles.lanes * rows;
    }

    private int vectors(int panel) {
        return tiles.vectors(columns - panel * MOST_VECTORS * tiles.lanes);
    }

    /// A panel of transformed weights: for each point, for each tap of the other axes, for each source channel a row.
    private void pack(int number) {
        int panel = number % panels;
        int pass = number / panels;
        int[] taps = passes.get(pass).taps;
        int first = panel * MOST_VECTORS * tiles.lanes;
        int width = Math.min(columns - first, MOST_VECTORS * tiles.lanes);
        int step = vectors(panel) * tiles.lanes;
        int at = packedAt(pass, panel);
        // along target channels and along source channels
        int across = gradient ? shape.q() : 1;
        int along = gradient ? 1 : shape.q();
        int apart = taps.length / Winograd.TAPS * each * step;
        for (int t = 0; t < taps.length; t += Winograd.TAPS) {
            int w0 = bases[1] + taps[t] * shape.c() * shape.q() + first * across;
            int w1 = bases[1] + taps[t + 1] * shape.c() * shape.q() + first * across;
            int w2 = bases[1] + taps[t + 2] * shape.c() * shape.q() + first * across;
            for (int e = 0; e < each; e++) {
                if (arrays[1] instanceof float[] w) {
                    row(w, w0 + e * along, w1 + e * along, w2 + e * along, across, width, (float[]) arrays[3], at, apart);
                } else {
                    row((double[]) arrays[1], w0 + e * along, w1 + e * along, w2 + e * along, across, width, (double[]) arrays[3], at,
                            apart);
                }
                for (int p = 0; p < POINTS; p++) {
                    ConvScalar.zero(arrays[3], at + p * apart + width, step - width);
                }
                at += step;
            }
        }
    }

    private static void row(float[] w, int w0, int w1, int w2, int across, int width, float[] to, int at, int apart) {
        for (int p = 0; p < POINTS; p++) {
            for (int j = 0; j < width; j++) {
                to[at + p * apart + j] = Winograd.weight(p, w[w0 + j * across], w[w1 + j * across], w[w2 + j * across]);
            }
        }
    }

    private static void row(double[] w, int w0, int w1, int w2, int across, int width, double[] to, int at, int apart) {
        for (int p = 0; p < POINTS; p++) {
            for (int j = 0; j < width; j++) {
                to[at + p * apart + j] = Winograd.weight(p, w[w0 + j * across], w[w1 + j * across], w[w2 + j * across]);
            }
        }
    }

    private void compute(int number) {
        int pass = 0;
        while (unitsBefore[pass + 1] <= number) {
            pass++;
        }
        ConvPass p = passes.get(pass);
        int unit = number - unitsBefore[pass];
        int row = p.row(unit);
        int column = p.column(unit);
        int rows = Math.min(p.rows, p.axes[1].count() - row);
        int places = Math.min(p.columns, p.axes[2].count() - column);
        int groups = p.columns / PLACES;
        int used = places / PLACES;
        int together = used == groups ? Math.clamp(TOGETHER / groups, 1, p.rows) : 1;
        int source = ConvScratch.FIRST_ALIGNED;
        int points = source + p.blockLength();
        int products = points + POINTS * p.blockRows() * groups * each;
        int lanes = MOST_VECTORS * tiles.lanes;
        Object own = ConvScratch.array(isDouble, products + POINTS * together * groups * lanes);
        p.copy(unit, arrays[0], bases[0], own, source);
        int rowsRead = p.axes[1].pace() * (rows - 1) + p.axes[1].span();
        int groupStep = p.blockRows() * each;
        Winograd.transformBlock(inward[pass], p, used, rowsRead, own, source, points, groups * groupStep, each, groupStep);
        int[] size = gradient ? shape.input() : shape.output();
        int plane = p.image(unit) * size[0] + p.axes[0].first() + p.axes[0].step() * p.plane(unit);
        int cRow = p.axes[1].step() * size[2];
        int cAt = (plane * size[1] + p.axes[1].first() + p.axes[1].step() * row) * size[2] + column;
        boolean adjacent = used == groups && cRow == places;
        for (int panel = 0; panel < panels; panel++) {
            int vectors = vectors(panel);
            int first = panel * lanes;
            int width = Math.min(columns - first, lanes);
            for (int r = 0; r < rows; r += together) {
                int now = Math.min(together, rows - r);
                for (int i = 0; i < now; i++) {
                    products(p, pass, panel, vectors, used, own, points + (r + i) * p.axes[1].pace() * each,
                            products + i * used * vectors * tiles.lanes, together * groups);
                }
                for (int i = 0; i < (adjacent ? 1 : now); i++) {
                    back(width == Math.min(lanes, columns) ? outward[pass] : outwardRest[pass], own,
                            products + i * used * vectors * tiles.lanes, vectors * tiles.lanes, together * groups,
                            bases[2] + (cAt + (r + i) * cRow) * columns + first, adjacent ? now * used : used, width);
                }
            }
        }
        ConvScratch.mine().forget();
        for (int r = 0; r < rows; r++) {
            finished.rows(cAt + r * cRow, cAt + r * cRow + places);
        }
    }

    /// The products of `count` groups of places, for each point.
    private void products(ConvPass p, int pass, int panel, int vectors, int count, Object own, int aAt, int cAt, int most) {
        int lanes = vectors * tiles.lanes;
        int few = tiles.fewRows();
        for (int k = 0; k < POINTS; k++) {
            int step = p.blockRows() * each;
            int a = aAt + k * (p.columns / PLACES) * step;
            int length = fused[pass] * each;
            int b = packedAt(pass, panel) + k * starts[pass].length * length * lanes;
            for (int u = 0; u < count; ) {
                int height = tiles.rows(count - u);
                if (count - u < few && count >= few) {
                    // Again what is there already costs less than one by one.
                    u = count - few;
                    height = few;
                }
                tiles.tile(GemmEmitter.Walk.ALONG_ROWS, vectors, height, scalar)
                        .run(starts[pass].length, starts[pass], length, own, a + u * step, step, arrays[3], b, lanes, own,
                                cAt + (k * most + u) * lanes, lanes, false);
                u += height;
            }
        }
    }

    /// Transforms `count` groups of places back, into the target.
    private void back(LoopKernel kernel, Object own, int at, int lanes, int most, int target, int count, int width) {
        ConvScratch mine = ConvScratch.mine();
        for (int k = 0; k < POINTS; k++) {
            mine.operand(k, own, at + k * most * lanes, lanes);
        }
        for (int j = 0; j < PLACES; j++) {
            mine.operand(POINTS + j, arrays[2], target + j * columns, PLACES * columns);
        }
        kernel.run(mine.arrays, mine.geometry, 0, count, width);
    }

    @Override
    public String toString() {
        return (gradient ? "input gradient of " : "") + "convolution " + Arrays.toString(shape.kernel()) + " of " + shape.n() + " x "
                + Arrays.toString(shape.input()) + " x " + shape.c() + " -> " + shape.q() + " by pairs";
    }
}
