package org.cosmograd.autodiff.kernel;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The tiles of one element type.
///
/// Each runs as its twin in plain loops ([ConvScalar]) until it is wanted and [Warmer] has brought the emitted one to machine code. Both
/// give the same bits, so the change may come in the middle of a convolution.
final class ConvTiles {
    /// Rows a tile may have. Sixteen accumulators keep two units of a latency of four busy, and the sizes of most images are
    /// multiples of eight; with twelve rows C2 runs out of registers where `A` is read along columns.
    private static final int[] ROWS_512 = {8, 4, 1};
    private static final int[] ROWS_NARROW = {4, 1};
    static final int MOST_ROWS = 8;
    static final int MOST_VECTORS = 2;

    private static final int SCRATCH = 1 << 15;

    private static final ConvTiles FLOATS = new ConvTiles(false, false);
    private static final ConvTiles DOUBLES = new ConvTiles(true, false);
    private static final ConvTiles NINE_FLOATS = new ConvTiles(false, true);
    private static final ConvTiles NINE_DOUBLES = new ConvTiles(true, true);

    /// Lanes of a vector; of an imagined one where the machine has none.
    final int lanes;
    private final boolean doubles;
    private final boolean nine;
    private final int bits;
    private final int[] rows;
    private final Tile[] tiles = new Tile[2 * (MOST_VECTORS + 1) * (MOST_ROWS + 1)];
    private final int[] starts = {0, 7, 11};
    private Object scratch = new float[0];

    private ConvTiles(boolean doubles, boolean nine) {
        this.doubles = doubles;
        this.nine = nine;
        this.bits = VectorWidth.bits();
        this.rows = bits == 512 ? ROWS_512 : ROWS_NARROW;
        this.lanes = (bits < 128 ? 256 : bits) / (doubles ? 64 : 32);
        for (GemmEmitter.Walk walk : nine ? List.of(GemmEmitter.Walk.ALONG_ROWS) : List.of(GemmEmitter.Walk.ALONG_ROWS, GemmEmitter.Walk.ALONG_COLUMNS)) {
            for (int vectors = 1; vectors <= MOST_VECTORS; vectors++) {
                for (int r : rows) {
                    tiles[index(walk, vectors, r)] = new Tile(walk, vectors, r);
                }
            }
        }
    }

    static ConvTiles of(boolean doubles) {
        return doubles ? DOUBLES : FLOATS;
    }

    /// Tiles for 3×3 taps of one channel: with loops over three elements half of the time would go to the loops.
    static ConvTiles ofNine(boolean doubles) {
        return doubles ? NINE_DOUBLES : NINE_FLOATS;
    }

    /// Begins to warm every tile.
    static void wantAll() {
        for (ConvTiles all : List.of(FLOATS, DOUBLES, NINE_FLOATS, NINE_DOUBLES)) {
            for (Tile tile : all.tiles) {
                all.want(tile);
            }
        }
    }

    /// Begins to warm the largest tiles of this walk, if nobody has yet; others are wanted as soon as they are used.
    void want(GemmEmitter.Walk walk) {
        for (int vectors = 1; vectors <= MOST_VECTORS; vectors++) {
            want(tiles[index(walk, vectors, rows[0])]);
        }
    }

    private void want(@Nullable Tile tile) {
        if (tile != null && bits >= 128) {
            tile.twins.want();
        }
    }

    private static int index(GemmEmitter.Walk walk, int vectors, int rows) {
        return (walk.ordinal() * (MOST_VECTORS + 1) + vectors) * (MOST_ROWS + 1) + rows;
    }

    /// The tile of this form, as fast as can be had now.
    ///
    /// @param scalar whether to take the plain one in any case
    ConvTile tile(GemmEmitter.Walk walk, int vectors, int rows, boolean scalar) {
        Twins<ConvTile> twins = tiles[index(walk, vectors, rows)].twins;
        if (scalar || bits < 128) {
            return twins.plain;
        }
        twins.want();
        return twins.now();
    }

    /// The largest tile that has at most `left` rows.
    int rows(int left) {
        for (int r : rows) {
            if (r <= left) {
                return r;
            }
        }
        throw new IllegalArgumentException("no tile of " + left + " rows");
    }

    /// Where the tile begins that computes row `row` of `count`: before it, if few are left and computing again what is there already costs
    /// less than going one by one.
    int begin(int row, int count) {
        int few = fewRows();
        return count - row < few && count >= few ? count - few : row;
    }

    /// The smallest number of rows above one.
    int fewRows() {
        return rows[rows.length - 2];
    }

    /// Vectors of a panel of `left` columns or the first of them.
    int vectors(int left) {
        return left > lanes ? MOST_VECTORS : 1;
    }

    /// Columns of all panels of `n` columns, the filling of the last included.
    int padded(int n) {
        return (n + lanes - 1) / lanes * lanes;
    }

    /// A tile that becomes faster.
    private final class Tile implements Warmer.Kernel<ConvTile> {
        private final GemmEmitter.Walk walk;
        private final int vectors;
        private final int height;
        private final Twins<ConvTile> twins;

        Tile(GemmEmitter.Walk walk, int vectors, int height) {
            this.walk = walk;
            this.vectors = vectors;
            this.height = height;
            this.twins = new Twins<>(new ConvScalar(walk, height, vectors * lanes), this);
        }

        @Override
        public Optional<ConvTile> emit() {
            scratch = doubles ? scratch instanceof double[] ? scratch : new double[SCRATCH] : new float[SCRATCH];
            int unroll = !nine && walk == GemmEmitter.Walk.ALONG_ROWS && bits == 512 ? 2 : 1;
            return Optional.of(new ConvEmitter(doubles, bits, height, vectors, walk, unroll, nine).emit());
        }

        @Override
        public void idle(ConvTile tile) {
            run(tile, -1, 2, false);
        }

        @Override
        public void real(ConvTile tile) {
            for (int i = 0; i < 8; i++) {
                run(tile, 1 + (i & 1), 2 + (i >>> 1 & 1), (i & 4) == 0);
            }
        }

        @Override
        public void timed(ConvTile tile) {
            run(tile, 3, 11, true);
        }

        @Override
        public long fastNanos() {
            return 1_500;
        }

        /// Programs with convolutions spend most of their time in them, and in large tiles.
        @Override
        public long urgency() {
            return Loops.HOT * 100 * height * vectors;
        }

        private void run(ConvTile tile, int stretches, int k, boolean accumulate) {
            tile.run(stretches, starts, k, scratch, 0, accumulate ? 3 : 5, scratch, 1024, 64, scratch, SCRATCH / 2, 33, accumulate);
        }

        @Override
        public String toString() {
            return "convolution's tile of %d x %d %s, %s%s".formatted(height, vectors * lanes, doubles ? "f64" : "f32", walk, nine ? ", nine taps" : "");
        }
    }
}
