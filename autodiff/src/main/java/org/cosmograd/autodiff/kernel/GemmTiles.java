package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The tiles of one element type, and their way from bytecode to machine code.
///
/// A vector operation costs microseconds until C2 has compiled the tile around it, so a daemon thread warms the tiles, most used
/// first, and [Gemm] keeps to plain loops until a clock says that all of them are fast. Both give the same bits.
final class GemmTiles {
    /// Rows a tile may have, by its width in vectors; the largest fills the registers. Each is a loop that C2 has to compile before the
    /// product is fast, so there are few.
    private static final int[][] ROWS_512 = {{}, {12, 4, 1}, {12, 4, 1}, {}, {6, 2, 1}};
    private static final int[][] ROWS_NARROW = {{}, {4, 2, 1}, {4, 2, 1}, {}, {2, 1}};

    private static final long FAST_NANOS = 1_500;
    private static final int FIRST_CALLS = 320;
    private static final int MORE_CALLS = 2048;
    private static final int SCRATCH = 1 << 16;
    private static final long GIVE_UP_NANOS = 60_000_000_000L;

    /// Lanes of a vector.
    final int lanes;
    /// Most rows of a tile, by its width in vectors.
    final int[] mostRows = new int[5];

    /// A loop to be warmed.
    ///
    /// @param a       its first array
    /// @param scratch its other arrays
    /// @param probe   steps that take less than `FAST_NANOS` in code of C2 and more in that of the first compiler
    /// @param idle    calls that do nothing, per call that does something
    private record Cold(GemmTile tile, Object a, Object scratch, int probe, int idle) {}

    private final int[][] rows;

    private static final int[] MAP = IntStream.range(0, 64).map(i -> 3 * i).toArray();

    private final GemmTile[] tiles = new GemmTile[2 * 5 * 16];
    private final GemmTile[] movers = new GemmTile[4 * 5];
    private final List<Cold> cold = new ArrayList<>();
    private volatile boolean warm;

    GemmTiles(boolean doubles, int bits) {
        this.lanes = bits / (doubles ? 64 : 32);
        Object scratch = doubles ? new double[SCRATCH] : new float[SCRATCH];
        rows = bits == 512 ? ROWS_512 : ROWS_NARROW;
        for (GemmEmitter.Walk walk : GemmEmitter.Walk.values()) {
            for (int vectors : new int[] {2, 4, 1}) {
                for (int r : rows[vectors]) {
                    GemmTile tile = new GemmEmitter(doubles, bits, r, vectors, walk).emit();
                    tiles[index(walk, vectors, r)] = tile;
                    cold.add(new Cold(tile, scratch, scratch, 33, 16));
                    mostRows[vectors] = Math.max(mostRows[vectors], r);
                }
            }
        }
        for (GemmMover.Kind kind : GemmMover.Kind.values()) {
            for (int vectors : kind == GemmMover.Kind.TRANSPOSE ? new int[] {1} : new int[] {1, 2, 4}) {
                GemmTile mover = new GemmMover(doubles, bits, vectors, kind).emit();
                movers[kind.ordinal() * 5 + vectors] = mover;
                // Gathers and shuffles are the slowest operations of all before C2.
                boolean mapped = kind == GemmMover.Kind.GATHER || kind == GemmMover.Kind.TRANSPOSE;
                cold.add(mapped ? new Cold(mover, MAP, scratch, 4, 128) : new Cold(mover, scratch, scratch, 33, 16));
            }
        }
    }

    private static int index(GemmEmitter.Walk walk, int vectors, int rows) {
        return (walk.ordinal() * 5 + vectors) * 16 + rows;
    }

    GemmTile tile(GemmEmitter.Walk walk, int vectors, int rows) {
        return tiles[index(walk, vectors, rows)];
    }

    GemmTile mover(GemmMover.Kind kind, int vectors) {
        return movers[kind.ordinal() * 5 + vectors];
    }

    /// The largest tile that has at most `left` rows.
    int rows(int vectors, int left) {
        for (int r : rows[vectors]) {
            if (r <= left) {
                return r;
            }
        }
        throw new IllegalArgumentException("no tile of " + left + " rows");
    }

    boolean warm() {
        return warm;
    }

    /// Calls every loop until every loop is fast, or a minute is over.
    void warmUp() {
        long deadline = System.nanoTime() + GIVE_UP_NANOS;
        cold.forEach(loop -> call(loop, FIRST_CALLS));
        while (!cold.isEmpty() && System.nanoTime() < deadline) {
            cold.removeIf(GemmTiles::isFast);
            cold.forEach(loop -> call(loop, MORE_CALLS));
            try {
                // The compilers need the core, too.
                Thread.sleep(1);
            } catch (InterruptedException stop) {
                return;
            }
        }
        warm = cold.isEmpty();
    }

    /// C2 asks for 5000 invocations and does not care what they did, so most do nothing. The others are spread among them and take
    /// every branch: whenever a compiler looks at the profile, it must not find a branch that seems never taken.
    private static void call(Cold loop, int calls) {
        for (int i = 0; i < calls; i++) {
            int work = i / loop.idle;
            run(loop, i % loop.idle == 0 ? 2 + (work >>> 1 & 1) : -1, (work & 1) == 0);
        }
    }

    private static boolean isFast(Cold loop) {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            long start = System.nanoTime();
            run(loop, loop.probe, (i & 1) == 0);
            best = Math.min(best, System.nanoTime() - start);
        }
        return best < FAST_NANOS;
    }

    private static void run(Cold loop, int k, boolean accumulate) {
        loop.tile.run(loop.scratch, SCRATCH / 2, 33, accumulate, k, loop.a, 0, accumulate ? 3 : 5, loop.scratch, 1024, 64);
    }
}
