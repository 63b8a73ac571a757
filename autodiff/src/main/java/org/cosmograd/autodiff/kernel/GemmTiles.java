package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The tiles of one element type, and their way from bytecode to machine code.
///
/// A vector operation costs microseconds until C2 has compiled the tile around it, so a daemon thread warms the tiles, most used
/// first, and [Gemm] keeps to plain loops until a clock says that all of them are fast. Both give the same bits.
final class GemmTiles {
    /// Rows a tile may have, by its width in vectors; the largest fills the registers.
    private static final int[][] ROWS_512 = {{}, {12, 8, 4, 2, 1}, {12, 8, 4, 2, 1}, {}, {6, 4, 2, 1}};
    private static final int[][] ROWS_NARROW = {{}, {4, 2, 1}, {4, 2, 1}, {}, {2, 1}};

    /// A tile of the lowest width takes some 3 µs for these steps in code of the first compiler, the largest 0.2 µs in that of C2.
    private static final int PROBE_STEPS = 33;
    private static final long FAST_NANOS = 2_500;
    private static final int FIRST_CALLS = 320;
    private static final int MORE_CALLS = 2048;
    private static final int SCRATCH = 1 << 16;
    private static final long GIVE_UP_NANOS = 60_000_000_000L;

    /// Lanes of a vector.
    final int lanes;
    /// Most rows of a tile, by its width in vectors.
    final int[] mostRows = new int[5];

    private static final int[] MAP = IntStream.range(0, 64).map(i -> 3 * i).toArray();

    private final boolean doubles;
    private final GemmTile[] tiles = new GemmTile[2 * 5 * 16];
    private final GemmTile[] movers = new GemmTile[4 * 5];
    private final List<GemmTile> order = new ArrayList<>();
    private volatile boolean warm;

    GemmTiles(boolean doubles, int bits) {
        this.doubles = doubles;
        this.lanes = bits / (doubles ? 64 : 32);
        int[][] rows = bits == 512 ? ROWS_512 : ROWS_NARROW;
        for (GemmEmitter.Walk walk : GemmEmitter.Walk.values()) {
            for (int vectors : new int[] {2, 4, 1}) {
                for (int r : rows[vectors]) {
                    // Twelve row pointers do not fit the general registers; two steps per turn halve their reloads.
                    int unroll = walk == GemmEmitter.Walk.ALONG_ROWS && vectors < 4 && bits == 512 ? 2 : 1;
                    GemmTile tile = new GemmEmitter(doubles, bits, r, vectors, walk, unroll).emit();
                    tiles[index(walk, vectors, r)] = tile;
                    order.add(tile);
                    mostRows[vectors] = Math.max(mostRows[vectors], r);
                }
            }
        }
        for (GemmMover.Kind kind : GemmMover.Kind.values()) {
            for (int vectors : kind == GemmMover.Kind.TRANSPOSE ? new int[] {1} : new int[] {1, 2, 4}) {
                GemmTile mover = new GemmMover(doubles, bits, vectors, kind).emit();
                movers[kind.ordinal() * 5 + vectors] = mover;
                order.add(mover);
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
        int most = mostRows[vectors];
        if (left >= most) {
            return most;
        }
        return left >= 8 ? 8 : Integer.highestOneBit(left);
    }

    boolean warm() {
        return warm;
    }

    /// Calls every tile until every tile is fast, or a minute is over.
    void warmUp() {
        Object scratch = doubles ? new double[SCRATCH] : new float[SCRATCH];
        long deadline = System.nanoTime() + GIVE_UP_NANOS;
        for (GemmTile tile : order) {
            call(tile, scratch, FIRST_CALLS);
        }
        while (System.nanoTime() < deadline) {
            boolean all = true;
            for (GemmTile tile : order) {
                if (!fast(tile, scratch)) {
                    all = false;
                    call(tile, scratch, MORE_CALLS);
                }
            }
            if (all) {
                warm = true;
                return;
            }
            try {
                // The compilers need the core, too.
                Thread.sleep(1);
            } catch (InterruptedException stop) {
                return;
            }
        }
    }

    /// C2 asks for 5000 invocations and does not care what they did, so most do nothing. The others are spread among them and take
    /// every branch: whenever a compiler looks at the profile, it must not find a branch that seems never taken.
    private void call(GemmTile tile, Object scratch, int calls) {
        for (int i = 0; i < calls; i++) {
            run(tile, scratch, i % 16 == 0 ? 2 + (i >>> 5 & 1) : -1, (i & 16) == 0);
        }
    }

    private boolean fast(GemmTile tile, Object scratch) {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            long start = System.nanoTime();
            run(tile, scratch, PROBE_STEPS, (i & 1) == 0);
            best = Math.min(best, System.nanoTime() - start);
        }
        return best < FAST_NANOS;
    }

    private void run(GemmTile tile, Object scratch, int k, boolean accumulate) {
        Object a = tile == mover(GemmMover.Kind.GATHER, 1) || tile == mover(GemmMover.Kind.GATHER, 2)
                || tile == mover(GemmMover.Kind.GATHER, 4) || tile == mover(GemmMover.Kind.TRANSPOSE, 1) ? MAP : scratch;
        tile.run(k, a, 0, accumulate ? 3 : 5, scratch, 1024, 64, scratch, SCRATCH / 2, 33, accumulate);
    }
}
