package org.cosmograd.autodiff.kernel;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The tiles of one element type, and the loops that move their operands.
///
/// Each runs as its twin in plain loops until somebody has used it and [Warmer] has brought the emitted one to machine code;
/// both give the same bits.
final class GemmTiles {
    /// Rows a tile may have, by its width in vectors; the largest fills the registers. Where the elements of a column of `A` are
    /// adjacent a tile is tall, so that a row of `B` serves many rows, or wide if there are few rows; along rows every row costs an
    /// address, and a tile is wide.
    private static final int[][] PACKED_32 = {{}, {12, 4, 1}, {12, 4, 1}};
    private static final int[][] PACKED_16 = {{}, {4, 1}, {4, 1}};
    private static final int[][] DOWN_32 = {{}, {12, 4, 1}, {12, 8, 4, 2, 1}, {}, {6, 4, 2, 1}};
    private static final int[][] DOWN_16 = {{}, {4, 1}, {4, 2, 1}};
    private static final int[][] ALONG_32 = {{}, {6, 4, 2, 1}, {6, 4, 2, 1}, {}, {6, 4, 2, 1}};
    private static final int[][] ALONG_16 = {{}, {4, 1}, {4, 2, 1}};

    private static final int SCRATCH = 1 << 15;
    private static final int[] MAP = IntStream.range(0, 64).map(i -> 3 * i).toArray();

    /// Lanes of a vector; 0 where there is no SIMD.
    final int lanes;

    private final boolean doubles;
    private final int[][] packed = VectorWidth.manyRegisters() ? PACKED_32 : PACKED_16;
    private final int[][] down = VectorWidth.manyRegisters() ? DOWN_32 : DOWN_16;
    private final int[][] along = VectorWidth.manyRegisters() ? ALONG_32 : ALONG_16;
    private final Tiered[] tiles = new Tiered[3 * 5 * 16];
    private final Tiered[] movers = new Tiered[4 * 5];
    private final Object scratch;

    private GemmTiles(boolean doubles) {
        int bits = VectorWidth.bits();
        this.doubles = doubles;
        this.lanes = bits < 128 ? 0 : bits / (doubles ? 64 : 32);
        this.scratch = doubles ? new double[SCRATCH] : new float[SCRATCH];
        if (lanes == 0) {
            return;
        }
        for (GemmEmitter.Walk walk : GemmEmitter.Walk.values()) {
            for (int vectors = 1; vectors < heights(walk).length; vectors++) {
                for (int rows : heights(walk)[vectors]) {
                    tiles[index(walk, vectors, rows)] = new Tiered(new GemmEmitter(doubles, bits, rows, vectors, walk));
                }
            }
        }
        for (GemmMover.Kind kind : GemmMover.Kind.values()) {
            for (int vectors : kind == GemmMover.Kind.TRANSPOSE ? new int[] {1} : new int[] {1, 2, 4}) {
                movers[kind.ordinal() * 5 + vectors] = new Tiered(new GemmMover(doubles, bits, vectors, kind));
            }
        }
    }

    private static final AtomicBoolean WANTED_FLOATS = new AtomicBoolean();
    private static final AtomicBoolean WANTED_DOUBLES = new AtomicBoolean();
    private static volatile boolean floatsReady;
    private static volatile boolean doublesReady;

    /// The tiles for `double` or `float`; the first time this takes some tens of milliseconds, most of them in the Vector API.
    static GemmTiles of(boolean doubles) {
        GemmTiles tiles = doubles ? Doubles.TILES : Floats.TILES;
        if (doubles) {
            doublesReady = true;
        } else {
            floatsReady = true;
        }
        return tiles;
    }

    /// The tiles for `double` or `float`, or null while a thread of its own makes them.
    static @Nullable GemmTiles ready(boolean doubles) {
        if (doubles ? doublesReady : floatsReady) {
            return doubles ? Doubles.TILES : Floats.TILES;
        }
        if ((doubles ? WANTED_DOUBLES : WANTED_FLOATS).compareAndSet(false, true)) {
            Thread.ofPlatform().daemon().name("cosmograd-matmul-tiles").start(() -> of(doubles));
        }
        return null;
    }

    private static final class Floats {
        static final GemmTiles TILES = new GemmTiles(false);
    }

    private static final class Doubles {
        static final GemmTiles TILES = new GemmTiles(true);
    }

    private int[][] heights(GemmEmitter.Walk walk) {
        return switch (walk) {
            case ALONG_ROWS -> along;
            case ALONG_COLUMNS -> packed;
            case DOWN_ROWS -> down;
        };
    }

    private static int index(GemmEmitter.Walk walk, int vectors, int rows) {
        return (walk.ordinal() * 5 + vectors) * 16 + rows;
    }

    /// A tile to run now.
    GemmTile tile(GemmEmitter.Walk walk, int vectors, int rows) {
        return tiles[index(walk, vectors, rows)].now();
    }

    /// A mover to run now.
    GemmTile mover(GemmMover.Kind kind, int vectors) {
        return movers[kind.ordinal() * 5 + vectors].now();
    }

    /// Whether a tile is compiled; if not, it soon will be.
    boolean fast(GemmEmitter.Walk walk, int vectors, int rows) {
        Twins<GemmTile> twins = tiles[index(walk, vectors, rows)].twins;
        twins.want();
        return twins.isSimd();
    }

    /// The widest tile for so many rows, in vectors.
    int widest(GemmEmitter.Walk walk, int rows) {
        int widest = heights(walk).length - 1;
        return walk == GemmEmitter.Walk.DOWN_ROWS && widest > 2 && rows > heights(walk)[widest][0] ? 2 : widest;
    }

    /// The largest tile that has at most `left` rows.
    int rows(GemmEmitter.Walk walk, int vectors, int left) {
        for (int r : heights(walk)[vectors]) {
            if (r <= left) {
                return r;
            }
        }
        throw new IllegalArgumentException("no tile of " + left + " rows");
    }

    /// Begins to warm every tile and every mover.
    static void wantAll() {
        for (boolean doubles : new boolean[] {false, true}) {
            GemmTiles all = of(doubles);
            Stream.of(all.tiles, all.movers).flatMap(Stream::of).filter(Objects::nonNull).forEach(Tiered::now);
        }
    }

    /// A loop that becomes faster.
    private final class Tiered implements Warmer.Kernel<GemmTile> {
        /// Vector operations of a call that tells machine code from the first compiler's.
        private static final int PROBE_OPERATIONS = 200;

        private final Record emitter;
        private final Twins<GemmTile> twins;
        private final int operations;
        private final int steps;

        Tiered(GemmEmitter tile) {
            this.emitter = tile;
            this.twins = new Twins<>(new GemmLoop(tile.walk(), tile.rows(), tile.vectors() * lanes), this);
            this.operations = tile.rows() * tile.vectors();
            this.steps = 1 + PROBE_OPERATIONS / (tile.rows() * tile.vectors() + tile.rows() + tile.vectors());
        }

        Tiered(GemmMover mover) {
            this.emitter = mover;
            this.twins = new Twins<>(new GemmMove(mover.kind(), mover.vectors(), lanes), this);
            this.operations = mover.vectors();
            boolean slow = mover.kind() == GemmMover.Kind.TRANSPOSE;
            this.steps = slow ? 4 : 1 + PROBE_OPERATIONS / 4 / mover.vectors();
        }

        GemmTile now() {
            twins.want();
            return twins.now();
        }

        @Override
        public Optional<GemmTile> emit() {
            return Optional.of(emitter instanceof GemmEmitter tile ? tile.emit() : ((GemmMover) emitter).emit());
        }

        @Override
        public void idle(GemmTile loop) {
            run(loop, -1, false);
        }

        @Override
        public void real(GemmTile loop) {
            for (int k = 0; k < 4; k++) {
                run(loop, k, true);
                run(loop, k, false);
            }
        }

        @Override
        public void timed(GemmTile loop) {
            run(loop, steps, true);
        }

        @Override
        public long fastNanos() {
            return 1_500;
        }

        /// Programs with products spend most of their time in them, and in large tiles.
        @Override
        public long urgency() {
            return Loops.HOT * 100 * operations;
        }

        private void run(GemmTile loop, int k, boolean accumulate) {
            boolean mapped = emitter instanceof GemmMover mover && mover.kind() == GemmMover.Kind.TRANSPOSE;
            loop.run(scratch, SCRATCH / 2, 65, accumulate, accumulate ? 3 : 5, k, mapped ? MAP : scratch, 0, scratch, 1024, 64);
        }

        @Override
        public String toString() {
            return (doubles ? "f64 " : "f32 ") + emitter;
        }
    }
}
