package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.DType;

/// A convolution or its input gradient, without a matrix of patches: with channels last, the elements that neighbouring taps read
/// lie next to one another, so a 3×3 kernel is three stretches of a matrix product with overlapping rows ([ConvPass]).
///
/// The weights are packed once per run into panels of one or two vectors of target channels, in the order of summation.
///
/// Few target channels would leave most lanes empty. Then all taps of a place of the source are computed side by side, one for each
/// lane, and added up afterwards.
///
/// Order of arithmetic: `y ← fma(source, w, y)` from `+0`, over taps in ascending order of the place they read (first axis outermost)
/// and then over ascending source channels; with few target channels each tap's sum over channels by itself, then the sum over taps.
public final class ConvTask implements ConvStep {
    /// Below this many multiply-adds a hand-over to a second thread costs more than it saves.
    private static final double WORTH_SHARING = 1_000_000;
    private static final int MOST_VECTORS = ConvTiles.MOST_VECTORS;

    private final boolean isDouble;
    private final boolean gradient;
    private final boolean few;
    private final boolean scalar;
    private final ConvShape shape;
    private final ConvTiles tiles;
    private final List<ConvPass> passes;
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

    private ConvTask(DType type, ConvShape shape, boolean gradient, Operand from, Operand weight, Operand to, int scratch,
            Gemm.RowBlock finished, boolean scalar) {
        this.isDouble = type == DType.F64;
        this.gradient = gradient;
        this.scalar = scalar;
        this.shape = shape;
        this.few = isFew(shape, gradient);
        this.passes = passes(shape, gradient, few);
        boolean nine = !few && passes.stream().allMatch(p -> p.starts.length == 3 && p.length == 3);
        this.tiles = nine ? ConvTiles.ofNine(isDouble) : ConvTiles.of(isDouble);
        this.each = (gradient ? shape.q() : shape.c()) / shape.groups();
        this.columns = (gradient ? shape.c() : shape.q()) / shape.groups();
        int whole = MOST_VECTORS * tiles.lanes;
        this.panels = (columns + whole - 1) / whole;
        this.unitsBefore = new int[passes.size() + 1];
        this.weightsBefore = new int[passes.size() + 1];
        for (int i = 0; i < passes.size(); i++) {
            unitsBefore[i + 1] = unitsBefore[i] + passes.get(i).units;
            weightsBefore[i + 1] = weightsBefore[i] + (int) packedLength(shape, passes.get(i), gradient, few, tiles);
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

    private static List<ConvPass> passes(ConvShape shape, boolean gradient, boolean few) {
        return gradient ? ConvPass.inputGradient(shape, few) : List.of(ConvPass.forward(shape, few));
    }

    /// Lanes that a choice counts with; the same on all machines, as the choice decides the order of summation.
    private static final int LANES = 16;

    /// Whether lanes are better filled by taps than by target channels.
    private static boolean isFew(ConvShape s, boolean gradient) {
        int columns = gradient ? s.c() : s.q();
        int taps = s.kernel()[0] * s.kernel()[1] * s.kernel()[2];
        int stride = s.stride()[0] * s.stride()[1] * s.stride()[2];
        return s.groups() == 1 && stride == 1 && (gradient ? s.q() : s.c()) >= LANES / 2
                && 2L * roundUp(taps * columns) <= (long) roundUp(columns) * taps;
    }

    private static int roundUp(int n) {
        return (n + LANES - 1) / LANES * LANES;
    }

    private static long packedLength(ConvShape s, ConvPass p, boolean gradient, boolean few, ConvTiles tiles) {
        int each = (gradient ? s.q() : s.c()) / s.groups();
        int columns = (gradient ? s.c() : s.q()) / s.groups();
        return few ? (long) each * tiles.padded(p.taps.length * columns) : (long) p.taps.length * each * s.groups() * tiles.padded(columns);
    }

    /// The convolution of `from` with `weight`; `scratch` is the number of a buffer of [#scratchLength] elements.
    public static Task forward(DType type, ConvShape shape, Operand from, Operand weight, Operand to, int scratch) {
        return forward(type, shape, from, weight, to, scratch, (a, b) -> {});
    }

    /// The convolution of `from` with `weight`; `finished` hears of rows (places of the result) as they become final.
    public static Task forward(DType type, ConvShape shape, Operand from, Operand weight, Operand to, int scratch,
            Gemm.RowBlock finished) {
        return of(type, shape, false, from, weight, to, scratch, finished);
    }

    /// The input gradient of a convolution for the cotangent `from` of its result.
    public static Task inputGradient(DType type, ConvShape shape, Operand from, Operand weight, Operand to, int scratch) {
        return inputGradient(type, shape, from, weight, to, scratch, (a, b) -> {});
    }

    /// The input gradient of a convolution; `finished` hears of rows (places of the input) as they become final.
    public static Task inputGradient(DType type, ConvShape shape, Operand from, Operand weight, Operand to, int scratch,
            Gemm.RowBlock finished) {
        return of(type, shape, true, from, weight, to, scratch, finished);
    }

    private static Task of(DType type, ConvShape shape, boolean gradient, Operand from, Operand weight, Operand to, int scratch,
            Gemm.RowBlock finished) {
        if (DepthwiseTask.applies(shape)) {
            return new DepthwiseTask(type, shape, gradient, from, weight, to, finished);
        }
        return WinogradTask.applies(shape, gradient)
                ? new WinogradTask(type, shape, gradient, from, weight, to, scratch, finished, false)
                : new ConvTask(type, shape, gradient, from, weight, to, scratch, finished, false);
    }

    @Override
    public ConvStep plain() {
        return new ConvTask(isDouble ? DType.F64 : DType.F32, shape, gradient, from, weight, to, scratch, finished, true);
    }

    /// Elements of scratch that a convolution or its input gradient needs.
    ///
    /// @throws ArithmeticException if they are too many
    public static int scratchLength(DType type, ConvShape shape, boolean gradient) {
        if (DepthwiseTask.applies(shape)) {
            return 0;
        } else if (WinogradTask.applies(shape, gradient)) {
            return Math.toIntExact(WinogradTask.scratchLength(type, shape, gradient));
        }
        ConvTiles tiles = ConvTiles.of(type == DType.F64);
        boolean few = isFew(shape, gradient);
        long sum = 0;
        for (ConvPass p : passes(shape, gradient, few)) {
            sum += packedLength(shape, p, gradient, few, tiles);
        }
        return Math.toIntExact(sum);
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, weight, to, Operand.of(scratch));
    }

    @Override
    public void run() {
        int packs = few ? passes.size() : passes.size() * shape.groups() * panels;
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

    private int vectors(int panel) {
        return tiles.vectors(columns - panel * MOST_VECTORS * tiles.lanes);
    }

    /// Where the weights of a group's panel begin in the scratch.
    private int packedAt(int pass, int group, int panel) {
        int rows = passes.get(pass).taps.length * each;
        return bases[3] + weightsBefore[pass] + (group * tiles.padded(columns) + panel * MOST_VECTORS * tiles.lanes) * rows;
    }

    private void pack(int number) {
        if (few) {
            packTaps(number);
            return;
        }
        int panel = number % panels;
        int group = number / panels % shape.groups();
        int pass = number / panels / shape.groups();
        int first = panel * MOST_VECTORS * tiles.lanes;
        int width = Math.min(columns - first, MOST_VECTORS * tiles.lanes);
        int step = vectors(panel) * tiles.lanes;
        int at = packedAt(pass, group, panel);
        int inputs = shape.c() / shape.groups();
        int outputs = shape.q() / shape.groups();
        for (int tap : passes.get(pass).taps) {
            if (gradient) {
                int source = bases[1] + (tap * inputs + first) * shape.q() + group * outputs;
                transpose(source, width, at, step);
                at += each * step;
            } else {
                for (int e = 0; e < each; e++) {
                    int source = bases[1] + (tap * inputs + e) * shape.q() + group * outputs + first;
                    System.arraycopy(arrays[1], source, arrays[3], at, width);
                    ConvScalar.zero(arrays[3], at + width, step - width);
                    at += step;
                }
            }
        }
    }

    /// `scratch[at + e·step + j] = w[source + j·q + e]`
    private void transpose(int source, int width, int at, int step) {
        int q = shape.q();
        if (arrays[1] instanceof float[] w) {
            float[] packed = (float[]) arrays[3];
            for (int e = 0; e < each; e++) {
                for (int j = 0; j < width; j++) {
                    packed[at + e * step + j] = w[source + j * q + e];
                }
                Arrays.fill(packed, at + e * step + width, at + (e + 1) * step, 0);
            }
        } else {
            double[] w = (double[]) arrays[1];
            double[] packed = (double[]) arrays[3];
            for (int e = 0; e < each; e++) {
                for (int j = 0; j < width; j++) {
                    packed[at + e * step + j] = w[source + j * q + e];
                }
                Arrays.fill(packed, at + e * step + width, at + (e + 1) * step, 0);
            }
        }
    }

    /// Element `(e, t·columns + j)` of the packed weights is that of source channel `e` for tap `t` and target channel `j`.
    private void packTaps(int pass) {
        int[] taps = passes.get(pass).taps;
        int n = taps.length * columns;
        int whole = MOST_VECTORS * tiles.lanes;
        for (int first = 0; first < n; first += whole) {
            int step = tiles.vectors(n - first) * tiles.lanes;
            int at = bases[3] + weightsBefore[pass] + first * each;
            for (int e = 0; e < each; e++) {
                for (int i = 0; i < step; i++) {
                    int tap = taps[Math.min(first + i, n - 1) / columns];
                    int j = (first + i) % columns;
                    int source = gradient ? (tap * columns + j) * each + e : (tap * each + e) * columns + j;
                    if (arrays[3] instanceof float[] packed) {
                        packed[at++] = first + i < n ? ((float[]) arrays[1])[bases[1] + source] : 0;
                    } else {
                        ((double[]) arrays[3])[at++] = first + i < n ? ((double[]) arrays[1])[bases[1] + source] : 0;
                    }
                }
            }
        }
    }

    private static final int[] ONE_STRETCH = {0};

    /// A block with few target channels.
    private void computeFew(ConvPass p, int pass, int unit) {
        int n = p.taps.length * columns;
        int width = tiles.padded(n);
        int source = ConvScratch.FIRST_ALIGNED;
        int places = (p.blockPlaces() + ConvTiles.MOST_ROWS - 1) / ConvTiles.MOST_ROWS * ConvTiles.MOST_ROWS;
        int sums = source + places * each;
        Object own = ConvScratch.array(isDouble, places * (each + width));
        p.copy(unit, arrays[0], bases[0], own, source);
        int height = tiles.rows(ConvTiles.MOST_ROWS);
        for (int first = 0; first < n; first += MOST_VECTORS * tiles.lanes) {
            int vectors = tiles.vectors(n - first);
            ConvTile tile = tiles.tile(GemmEmitter.Walk.ALONG_ROWS, vectors, height, scalar);
            int b = bases[3] + weightsBefore[pass] + first * each;
            for (int i = 0; i < places; i += height) {
                tile.run(1, ONE_STRETCH, each, own, source + i * each, each, arrays[3], b, vectors * tiles.lanes, own,
                        sums + i * width + first, width, false);
            }
        }
        int[] size = gradient ? shape.input() : shape.output();
        int row = p.row(unit);
        int column = p.column(unit);
        int rows = Math.min(p.rows, p.axes[1].count() - row);
        int across = Math.min(p.columns, p.axes[2].count() - column);
        int at = ((p.image(unit) * size[0] + p.plane(unit)) * size[1] + row) * size[2] + column;
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < columns; j++) {
                int to = bases[2] + (at + r * size[2]) * columns + j;
                if (own instanceof float[] z) {
                    addTaps(p, z, sums + j, r, across, width, (float[]) arrays[2], to);
                } else {
                    addTaps(p, (double[]) own, sums + j, r, across, width, (double[]) arrays[2], to);
                }
            }
        }
        for (int r = 0; r < rows; r++) {
            finished.rows(at + r * size[2], at + r * size[2] + across);
        }
    }

    private void addTaps(ConvPass p, float[] z, int zAt, int r, int places, int width, float[] y, int to) {
        for (int u = 0; u < places; u++) {
            float sum = 0;
            int tap = zAt;
            for (int start : p.starts) {
                int at = (start + r * p.rowStep) / each + u;
                for (int f = 0; f < p.fused; f++) {
                    sum += z[at++ * width + tap];
                    tap += columns;
                }
            }
            y[to + u * columns] = sum;
        }
    }

    private void addTaps(ConvPass p, double[] z, int zAt, int r, int places, int width, double[] y, int to) {
        for (int u = 0; u < places; u++) {
            double sum = 0;
            int tap = zAt;
            for (int start : p.starts) {
                int at = (start + r * p.rowStep) / each + u;
                for (int f = 0; f < p.fused; f++) {
                    sum += z[at++ * width + tap];
                    tap += columns;
                }
            }
            y[to + u * columns] = sum;
        }
    }

    private void compute(int number) {
        int pass = 0;
        while (unitsBefore[pass + 1] <= number) {
            pass++;
        }
        ConvPass p = passes.get(pass);
        int unit = number - unitsBefore[pass];
        if (few) {
            computeFew(p, pass, unit);
            return;
        }
        int tile = ConvTiles.MOST_ROWS * MOST_VECTORS * tiles.lanes;
        Object own = ConvScratch.array(isDouble, tile + (p.direct ? 0 : p.blockLength()));
        Object a = arrays[0];
        int aAt = bases[0] + p.directAt(unit);
        if (!p.direct) {
            a = own;
            aAt = ConvScratch.FIRST_ALIGNED + tile;
            p.copy(unit, arrays[0], bases[0], own, aAt);
        }
        int[] size = gradient ? shape.input() : shape.output();
        int channels = gradient ? shape.c() : shape.q();
        int row = p.row(unit);
        int column = p.column(unit);
        int rows = Math.min(p.rows, p.axes[1].count() - row);
        int places = Math.min(p.columns, p.axes[2].count() - column);
        int plane = p.image(unit) * size[0] + p.axes[0].first() + p.axes[0].step() * p.plane(unit);
        int cRow = p.axes[1].step() * size[2];
        int cAt = (plane * size[1] + p.axes[1].first() + p.axes[1].step() * row) * size[2] + p.axes[2].first() + p.axes[2].step() * column;
        for (int group = 0; group < shape.groups(); group++) {
            for (int panel = 0; panel < panels; panel++) {
                int first = panel * MOST_VECTORS * tiles.lanes;
                int width = Math.min(columns - first, MOST_VECTORS * tiles.lanes);
                int target = bases[2] + group * columns + first;
                for (int r = 0; r < rows; r++) {
                    row(p, places, a, aAt + r * p.rowStep + group * each, packedAt(pass, group, panel), vectors(panel), width, own,
                            target + (cAt + r * cRow) * channels, p.axes[2].step() * channels);
                }
            }
        }
        int apart = p.axes[2].step();
        for (int r = 0; r < rows; r++) {
            int first = cAt + r * cRow;
            for (int u = 0; u < places; u += apart == 1 ? places : 1) {
                finished.rows(first + u * apart, first + u * apart + (apart == 1 ? places : 1));
            }
        }
    }

    /// One row of places for one panel of channels.
    private void row(ConvPass p, int places, Object a, int aAt, int bAt, int vectors, int width, Object own, int cAt, int cStep) {
        int lanes = vectors * tiles.lanes;
        int few = tiles.fewRows();
        for (int u = 0; u < places; ) {
            int left = places - u;
            int rows = tiles.rows(left);
            if (left < few && places >= few) {
                // Again what is there already costs less than one by one.
                u = places - few;
                rows = few;
            }
            ConvTile tile = tiles.tile(GemmEmitter.Walk.ALONG_ROWS, vectors, rows, scalar);
            if (width == lanes) {
                tile.run(p.starts.length, p.starts, p.length, a, aAt + u * p.placeStep, p.placeStep, arrays[3], bAt, lanes, arrays[2],
                        cAt + u * cStep, cStep, false);
            } else {
                tile.run(p.starts.length, p.starts, p.length, a, aAt + u * p.placeStep, p.placeStep, arrays[3], bAt, lanes, own,
                        ConvScratch.FIRST_ALIGNED, lanes, false);
                for (int i = 0; i < rows; i++) {
                    System.arraycopy(own, ConvScratch.FIRST_ALIGNED + i * lanes, arrays[2], cAt + (u + i) * cStep, width);
                }
            }
            u += rows;
        }
    }

    @Override
    public String toString() {
        return (gradient ? "input gradient of " : "") + "convolution " + Arrays.toString(shape.kernel()) + " of " + shape.n() + " x "
                + Arrays.toString(shape.input()) + " x " + shape.c() + " -> " + shape.q();
    }
}
