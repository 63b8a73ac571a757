package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.kernel.FftEmitter.Kind;

/// What is done to a block of sequences, one in each lane: transforms of complex columns and rows, of real rows to half spectra and back.
///
/// A block of columns is transformed where it lies. A block of rows is transposed into a panel, transformed and transposed back.
/// All work goes through a thread's own array, whose layout is stated here. A last block of fewer sequences goes through vector loops
/// with lanes that nobody reads.
///
/// @see FftTask
final class FftBlock {
    /// In an array of its own region under G1, these elements start on a cache line.
    private static final int FIRST_ALIGNED = 12;

    private final boolean doubles;
    /// Beyond this length panels of many lanes would take too much memory.
    private static final int LONG = 1 << 15;

    private final boolean vectors;
    /// Length of the real transform, rows of its spectrum.
    final int n;
    final int half;
    /// Sequences in a whole block.
    final int lanes;
    private final FftAxis real;
    private final FftAxis[] others;
    private final Object unpackTable;
    private final Object packTable;
    private final List<Twins<FftLoop>> twins = new ArrayList<>();
    private final FftLoop[] scalar;
    private FftLoop[] vector;
    /// The loops that have been taken.
    private volatile List<FftLoop> taken = List.of();

    // The thread's own array
    private final int panel;
    private final int second;
    /// Where what the task keeps between blocks begins.
    final int slab;

    /// The loop between a half-length transform and the spectrum, or in its place what scales an odd-length transform.
    private static final int END = 0;
    /// Followed, among vector loops, by those for panels of real and of complex rows.
    private static final int TRANSPOSE = 1;

    private record Key(boolean doubles, boolean inverse, List<Integer> dims, double edge, double rest) {}

    private static final int MOST = 64;
    private static final Map<Key, FftBlock> KNOWN = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, FftBlock> eldest) {
            return size() > MOST;
        }
    };

    /// Blocks of transforms over axes `dims`, the last of them real; made once.
    ///
    /// @param edge scale of spectrum elements that stand for themselves
    /// @param rest scale of those that stand for their mirror images, too
    static FftBlock of(boolean doubles, boolean inverse, int[] dims, double edge, double rest) {
        Key key = new Key(doubles, inverse, Arrays.stream(dims).boxed().toList(), edge, rest);
        synchronized (KNOWN) {
            return KNOWN.computeIfAbsent(key, k -> new FftBlock(doubles, inverse, dims, edge, rest));
        }
    }

    private FftBlock(boolean doubles, boolean inverse, int[] dims, double edge, double rest) {
        this.doubles = doubles;
        this.n = dims[dims.length - 1];
        this.half = n / 2 + 1;
        FftLoops loops = FftLoops.of(doubles);
        this.vectors = loops.lanes > 0 && Arrays.stream(dims).max().orElse(0) <= LONG;
        this.lanes = vectors ? loops.lanes : Arrays.stream(dims).max().orElse(0) <= LONG ? 16 : 1;
        this.real = FftAxis.of(doubles, n % 2 == 0 ? n / 2 : n, false);
        int columns = dims.length < 3 ? -1 : inverse ? 1 : 0;
        this.others = IntStream.range(0, dims.length - 1)
                .mapToObj(i -> FftAxis.of(doubles, dims[i], i == columns))
                .toArray(FftAxis[]::new);
        this.unpackTable = inverse ? array(0) : n % 2 == 0 ? factors(edge, rest, 0.5, -1) : scales(edge, rest);
        this.packTable = !inverse ? array(0) : n % 2 == 0 ? factors(edge, rest, 1, 1) : scales(edge, 2 * rest);
        Kind end = n % 2 == 1 ? Kind.SCALE : inverse ? Kind.PACK : Kind.UNPACK;
        this.scalar = new FftLoop[] {
            loops.scalar(new FftLoops.Name(end, 0, 0)), loops.scalar(new FftLoops.Name(Kind.TRANSPOSE, 0, 0))
        };
        this.vector = scalar;
        if (vectors) {
            for (FftAxis a : axes()) {
                a.loops().forEach(l -> twins.add(loops.twins(l)));
            }
            twins.add(loops.twins(new FftLoops.Name(end, 0, 0)));
            for (int leg = 0; leg <= 2; leg++) {
                twins.add(loops.twins(new FftLoops.Name(Kind.TRANSPOSE, 0, leg)));
            }
        }
        int most = 0;
        for (FftAxis a : axes()) {
            most = Math.max(most, a.room(lanes));
        }
        int room = oddLines(most, doubles);
        this.panel = FIRST_ALIGNED / (doubles ? 2 : 1);
        this.second = panel + room;
        this.slab = second + room;
    }

    private List<FftAxis> axes() {
        List<FftAxis> all = new ArrayList<>(List.of(others));
        all.add(real);
        return all;
    }

    /// The least length, from `n` on, that is an odd number of cache lines: rows of it do not compete for the same lines.
    static int oddLines(int n, boolean doubles) {
        int line = doubles ? 8 : 16;
        return ((n + line - 1) / line | 1) * line;
    }

    private Object array(int length) {
        return doubles ? new double[length] : new float[length];
    }

    /// Scales of both kinds, and for each `k` the factor `e^(±2πi k/n)`.
    private Object factors(double edge, double rest, double share, int sign) {
        List<Double> out = new ArrayList<>(List.of(edge, share * rest));
        for (int k = 1; k <= n / 4; k++) {
            double re = share * rest * FftPasses.cosine(k, n);
            double im = share * rest * sign * FftPasses.sine(k, n);
            out.addAll(List.of(re, im, -re));
        }
        return FftPasses.array(doubles, out);
    }

    private Object scales(double edge, double rest) {
        List<Double> out = new ArrayList<>();
        for (int k = 0; k < half; k++) {
            out.add(k == 0 ? edge : rest);
        }
        return FftPasses.array(doubles, out);
    }

    /// Whether whole blocks can go through vector loops.
    boolean simd() {
        List<FftLoop> known = taken;
        boolean same = known.size() == twins.size();
        for (int i = 0; i < twins.size(); i++) { // in every replay, so nothing is allocated
            if (!twins.get(i).isSimd()) {
                return false;
            }
            same = same && known.get(i) == twins.get(i).now();
        }
        return vectors && (same || take());
    }

    private synchronized boolean take() {
        List<FftLoop> ready = twins.stream().map(Twins::now).toList();
        for (int i = 0; i < ready.size(); i++) {
            if (ready.get(i) == twins.get(i).plain) { // cooled meanwhile
                return false;
            }
        }
        int at = 0;
        for (FftAxis a : axes()) {
            int count = a.loops().size();
            a.use(ready.subList(at, at + count));
            at += count;
        }
        FftLoop[] ends = Arrays.copyOf(scalar, TRANSPOSE + 3);
        ends[END] = ready.get(at);
        for (int leg = 0; leg <= 2; leg++) {
            ends[TRANSPOSE + leg] = ready.get(at + 1 + leg);
        }
        vector = ends;
        taken = ready;
        return true;
    }

    // ------------------------------------------------------------------------------------------------- transposition

    /// `count` rows of `length` elements, `row` apart, become columns: element `j` of row `l` goes to `j*step + l`.
    void transposeIn(boolean simd, int count, int length, Object x, int at, int row, Object y, int to, int step) {
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            in(simd, width, length, x, at + l * row, row, y, to + l, step);
        }
    }

    /// The way back.
    void transposeOut(boolean simd, int count, int length, Object x, int from, int step, Object y, int at, int row) {
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            out(simd, width, length, x, from + l, step, y, at + l * row, row);
        }
    }

    private void in(boolean simd, int width, int length, Object x, int at, int row, Object y, int to, int step) {
        int done = 0;
        if (simd && width == lanes) {
            int blocks = length / lanes;
            int leg = step == lanes ? 1 : step == 2 * lanes ? 2 : 0;
            vector[TRANSPOSE + leg].run(x, at, 0, lanes, row, y, to, 0, lanes * step, step, y, 0, blocks, 0);
            done = blocks * lanes;
        }
        scalar[TRANSPOSE].run(x, at + done, 0, 1, row, y, to + done * step, 0, step, 1, y, 0, length - done, width);
    }

    private void out(boolean simd, int width, int length, Object x, int from, int step, Object y, int at, int row) {
        int done = 0;
        if (simd && width == lanes) {
            int blocks = length / lanes;
            vector[TRANSPOSE].run(x, from, 0, lanes * step, step, y, at, 0, lanes, row, y, 0, blocks, 0);
            done = blocks * lanes;
        }
        scalar[TRANSPOSE].run(x, from + done * step, 0, step, 1, y, at + done, 0, 1, row, y, 0, length - done, width);
    }

    // ------------------------------------------------------------------------------------------------- complex transforms

    /// The sequences that a panel holds of which `width` count.
    private int wide(boolean simd, int width) {
        return simd ? lanes : width;
    }

    /// Transforms `count` columns along axis `axis`: element `j` of column `l` lies at `j*step + l`. Source and result may be the same.
    /// Both must have room for whole blocks.
    void columns(boolean simd, int axis, int count, Object x, int xRe, int xIm, int xStep, Object y, int yRe, int yIm, int yStep,
            Object own) {
        for (int l = 0; l < count; l += lanes) {
            int wide = wide(simd, Math.min(lanes, count - l));
            others[axis].through(simd, wide, x, xRe + l, xIm + l, xStep, y, yRe + l, yIm + l, yStep, own, panel);
        }
    }

    /// Transforms `count` rows along axis `axis`: element `j` of row `l` lies at `l*row + j`. Source and result may be the same.
    void rows(boolean simd, int axis, int count, Object x, int xRe, int xIm, int xRow, Object y, int yRe, int yIm, int yRow,
            Object own) {
        FftAxis a = others[axis];
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            int wide = wide(simd, width);
            in(simd, width, a.n(), x, xRe + l * xRow, xRow, own, panel, 2 * wide);
            in(simd, width, a.n(), x, xIm + l * xRow, xRow, own, panel + wide, 2 * wide);
            a.within(simd, wide, own, panel, own, second, second + wide, 2 * wide);
            out(simd, width, a.n(), own, second, 2 * wide, y, yRe + l * yRow, yRow);
            out(simd, width, a.n(), own, second + wide, 2 * wide, y, yIm + l * yRow, yRow);
        }
    }

    /// Transforms `count` rows along axis `axis` and leaves them as columns: element `j` of row `l` goes to `j*yStep + l`.
    void turnedRows(boolean simd, int axis, int count, Object x, int xRe, int xIm, int xRow, Object y, int yRe, int yIm, int yStep,
            Object own) {
        FftAxis a = others[axis];
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            int wide = wide(simd, width);
            in(simd, width, a.n(), x, xRe + l * xRow, xRow, own, panel, 2 * wide);
            in(simd, width, a.n(), x, xIm + l * xRow, xRow, own, panel + wide, 2 * wide);
            if (wide == width) {
                a.within(simd, wide, own, panel, y, yRe + l, yIm + l, yStep);
            } else {
                a.within(simd, wide, own, panel, own, second, second + wide, 2 * wide);
                copy(a.n(), width, own, second, 2 * wide, y, yRe + l, yStep);
                copy(a.n(), width, own, second + wide, 2 * wide, y, yIm + l, yStep);
            }
        }
    }

    private void copy(int rows, int width, Object x, int at, int step, Object y, int to, int yStep) {
        scalar[TRANSPOSE].run(x, at, 0, step, 1, y, to, 0, yStep, 1, y, 0, rows, width);
    }

    // ------------------------------------------------------------------------------------------------- real transforms

    /// Half spectra of `count` real rows: row `l` lies at `at + l*row`, element `k` of its spectrum goes to `k*yStep + l`, where there is
    /// room for whole blocks.
    void forward(boolean simd, int count, Object x, int at, int row, Object y, int yRe, int yIm, int yStep, Object own) {
        for (int l = 0; l < count; l += lanes) {
            forwardBlock(simd, Math.min(lanes, count - l), x, at + l * row, row, y, yRe + l, yIm + l, yStep, own);
        }
    }

    private void forwardBlock(boolean simd, int width, Object x, int at, int row, Object y, int yRe, int yIm, int yStep, Object own) {
        FftLoop[] loops = simd ? vector : scalar;
        int wide = wide(simd, width);
        int step = 2 * wide;
        if (n % 2 == 0) {
            // Even elements become real parts, odd ones imaginary parts.
            int m = real.n();
            in(simd, width, n, x, at, row, own, panel, wide);
            real.within(simd, wide, own, panel, own, second, second + wide, step);
            loops[END].run(own, second, second + wide, step, m * step, y, yRe, yIm, yStep, m * yStep, unpackTable, 0, m / 2, wide);
        } else {
            Storage.zero(own, panel, 2 * n * wide);
            in(simd, width, n, x, at, row, own, panel, step);
            real.within(simd, wide, own, panel, own, second, second + wide, step);
            loops[END].run(own, second, second + wide, step, 0, y, yRe, yIm, yStep, 0, unpackTable, 0, half, wide);
        }
    }

    /// The real rows of `count` half spectra, laid out as in [#forward].
    void inverse(boolean simd, int count, Object x, int xRe, int xIm, int xStep, Object y, int at, int row, Object own) {
        for (int l = 0; l < count; l += lanes) {
            inverseBlock(simd, Math.min(lanes, count - l), x, xRe + l, xIm + l, xStep, y, at + l * row, row, own);
        }
    }

    // Real and imaginary parts change places on the way in and on the way out.
    private void inverseBlock(boolean simd, int width, Object x, int xRe, int xIm, int xStep, Object y, int at, int row, Object own) {
        FftLoop[] loops = simd ? vector : scalar;
        int wide = wide(simd, width);
        int step = 2 * wide;
        if (n % 2 == 0) {
            int m = real.n();
            loops[END].run(x, xRe, xIm, xStep, m * xStep, own, panel + wide, panel, step, m * step, packTable, 0, m / 2, wide);
            real.within(simd, wide, own, panel, own, second + wide, second, step);
            out(simd, width, n, own, second, wide, y, at, row);
        } else {
            loops[END].run(x, xRe, xIm, xStep, 0, own, panel + wide, panel, step, 0, packTable, 0, half, wide);
            Storage.zero(own, panel + half * step, (n - half) * step);
            real.within(simd, wide, own, panel, own, second + wide, second, step);
            out(simd, width, n, own, second, step, y, at, row);
        }
    }
}
