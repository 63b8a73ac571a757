package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// A convolution whose groups hold one input and one output channel each, or its input gradient: no product of matrices, but loops over
/// channels, one for every row of places.
///
/// Order of arithmetic: `y ← source·w` for the first tap, then `y ← fma(source, w, y)`, in ascending order of the place they read.
final class DepthwiseTask implements ConvStep {
    /// Less than [ConvStep#WORTH_SHARING]: a multiply-add in a loop takes longer than one in a tile.
    static final double WORTH_SHARING = 200_000;
    /// Taps in one loop.
    static final int MOST_TAPS = 9;

    private final boolean isDouble;
    private final ConvShape shape;
    private final ConvPasses passes;
    private final LoopKernel[] first;
    private final LoopKernel[] whole;
    private final LoopKernel[] rest;
    private final Operand from;
    private final Operand weight;
    private final Operand to;
    private final Gemm.RowBlock finished;
    private final Workers.Task computing = this::compute;
    private final Object[] arrays = new Object[3];
    private final int[] bases = new int[3];

    DepthwiseTask(DType type, ConvShape shape, boolean gradient, Operand from, Operand weight, Operand to, Gemm.RowBlock finished) {
        this.isDouble = type == DType.F64;
        this.shape = shape;
        this.passes = ConvPasses.of(shape, gradient, false);
        this.first = new LoopKernel[passes.count()];
        this.whole = new LoopKernel[passes.count()];
        this.rest = new LoopKernel[passes.count()];
        for (int i = 0; i < passes.count(); i++) {
            ConvPass p = passes.list().get(i);
            int taps = p.taps.length;
            first[i] = loop(type, Math.min(taps, MOST_TAPS), false, p.columns, shape.c());
            whole[i] = taps < 2 * MOST_TAPS ? first[i] : loop(type, MOST_TAPS, true, p.columns, shape.c());
            rest[i] = taps <= MOST_TAPS ? first[i] : loop(type, (taps - 1) % MOST_TAPS + 1, true, p.columns, shape.c());
        }
        this.from = from;
        this.weight = weight;
        this.to = to;
        this.finished = finished;
    }

    /// Whether this serves for a convolution or its input gradient.
    static boolean applies(ConvShape s) {
        return s.groups() > 1 && s.groups() == s.c() && s.groups() == s.q();
    }

    record Product() implements ElementFunction {
        @Override
        public Lanes.Lane value(Lanes l, List<Lanes.Lane> x) {
            return l.mul(x.get(0), x.get(1));
        }
    }

    private record ProductSum() implements ElementFunction {
        @Override
        public Lanes.Lane value(Lanes l, List<Lanes.Lane> x) {
            return l.fma(x.get(0), x.get(1), x.get(2));
        }
    }

    /// Sources: for each tap the elements and the weights, then, if it goes on, the sum so far.
    private static LoopKernel loop(DType type, int taps, boolean goesOn, int rows, int n) {
        List<LoopSpec.Source> sources = new ArrayList<>();
        for (int i = 0; i < 2 * taps + (goesOn ? 1 : 0); i++) {
            sources.add(new LoopSpec.Source(type, Access.UNIT));
        }
        List<LoopSpec.Instruction> body = new ArrayList<>();
        int sum = goesOn ? 2 * taps : -1;
        for (int t = 0; t < taps; t++) {
            body.add(sum < 0
                    ? new LoopSpec.Instruction(new Product(), type, List.of(2 * t, 2 * t + 1))
                    : new LoopSpec.Instruction(new ProductSum(), type, List.of(2 * t, 2 * t + 1, sum)));
            sum = sources.size() + t;
        }
        if (taps == 0) {
            body.add(new LoopSpec.Instruction(new Zero(), type, List.of()));
            sum = 0;
        }
        return Loops.kernel(new LoopSpec(sources, body, List.of(new LoopSpec.Sink(sum, Access.UNIT, Mode.STORE))), rows, n);
    }

    private record Zero() implements ElementFunction {
        @Override
        public Lanes.Lane value(Lanes l, List<Lanes.Lane> x) {
            return l.constant(0);
        }
    }

    @Override
    public ConvStep plain() {
        return this;
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, weight, to);
    }

    @Override
    public void run() {
        ConvStep.run(shape.work() >= WORTH_SHARING, passes.units(), computing);
    }

    private void compute(int number) {
        int pass = passes.pass(number);
        ConvPass p = passes.list().get(pass);
        int unit = number - passes.unitsBefore()[pass];
        Object a = arrays[0];
        int aAt = bases[0] + p.directAt(unit);
        if (!p.direct) {
            a = ConvScratch.array(isDouble, p.blockLength());
            aAt = ConvScratch.FIRST_ALIGNED;
            p.copy(unit, arrays[0], bases[0], a, aAt);
        }
        int c = shape.c();
        int places = p.placesOf(unit);
        int rows = p.rowsOf(unit);
        int cAt = p.targetAt(unit);
        for (int r = 0; r < rows; r++) {
            row(p, pass, places, a, aAt + r * p.rowStep, bases[2] + (cAt + r * p.targetRow()) * c, p.axes[2].step() * c);
            p.finish(unit, r, finished);
        }
        ConvScratch.mine().forget();
    }

    private void row(ConvPass p, int pass, int places, Object a, int aAt, int cAt, int cStep) {
        ConvScratch mine = ConvScratch.mine();
        int taps = p.taps.length;
        for (int t = 0; t == 0 || t < taps; t += MOST_TAPS) {
            int now = Math.min(MOST_TAPS, taps - t);
            for (int i = 0; i < now; i++) {
                mine.operand(2 * i, a, aAt + p.starts[t + i], p.placeStep);
                mine.operand(2 * i + 1, arrays[1], bases[1] + p.taps[t + i] * shape.c(), 0);
            }
            int k = 2 * now;
            if (t > 0) {
                mine.operand(k++, arrays[2], cAt, cStep);
            }
            mine.operand(k, arrays[2], cAt, cStep);
            LoopKernel kernel = t == 0 ? first[pass] : now == MOST_TAPS && t + now < taps ? whole[pass] : rest[pass];
            kernel.run(mine.arrays, mine.geometry, 0, places, shape.c());
        }
    }

    @Override
    public String toString() {
        return passes.toString();
    }
}
