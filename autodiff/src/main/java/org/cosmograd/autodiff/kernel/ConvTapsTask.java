package org.cosmograd.autodiff.kernel;

import org.cosmograd.autodiff.DType;

/// A convolution or its input gradient with few target channels, which would leave most lanes empty: all taps of a place of the source
/// are computed side by side, one for each lane, and added up afterwards.
///
/// Order of arithmetic: `z ← fma(source, w, z)` from `+0` for each tap over ascending source channels, then the sum over taps in ascending
/// order of the place they read (first axis outermost).
final class ConvTapsTask implements ConvStep {
    /// Lanes that the choice counts with; the same on all machines, as the choice decides the order of summation.
    private static final int LANES = 16;
    private static final int[] ONE_STRETCH = {0};

    private final DType type;
    private final boolean scalar;
    private final ConvTiles tiles;
    private final ConvPasses passes;
    private final ConvPanels panels;
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

    ConvTapsTask(DType type, ConvShape shape, boolean gradient, Operand from, Operand weight, Operand to, int scratch,
            Gemm.RowBlock finished, boolean scalar) {
        this.type = type;
        this.scalar = scalar;
        this.tiles = ConvTiles.of(type == DType.F64);
        this.passes = ConvPasses.of(shape, gradient, true);
        this.each = passes.sources();
        this.columns = passes.targets();
        // with a stride of 1 there is one pass, or none if the target is empty
        this.panels = new ConvPanels(tiles, passes.list().stream().mapToInt(p -> p.taps.length * columns).sum());
        this.from = from;
        this.weight = weight;
        this.to = to;
        this.scratch = scratch;
        this.finished = finished;
        if (!scalar) {
            tiles.want(GemmEmitter.Walk.ALONG_ROWS);
        }
    }

    /// Whether lanes are better filled by taps than by target channels.
    static boolean applies(ConvShape s, boolean gradient) {
        int columns = gradient ? s.c() : s.q();
        int taps = s.kernel()[0] * s.kernel()[1] * s.kernel()[2];
        int stride = s.stride()[0] * s.stride()[1] * s.stride()[2];
        return s.groups() == 1 && stride == 1 && (gradient ? s.q() : s.c()) >= LANES / 2
                && 2L * roundUp(taps * columns) <= (long) roundUp(columns) * taps;
    }

    private static int roundUp(int n) {
        return (n + LANES - 1) / LANES * LANES;
    }

    static int scratchLength(DType type, ConvShape shape, boolean gradient) {
        ConvPasses passes = ConvPasses.of(shape, gradient, true);
        ConvTiles tiles = ConvTiles.of(type == DType.F64);
        return passes.before(p -> (long) passes.sources() * tiles.padded(p.taps.length * passes.targets()))[passes.count()];
    }

    @Override
    public ConvStep plain() {
        return new ConvTapsTask(type, passes.shape(), passes.gradient(), from, weight, to, scratch, finished, true);
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, from, weight, to, Operand.of(scratch));
    }

    @Override
    public void run() {
        boolean shared = passes.shape().work() >= WORTH_SHARING;
        ConvStep.run(shared, passes.count(), packing);
        ConvStep.run(shared, passes.units(), computing);
    }

    /// Element `(e, t·columns + j)` of the packed weights is that of source channel `e` for tap `t` and target channel `j`.
    private void pack(int pass) {
        int[] taps = passes.list().get(pass).taps;
        int n = panels.columns();
        for (int panel = 0; panel < panels.count(); panel++) {
            int first = panels.first(panel);
            int step = panels.lanes(panel);
            int at = bases[3] + first * each;
            for (int e = 0; e < each; e++) {
                for (int i = 0; i < step; i++) {
                    int tap = taps[Math.min(first + i, n - 1) / columns];
                    int j = (first + i) % columns;
                    int source = passes.gradient() ? (tap * columns + j) * each + e : (tap * each + e) * columns + j;
                    if (arrays[3] instanceof float[] packed) {
                        packed[at++] = first + i < n ? ((float[]) arrays[1])[bases[1] + source] : 0;
                    } else {
                        ((double[]) arrays[3])[at++] = first + i < n ? ((double[]) arrays[1])[bases[1] + source] : 0;
                    }
                }
            }
        }
    }

    private void compute(int unit) {
        ConvPass p = passes.list().getFirst();
        int width = panels.padded();
        int source = ConvScratch.FIRST_ALIGNED;
        int places = (p.blockPlaces() + ConvTiles.MOST_ROWS - 1) / ConvTiles.MOST_ROWS * ConvTiles.MOST_ROWS;
        int sums = source + places * each;
        Object own = ConvScratch.array(type == DType.F64, places * (each + width));
        p.copy(unit, arrays[0], bases[0], own, source);
        int height = tiles.rows(ConvTiles.MOST_ROWS);
        for (int panel = 0; panel < panels.count(); panel++) {
            int first = panels.first(panel);
            ConvTile tile = tiles.tile(GemmEmitter.Walk.ALONG_ROWS, panels.vectors(panel), height, scalar);
            int b = bases[3] + first * each;
            for (int i = 0; i < places; i += height) {
                tile.run(1, ONE_STRETCH, each, own, source + i * each, each, arrays[3], b, panels.lanes(panel), own,
                        sums + i * width + first, width, false);
            }
        }
        int at = p.targetAt(unit);
        int across = p.placesOf(unit);
        int rows = p.rowsOf(unit);
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < columns; j++) {
                int to = bases[2] + (at + r * p.targetRow()) * columns + j;
                if (own instanceof float[] z) {
                    addTaps(p, z, sums + j, r, across, width, (float[]) arrays[2], to);
                } else {
                    addTaps(p, (double[]) own, sums + j, r, across, width, (double[]) arrays[2], to);
                }
            }
        }
        for (int r = 0; r < rows; r++) {
            p.finish(unit, r, finished);
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

    @Override
    public String toString() {
        return passes.toString();
    }
}
