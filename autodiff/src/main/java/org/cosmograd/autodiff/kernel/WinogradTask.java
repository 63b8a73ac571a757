package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;

/// A convolution or its input gradient with three taps along the last spatial axis, by [Winograd]'s filter along that axis: blocks as in
/// [ConvTask], whose rows are transformed, multiplied by the transformed weights, and transformed back.
///
/// Order of arithmetic: for each of the four points `m ← fma(x, w, m)` from `+0`, over taps of the other axes in ascending order of the
/// place they read and then over ascending source channels; transformations as [Winograd] has them.
final class WinogradTask implements ConvStep {
    private static final int POINTS = Winograd.POINTS;
    private static final int PLACES = Winograd.PLACES;
    /// Groups of places whose products are transformed back together.
    private static final int TOGETHER = 32;

    private final DType type;
    private final boolean scalar;
    private final ConvTiles tiles;
    private final ConvPasses passes;
    private final ConvPanels panels;
    private final int[] weightsBefore;
    /// For each pass, stretches of the transformed source, of so many rows each.
    private final int[][] starts;
    private final int[] fused;
    private final LoopKernel[] inward;
    private final LoopKernel[] outward;
    private final LoopKernel[] outwardRest;
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
        boolean isDouble = type == DType.F64;
        this.type = type;
        this.scalar = scalar;
        this.tiles = ConvTiles.of(isDouble);
        this.passes = ConvPasses.of(shape, gradient, true);
        this.each = passes.sources();
        this.columns = passes.targets();
        this.panels = new ConvPanels(tiles, columns);
        this.weightsBefore = weightsBefore(type, passes);
        int count = passes.count();
        this.starts = new int[count][];
        this.fused = new int[count];
        this.inward = new LoopKernel[count];
        this.outward = new LoopKernel[count];
        this.outwardRest = new LoopKernel[count];
        for (int i = 0; i < count; i++) {
            ConvPass p = passes.list().get(i);
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
            outward[i] = Winograd.output(isDouble, TOGETHER, panels.width(0));
            outwardRest[i] = Winograd.output(isDouble, TOGETHER, panels.width(panels.count() - 1));
        }
        this.from = from;
        this.weight = weight;
        this.to = to;
        this.scratch = scratch;
        this.finished = finished;
        if (!scalar) {
            tiles.want(GemmEmitter.Walk.ALONG_ROWS);
        }
    }

    /// Whether this serves for a convolution or its input gradient.
    static boolean applies(ConvShape shape, boolean gradient) {
        return Winograd.applies(shape, ConvPasses.of(shape, gradient, true).list());
    }

    /// Rows of transformed weights of a pass.
    private static int rows(ConvPass p, int each) {
        return p.taps.length / Winograd.TAPS * POINTS * each;
    }

    private static int[] weightsBefore(DType type, ConvPasses passes) {
        int padded = ConvTiles.of(type == DType.F64).padded(passes.targets());
        return passes.before(p -> (long) rows(p, passes.sources()) * padded);
    }

    static int scratchLength(DType type, ConvShape shape, boolean gradient) {
        ConvPasses passes = ConvPasses.of(shape, gradient, true);
        return weightsBefore(type, passes)[passes.count()];
    }

    @Override
    public ConvStep plain() {
        return new WinogradTask(type, passes.shape(), passes.gradient(), from, weight, to, scratch, finished, true);
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, weight, to, Operand.of(scratch));
    }

    @Override
    public void run() {
        boolean shared = passes.shape().work() >= WORTH_SHARING;
        ConvStep.run(shared, passes.count() * panels.count(), packing);
        ConvStep.run(shared, passes.units(), computing);
    }

    /// Where the weights of a panel begin in the scratch.
    private int packedAt(int pass, int panel) {
        return bases[3] + weightsBefore[pass] + panels.first(panel) * rows(passes.list().get(pass), each);
    }

    /// A panel of transformed weights: for each point, for each tap of the other axes, for each source channel a row.
    private void pack(int number) {
        int panel = number % panels.count();
        int pass = number / panels.count();
        int[] taps = passes.list().get(pass).taps;
        int first = panels.first(panel);
        int width = panels.width(panel);
        int step = panels.lanes(panel);
        int at = packedAt(pass, panel);
        int c = passes.shape().c();
        int q = passes.shape().q();
        // along target channels and along source channels
        int across = passes.gradient() ? q : 1;
        int along = passes.gradient() ? 1 : q;
        int apart = taps.length / Winograd.TAPS * each * step;
        for (int t = 0; t < taps.length; t += Winograd.TAPS) {
            int w0 = bases[1] + taps[t] * c * q + first * across;
            int w1 = bases[1] + taps[t + 1] * c * q + first * across;
            int w2 = bases[1] + taps[t + 2] * c * q + first * across;
            for (int e = 0; e < each; e++) {
                if (arrays[1] instanceof float[] w) {
                    row(w, w0 + e * along, w1 + e * along, w2 + e * along, across, width, (float[]) arrays[3], at, apart);
                } else {
                    row((double[]) arrays[1], w0 + e * along, w1 + e * along, w2 + e * along, across, width, (double[]) arrays[3], at,
                            apart);
                }
                for (int p = 0; p < POINTS; p++) {
                    Storage.zero(arrays[3], at + p * apart + width, step - width);
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
        int pass = passes.pass(number);
        ConvPass p = passes.list().get(pass);
        int unit = number - passes.unitsBefore()[pass];
        int rows = p.rowsOf(unit);
        int places = p.placesOf(unit);
        int groups = p.columns / PLACES;
        int used = places / PLACES;
        int together = used == groups ? Math.clamp(TOGETHER / groups, 1, p.rows) : 1;
        int source = ConvScratch.FIRST_ALIGNED;
        int points = source + p.blockLength();
        int products = points + POINTS * p.blockRows() * groups * each;
        int lanes = panels.most();
        Object own = ConvScratch.array(type == DType.F64, products + POINTS * together * groups * lanes);
        p.copy(unit, arrays[0], bases[0], own, source);
        int groupStep = p.blockRows() * each;
        Winograd.transformBlock(inward[pass], p, used, p.rowsRead(unit), own, source, points, groups * groupStep, each, groupStep);
        int cRow = p.targetRow();
        int cAt = p.targetAt(unit);
        boolean adjacent = used == groups && cRow == places;
        for (int panel = 0; panel < panels.count(); panel++) {
            int vectors = panels.vectors(panel);
            int first = panels.first(panel);
            int width = panels.width(panel);
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
            p.finish(unit, r, finished);
        }
    }

    /// The products of `count` groups of places, for each point.
    private void products(ConvPass p, int pass, int panel, int vectors, int count, Object own, int aAt, int cAt, int most) {
        int lanes = vectors * tiles.lanes;
        for (int k = 0; k < POINTS; k++) {
            int step = p.blockRows() * each;
            int a = aAt + k * (p.columns / PLACES) * step;
            int length = fused[pass] * each;
            int b = packedAt(pass, panel) + k * starts[pass].length * length * lanes;
            for (int u = 0; u < count; ) {
                u = tiles.begin(u, count);
                int height = tiles.rows(count - u);
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
        return passes + " by pairs";
    }
}
