package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// The weight gradient of a convolution whose groups hold one input and one output channel each.
///
/// Order of arithmetic: parts of all blocks as in [ConvWeightTask]; within a part sixteen sums of products, one for places of equal
/// remainder in their row; then the parts are added as [ConvParts] has it, then the sixteen one after the other.
final class DepthwiseWeightTask implements ConvStep {
    private static final int SUMS = 16;
    private static final int MOST_TAPS = DepthwiseTask.MOST_TAPS - 1;

    private final boolean isDouble;
    private final ConvShape shape;
    private final ConvPass pass;
    private final ConvParts parts;
    private final LoopKernel whole;
    private final LoopKernel rest;
    private final Operand from;
    private final Operand cotangent;
    private final Operand to;
    private final int scratch;
    private final Workers.Task computing = this::part;
    private final Object[] arrays = new Object[4];
    private final int[] bases = new int[4];

    DepthwiseWeightTask(DType type, ConvShape shape, Operand from, Operand cotangent, Operand to, int scratch) {
        this.isDouble = type == DType.F64;
        this.shape = shape;
        this.pass = ConvPass.forward(shape, false);
        int length = pass.taps.length * SUMS * shape.c();
        this.parts = new ConvParts(isDouble, ConvParts.count(pass.units, shape), length, length);
        int taps = pass.taps.length;
        this.whole = loop(type, Math.min(taps, MOST_TAPS), pass.columns, shape.c());
        this.rest = loop(type, (taps - 1) % MOST_TAPS + 1, pass.columns, shape.c());
        this.from = from;
        this.cotangent = cotangent;
        this.to = to;
        this.scratch = scratch;
    }

    static int scratchLength(ConvShape s) {
        ConvPass p = ConvPass.forward(s, false);
        return Math.toIntExact((long) p.taps.length * SUMS * s.c() * ConvParts.count(p.units, s));
    }

    /// Sources: the elements for each tap, then the cotangent; sinks: a sum for each tap.
    private static LoopKernel loop(DType type, int taps, int rows, int n) {
        List<LoopSpec.Source> sources = new ArrayList<>();
        List<LoopSpec.Instruction> body = new ArrayList<>();
        List<LoopSpec.Sink> sinks = new ArrayList<>();
        for (int i = 0; i <= taps; i++) {
            sources.add(new LoopSpec.Source(type, Access.UNIT));
        }
        for (int i = 0; i < taps; i++) {
            body.add(new LoopSpec.Instruction(new DepthwiseTask.Product(), type, List.of(i, taps)));
            sinks.add(new LoopSpec.Sink(taps + 1 + i, Access.UNIT, Mode.ADD));
        }
        return Loops.kernel(new LoopSpec(sources, body, sinks), rows, n);
    }

    @Override
    public ConvStep plain() {
        return this;
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, cotangent, to, Operand.of(scratch));
    }

    @Override
    public void run() {
        ConvStep.run(shape.work() >= DepthwiseTask.WORTH_SHARING, parts.parts, computing);
        parts.add(arrays[3], bases[3], 0, parts.length);
        for (int t = 0; t < pass.taps.length; t++) {
            int at = bases[3] + t * SUMS * shape.c();
            int w = bases[2] + pass.taps[t] * shape.c();
            for (int c = 0; c < shape.c(); c++) {
                if (arrays[3] instanceof float[] s) {
                    float sum = s[at + c];
                    for (int i = 1; i < SUMS; i++) {
                        sum += s[at + i * shape.c() + c];
                    }
                    ((float[]) arrays[2])[w + c] = sum;
                } else {
                    double[] s = (double[]) arrays[3];
                    double sum = s[at + c];
                    for (int i = 1; i < SUMS; i++) {
                        sum += s[at + i * shape.c() + c];
                    }
                    ((double[]) arrays[2])[w + c] = sum;
                }
            }
        }
    }

    private void part(int number) {
        int begin = (int) ((long) pass.units * number / parts.parts);
        int end = (int) ((long) pass.units * (number + 1) / parts.parts);
        int c = shape.c();
        int sums = bases[3] + number * parts.length;
        Storage.zero(arrays[3], sums, parts.length);
        ConvScratch mine = ConvScratch.mine();
        for (int unit = begin; unit < end; unit++) {
            Object a = arrays[0];
            int aAt = bases[0] + pass.directAt(unit);
            if (!pass.direct) {
                a = ConvScratch.array(isDouble, pass.blockLength());
                aAt = ConvScratch.FIRST_ALIGNED;
                pass.copy(unit, arrays[0], bases[0], a, aAt);
            }
            int rows = pass.rowsOf(unit);
            int places = pass.placesOf(unit);
            int place = pass.targetAt(unit);
            for (int r = 0; r < rows; r++) {
                for (int t = 0; t < pass.taps.length; t += MOST_TAPS) {
                    int now = Math.min(MOST_TAPS, pass.taps.length - t);
                    for (int i = 0; i < now; i++) {
                        mine.operand(i, a, aAt + r * pass.rowStep + pass.starts[t + i], pass.placeStep);
                        mine.operand(now + 1 + i, arrays[3], sums + (t + i) * SUMS * c, c);
                    }
                    mine.operand(now, arrays[1], bases[1] + (place + r * pass.targetRow()) * c, c);
                    (t + now < pass.taps.length ? whole : rest).run(mine.arrays, mine.geometry, 0, places, c);
                }
            }
        }
        mine.forget();
    }

    @Override
    public String toString() {
        return "weight gradient of " + shape;
    }
}
