package org.cosmograd.autodiff.kernel;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The tiles of one element type, and the loops that move their operands.
///
/// Each runs as its twin in plain loops until somebody has used it and [GemmWarmer] has brought the emitted one to machine code;
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
        Tiered tile = tiles[index(walk, vectors, rows)];
        return tile.now() != tile.plain;
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

    /// Has every tile and every mover compiled.
    static void warmAll() {
        for (boolean doubles : new boolean[] {false, true}) {
            GemmTiles all = of(doubles);
            for (Tiered[] set : List.of(all.tiles, all.movers)) {
                for (Tiered loop : set) {
                    if (loop != null) {
                        loop.now();
                    }
                }
            }
        }
    }

    /// A loop that becomes faster.
    final class Tiered implements CodeWatch.Kernel {
        /// One real call in so many.
        private static final int REAL_EVERY = 200;
        /// Vector operations of a call that tells machine code from the first compiler's.
        private static final int PROBE_OPERATIONS = 200;
        private static final long FAST_NANOS = 1_500;

        private final Record emitter;
        private final GemmTile plain;
        private final int steps;
        private GemmTile now;
        private boolean asked;
        private volatile @Nullable GemmTile emitted;
        private int calls;
        private int attempts;

        Tiered(GemmEmitter tile) {
            this.emitter = tile;
            this.plain = new GemmLoop(tile.walk(), tile.rows(), tile.vectors() * lanes);
            this.now = plain;
            this.steps = 1 + PROBE_OPERATIONS / (tile.rows() * tile.vectors() + tile.rows() + tile.vectors());
        }

        Tiered(GemmMover mover) {
            this.emitter = mover;
            this.plain = new GemmMove(mover.kind(), mover.vectors(), lanes);
            this.now = plain;
            boolean slow = mover.kind() == GemmMover.Kind.TRANSPOSE;
            this.steps = slow ? 4 : 1 + PROBE_OPERATIONS / 4 / mover.vectors();
        }

        GemmTile now() {
            if (!asked) {
                asked = true;
                GemmWarmer.submit(this);
            }
            return now;
        }

        /// Calls the emitted loop some more, and puts it in its place if it is fast.
        ///
        /// HotSpot compiles a method with its profiling compiler after 200 calls and with its optimising compiler after 5000 more. Until
        /// then a vector operation takes about a microsecond, so most calls do nothing. The others take every branch: whenever a
        /// compiler looks at the profile, it must not find a branch that seems never taken.
        ///
        /// @return whether there is no more to do
        boolean warm() {
            GemmTile loop = emitted;
            if (loop == null) {
                loop = emitter instanceof GemmEmitter tile ? tile.emit() : ((GemmMover) emitter).emit();
                emitted = loop;
            }
            int end = calls < 300 ? 300 : calls < 5700 ? 5700 : calls + 250;
            for (; calls < end; calls++) {
                boolean real = calls >= 300 && calls % REAL_EVERY < 2;
                run(loop, real ? 2 + (calls >>> 1 & 1) : -1, (calls & 1) == 0);
            }
            CodeWatch.State state = CodeWatch.state(calls > 5700 && isFast(loop), calls, this::probe);
            if (state == CodeWatch.State.COLD) {
                return false;
            }
            if (state == CodeWatch.State.FLAWED && attempts < CodeWatch.ATTEMPTS) {
                attempts++;
                calls = 0;
                emitted = null;
                return false;
            }
            now = loop;
            if (state == CodeWatch.State.SOUND) {
                CodeWatch.add(this);
            }
            return true;
        }

        @Override
        public void probe() {
            GemmTile loop = emitted;
            for (int k = -1; k < 4 && loop != null; k++) {
                run(loop, k, true);
                run(loop, k, false);
            }
        }

        @Override
        public void cooled() {
            now = plain;
            GemmWarmer.submit(this);
        }

        private boolean isFast(GemmTile loop) {
            for (int i = 0; i < 3; i++) {
                long start = System.nanoTime();
                run(loop, steps, (i & 1) == 0);
                long nanos = System.nanoTime() - start;
                if (nanos < FAST_NANOS || nanos > 20 * FAST_NANOS) {
                    return nanos < FAST_NANOS;
                }
            }
            return false;
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
