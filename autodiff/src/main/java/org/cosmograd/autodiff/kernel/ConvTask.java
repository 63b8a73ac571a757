package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import org.cosmograd.autodiff.DType;

/// A convolution or its input gradient, without a matrix of patches: with channels last, the elements that neighbouring taps read
/// lie next to one another, so a 3×3 kernel is three stretches of a matrix product with overlapping rows ([ConvPass]).
///
/// The weights are packed once per run into panels of one or two vectors of target channels, in the order of summation.
///
/// Order of arithmetic: `y ← fma(source, w, y)` from `+0`, over taps in ascending order of the place they read (first axis outermost)
/// and then over ascending source channels. Some convolutions are computed by other tasks, in another order: those without sums over
/// channels ([DepthwiseTask]), with few target channels ([ConvTapsTask]), and with three taps in a row ([WinogradTask]).
public final class ConvTask implements ConvStep {
    private final DType type;
    private final boolean scalar;
    private final ConvShape shape;
    private final ConvTiles tiles;
    private final ConvPasses passes;
    private final ConvPanels panels;
    private final int[] weightsBefore;
    private final int each;
    private final Operand from;
    private final Operand weight;
    private final Operand to;
    private final int scratch;
    private final Gemm.RowBlock finished;
    private final Workers.Task packing = this::pack;
    private final Workers.Task computing = this::compute;
    private final Object[] arrays = new Object[4];
    private final int[] bases = new int[4];

    private ConvTask(DType type, ConvPasses passes, Operand from, Operand weight, Operand to, int scratch, Gemm.RowBlock finished,
            boolean scalar) {
        this.type = type;
        this.scalar = scalar;
        this.shape = passes.shape();
        boolean nine = passes.list().stream().allMatch(p -> p.starts.length == 3 && p.length == 3);
        this.tiles = nine ? ConvTiles.ofNine(type == DType.F64) : ConvTiles.of(type == DType.F64);
        this.passes = passes;
        this.panels = new ConvPanels(tiles, passes.targets());
        this.weightsBefore = weightsBefore(type, passes);
        this.each = passes.sources();
        this.from = from;
        this.weight = weight;
        this.to = to;
        this.scratch = scratch;
        this.finished = finished;
        if (!scalar) {
            tiles.want(GemmEmitter.Walk.ALONG_ROWS);
        }
    }

    private static int[] weightsBefore(DType type, ConvPasses passes) {
        int padded = ConvTiles.of(type == DType.F64).padded(passes.targets());
        return passes.before(p -> (long) p.taps.length * passes.sources() * passes.shape().groups() * padded);
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
        } else if (WinogradTask.applies(shape, gradient)) {
            return new WinogradTask(type, shape, gradient, from, weight, to, scratch, finished, false);
        } else if (ConvTapsTask.applies(shape, gradient)) {
            return new ConvTapsTask(type, shape, gradient, from, weight, to, scratch, finished, false);
        }
        return new ConvTask(type, ConvPasses.of(shape, gradient, false), from, weight, to, scratch, finished, false);
    }

    @Override
    public ConvStep plain() {
        return new ConvTask(type, passes, from, weight, to, scratch, finished, true);
    }

    /// Elements of scratch that a convolution or its input gradient needs.
    ///
    /// @throws ArithmeticException if they are too many
    public static int scratchLength(DType type, ConvShape shape, boolean gradient) {
        if (DepthwiseTask.applies(shape)) {
            return 0;
        } else if (WinogradTask.applies(shape, gradient)) {
            return WinogradTask.scratchLength(type, shape, gradient);
        } else if (ConvTapsTask.applies(shape, gradient)) {
            return ConvTapsTask.scratchLength(type, shape, gradient);
        }
        ConvPasses passes = ConvPasses.of(shape, gradient, false);
        return weightsBefore(type, passes)[passes.count()];
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, weight, to, Operand.of(scratch));
    }

    @Override
    public void run() {
        boolean shared = shape.work() >= WORTH_SHARING;
        ConvStep.run(shared, passes.count() * shape.groups() * panels.count(), packing);
        ConvStep.run(shared, passes.units(), computing);
    }

    /// Where the weights of a group's panel begin in the scratch.
    private int packedAt(int pass, int group, int panel) {
        int rows = passes.list().get(pass).taps.length * each;
        return bases[3] + weightsBefore[pass] + (group * panels.padded() + panels.first(panel)) * rows;
    }

    private void pack(int number) {
        int panel = number % panels.count();
        int group = number / panels.count() % shape.groups();
        int pass = number / panels.count() / shape.groups();
        int first = panels.first(panel);
        int width = panels.width(panel);
        int step = panels.lanes(panel);
        int at = packedAt(pass, group, panel);
        int inputs = shape.c() / shape.groups();
        int outputs = shape.q() / shape.groups();
        for (int tap : passes.list().get(pass).taps) {
            if (passes.gradient()) {
                int source = bases[1] + (tap * inputs + first) * shape.q() + group * outputs;
                transpose(source, width, at, step);
                at += each * step;
            } else {
                for (int e = 0; e < each; e++) {
                    int source = bases[1] + (tap * inputs + e) * shape.q() + group * outputs + first;
                    System.arraycopy(arrays[1], source, arrays[3], at, width);
                    Storage.zero(arrays[3], at + width, step - width);
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

    private void compute(int number) {
        int pass = passes.pass(number);
        ConvPass p = passes.list().get(pass);
        int unit = number - passes.unitsBefore()[pass];
        int tile = ConvTiles.MOST_ROWS * panels.most();
        Object own = ConvScratch.array(type == DType.F64, tile + (p.direct ? 0 : p.blockLength()));
        Object a = arrays[0];
        int aAt = bases[0] + p.directAt(unit);
        if (!p.direct) {
            a = own;
            aAt = ConvScratch.FIRST_ALIGNED + tile;
            p.copy(unit, arrays[0], bases[0], own, aAt);
        }
        int channels = panels.columns() * shape.groups();
        int rows = p.rowsOf(unit);
        int places = p.placesOf(unit);
        int cAt = p.targetAt(unit);
        for (int group = 0; group < shape.groups(); group++) {
            for (int panel = 0; panel < panels.count(); panel++) {
                int target = bases[2] + group * panels.columns() + panels.first(panel);
                for (int r = 0; r < rows; r++) {
                    row(p, places, a, aAt + r * p.rowStep + group * each, packedAt(pass, group, panel), panels.vectors(panel),
                            panels.width(panel), own, target + (cAt + r * p.targetRow()) * channels, p.axes[2].step() * channels);
                }
            }
        }
        for (int r = 0; r < rows; r++) {
            p.finish(unit, r, finished);
        }
    }

    /// One row of places for one panel of channels.
    private void row(ConvPass p, int places, Object a, int aAt, int bAt, int vectors, int width, Object own, int cAt, int cStep) {
        int lanes = vectors * tiles.lanes;
        for (int u = 0; u < places; ) {
            u = tiles.begin(u, places);
            int rows = tiles.rows(places - u);
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
        return passes.toString();
    }
}
