package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.cosmograd.autodiff.kernel.FftEmitter.Kind;

/// What is done to a block of sequences, one in each lane: transforms of complex columns and rows, of real rows to half spectra and back.
///
/// A block of columns is transformed where it lies. A block of rows is transposed into a panel, transformed and transposed back.
/// All work goes through a thread's own array, whose layout is stated here.
///
/// @see FftTask
final class FftBlock {
    /// In an array of its own region under G1, these elements start on a cache line.
    private static final int FIRST_ALIGNED = 12;

    private final boolean doubles;
    /// Length of the real transform, rows of its spectrum.
    final int n;
    final int half;
    /// Sequences in a whole block.
    final int lanes;
    private final FftAxis real;
    private final FftAxis[] others;
    private final Object unpackTable;
    private final Object packTable;
    private final List<FftLoops.Warming> warming = new ArrayList<>();
    private final FftLoop[] scalar;
    private FftLoop[] vector;
    private volatile boolean warm;

    // The thread's own array
    private final int panel;
    private final int second;
    /// Where what the task keeps between blocks begins.
    final int slab;

    private static final List<Kind> ENDS = List.of(Kind.UNPACK, Kind.PACK, Kind.SCALE, Kind.TRANSPOSE);
    private static final int UNPACK = 0;
    private static final int PACK = 1;
    private static final int SCALE = 2;
    private static final int TRANSPOSE = 3;

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
        this.lanes = loops.lanes > 0 ? loops.lanes : 16;
        this.real = FftAxis.of(doubles, n % 2 == 0 ? n / 2 : n);
        this.others = Arrays.stream(dims, 0, dims.length - 1).mapToObj(d -> FftAxis.of(doubles, d)).toArray(FftAxis[]::new);
        this.unpackTable = inverse ? array(0) : n % 2 == 0 ? factors(edge, rest, 0.5, -1) : scales(edge, rest);
        this.packTable = !inverse ? array(0) : n % 2 == 0 ? factors(edge, rest, 1, 1) : scales(edge, 2 * rest);
        this.scalar = ENDS.stream().map(k -> loops.scalar(new FftLoops.Name(k, 0))).toArray(FftLoop[]::new);
        this.vector = scalar;
        if (loops.lanes > 0) {
            for (FftAxis a : axes()) {
                a.loops().forEach(l -> warming.add(loops.simd(l)));
            }
            Kind end = n % 2 == 1 ? Kind.SCALE : inverse ? Kind.PACK : Kind.UNPACK;
            warming.add(loops.simd(new FftLoops.Name(end, 0)));
            warming.add(loops.simd(new FftLoops.Name(Kind.TRANSPOSE, 0)));
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
        if (!warm && FftLoops.of(doubles).lanes > 0) {
            takeLoops();
        }
        return warm;
    }

    private synchronized void takeLoops() {
        List<FftLoop> ready = warming.stream().flatMap(w -> w.ready().stream()).toList();
        if (warm || ready.size() < warming.size()) {
            return;
        }
        int at = 0;
        for (FftAxis a : axes()) {
            int count = a.loops().size();
            a.use(ready.subList(at, at + count));
            at += count;
        }
        FftLoop[] ends = scalar.clone();
        ends[n % 2 == 1 ? SCALE : UNPACK] = ready.get(at);
        ends[n % 2 == 1 ? SCALE : PACK] = ready.get(at);
        ends[TRANSPOSE] = ready.get(at + 1);
        vector = ends;
        warm = true;
    }

    /// Returns when the vector loops of all blocks are compiled, or have been given up.
    static void awaitAll() {
        List<FftBlock> all;
        synchronized (KNOWN) {
            all = List.copyOf(KNOWN.values());
        }
        try {
            for (FftBlock b : all) {
                for (FftLoops.Warming w : b.warming) {
                    w.await();
                }
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    // ------------------------------------------------------------------------------------------------- transposition

    /// `count` rows of `length` elements, `row` apart, become columns: element `j` of row `l` goes to `j*step + l`.
    void transposeIn(boolean simd, int count, int length, Object x, int at, int row, Object y, int to, int step) {
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            in(simd && width == lanes, width, length, x, at + l * row, row, y, to + l, step);
        }
    }

    /// The way back.
    void transposeOut(boolean simd, int count, int length, Object x, int from, int step, Object y, int at, int row) {
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            out(simd && width == lanes, width, length, x, from + l, step, y, at + l * row, row);
        }
    }

    private void in(boolean vectors, int width, int length, Object x, int at, int row, Object y, int to, int step) {
        int done = 0;
        if (vectors) {
            int blocks = length / lanes;
            vector[TRANSPOSE].run(x, at, 0, lanes, row, y, to, 0, lanes * step, step, y, 0, blocks, 0);
            done = blocks * lanes;
        }
        scalar[TRANSPOSE].run(x, at + done, 0, 1, row, y, to + done * step, 0, step, 1, y, 0, length - done, width);
    }

    private void out(boolean vectors, int width, int length, Object x, int from, int step, Object y, int at, int row) {
        int done = 0;
        if (vectors) {
            int blocks = length / lanes;
            vector[TRANSPOSE].run(x, from, 0, lanes * step, step, y, at, 0, lanes, row, y, 0, blocks, 0);
            done = blocks * lanes;
        }
        scalar[TRANSPOSE].run(x, from + done * step, 0, step, 1, y, at + done, 0, 1, row, y, 0, length - done, width);
    }

    // ------------------------------------------------------------------------------------------------- complex transforms

    /// Transforms `count` columns along axis `axis`: element `j` of column `l` lies at `j*step + l`. Source and result may be the same.
    void columns(boolean simd, int axis, int count, Object x, int xRe, int xIm, int xStep, Object y, int yRe, int yIm, int yStep,
            Object own) {
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            others[axis].run(simd && width == lanes, width, x, xRe + l, xIm + l, xStep, y, yRe + l, yIm + l, yStep, own, panel, second);
        }
    }

    /// Transforms `count` rows along axis `axis`: element `j` of row `l` lies at `l*row + j`. Source and result may be the same.
    void rows(boolean simd, int axis, int count, Object x, int xRe, int xIm, int xRow, Object y, int yRe, int yIm, int yRow,
            Object own) {
        FftAxis a = others[axis];
        int target = a.target(second, panel);
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            boolean vectors = simd && width == lanes;
            int imaginary = a.n() * width + FftAxis.GAP;
            in(vectors, width, a.n(), x, xRe + l * xRow, xRow, own, panel, width);
            in(vectors, width, a.n(), x, xIm + l * xRow, xRow, own, panel + imaginary, width);
            a.run(vectors, width, own, panel, panel + imaginary, width, own, target, target + imaginary, width, own, second, panel);
            out(vectors, width, a.n(), own, target, width, y, yRe + l * yRow, yRow);
            out(vectors, width, a.n(), own, target + imaginary, width, y, yIm + l * yRow, yRow);
        }
    }

    /// Transforms `count` rows along axis `axis` and leaves them as columns: element `j` of row `l` goes to `j*yStep + l`.
    void turnedRows(boolean simd, int axis, int count, Object x, int xRe, int xIm, int xRow, Object y, int yRe, int yIm, int yStep,
            Object own) {
        FftAxis a = others[axis];
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            boolean vectors = simd && width == lanes;
            int imaginary = a.n() * width + FftAxis.GAP;
            in(vectors, width, a.n(), x, xRe + l * xRow, xRow, own, panel, width);
            in(vectors, width, a.n(), x, xIm + l * xRow, xRow, own, panel + imaginary, width);
            a.run(vectors, width, own, panel, panel + imaginary, width, y, yRe + l, yIm + l, yStep, own, second, panel);
        }
    }

    // ------------------------------------------------------------------------------------------------- real transforms

    /// Half spectra of `count` real rows: row `l` lies at `at + l*row`, element `k` of its spectrum goes to `k*yStep + l`.
    void forward(boolean simd, int count, Object x, int at, int row, Object y, int yRe, int yIm, int yStep, Object own) {
        int target = real.target(second, panel);
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            forward(simd && width == lanes, width, x, at + l * row, row, target, y, yRe + l, yIm + l, yStep, own);
        }
    }

    private void forward(boolean vectors, int width, Object x, int at, int row, int target, Object y, int yRe, int yIm, int yStep,
            Object own) {
        FftLoop[] loops = vectors ? vector : scalar;
        int imaginary = real.n() * width + FftAxis.GAP;
        in(vectors, width, n, x, at, row, own, panel, width);
        if (n % 2 == 0) {
            // Even elements are real parts, odd ones imaginary parts.
            int m = real.n();
            real.run(vectors, width, own, panel, panel + width, 2 * width, own, target, target + imaginary, width, own, second, panel);
            loops[UNPACK].run(own, target, target + imaginary, width, m * width, y, yRe, yIm, yStep, m * yStep, unpackTable, 0, m / 2,
                    width);
        } else {
            zero(own, panel + imaginary, n * width);
            real.run(vectors, width, own, panel, panel + imaginary, width, own, target, target + imaginary, width, own, second, panel);
            loops[SCALE].run(own, target, target + imaginary, width, 0, y, yRe, yIm, yStep, 0, unpackTable, 0, half, width);
        }
    }

    /// The real rows of `count` half spectra, laid out as in [#forward].
    void inverse(boolean simd, int count, Object x, int xRe, int xIm, int xStep, Object y, int at, int row, Object own) {
        int target = real.target(second, panel);
        for (int l = 0; l < count; l += lanes) {
            int width = Math.min(lanes, count - l);
            inverse(simd && width == lanes, width, x, xRe + l, xIm + l, xStep, target, y, at + l * row, row, own);
        }
    }

    private void inverse(boolean vectors, int width, Object x, int xRe, int xIm, int xStep, int target, Object y, int at, int row,
            Object own) {
        FftLoop[] loops = vectors ? vector : scalar;
        int imaginary = real.n() * width + FftAxis.GAP;
        if (n % 2 == 0) {
            int m = real.n();
            loops[PACK].run(x, xRe, xIm, xStep, m * xStep, own, panel, panel + imaginary, width, m * width, packTable, 0, m / 2, width);
            real.run(vectors, width, own, panel + imaginary, panel, width, own, target + width, target, 2 * width, own, second, panel);
        } else {
            loops[SCALE].run(x, xRe, xIm, xStep, 0, own, panel, panel + imaginary, width, 0, packTable, 0, half, width);
            zero(own, panel + half * width, (n - half) * width);
            zero(own, panel + imaginary + half * width, (n - half) * width);
            real.run(vectors, width, own, panel + imaginary, panel, width, own, target + imaginary, target, width, own, second, panel);
        }
        out(vectors, width, n, own, target, width, y, at, row);
    }

    private void zero(Object own, int from, int count) {
        if (own instanceof float[] f) {
            Arrays.fill(f, from, from + count, 0);
        } else {
            Arrays.fill((double[]) own, from, from + count, 0);
        }
    }
}
