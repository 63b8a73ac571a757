package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// The tiles of one element type, and their way from bytecode to machine code.
///
/// A vector operation costs microseconds until C2 has compiled the tile around it, so a daemon thread warms the tiles, and plain
/// loops ([ConvScalar]) run until a clock says that all are fast. Both give the same bits, so the change may come in the middle of
/// a convolution.
final class ConvTiles implements CodeWatch.Kernel {
    /// Rows a tile may have. Sixteen accumulators keep two units of a latency of four busy, and the sizes of most images are
    /// multiples of eight; with twelve rows C2 runs out of registers where `A` is read along columns.
    private static final int[] ROWS_512 = {8, 4, 1};
    private static final int[] ROWS_NARROW = {4, 1};
    static final int MOST_ROWS = 8;
    static final int MOST_VECTORS = 2;

    private static final long FAST_NANOS = 1_500;
    private static final int FIRST_CALLS = 320;
    private static final int MORE_CALLS = 2048;
    private static final int IDLE_CALLS = 16;
    private static final int SCRATCH = 1 << 15;
    private static final long GIVE_UP_NANOS = 60_000_000_000L;

    private static final ConvTiles FLOATS = new ConvTiles(false, false);
    private static final ConvTiles DOUBLES = new ConvTiles(true, false);
    private static final ConvTiles NINE_FLOATS = new ConvTiles(false, true);
    private static final ConvTiles NINE_DOUBLES = new ConvTiles(true, true);
    private static final List<ConvTiles> ALL = List.of(FLOATS, DOUBLES, NINE_FLOATS, NINE_DOUBLES);

    /// Lanes of a vector; of an imagined one where the machine has none.
    final int lanes;
    private final boolean doubles;
    private final boolean nine;
    private final int bits;
    private final int[] rows;
    private final ConvTile[] plain;
    private final ConvTile[] emitted;
    private final int[] starts = {0, 7, 11};
    private Object scratch = new float[0];
    private CountDownLatch done = new CountDownLatch(1);
    private boolean started;
    private volatile boolean warm;

    private ConvTiles(boolean doubles, boolean nine) {
        this.doubles = doubles;
        this.nine = nine;
        this.bits = VectorWidth.bits();
        this.rows = bits == 512 ? ROWS_512 : ROWS_NARROW;
        this.lanes = (bits < 128 ? 256 : bits) / (doubles ? 64 : 32);
        this.plain = new ConvTile[2 * (MOST_VECTORS + 1) * (MOST_ROWS + 1)];
        this.emitted = plain.clone();
        for (GemmEmitter.Walk walk : nine ? List.of(GemmEmitter.Walk.ALONG_ROWS) : List.of(GemmEmitter.Walk.ALONG_ROWS, GemmEmitter.Walk.ALONG_COLUMNS)) {
            for (int vectors = 1; vectors <= MOST_VECTORS; vectors++) {
                for (int r : rows) {
                    plain[index(walk, vectors, r)] = new ConvScalar(walk, r, vectors * lanes);
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

    /// Returns when the tiles run compiled (or are known not to be available).
    static void await() {
        for (ConvTiles t : ALL) {
            t.start();
            try {
                t.end().await();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Returns when the tiles that have been wanted so far run compiled.
    static void awaitWanted() throws InterruptedException {
        for (ConvTiles t : ALL) {
            if (t.isWanted()) {
                t.end().await();
            }
        }
    }

    private synchronized boolean isWanted() {
        return started;
    }

    private synchronized CountDownLatch end() {
        return done;
    }

    private static int index(GemmEmitter.Walk walk, int vectors, int rows) {
        return (walk.ordinal() * (MOST_VECTORS + 1) + vectors) * (MOST_ROWS + 1) + rows;
    }

    /// The tile of this form, as fast as can be had now.
    ///
    /// @param scalar whether to take the plain one in any case
    ConvTile tile(GemmEmitter.Walk walk, int vectors, int rows, boolean scalar) {
        return (warm && !scalar ? emitted : plain)[index(walk, vectors, rows)];
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

    /// Begins to warm the tiles, if nobody has yet.
    synchronized void start() {
        if (!started) {
            started = true;
            Thread.ofPlatform().daemon().name("cosmograd-convolution-warm-up-" + (doubles ? "f64" : "f32") + (nine ? "-nine" : "")).start(this::warmUp);
        }
    }

    private void warmUp() {
        CountDownLatch end = end();
        try {
            if (bits < 128) {
                return;
            }
            VectorClasses.initialise();
            List<Integer> cold = new ArrayList<>();
            for (int i = plain.length - 1; i >= 0; i--) {
                if (plain[i] != null) {
                    cold.add(i);
                }
            }
            if (emitted[cold.getFirst()] == null) {
                scratch = doubles ? new double[SCRATCH] : new float[SCRATCH];
                cold.forEach(this::emit);
            }
            int attempts = 0;
            int calls = FIRST_CALLS;
            boolean sound = true;
            long deadline = System.nanoTime() + GIVE_UP_NANOS;
            cold.forEach(i -> call(emitted[i], FIRST_CALLS));
            while (!cold.isEmpty() && System.nanoTime() < deadline) {
                for (Integer i : List.copyOf(cold)) {
                    ConvTile tile = emitted[i];
                    CodeWatch.State state = CodeWatch.state(isFast(tile), calls, () -> probe(tile));
                    if (state == CodeWatch.State.FLAWED && attempts < CodeWatch.ATTEMPTS) {
                        attempts++;
                        calls = 0;
                        emit(i);
                        call(emitted[i], FIRST_CALLS);
                    } else if (state == CodeWatch.State.COLD) {
                        call(tile, MORE_CALLS);
                    } else {
                        cold.remove(i);
                        sound &= state == CodeWatch.State.SOUND;
                    }
                }
                calls += MORE_CALLS;
                // The compilers need the core, too.
                Thread.sleep(1);
            }
            warm = cold.isEmpty();
            if (warm && sound) {
                CodeWatch.add(this);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        } finally {
            end.countDown();
        }
    }

    /// Emits the tile of this index.
    private void emit(int index) {
        int r = index % (MOST_ROWS + 1);
        int vectors = index / (MOST_ROWS + 1) % (MOST_VECTORS + 1);
        GemmEmitter.Walk walk = GemmEmitter.Walk.values()[index / ((MOST_ROWS + 1) * (MOST_VECTORS + 1))];
        int unroll = !nine && walk == GemmEmitter.Walk.ALONG_ROWS && bits == 512 ? 2 : 1;
        emitted[index] = new ConvEmitter(doubles, bits, r, vectors, walk, unroll, nine).emit();
    }

    @Override
    public void probe() {
        for (ConvTile tile : emitted) {
            if (tile != null) {
                probe(tile);
            }
        }
    }

    private void probe(ConvTile tile) {
        for (int i = 0; i < 8; i++) {
            run(tile, 1 + (i & 1), 2 + (i >>> 1 & 1), (i & 4) == 0);
        }
    }

    @Override
    public synchronized void cooled() {
        warm = false;
        started = false;
        done = new CountDownLatch(1);
        start();
    }

    /// C2 asks for 5000 invocations and does not care what they did, so most do nothing. The others are spread among them and take
    /// every branch: whenever a compiler looks at the profile, it must not find a branch that seems never taken.
    private void call(ConvTile tile, int calls) {
        for (int i = 0; i < calls; i++) {
            int work = i / IDLE_CALLS;
            run(tile, i % IDLE_CALLS == 0 ? 1 + (work >>> 2 & 1) : -1, 2 + (work >>> 1 & 1), (work & 1) == 0);
        }
    }

    private boolean isFast(ConvTile tile) {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            long start = System.nanoTime();
            run(tile, 3, 11, (i & 1) == 0);
            best = Math.min(best, System.nanoTime() - start);
        }
        return best < FAST_NANOS;
    }

    private void run(ConvTile tile, int stretches, int k, boolean accumulate) {
        tile.run(stretches, starts, k, scratch, 0, accumulate ? 3 : 5, scratch, 1024, 64, scratch, SCRATCH / 2, 33, accumulate);
    }
}
