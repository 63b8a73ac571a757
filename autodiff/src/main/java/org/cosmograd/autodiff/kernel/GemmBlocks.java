package org.cosmograd.autodiff.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// One matrix product: how `C` is cut into blocks, panels and tiles, and the buffers this needs.
///
/// Columns are cut into panels of one, two or four vectors, rows into slivers as high as a tile, and `k` into slices; between slices
/// the sums rest in `C`, which rounds nothing. There are two ways through:
///
/// - Packed: slice by slice, both operands are copied so that every tile reads one stretch of memory of each, `B` panel by panel and
///   `A` sliver by sliver. The chunks of [Workers] are blocks of `C`, ordered so that a block of panels stays in the second cache
///   while the rows pass by.
/// - In place: `A`, row-major or column-major, is read where it is, and `B` too unless its rows are not adjacent in memory, a panel does
///   not fill its vectors or packing pays. The chunks are blocks of rows, or groups of panels if there are few rows, and each runs
///   through all slices.
///
/// There is one instance per thread, reused from call to call; a call from within a call ([Gemm.RowBlock]) makes its own.
@SuppressWarnings("NullAway") // fields hold a call's arguments
final class GemmBlocks {
    private static final ThreadLocal<GemmBlocks> MINE = ThreadLocal.withInitial(GemmBlocks::new);
    private static final int TILE_ROWS = 12;
    private static final int TILE_STEP = 64;
    private static final int MOST_PANELS = 256;
    /// A slice of the rows of a packed tile: three quarters of a first cache of 32 KiB.
    private static final int ROWS_BYTES = 24 << 10;
    /// Most of `k` that a tile passes at a time.
    static final int SLICE = 256;
    /// A slice of as many panels as are used in turn: half of a second cache of 1 MiB.
    private static final int PANELS_BYTES = 512 << 10;
    /// Slices of `A` and `B` up to this size, where both have adjacent elements across `k`, are read where they are.
    private static final int BOTH_BYTES = 400_000;
    /// Most of `B` that is packed at a time.
    private static final int PACKED_BYTES = 8 << 20;
    /// Rows of a block that is computed in place.
    private static final int MOST_ROWS = 192;
    /// Rows of a block of packed operands, in slivers.
    private static final int SLIVERS = 5;
    private static final int MOST_BLOCKS = 512;
    /// Blocks per product, where the threads share it.
    static final int SHARES = 16;
    /// Rows of a block that somebody is told of: with fewer, the calls would take longer than what they do.
    private static final int WORTH_TELLING = 32;
    /// With up to so many rows, threads share the columns.
    private static final int FEW_ROWS = 48;
    /// From so many columns on, packing rows of `A` costs less than it gains.
    static final int PACK_A_FROM = 384;
    /// A slice of `B` up to this size is read where it is.
    static final int DIRECT_BYTES = 300_000;
    /// Below this many multiply-adds a hand-over to a second thread costs more than it saves.
    private static final long WORTH_SHARING = 400_000;
    /// Panels of up to so many bytes every thread packs for itself. To write again what another processor has just read takes up to 100 ns for
    /// each line of memory, many times what packing it takes.
    private static final int APART_BYTES = 16 << 10;
    private static final int BETWEEN_SLIVERS = 16;

    private static final VarHandle COUNTER = MethodHandles.arrayElementVarHandle(int[].class);

    private static final AtomicInteger INSTANCES = new AtomicInteger();

    private final long number = (long) INSTANCES.getAndIncrement() << 32;
    private final Workers.Task panelPacking = this::packPanel;
    private final Workers.Task computing = this::computeBlock;
    private final Workers.Task packing = this::packBoth;
    private final Workers.Task multiplying = this::multiplyBlock;
    private final int[] map = new int[64];
    private boolean busy;

    // Buffers: panels of B and slivers of A, for all threads; a tile of C, for the block this thread computes.
    private float[] bFloats = {};
    private double[] bDoubles = {};
    private float[] aFloats = {};
    private double[] aDoubles = {};
    private float[] tileFloats = {};
    private double[] tileDoubles = {};

    // Panels of B that this thread has packed for itself, and for which packing of which instance.
    private float[] apartFloats = {};
    private double[] apartDoubles = {};
    private long packedApart = -1;

    // The product under way.
    private GemmTiles tiles;
    private boolean isDouble;
    private int m;
    private int n;
    private Object a;
    private int aOffset;
    private int aRow;
    private int aColumn;
    private Object b;
    private int bOffset;
    private int bRow;
    private int bColumn;
    private Object c;
    private int cOffset;
    private int cRow;
    private int cColumn;
    private boolean accumulate;
    private Gemm.RowBlock finished;

    // How it is computed.
    private boolean plain;
    private boolean packA;
    private boolean packB;
    private boolean shared;
    private GemmEmitter.Walk walk;
    private int wide;
    private int slice;
    private int unit;
    private int rowBlocks;
    private int columnBlocks;

    // The part of k and the columns under way.
    private int from;
    private int to;
    private boolean last;
    private Object packedA;
    private Object packedB;
    private int packedSize;
    private boolean apart;
    private long packings = number;
    private boolean packNewB;
    private int firstRow;
    private int endRow;
    private final int[] done = new int[MOST_BLOCKS];
    private int panels;
    private final int[] panelColumn = new int[MOST_PANELS + 2];
    private final int[] panelWidth = new int[MOST_PANELS + 2];
    private final int[] panelVectors = new int[MOST_PANELS + 2];
    private final int[] panelAt = new int[MOST_PANELS + 2];

    private GemmBlocks() {}

    /// Whether several threads compute a product sooner than one.
    static boolean isWorthSharing(int m, int n, int k) {
        return (long) m * n * k >= WORTH_SHARING;
    }

    /// An idle instance for this thread.
    static GemmBlocks mine() {
        GemmBlocks mine = MINE.get();
        return mine.busy ? new GemmBlocks() : mine;
    }

    /// `C = A·B` or `C += A·B`; none of `m`, `n` is zero.
    void multiply(boolean isDouble, int m, int n, int k, Object a, int aOffset, int aRow, int aColumn, Object b, int bOffset,
            int bRow, int bColumn, Object c, int cOffset, int cRow, int cColumn, boolean accumulate, Gemm.RowBlock finished) {
        busy = true;
        try {
            this.tiles = GemmTiles.ready(isDouble);
            this.isDouble = isDouble;
            this.m = m;
            this.n = n;
            this.a = a;
            this.aOffset = aOffset;
            this.aRow = aRow;
            this.aColumn = aColumn;
            this.b = b;
            this.bOffset = bOffset;
            this.bRow = bRow;
            this.bColumn = bColumn;
            this.c = c;
            this.cOffset = cOffset;
            this.cRow = cRow;
            this.cColumn = cColumn;
            this.accumulate = accumulate;
            this.finished = finished;
            this.firstRow = 0;
            this.endRow = m;
            plan(k);
            run(k);
        } finally {
            this.a = null;
            this.b = null;
            this.c = null;
            this.finished = null;
            busy = false;
        }
    }

    /// Copies `B[k,n]` panel by panel of `vectors` vectors to a buffer of this thread, which nobody else may use before that of another product.
    ///
    /// @return the buffer; panel `i` begins at [#panel]
    Object panels(boolean isDouble, int n, int k, Object b, int bOffset, int bRow, int bColumn, int vectors) {
        this.tiles = GemmTiles.of(isDouble);
        this.isDouble = isDouble;
        this.b = b;
        this.bOffset = bOffset;
        this.bRow = bRow;
        this.bColumn = bColumn;
        this.wide = vectors * tiles.lanes;
        this.packB = true;
        this.from = 0;
        this.to = k;
        cut(0, n);
        place();
        packedSize = Math.max(packedSize, GemmBuffer.OWN_REGION_BYTES / bytes());
        reserve();
        for (int i = 0; i < panels; i++) {
            packPanel(i);
        }
        this.b = null;
        return packedB;
    }

    /// Where panel `i` begins.
    int panel(int i) {
        return panelAt[i];
    }

    private int bytes() {
        return isDouble ? Double.BYTES : Float.BYTES;
    }

    private void plan(int k) {
        int lanes = tiles == null ? 0 : tiles.lanes;
        boolean along = aColumn == 1;
        boolean down = !along && aRow == 1 && bColumn == 1
                && SLICE * (Math.abs((long) aColumn) + Math.abs((long) bRow)) * bytes() <= BOTH_BYTES;
        boolean thin = m <= FEW_ROWS;
        packA = !down && (!along || n >= PACK_A_FROM && !thin);
        walk = packA ? GemmEmitter.Walk.ALONG_COLUMNS : along ? GemmEmitter.Walk.ALONG_ROWS : GemmEmitter.Walk.DOWN_ROWS;
        int most = packA ? ROWS_BYTES / TILE_ROWS / bytes() : SLICE;
        int slices = Math.max(1, (k + most - 1) / most);
        slice = Math.min(most, ((k + slices - 1) / slices + 15) / 16 * 16);
        packB = packA || bColumn != 1 || !thin && !down && (long) Math.min(k, slice) * Math.abs((long) bRow) * bytes() > DIRECT_BYTES;
        plain = lanes == 0;
        boolean inOrder = finished.inOrder();
        shared = isWorthSharing(m, n, k) && !inOrder;
        int tall = 1;
        if (!plain) {
            int widest = packA ? 2 : tiles.widest(walk, m);
            int vectors = n > 2 * lanes ? widest : Math.min(widest, n > lanes ? 2 : 1);
            tall = tiles.rows(walk, vectors, m);
            plain = !tiles.fast(walk, vectors, tall);
            wide = widest * lanes;
        }
        columnBlocks = shared && thin && !plain && n >= 8 * wide ? SHARES : 1;
        if (columnBlocks > 1) {
            rowBlocks = 1;
        } else {
            int least = Math.max(finished == Gemm.NOTHING ? 4 : WORTH_TELLING, 2 * tall);
            int shares = Integer.highestOneBit(Math.clamp(m / least, 1, SHARES));
            rowBlocks = Math.max(shared || inOrder ? shares : 1, (m + MOST_ROWS - 1) / MOST_ROWS);
        }
        unit = Math.max(1, Math.min(tall, m / rowBlocks / 2));
    }

    private void run(int k) {
        if (plain) {
            from = 0;
            to = k;
            last = true;
            share(rowBlocks, computing);
        } else if (packA) {
            runPacked(k);
        } else {
            runInPlace(k);
        }
    }

    private void runInPlace(int k) {
        int columns = MOST_PANELS * wide;
        for (int j = 0; j < n; j += columns) {
            int end = Math.min(n, j + columns);
            cut(j, end);
            int width = packB ? end - j : wide;
            int part = Math.max(1, PACKED_BYTES / (width + wide) / bytes() / slice) * slice;
            for (int p = 0; p == 0 || p < k; p += part) {
                from = p;
                to = Math.min(k, p + part);
                last = to == k && end == n;
                place();
                apart = shared && columnBlocks == 1 && packedSize > 0 && packedSize * bytes() <= APART_BYTES;
                if (apart) {
                    packings++;
                } else if (packedSize > 0) {
                    reserve();
                    share(panels, panelPacking);
                }
                share(rowBlocks * columnBlocks, computing);
            }
        }
        if (columnBlocks > 1) {
            finished.rows(0, m);
        }
    }

    private void runPacked(int k) {
        int columns = Math.min(MOST_PANELS, PACKED_BYTES / bytes() / slice / wide) * wide;
        int rows = PACKED_BYTES / bytes() / slice / TILE_ROWS * TILE_ROWS;
        int sliver = tiles.rows(walk, 2, m);
        for (int j = 0; j < n; j += columns) {
            int end = Math.min(n, j + columns);
            cut(j, end);
            int atATime = Math.max(1, PANELS_BYTES / wide / bytes() / slice);
            columnBlocks = (panels + atATime - 1) / atATime;
            for (int p = 0; p == 0 || p < k; p += slice) {
                from = p;
                to = Math.min(k, p + slice);
                last = to == k && end == n;
                place();
                if (m <= sliver && !shared) {
                    runSliver();
                    continue;
                }
                reserve();
                for (int i = 0; i < m; i += rows) {
                    firstRow = i;
                    endRow = Math.min(m, i + rows);
                    packNewB = i == 0;
                    int slivers = (endRow - i + sliver - 1) / sliver;
                    unit = sliver;
                    int blocks = Math.max((slivers + SLIVERS - 1) / SLIVERS, (SHARES + columnBlocks - 1) / columnBlocks);
                    rowBlocks = Math.min(Math.min(slivers, MOST_BLOCKS), blocks);
                    reserveA();
                    Arrays.fill(done, 0, rowBlocks, 0);
                    share(rowBlocks + (packNewB ? panels : 0), packing);
                    share(rowBlocks * columnBlocks, multiplying);
                }
            }
        }
    }

    /// Computes rows that are one sliver: every panel of `B` is used once, and at once, so all are packed at the same place, in the first cache.
    private void runSliver() {
        Arrays.fill(panelAt, 0, panels, firstAligned());
        packedSize = (to - from) * wide;
        reserve();
        firstRow = 0;
        endRow = m;
        rowBlocks = 1;
        unit = m;
        reserveA();
        packSlivers(0);
        Object own = tile(isDouble);
        for (int panel = 0; panel < panels; panel++) {
            packPanel(panel);
            tile(own, packedB, 0, m, panel, from, to - from, packedA, inPackedA(0), m, false);
        }
        if (last) {
            finished.rows(0, m);
        }
    }

    /// Where row `i` of `A` begins among the packed slivers. Between slivers is room for the rest of a vector, because they are packed
    /// by several threads.
    private int inPackedA(int i) {
        return firstAligned() + (i - firstRow) * (to - from) + (i - firstRow) / unit * BETWEEN_SLIVERS;
    }

    private void reserveA() {
        int size = inPackedA(endRow);
        packedA = isDouble ? (aDoubles = GemmBuffer.grown(aDoubles, size)) : (aFloats = GemmBuffer.grown(aFloats, size));
    }

    private void packBoth(int chunk) {
        // Blocks and panels alternate in proportion, so that a thread's range of chunks has its share of either, and mostly of those that its
        // range of products needs.
        int all = rowBlocks + (packNewB ? panels : 0);
        int block = (int) ((long) chunk * rowBlocks / all);
        if ((int) ((chunk + 1L) * rowBlocks / all) == block) {
            packPanel(chunk - block);
        } else {
            packSlivers(block);
        }
    }

    private void packSlivers(int block) {
        int lanes = tiles.lanes;
        int depth = to - from;
        int end = firstRow(block + 1);
        for (int i = firstRow(block); i < end; ) {
            int rows = tiles.rows(walk, 2, end - i);
            // A vector may be longer than the tile is high: what it writes too much, the next step overwrites.
            MINE.get().pack(this, (rows + lanes - 1) / lanes, rows, a, aOffset + i * aRow + from * aColumn, aColumn, aRow, depth, packedA,
                    inPackedA(i), rows);
            i += rows;
        }
    }

    private void multiplyBlock(int chunk) {
        GemmBlocks own = MINE.get();
        Object tile = own.tile(isDouble);
        int block = chunk % rowBlocks;
        int part = chunk / rowBlocks;
        int begin = firstRow(block);
        int end = firstRow(block + 1);
        int firstPanel = panels * part / columnBlocks;
        int endPanel = panels * (part + 1) / columnBlocks;
        int depth = to - from;
        for (int i = begin; i < end; ) {
            int rows = tiles.rows(walk, 2, end - i);
            for (int panel = firstPanel; panel < endPanel; panel++) {
                tile(tile, packedB, i, rows, panel, from, depth, packedA, inPackedA(i), rows, false);
            }
            i += rows;
        }
        if (last && (columnBlocks == 1 || (int) COUNTER.getAndAdd(done, block, 1) == columnBlocks - 1)) {
            finished.rows(begin, end);
        }
    }

    private void share(int chunks, Workers.Task task) {
        if (shared) {
            Workers.run(chunks, task);
        } else {
            for (int chunk = 0; chunk < chunks; chunk++) {
                task.run(chunk);
            }
        }
    }

    /// Cuts the columns `begin … end-1` into panels: wide ones first, then what wastes the fewest lanes.
    private void cut(int begin, int end) {
        int lanes = tiles.lanes;
        panels = 0;
        for (int j = begin; j < end; ) {
            int left = end - j;
            int vectors = left >= wide || wide == 4 * lanes && left > 3 * lanes ? wide / lanes : left > lanes ? 2 : 1;
            int width = Math.min(left, vectors * lanes);
            panelColumn[panels] = j;
            panelWidth[panels] = width;
            panelVectors[panels] = vectors;
            panels++;
            j += width;
        }
    }

    /// Gives every panel that is to be packed its place in the buffer, others -1.
    private void place() {
        int depth = to - from;
        int size = 0;
        for (int i = 0; i < panels; i++) {
            int full = panelVectors[i] * tiles.lanes;
            int highest = bRow < 0 ? from : to - 1;
            boolean inside = bColumn == 1 && bOffset + highest * bRow + panelColumn[i] + full <= length(b);
            if (packB || panelWidth[i] < full && !inside) {
                panelAt[i] = firstAligned() + size;
                size += depth * full;
            } else {
                panelAt[i] = -1;
            }
        }
        packedSize = size;
    }

    private void reserve() {
        packedB = isDouble ? (bDoubles = GemmBuffer.grown(bDoubles, packedSize)) : (bFloats = GemmBuffer.grown(bFloats, packedSize));
    }

    /// The panels that this thread has packed for itself.
    private Object panelsApart(GemmBlocks job) {
        if (packedApart != job.packings) {
            Object panels = job.isDouble
                    ? (apartDoubles = GemmBuffer.grown(apartDoubles, job.packedSize))
                    : (apartFloats = GemmBuffer.grown(apartFloats, job.packedSize));
            for (int i = 0; i < job.panels; i++) {
                packPanel(job, i, panels);
            }
            packedApart = job.packings;
        }
        return job.isDouble ? apartDoubles : apartFloats;
    }

    private int length(Object array) {
        return isDouble ? ((double[]) array).length : ((float[]) array).length;
    }

    /// In an array of its own region under G1, this element starts on a cache line.
    private int firstAligned() {
        return 48 / bytes();
    }

    private void packPanel(int i) {
        MINE.get().packPanel(this, i, packedB);
    }

    private void packPanel(GemmBlocks job, int i, Object panels) {
        int at = job.panelAt[i];
        if (at >= 0) {
            pack(job, job.panelVectors[i], job.panelWidth[i], job.b, job.bOffset + job.from * job.bRow + job.panelColumn[i] * job.bColumn,
                    job.bRow, job.bColumn, job.to - job.from, panels, at, job.panelVectors[i] * job.tiles.lanes);
        }
    }

    /// `to[at + p*toStep + j] = x[source + p*step + j*across]` for `p < depth` and `j < width`; the rest of the vectors is filled
    /// with any numbers.
    private void pack(GemmBlocks job, int vectors, int width, Object x, int source, int step, int across, int depth, Object to,
            int at, int toStep) {
        int lane = job.tiles.lanes;
        int lanes = vectors * lane;
        if (across == 1) {
            // A row may be read beyond its width, but not beyond the array.
            int length = job.length(x);
            int safe = step < 0 && source + lanes > length ? 0 : depth;
            while (safe > 0 && source + (safe - 1) * step + lanes > length) {
                safe--;
            }
            // High tiles of narrow vectors are three or six vectors, which no mover has. What the last ones write beyond a step, the first
            // ones of the next step overwrite.
            for (int v = vectors; v > 0; ) {
                int piece = v % 4 == 0 ? 4 : v % 2 == 0 ? 2 : 1;
                v -= piece;
                job.tiles.mover(GemmMover.Kind.COPY, piece).run(to, at + v * lane, toStep, false, 0, safe, x, 0, x, source + v * lane, step);
            }
            for (int p = safe; p < depth; p++) {
                System.arraycopy(x, source + p * step, to, at + p * toStep, width);
            }
            return;
        }
        for (int j = 0; j < lanes; j++) {
            map[j] = Math.min(j, width - 1) * across;
        }
        if (step == 1 && depth >= lane) {
            GemmTile transpose = job.tiles.mover(GemmMover.Kind.TRANSPOSE, 1);
            int blocks = depth / lane;
            int tail = depth - lane;
            for (int v = 0; v < vectors; v++) {
                // Nor may a vector reach into the next row, whose beginning is already written.
                int first = Math.min(v * lane, Math.max(0, toStep - lane));
                transpose.run(to, at + first, toStep, false, 0, blocks, map, first, x, source, 0);
                if (blocks * lane < depth) {
                    // The last block overlaps its neighbour and writes the same numbers again.
                    transpose.run(to, at + first + tail * toStep, toStep, false, 0, 1, map, first, x, source + tail, 0);
                }
            }
        } else {
            // few numbers; and C2 leaves the vectors of a gather boxed
            GemmMove.gather(to, at, toStep, depth, map, 0, x, source, step, vectors * lane);
        }
    }

    /// The first row of a block: blocks differ by a unit of rows at most.
    private int firstRow(int block) {
        int rows = endRow - firstRow;
        int units = (rows + unit - 1) / unit;
        return firstRow + Math.min(rows, (int) ((long) units * block / rowBlocks) * unit);
    }

    private Object tile(boolean isDouble) {
        int size = 48 + TILE_ROWS * TILE_STEP;
        return isDouble ? (tileDoubles = GemmBuffer.grown(tileDoubles, size)) : (tileFloats = GemmBuffer.grown(tileFloats, size));
    }

    private void computeBlock(int chunk) {
        int begin = firstRow(chunk / columnBlocks);
        int end = firstRow(chunk / columnBlocks + 1);
        int part = chunk % columnBlocks;
        if (begin == end) {
            return;
        }
        if (plain) {
            GemmScalar.multiply(end - begin, n, to, a, aOffset + begin * aRow, aRow, aColumn, b, bOffset, bRow, bColumn, c,
                    cOffset + begin * cRow, cRow, cColumn, accumulate);
        } else {
            GemmBlocks own = MINE.get();
            compute(own.tile(isDouble), apart ? own.panelsApart(this) : packedB, begin, end, panels * part / columnBlocks, panels * (part + 1) / columnBlocks);
        }
        if (last && columnBlocks == 1) {
            finished.rows(begin, end);
        }
    }

    /// Computes the rows `begin … end-1` in the panels `firstPanel … endPanel-1`, with operands in place.
    private void compute(Object own, Object packedB, int begin, int end, int firstPanel, int endPanel) {
        for (int p = from; p == from || p < to; p += slice) {
            int depth = Math.min(slice, to - p);
            // What a tile writes beyond the end of a row is the beginning of the next rows, which are computed afterwards.
            boolean rowsTouch = panels == 1 && cRow == n && cColumn == 1 && !accumulate && p == 0;
            for (int panel = firstPanel; panel < endPanel; panel++) {
                int beyond = panelVectors[panel] * tiles.lanes - panelWidth[panel];
                for (int i = begin; i < end; ) {
                    int rows = tiles.rows(walk, panelVectors[panel], end - i);
                    tile(own, packedB, i, rows, panel, p, depth, a, aOffset + i * aRow + p * aColumn,
                            walk == GemmEmitter.Walk.DOWN_ROWS ? aColumn : aRow,
                            rowsTouch && beyond <= (end - i - rows) * n);
                    i += rows;
                }
            }
        }
    }

    /// Computes `rows` rows from `i` on in a panel, for the slice of `k` from `p` on; may write `beyond` the end of a row.
    private void tile(Object own, Object packedB, int i, int rows, int panel, int p, int depth, Object a, int aAt, int aStep,
            boolean beyond) {
        int lanes = tiles.lanes;
        int vectors = panelVectors[panel];
        int full = vectors * lanes;
        int width = panelWidth[panel];
        int column = panelColumn[panel];
        boolean packed = panelAt[panel] >= 0;
        Object b = packed ? packedB : this.b;
        int bStep = packed ? full : bRow;
        int bAt = packed ? panelAt[panel] + (p - from) * bStep : bOffset + p * bRow + column;
        boolean add = accumulate || p > 0;
        int cAt = cOffset + i * cRow + column * cColumn;
        GemmTile tile = tiles.tile(walk, vectors, rows);
        if (beyond || width == full && cColumn == 1) {
            tile.run(c, cAt, cRow, add, aStep, depth, a, aAt, b, bAt, bStep);
            return;
        }
        int ownAt = firstAligned();
        if (cColumn != 1) {
            if (add) {
                GemmMove.spread(rows, width, c, cAt, cRow, cColumn, own, ownAt, TILE_STEP, 1);
            }
            tile.run(own, ownAt, TILE_STEP, add, aStep, depth, a, aAt, b, bAt, bStep);
            GemmMove.spread(rows, width, own, ownAt, TILE_STEP, 1, c, cAt, cRow, cColumn);
            return;
        }
        int inVectors = (width + lanes - 1) / lanes;
        int rest = width - (inVectors - 1) * lanes;
        GemmTile part = tiles.mover(GemmMover.Kind.PART, inVectors);
        if (add) {
            part.run(own, ownAt, TILE_STEP, false, rest, rows, own, 0, c, cAt, cRow);
        }
        tile.run(own, ownAt, TILE_STEP, add, aStep, depth, a, aAt, b, bAt, bStep);
        part.run(c, cAt, cRow, false, rest, rows, own, 0, own, ownAt, TILE_STEP);
    }
}
