package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import org.cosmograd.autodiff.DType;

/// The weight gradient of a convolution: a matrix product of the transposed input, whose rows overlap as in [ConvTask], with the
/// cotangent.
///
/// Order of arithmetic: the blocks of [ConvPass] are divided into a number of parts that depends on the sizes alone. Within a part
/// `w ← fma(x, g, w)` from `+0` over images, then places in row-major order of blocks and within blocks; then the parts are added as
/// [ConvParts] has it.
public final class ConvWeightTask implements ConvStep {
    private final DType type;
    private final boolean scalar;
    private final ConvShape shape;
    private final ConvTiles tiles;
    private final ConvPass pass;
    private final ConvPanels panels;
    private final int inputs;
    private final int outputs;
    /// Rows of a part for each stretch of the pass, a multiple of the smaller tiles' rows.
    private final int stretch;
    private final ConvParts parts;
    private final int[] rowStarts;
    private final Operand from;
    private final Operand cotangent;
    private final Operand to;
    private final int scratch;
    private final Workers.Task computing = this::part;
    private final Workers.Task summing = this::sum;
    private final Object[] arrays = new Object[4];
    private final int[] bases = new int[4];

    /// The weight gradient for an input and the cotangent of its convolution; `scratch` is the number of a buffer of
    /// [#scratchLength] elements.
    public static Task of(DType type, ConvShape shape, Operand from, Operand cotangent, Operand to, int scratch) {
        if (DepthwiseTask.applies(shape)) {
            return new DepthwiseWeightTask(type, shape, from, cotangent, to, scratch);
        }
        return WinogradWeightTask.applies(shape)
                ? new WinogradWeightTask(type, shape, from, cotangent, to, scratch, false)
                : new ConvWeightTask(type, shape, from, cotangent, to, scratch, false);
    }

    private ConvWeightTask(DType type, ConvShape shape, Operand from, Operand cotangent, Operand to, int scratch, boolean scalar) {
        boolean isDouble = type == DType.F64;
        this.type = type;
        this.scalar = scalar;
        this.shape = shape;
        this.tiles = ConvTiles.of(isDouble);
        this.pass = pass(shape, tiles);
        this.inputs = shape.c() / shape.groups();
        this.outputs = shape.q() / shape.groups();
        this.panels = new ConvPanels(tiles, outputs);
        this.stretch = roundUp(pass.length, tiles.fewRows());
        int length = Math.toIntExact(partLength(shape, pass, tiles));
        this.parts = new ConvParts(isDouble, ConvParts.count(pass.units, shape), length, stretch * panels.most());
        this.rowStarts = new int[pass.rows];
        Arrays.setAll(rowStarts, r -> r * pass.rowStep);
        this.from = from;
        this.cotangent = cotangent;
        this.to = to;
        this.scratch = scratch;
        if (!scalar) {
            tiles.want(GemmEmitter.Walk.ALONG_COLUMNS);
        }
    }

    private static ConvPass pass(ConvShape shape, ConvTiles tiles) {
        ConvPass p = ConvPass.forward(shape, false);
        // tiles read whole numbers of rows, so a stretch that does not end with one needs something behind it
        return p.direct && p.length % tiles.fewRows() != 0 ? ConvPass.forward(shape, true) : p;
    }

    private static int roundUp(int n, int step) {
        return (n + step - 1) / step * step;
    }

    private static long partLength(ConvShape shape, ConvPass pass, ConvTiles tiles) {
        return (long) shape.groups() * pass.starts.length * roundUp(pass.length, tiles.fewRows())
                * tiles.padded(shape.q() / shape.groups());
    }

    /// Elements of scratch that a weight gradient needs.
    ///
    /// @throws ArithmeticException if they are too many
    public static int scratchLength(DType type, ConvShape shape) {
        if (DepthwiseTask.applies(shape)) {
            return DepthwiseWeightTask.scratchLength(shape);
        } else if (WinogradWeightTask.applies(shape)) {
            return WinogradWeightTask.scratchLength(type, shape);
        }
        ConvTiles tiles = ConvTiles.of(type == DType.F64);
        ConvPass pass = pass(shape, tiles);
        long length = partLength(shape, pass, tiles);
        return Math.toIntExact(Math.multiplyExact(length, (long) ConvParts.count(pass.units, shape)));
    }

    @Override
    public ConvStep plain() {
        return new ConvWeightTask(type, shape, from, cotangent, to, scratch, true);
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, cotangent, to, Operand.of(scratch));
    }

    @Override
    public void run() {
        boolean shared = shape.work() >= WORTH_SHARING;
        ConvStep.run(shared, parts.parts, computing);
        ConvStep.run(shared, shape.groups() * panels.count() * pass.starts.length, summing);
    }

    private void part(int number) {
        int begin = (int) ((long) pass.units * number / parts.parts);
        int end = (int) ((long) pass.units * (number + 1) / parts.parts);
        int block = pass.direct ? 0 : pass.blockLength() + tiles.fewRows();
        int lanes = panels.most();
        boolean narrow = outputs % tiles.lanes != 0;
        Object own = ConvScratch.array(type == DType.F64, block + (narrow ? pass.rows * pass.columns * lanes : 0));
        for (int unit = begin; unit < end; unit++) {
            Object a = arrays[0];
            int aAt = bases[0] + pass.directAt(unit);
            if (!pass.direct) {
                a = own;
                aAt = ConvScratch.FIRST_ALIGNED;
                pass.copy(unit, arrays[0], bases[0], own, aAt);
            }
            int rows = pass.rowsOf(unit);
            int places = pass.placesOf(unit);
            int place = pass.targetAt(unit);
            for (int group = 0; group < shape.groups(); group++) {
                for (int panel = 0; panel < panels.count(); panel++) {
                    int first = panels.first(panel);
                    int vectors = panels.vectors(panel);
                    int width = panels.width(panel);
                    Object b = arrays[1];
                    int bAt = bases[1] + place * shape.q() + group * outputs + first;
                    int bStep = shape.q();
                    if (width < vectors * tiles.lanes) {
                        int copy = ConvScratch.FIRST_ALIGNED + block;
                        for (int i = 0; i < rows * places; i++) {
                            System.arraycopy(b, bAt + i * bStep, own, copy + i * lanes, width);
                        }
                        b = own;
                        bAt = copy;
                        bStep = lanes;
                    }
                    int c = bases[3] + number * parts.length + (group * panels.padded() + first) * pass.starts.length * stretch;
                    for (int s = 0; s < pass.starts.length; s++) {
                        panel(vectors, rows, places, a, aAt + pass.starts[s] + group * inputs, b, bAt, bStep,
                                c + s * stretch * vectors * tiles.lanes, unit > begin);
                    }
                }
            }
        }
    }

    private void panel(int vectors, int rows, int places, Object a, int aAt, Object b, int bAt, int bStep, int cAt, boolean accumulate) {
        int lanes = vectors * tiles.lanes;
        for (int i = 0; i < stretch; ) {
            int height = tiles.rows(stretch - i);
            tiles.tile(GemmEmitter.Walk.ALONG_COLUMNS, vectors, height, scalar)
                    .run(rows, rowStarts, places, a, aAt + i, pass.placeStep, b, bAt, bStep, arrays[3], cAt + i * lanes, lanes, accumulate);
            i += height;
        }
    }

    /// Adds the parts of the rows of the weight that one stretch makes, for one panel.
    private void sum(int number) {
        int s = number % pass.starts.length;
        int panel = number / pass.starts.length % panels.count();
        int group = number / pass.starts.length / panels.count();
        int first = panels.first(panel);
        int lanes = panels.lanes(panel);
        int width = panels.width(panel);
        int at = (group * panels.padded() + first) * pass.starts.length * stretch + s * stretch * lanes;
        parts.add(arrays[3], bases[3], at, stretch * lanes);
        for (int i = 0; i < pass.length; i++) {
            int row = pass.taps[s * pass.fused + i / inputs] * inputs + i % inputs;
            System.arraycopy(arrays[3], bases[3] + at + i * lanes, arrays[2], bases[2] + row * shape.q() + group * outputs + first, width);
        }
    }

    @Override
    public String toString() {
        return "weight gradient of " + shape;
    }
}
