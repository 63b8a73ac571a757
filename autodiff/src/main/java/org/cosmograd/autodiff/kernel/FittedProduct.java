package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.FittedEmitter.Place;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// A matrix product with tiles of its own ([FittedEmitter]), alone or with a loop over its rows: what a tile has summed goes through the loop before
/// it is stored. A bias and an activation then cost almost nothing, nor does the mask of its derivative, and sums along the rows little.
///
/// It is for products of small networks that are computed again and again. Until the tiles are machine code, and for products that they do not
/// suit, [Gemm] computes the product and rows go through the loop block by block ([RowsTask]); bits are the same.
final class FittedProduct {
    private static final int FEWEST_ROWS = 4;
    /// With up to so many steps of `k`, tall tiles are faster.
    private static final int FEW_STEPS = 4;
    /// Rows that are farther apart would need large arrays to warm a tile.
    private static final int FARTHEST = 1 << 12;
    /// Multiply-adds of all products that could use a tile until it is made.
    static final long WORTH_A_TILE = 1_000_000_000;
    /// Multiply-adds that take as long as to move an element of the largest matrix: what products with few columns, or a short `k`, spend their time
    /// on.
    private static final int MOVE = 16;

    private static final Map<FittedEmitter, Warm> TILES = new ConcurrentHashMap<>();

    private final GemmTask.Factors f;
    private final List<Operand> operands;
    private final Optional<ColumnTask> sums;
    private final int width;
    private final Warm tile;
    /// For what is left when the rows have been cut into tiles; the same tile if nothing is.
    private final Warm rest;
    /// Rows that are cut into so many tiles without a rest, and their number.
    private final int block;
    private final int tilesOfBlock;
    private final int blocks;
    private final boolean inPlace;
    private final int chunks;
    private final Workers.Task body = this::chunk;
    private final Object[] factors = new Object[2];
    private final int[] bases = new int[2];
    private Object[] arrays;
    private int[] geometry;

    private final long work;

    // The run under way.
    private FittedTile whole = FittedProduct::none;
    private FittedTile last = FittedProduct::none;
    private Object b = new float[0];
    private GemmBlocks panels = GemmBlocks.mine();

    private FittedProduct(GemmTask.Factors f, List<Operand> operands, Optional<ColumnTask> sums, FittedEmitter emitter) {
        this.f = f;
        this.operands = operands;
        this.sums = sums;
        this.width = emitter.vectors() * lanes(emitter.doubles());
        this.tilesOfBlock = emitter.deep() > 1 ? emitter.loop().partialRows() / emitter.run() : 1;
        this.block = tilesOfBlock * emitter.rows();
        this.blocks = f.m() / block;
        this.tile = TILES.computeIfAbsent(emitter, Warm::new);
        int left = f.m() - blocks * block;
        this.rest = left == 0 ? tile : TILES.computeIfAbsent(emitter.withRows(largestDivisor(left, emitter.rows())), Warm::new);
        this.inPlace = isInPlace(f);
        this.work = (long) f.m() * f.n() * f.k() + MOVE * Math.max((long) f.m() * Math.max(f.n(), f.k()), (long) f.n() * f.k());
        boolean shared = sums.isEmpty() && GemmBlocks.isWorthSharing(f.m(), f.n(), f.k());
        this.chunks = shared ? Math.clamp(blocks, 1, GemmBlocks.SHARES) : 1;
        this.arrays = new Object[operands.size()];
        this.geometry = new int[3 * operands.size()];
    }

    private static int lanes(boolean doubles) {
        return VectorWidth.bits() / (doubles ? 64 : 32);
    }

    /// Whether `B` is read where it is: its rows are adjacent elements, and all of it stays in the second cache.
    private static boolean isInPlace(GemmTask.Factors f) {
        return f.b().strides()[1] == 1 && (long) f.k() * f.b().strides()[0] * f.type().bytes() <= GemmBlocks.DIRECT_BYTES;
    }

    /// The largest divisor of `n` up to `most`.
    private static int largestDivisor(int n, int most) {
        int d = Math.min(n, most);
        while (n % d != 0) {
            d--;
        }
        return d;
    }

    /// The product that `producer` is and the only loop after it, if they can be one.
    static Optional<FittedProduct> of(RowsTask.Producer producer, List<RowsTask.Stage> loops, Optional<RowsTask.Sums> sums) {
        if (producer.product().isEmpty() || loops.size() + (sums.isPresent() ? 1 : 0) != 1) {
            return Optional.empty();
        }
        RowsTask.Stage loop = sums.isPresent() ? sums.get().stage() : loops.getFirst();
        GemmTask.Factors f = producer.product().get();
        return emitter(f, producer.result(), loop)
                .map(e -> new FittedProduct(f, loop.operands(), sums.map(RowsTask.Sums::task), e));
    }

    /// A product alone, put in `c`, if that suits.
    static Optional<FittedProduct> of(GemmTask.Factors f, Operand c) {
        if (c.strides()[0] == 1 && c.strides()[1] != 1) {
            // Where B has to be copied, the tiles that all products share were measured to be faster.
            GemmTask.Factors t = f.transposed();
            return isInPlace(t) ? of(t, new Operand(c.buffer(), c.offset(), new int[] {c.strides()[1], 1})) : Optional.empty();
        }
        DType type = f.type();
        LoopSpec store = new LoopSpec(List.of(new LoopSpec.Source(type, LoopSpec.Access.UNIT)), List.of(),
                List.of(new LoopSpec.Sink(0, LoopSpec.Access.UNIT, Mode.STORE)));
        RowsTask.Stage loop = new RowsTask.Stage(store, new int[] {f.m(), f.n()}, List.of(c, c), 0);
        return emitter(f, c, loop).map(e -> new FittedProduct(f, loop.operands(), Optional.empty(), e));
    }

    /// The emitter of tiles for this product and this loop, if there can be some.
    private static Optional<FittedEmitter> emitter(GemmTask.Factors f, Operand result, RowsTask.Stage loop) {
        int sum = loop.operands().indexOf(result);
        boolean suits = isSmall(f) && isNear(result) && loop.dims().length == 2 && loop.dims()[1] == f.n()
                && sum >= 0 && sum < loop.body().sources().size();
        List<Place> places = suits ? places(loop, result, sum, f.n()) : List.of();
        if (places.isEmpty()) {
            return Optional.empty();
        }
        int[] innermost = new int[places.size()];
        Arrays.fill(innermost, 1);
        LoopSpec spec = Axes.specialise(loop.body(), innermost, f.n());
        int lanes = lanes(f.type() == DType.F64);
        if (f.n() % lanes != 0 || !LoopEmitter.vectorizable(spec) || LoopEmitter.isGuarded(spec)) {
            return Optional.empty();
        }
        // Where the elements of a column of A are adjacent, a tall tile makes more of each row of B.
        boolean isTall = f.a().strides()[0] == 1 || f.k() <= FEW_STEPS;
        int vectors = VectorWidth.manyRegisters() && !isTall ? 4 : 2;
        while (vectors > 1 && f.n() % (vectors * lanes) != 0) {
            vectors /= 2;
        }
        int tall = Math.min((VectorWidth.manyRegisters() ? 24 : 8) / vectors, f.m());
        while (tall > FEWEST_ROWS && FittedEmitter.cost(tall, vectors, spec) > Emitted.MOST_BYTES) {
            tall--;
        }
        if (FittedEmitter.cost(tall, vectors, spec) > Emitted.MOST_BYTES) {
            return Optional.empty();
        }
        int bRow = isInPlace(f) ? f.b().strides()[0] : vectors * lanes;
        return Optional.of(new FittedEmitter(f.type() == DType.F64, VectorWidth.bits(), tall, deep(tall, f.m(), spec.partialRows()), vectors,
                f.a().strides()[0], f.a().strides()[1], bRow, result.strides()[0], spec, sum, places));
    }

    /// How the operands of a loop lie that replaces a product by what it makes of it; empty if it does not, or if some lie otherwise.
    private static List<Place> places(RowsTask.Stage loop, Operand result, int sum, int n) {
        int sources = loop.body().sources().size();
        int step = result.strides()[0];
        List<Place> places = new ArrayList<>();
        boolean replaces = false;
        for (int k = 0; k < loop.operands().size(); k++) {
            Operand o = loop.operands().get(k);
            boolean sink = k >= sources;
            Mode mode = sink ? loop.body().sinks().get(k - sources).mode() : Mode.STORE;
            int row = o.strides()[0];
            boolean again = !sink && k != sum && o.buffer() == result.buffer();
            boolean lies = mode == Mode.STORE ? row == step || row == 0 && !sink : mode.isColumn() && mode != Mode.MAX && step == n;
            if (again || !lies || o.strides()[1] != 1) {
                return List.of();
            }
            places.add(sink && mode != Mode.STORE ? Place.PARTIAL : row == step ? Place.MATRIX : Place.ROW);
            replaces |= sink && o.equals(result);
        }
        return replaces ? List.copyOf(places) : List.of();
    }

    private static boolean isSmall(GemmTask.Factors f) {
        return Loops.SIMD && f.k() > 0 && f.k() <= GemmBlocks.SLICE && f.n() > 0 && f.n() < GemmBlocks.PACK_A_FROM && f.m() >= FEWEST_ROWS
                && isNear(f.a()) && isNear(f.b());
    }

    private static boolean isNear(Operand o) {
        return Arrays.stream(o.strides()).allMatch(s -> s >= 0 && s <= FARTHEST);
    }

    /// How many of `tall` rows shall go into the same partial rows: the more, the less often these are loaded and stored.
    private static int deep(int tall, int rows, int partials) {
        for (int d = 3; d > 1; d--) {
            if (partials > 0 && tall % d == 0 && partials % (tall / d) == 0 && rows >= d * partials) {
                return d;
            }
        }
        return 1;
    }

    void bind(Memory memory) {
        Operand.bind(memory, factors, bases, f.a(), f.b());
        if (sums.isPresent()) {
            arrays = sums.get().arrays();
            geometry = sums.get().geometry();
            return;
        }
        for (int k = 0; k < operands.size(); k++) {
            arrays[k] = memory.array(operands.get(k).buffer());
            geometry[3 * k] = memory.base(operands.get(k).buffer()) + operands.get(k).offset();
            geometry[3 * k + 1] = operands.get(k).strides()[0];
            geometry[3 * k + 2] = 1;
        }
    }

    /// Whether the tiles are machine code; if not, and if there is much work for them, they soon will be.
    boolean isReady() {
        if (tile.work < WORTH_A_TILE) {
            tile.work += work;
            return false;
        }
        tile.twins.want();
        rest.twins.want();
        whole = tile.twins.now();
        last = rest.twins.now();
        return whole != tile.twins.plain && last != rest.twins.plain;
    }

    /// Computes the product and the loop, after [#isReady] was true; if it sums along the rows, on this thread and between [ColumnTask#begin] and [ColumnTask#end].
    void run() {
        panels = GemmBlocks.mine();
        b = inPlace ? factors[1]
                : panels.panels(tile.emitter.doubles(), f.n(), f.k(), factors[1], bases[1], f.b().strides()[0], f.b().strides()[1], tile.emitter.vectors());
        if (chunks == 1) {
            chunk(0);
        } else {
            Workers.run(chunks, body);
        }
    }

    private void chunk(int c) {
        int begin = (int) ((long) blocks * c / chunks);
        int end = (int) ((long) blocks * (c + 1) / chunks);
        int run = tile.emitter.run();
        for (int column = 0; column < f.n(); column += width) {
            int bAt = inPlace ? bases[1] + column : panels.panel(column / width);
            for (int i = begin; i < end; i++) {
                for (int t = 0; t < tilesOfBlock; t++) {
                    run(whole, i * block + t * run, column, bAt);
                }
            }
            if (c == chunks - 1) {
                for (int i = blocks * block; i < f.m(); i += rest.emitter.rows()) {
                    run(last, i, column, bAt);
                }
            }
        }
    }

    private void run(FittedTile t, int row, int column, int bAt) {
        t.run(bases[0] + row * f.a().strides()[0], bAt, 0, 0, 0, f.k(), factors[0], b, arrays, geometry, row, column);
    }

    /// A tile on its way to machine code.
    private static final class Warm implements Warmer.Kernel<FittedTile> {
        /// Vector operations of a call that tells machine code from the first compiler's.
        private static final int PROBE_OPERATIONS = 200;
        /// Calls of a real run, with fewer steps each.
        private static final int REAL = 4;

        private final FittedEmitter emitter;
        private final Twins<FittedTile> twins = new Twins<>(FittedProduct::none, this);
        /// What the products have done so far that could use the tile; lost updates do not matter.
        private long work;
        private final Object[] arrays;
        private final int[] geometry;
        private final int steps;
        /// Elements of a scratch array, which is made when the tile is wanted.
        private final int size;

        Warm(FittedEmitter emitter) {
            this.emitter = emitter;
            this.steps = 1 + PROBE_OPERATIONS / (emitter.rows() * (emitter.vectors() + 1) + emitter.vectors());
            int rows = emitter.deep() * Math.max(emitter.rows(), emitter.loop().partialRows());
            int most = Math.max(steps, REAL);
            this.size = Math.max(rows * emitter.aRow() + most * emitter.aColumn(), Math.max(most * emitter.bRow(), (rows + 6 * REAL) * emitter.step())) + 256;
            int operands = emitter.places().size();
            this.arrays = new Object[operands];
            this.geometry = new int[3 * operands];
            for (int k = 0; k < operands; k++) {
                geometry[3 * k + 1] = emitter.step();
                geometry[3 * k + 2] = 1;
            }
        }

        @Override
        public Optional<FittedTile> emit() {
            DType type = emitter.loop().type(0);
            int sources = emitter.loop().sources().size();
            Arrays.fill(arrays, 0, sources, Storage.array(type, size));
            Arrays.fill(arrays, sources, arrays.length, Storage.array(type, size));
            return Optional.of(emitter.emit());
        }

        @Override
        public void idle(FittedTile t) {
            run(t, -1, 0);
        }

        @Override
        public void real(FittedTile t) {
            for (int k = 0; k < REAL; k++) {
                run(t, k, 6 * k);
            }
        }

        @Override
        public void timed(FittedTile t) {
            run(t, steps, 0);
        }

        @Override
        public long fastNanos() {
            return 2_500;
        }

        /// Programs with products spend most of their time in them.
        @Override
        public long urgency() {
            return Loops.HOT * 100 * emitter.rows() * emitter.vectors();
        }

        private void run(FittedTile t, int k, int row) {
            t.run(0, 0, 0, 0, 0, k, arrays[0], arrays[0], arrays, geometry, row, 0);
        }

        @Override
        public String toString() {
            return emitter.toString();
        }
    }

    private static void none(int aAt, int bAt, int none, int nothing, int nil, int k, Object a, Object b, Object[] arrays, int[] geometry, int row, int column) {
        throw new IllegalStateException("matmul: a tile that is not machine code was called");
    }
}
