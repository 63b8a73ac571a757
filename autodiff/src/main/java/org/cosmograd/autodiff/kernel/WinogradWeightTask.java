package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.DType;

/// The weight gradient of a convolution with three taps along the last spatial axis, by [Winograd]'s filter: with `x` and `g`
/// transformed, each of the four points is a matrix product over groups of places, and the sums are transformed into taps.
///
/// Order of arithmetic: parts of all blocks as in [ConvWeightTask]; within a part for each point `u ← fma(x, g, u)` from `+0` over
/// groups of places in row-major order of blocks and within blocks; then the parts are added as [ConvParts] has it, then transformed.
final class WinogradWeightTask implements ConvStep {
    private static final int POINTS = Winograd.POINTS;
    private static final int PLACES = Winograd.PLACES;
    private static final int[] ONE_STRETCH = {0};

    private final DType type;
    private final boolean scalar;
    private final ConvShape shape;
    private final ConvTiles tiles;
    private final ConvPass pass;
    private final ConvPanels panels;
    /// Rows of a point's sums, a multiple of the smaller tiles' rows.
    private final int stretch;
    /// Taps of the first two axes.
    private final int taps;
    private final ConvParts parts;
    private final int[] rowStarts;
    private final LoopKernel inward;
    private final LoopKernel cotangents;
    private final Operand from;
    private final Operand cotangent;
    private final Operand to;
    private final int scratch;
    private final Workers.Task computing = this::part;
    private final Workers.Task summing = this::sum;
    private final Object[] arrays = new Object[4];
    private final int[] bases = new int[4];

    WinogradWeightTask(DType type, ConvShape shape, Operand from, Operand cotangent, Operand to, int scratch, boolean scalar) {
        boolean isDouble = type == DType.F64;
        this.type = type;
        this.scalar = scalar;
        this.shape = shape;
        this.tiles = ConvTiles.of(isDouble);
        this.pass = ConvPass.forward(shape, true);
        this.panels = new ConvPanels(tiles, shape.q());
        this.stretch = roundUp(shape.c(), tiles.fewRows());
        this.taps = pass.taps.length / Winograd.TAPS;
        int length = Math.toIntExact(partLength(shape, tiles));
        this.parts = new ConvParts(isDouble, ConvParts.count(pass.units, shape), length, POINTS * stretch * panels.most());
        int groups = pass.columns / PLACES;
        this.rowStarts = new int[pass.rows];
        Arrays.setAll(rowStarts, r -> r * pass.axes[1].pace() * groups * shape.c());
        this.inward = Winograd.input(isDouble, groups, shape.c());
        this.cotangents = Winograd.cotangent(isDouble, pass.rows * groups, shape.q());
        this.from = from;
        this.cotangent = cotangent;
        this.to = to;
        this.scratch = scratch;
        if (!scalar) {
            tiles.want(GemmEmitter.Walk.ALONG_COLUMNS);
        }
    }

    private static int roundUp(int n, int step) {
        return (n + step - 1) / step * step;
    }

    private static long partLength(ConvShape s, ConvTiles tiles) {
        return (long) s.kernel()[0] * s.kernel()[1] * POINTS * roundUp(s.c(), tiles.fewRows()) * tiles.padded(s.q());
    }

    /// Whether this serves for a weight gradient.
    static boolean applies(ConvShape shape) {
        return Winograd.applies(shape, List.of(ConvPass.forward(shape, true)));
    }

    static int scratchLength(DType type, ConvShape shape) {
        long length = partLength(shape, ConvTiles.of(type == DType.F64));
        return Math.toIntExact(Math.multiplyExact(length, (long) ConvParts.count(ConvPass.forward(shape, true).units, shape)));
    }

    @Override
    public ConvStep plain() {
        return new WinogradWeightTask(type, shape, from, cotangent, to, scratch, true);
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, cotangent, to, Operand.of(scratch));
    }

    @Override
    public void run() {
        boolean shared = shape.work() >= WORTH_SHARING;
        ConvStep.run(shared, parts.parts, computing);
        ConvStep.run(shared, panels.count() * taps, summing);
    }

    private void part(int number) {
        int begin = (int) ((long) pass.units * number / parts.parts);
        int end = (int) ((long) pass.units * (number + 1) / parts.parts);
        int groups = pass.columns / PLACES;
        int c = shape.c();
        int q = shape.q();
        int source = ConvScratch.FIRST_ALIGNED;
        int points = source + roundUp(pass.blockLength(), tiles.lanes);
        int pointStep = pass.blockRows() * groups * c;
        int factors = points + roundUp(POINTS * pointStep + tiles.fewRows(), tiles.lanes);
        int factorStep = pass.rows * groups * q;
        // tiles read whole vectors, beyond the last row of all
        Object own = ConvScratch.array(type == DType.F64, factors + POINTS * factorStep + panels.most());
        for (int unit = begin; unit < end; unit++) {
            int rows = pass.rowsOf(unit);
            int used = pass.placesOf(unit) / PLACES;
            pass.copy(unit, arrays[0], bases[0], own, source);
            Winograd.transformBlock(inward, pass, used, pass.rowsRead(unit), own, source, points, pointStep, groups * c, c);
            transformCotangent(own, bases[1] + pass.targetAt(unit) * q, factors, factorStep, rows * used);
            // where rows of groups follow one another without a gap they are one stretch
            boolean joined = pass.axes[1].pace() == 1 && used == groups;
            for (int panel = 0; panel < panels.count(); panel++) {
                int first = panels.first(panel);
                int vectors = panels.vectors(panel);
                int sums = bases[3] + number * parts.length + first * taps * POINTS * stretch;
                for (int t = 0; t < taps; t++) {
                    int start = pass.starts[t] / (pass.blockWidth() * c) * groups * c;
                    for (int k = 0; k < POINTS; k++) {
                        product(vectors, joined ? 1 : rows, joined ? ONE_STRETCH : rowStarts, joined ? rows * used : used, own,
                                points + k * pointStep + start, factors + k * factorStep + first,
                                sums + (t * POINTS + k) * stretch * vectors * tiles.lanes, unit > begin);
                    }
                }
            }
        }
        ConvScratch.mine().forget();
    }

    private void transformCotangent(Object own, int at, int to, int pointStep, int count) {
        ConvScratch mine = ConvScratch.mine();
        int q = shape.q();
        for (int j = 0; j < PLACES; j++) {
            mine.operand(j, arrays[1], at + j * q, PLACES * q);
        }
        for (int k = 0; k < POINTS; k++) {
            mine.operand(PLACES + k, own, to + k * pointStep, q);
        }
        cotangents.run(mine.arrays, mine.geometry, 0, count, q);
    }

    private void product(int vectors, int stretches, int[] starts, int length, Object own, int aAt, int bAt, int cAt, boolean accumulate) {
        int lanes = vectors * tiles.lanes;
        for (int i = 0; i < stretch; ) {
            int height = tiles.rows(stretch - i);
            tiles.tile(GemmEmitter.Walk.ALONG_COLUMNS, vectors, height, scalar).run(stretches, starts, length, own, aAt + i, shape.c(), own,
                    bAt, shape.q(), arrays[3], cAt + i * lanes, lanes, accumulate);
            i += height;
        }
    }

    /// Adds the parts for one tap of the first two axes and one panel, and transforms the sums into taps of the last.
    private void sum(int number) {
        int t = number % taps;
        int panel = number / taps;
        int first = panels.first(panel);
        int lanes = panels.lanes(panel);
        int width = panels.width(panel);
        int at = first * taps * POINTS * stretch + t * POINTS * stretch * lanes;
        parts.add(arrays[3], bases[3], at, POINTS * stretch * lanes);
        for (int k = 0; k < Winograd.TAPS; k++) {
            for (int e = 0; e < shape.c(); e++) {
                int u = bases[3] + at + e * lanes;
                int w = bases[2] + (pass.taps[t * Winograd.TAPS + k] * shape.c() + e) * shape.q() + first;
                if (arrays[3] instanceof float[] f) {
                    row(k, f, u, stretch * lanes, width, (float[]) arrays[2], w);
                } else {
                    row(k, (double[]) arrays[3], u, stretch * lanes, width, (double[]) arrays[2], w);
                }
            }
        }
    }

    private static void row(int k, float[] u, int at, int apart, int width, float[] w, int to) {
        for (int j = at; j < at + width; j++) {
            w[to + j - at] = Winograd.tap(k, u[j], u[j + apart], u[j + 2 * apart], u[j + 3 * apart]);
        }
    }

    private static void row(int k, double[] u, int at, int apart, int width, double[] w, int to) {
        for (int j = at; j < at + width; j++) {
            w[to + j - at] = Winograd.tap(k, u[j], u[j + apart], u[j + 2 * apart], u[j + 3 * apart]);
        }
    }

    @Override
    public String toString() {
        return "weight gradient of " + shape + " by pairs";
    }
}
