package org.cosmograd.autodiff.kernel;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.cosmograd.autodiff.DType;

/// A matrix product with few columns, `A` row-major and `C` column-major: rows are transposed and multiplied at once, see [NarrowEmitter]. To copy
/// the transposed `A`, as [GemmBlocks] does, takes longer than the product.
///
/// Rows that do not fill a block are computed together with others before them, which become the same numbers again.
final class NarrowProduct {
    private static final int MOST_COLUMNS = 8;
    /// Sums in registers. With sixteen, C2 keeps some of them in memory.
    private static final int SUMS = 8;
    /// Rows of `A` that are far apart would need large arrays to warm a tile.
    private static final int FARTHEST = 1 << 12;
    private static final int MOST_SETS = 4;
    private static final int CHUNKS = 16;
    /// Multiply-adds of a product until it gets a tile.
    static final long WORTH_A_TILE = 10_000_000;
    /// Elements between the buffers of chunks: they share no cache lines.
    private static final int APART = 32;

    private static final Map<NarrowEmitter, Warm> TILES = new ConcurrentHashMap<>();

    private final Warm tile;
    private final int m;
    private final int k;
    private final int blocks;
    private final int chunks;
    private final Object buffer;
    private final Workers.Task body = this::chunk;

    /// Multiply-adds so far, until the tile is wanted.
    private long done;

    // The run under way.
    private NarrowTile now = NarrowProduct::none;
    private Object a;
    private int aAt;
    private Object b;
    private int bAt;
    private Object c;
    private int cAt;
    private final int cStep;
    private Gemm.RowBlock finished = Gemm.NOTHING;

    private NarrowProduct(NarrowEmitter emitter, int m, int k, int cStep) {
        this.tile = TILES.computeIfAbsent(emitter, Warm::new);
        this.m = m;
        this.k = k;
        this.cStep = cStep;
        this.blocks = m / emitter.rows();
        this.chunks = GemmBlocks.isWorthSharing(m, emitter.columns(), k) ? Math.min(blocks, CHUNKS) : 1;
        int size = chunks * (emitter.buffered() + APART);
        this.buffer = emitter.doubles() ? new double[size] : new float[size];
        this.a = buffer;
        this.b = buffer;
        this.c = buffer;
    }

    /// The product put in `c`, if it is one of this kind.
    static Optional<NarrowProduct> of(GemmTask.Factors f, Operand c) {
        boolean doubles = f.type() == DType.F64;
        int bits = NarrowEmitter.BITS;
        int lanes = bits / (doubles ? 64 : 32);
        if (VectorWidth.bits() < bits || f.n() < 1 || f.n() > MOST_COLUMNS || f.m() < lanes || f.k() < lanes || f.k() % (lanes / 2) != 0) {
            return Optional.empty();
        }
        int aRow = f.a().strides()[0];
        int bRow = f.b().strides()[0];
        int bColumn = f.n() == 1 ? 0 : f.b().strides()[1];
        int cStep = f.n() == 1 ? f.m() : c.strides()[1];
        boolean lies = f.a().strides()[1] == 1 && c.strides()[0] == 1 && cStep >= f.m() && aRow >= lanes && aRow <= FARTHEST
                && bRow >= 0 && bRow <= FARTHEST && bColumn >= 0 && bColumn <= FARTHEST;
        int sets = Integer.highestOneBit(Math.clamp(SUMS / f.n(), 1, Math.min(MOST_SETS, f.m() / lanes)));
        return lies ? Optional.of(new NarrowProduct(new NarrowEmitter(doubles, bits, sets, f.n(), aRow, bRow, bColumn), f.m(), f.k(), cStep))
                : Optional.empty();
    }

    /// Whether the tile is machine code; if not, and if there is work enough for it, it soon will be.
    boolean isReady() {
        if (done < WORTH_A_TILE) {
            done += (long) m * tile.emitter.columns() * k;
            return false;
        }
        tile.twins.want();
        now = tile.twins.now();
        return now != tile.twins.plain;
    }

    /// Computes the product, after [#isReady] was true.
    void run(Object a, int aAt, Object b, int bAt, Object c, int cAt, Gemm.RowBlock finished) {
        this.a = a;
        this.aAt = aAt;
        this.b = b;
        this.bAt = bAt;
        this.c = c;
        this.cAt = cAt;
        this.finished = finished;
        if (chunks == 1 || finished.inOrder()) {
            for (int i = 0; i < chunks; i++) {
                chunk(i);
            }
        } else {
            Workers.run(chunks, body);
        }
    }

    private void chunk(int chunk) {
        int rows = tile.emitter.rows();
        int begin = (int) ((long) blocks * chunk / chunks);
        int end = (int) ((long) blocks * (chunk + 1) / chunks);
        int to = end * rows;
        rows(chunk, begin * rows, end - begin);
        if (end == blocks && to < m) {
            rows(chunk, m - rows, 1);
            to = m;
        }
        finished.rows(begin * rows, to);
    }

    private void rows(int chunk, int first, int count) {
        now.run(aAt + first * tile.emitter.aRow(), bAt, chunk * (tile.emitter.buffered() + APART), -1, count, k, a, b, buffer, c, cAt + first, cStep);
    }

    /// A tile on its way to machine code.
    private static final class Warm implements Warmer.Kernel<NarrowTile> {
        private final NarrowEmitter emitter;
        private final Twins<NarrowTile> twins = new Twins<>(NarrowProduct::none, this);
        private final Object scratch;
        private final int half;

        Warm(NarrowEmitter emitter) {
            this.emitter = emitter;
            int strips = 4 * emitter.strip();
            this.half = Math.max(2 * emitter.rows() * emitter.aRow(), emitter.columns() * emitter.bColumn() + strips * emitter.bRow()) + strips + 64;
            int size = half + (emitter.columns() + 1) * 2 * emitter.rows() + emitter.buffered();
            this.scratch = emitter.doubles() ? new double[size] : new float[size];
        }

        @Override
        public Optional<NarrowTile> emit() {
            return Optional.of(emitter.emit());
        }

        @Override
        public void idle(NarrowTile t) {
            run(t, -1, 1);
        }

        @Override
        public void real(NarrowTile t) {
            for (int strips = 0; strips < 4; strips++) {
                run(t, strips, 2);
            }
        }

        @Override
        public void timed(NarrowTile t) {
            run(t, 1, 1);
        }

        @Override
        public long fastNanos() {
            return 2_500;
        }

        /// Programs with products spend most of their time in them.
        @Override
        public long urgency() {
            return Loops.HOT * 100 * emitter.sets() * emitter.columns();
        }

        private void run(NarrowTile t, int strips, int blocks) {
            int rows = 2 * emitter.rows();
            t.run(0, 0, half + emitter.columns() * rows, -1, blocks, strips * emitter.strip(), scratch, scratch, scratch, scratch, half, rows);
        }

        @Override
        public String toString() {
            return emitter.toString();
        }
    }

    private static void none(int aAt, int bAt, int xAt, int all, int blocks, int k, Object a, Object b, Object x, Object c, int cAt, int cStep) {
        throw new IllegalStateException("matmul: a tile that is not machine code was called");
    }
}
