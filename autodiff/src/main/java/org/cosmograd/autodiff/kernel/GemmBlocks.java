package org.cosmograd.autodiff.kernel;

/// One matrix product: how `C` is cut into blocks, panels and tiles, and the buffers this needs.
///
/// Columns are cut into panels of one, two or four vectors, rows into blocks (the chunks of [Workers]) and those into tiles; if
/// there are few rows, the chunks are groups of panels instead. `k` is cut into slices, such that a slice of the rows of a tile
/// stays in the first cache; between slices the sums rest in `C`, which rounds nothing.
///
/// `B` is packed, panel by panel and before all else, where its rows are not adjacent in memory, where a panel does not fill its
/// vectors, or where packing pays for itself. `A` is packed by whoever computes a block, tile by tile, where neither of its strides
/// is one or packing pays.
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
    private static final int SLICE = 256;
    /// A slice of as many panels as are used in turn: half of a second cache of 1 MiB.
    private static final int PANELS_BYTES = 512 << 10;
    /// Most of `B` that is packed at a time.
    private static final int PACKED_BYTES = 8 << 20;
    /// Rows of a block, so that its packed slice of `A` stays in the second cache.
    private static final int MOST_ROWS = 192;
    /// Blocks per product, where the threads share it.
    private static final int SHARES = 16;
    /// With up to so many rows, threads share the columns.
    private static final int FEW_ROWS = 48;
    /// From so many columns on, packing rows of `A` costs less than it gains.
    private static final int PACK_A_FROM = Integer.getInteger("pa", 384);
    /// A slice of `B` up to this size is read where it is.
    private static final int DIRECT_BYTES = Integer.getInteger("db", 300_000);
    /// Below this many multiply-adds a hand-over to a second thread costs more than it saves.
    private static final long WORTH_SHARING = 400_000;
    /// The last step of a packed tile of one row writes a whole vector.
    private static final int SLACK = 64;
    /// A buffer of so many bytes is an array of its own region under G1, and begins at the same place in a cache line every time.
    private static final int OWN_REGION_BYTES = 9 << 20;
    private static final int SMALL_BYTES = 64 << 10;

    private final Workers.Task panelPacking = this::packPanel;
    private final Workers.Task computing = this::computeBlock;
    private final int[] map = new int[64];
    private boolean busy;

    // Buffers: panels of B for all threads; tiles of A, a panel of B and a tile of C for the block this thread computes.
    private float[] floats = {};
    private double[] doubles = {};
    private float[] blockFloats = {};
    private double[] blockDoubles = {};

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
    private GemmEmitter.Walk walk;
    private int slice;
    private int unit;
    private int rowBlocks;
    private int columnBlocks;

    // The part of k and the columns under way.
    private int from;
    private int to;
    private boolean last;
    private Object packedB;
    private int panels;
    private final int[] panelColumn = new int[MOST_PANELS + 2];
    private final int[] panelWidth = new int[MOST_PANELS + 2];
    private final int[] panelVectors = new int[MOST_PANELS + 2];
    private final int[] panelAt = new int[MOST_PANELS + 2];

    private GemmBlocks() {}

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
            this.tiles = GemmTiles.of(isDouble);
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

    private int bytes() {
        return isDouble ? Double.BYTES : Float.BYTES;
    }

    private void plan(int k) {
        int lanes = tiles.lanes;
        boolean down = aRow == 1 || m == 1 && aColumn != 1;
        boolean along = aColumn == 1;
        boolean thin = m <= FEW_ROWS;
        packA = along ? n >= PACK_A_FROM && !thin : !down || !thin && n > 4 * lanes && Math.abs((long) aColumn) * bytes() > 256;
        walk = along && !packA ? GemmEmitter.Walk.ALONG_ROWS : GemmEmitter.Walk.ALONG_COLUMNS;
        int most = packA ? ROWS_BYTES / TILE_ROWS / bytes() : SLICE;
        int slices = Math.max(1, (k + most - 1) / most);
        slice = Math.min(most, ((k + slices - 1) / slices + 15) / 16 * 16);
        packB = bColumn != 1 || !thin && (long) Math.min(k, slice) * Math.abs((long) bRow) * bytes() > DIRECT_BYTES;
        plain = lanes == 0 || cColumn != 1;
        int tall = 1;
        if (!plain) {
            int vectors = Math.min(tiles.widest(walk), n > 2 * lanes ? 4 : n > lanes ? 2 : 1);
            tall = tiles.rows(walk, vectors, m);
            plain = !tiles.fast(walk, vectors, tall);
        }
        boolean shared = (long) m * n * k >= WORTH_SHARING;
        int blocks = (m + MOST_ROWS - 1) / MOST_ROWS;
        columnBlocks = 1;
        if (shared && thin && !plain && n >= 8 * tiles.widest(walk) * lanes) {
            rowBlocks = 1;
            columnBlocks = SHARES;
        } else {
            int shares = Math.min(SHARES, m / Math.max(4, 2 * tall));
            rowBlocks = shared ? Math.max(Math.max(1, Integer.highestOneBit(shares)), (blocks + SHARES - 1) / SHARES * SHARES) : blocks;
            if (blocks <= SHARES && shared) {
                rowBlocks = Math.max(1, Integer.highestOneBit(shares));
            }
        }
        unit = m / rowBlocks >= 2 * tall ? tall : Math.max(1, Math.min(tall, m / rowBlocks / 2));
    }

    private void run(int k) {
        if (plain) {
            from = 0;
            to = k;
            last = true;
            share(rowBlocks, computing);
            return;
        }
        int wide = tiles.widest(walk) * tiles.lanes;
        int columns = MOST_PANELS * wide;
        for (int j = 0; j < n; j += columns) {
            int end = Math.min(n, j + columns);
            cut(j, end, wide);
            int width = packB ? end - j : wide;
            int part = Math.max(1, PACKED_BYTES / (width + wide) / bytes() / slice) * slice;
            for (int p = 0; p == 0 || p < k; p += part) {
                from = p;
                to = Math.min(k, p + part);
                last = to == k && end == n;
                if (place()) {
                    share(panels, panelPacking);
                }
                share(rowBlocks * columnBlocks, computing);
            }
        }
        if (columnBlocks > 1) {
            finished.rows(0, m);
        }
    }

    private void share(int chunks, Workers.Task task) {
        if (chunks == 1) {
            task.run(0);
        } else {
            Workers.run(chunks, task);
        }
    }

    /// Cuts the columns `begin … end-1` into panels: wide ones first, then what wastes the fewest lanes.
    private void cut(int begin, int end, int wide) {
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

    /// Gives every panel that is to be packed its place in the buffer, others -1; whether there are any to be packed beforehand.
    private boolean place() {
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
        if (size > 0) {
            packedB = isDouble ? (doubles = grown(doubles, size)) : (floats = grown(floats, size));
        }
        return size > 0;
    }

    private int length(Object array) {
        return isDouble ? ((double[]) array).length : ((float[]) array).length;
    }

    /// In an array of its own region under G1, this element starts on a cache line.
    private int firstAligned() {
        return 48 / bytes();
    }

    private static float[] grown(float[] buffer, int size) {
        return buffer.length >= size + SLACK ? buffer : new float[room(size + SLACK, Float.BYTES)];
    }

    private static double[] grown(double[] buffer, int size) {
        return buffer.length >= size + SLACK ? buffer : new double[room(size + SLACK, Double.BYTES)];
    }

    private static int room(int size, int bytes) {
        int twice = Integer.highestOneBit(size) * 2;
        return size * bytes <= SMALL_BYTES ? twice : Math.max(twice, OWN_REGION_BYTES / bytes);
    }

    private void packPanel(int i) {
        int at = panelAt[i];
        if (at >= 0) {
            MINE.get().pack(this, panelVectors[i], panelWidth[i], b, bOffset + from * bRow + panelColumn[i] * bColumn, bRow, bColumn,
                    to - from, packedB, at, panelVectors[i] * tiles.lanes);
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
            job.tiles.mover(GemmMover.Kind.COPY, vectors).run(to, at, toStep, false, safe, x, 0, 0, x, source, step);
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
                transpose.run(to, at + first, toStep, false, blocks, map, first, 0, x, source, 0);
                if (blocks * lane < depth) {
                    // The last block overlaps its neighbour and writes the same numbers again.
                    transpose.run(to, at + first + tail * toStep, toStep, false, 1, map, first, 0, x, source + tail, 0);
                }
            }
        } else {
            job.tiles.mover(GemmMover.Kind.GATHER, vectors).run(to, at, toStep, false, depth, map, 0, 0, x, source, step);
        }
    }

    /// The first row of a block: blocks differ by a unit of rows at most.
    private int firstRow(int block) {
        int units = (m + unit - 1) / unit;
        return Math.min(m, (int) ((long) units * block / rowBlocks) * unit);
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
            MINE.get().compute(this, begin, end, panels * part / columnBlocks, panels * (part + 1) / columnBlocks);
        }
        if (last && columnBlocks == 1) {
            finished.rows(begin, end);
        }
    }

    /// Computes the rows `begin … end-1` in the panels `firstPanel … endPanel-1` of `job` with this thread's buffers.
    private void compute(GemmBlocks job, int begin, int end, int firstPanel, int endPanel) {
        int tileSize = TILE_ROWS * TILE_STEP;
        int size = job.firstAligned() + tileSize + (job.packA ? (end - begin) * job.slice : 0);
        Object own = job.isDouble ? (blockDoubles = grown(blockDoubles, size)) : (blockFloats = grown(blockFloats, size));
        for (int p = job.from; p == job.from || p < job.to; p += job.slice) {
            int depth = Math.min(job.slice, job.to - p);
            if (job.packA) {
                packRows(job, own, begin, end, p, depth);
            }
            int panelBytes = Math.max(1, job.panelVectors[0] * job.tiles.lanes * job.bytes() * depth);
            int atATime = job.packA ? Math.max(1, PANELS_BYTES / panelBytes) : 1;
            for (int panel = firstPanel; panel < endPanel; panel += atATime) {
                int endOfThese = Math.min(endPanel, panel + atATime);
                for (int i = begin; i < end; ) {
                    int rows = 1;
                    for (int q = panel; q < endOfThese; q++) {
                        rows = job.tiles.rows(job.walk, job.panelVectors[q], end - i);
                        tile(job, own, begin, i, rows, q, p, depth);
                    }
                    i += rows;
                }
            }
        }
    }

    private void tile(GemmBlocks job, Object own, int begin, int i, int rows, int panel, int p, int depth) {
        GemmTiles tiles = job.tiles;
        int vectors = job.panelVectors[panel];
        int width = job.panelWidth[panel];
        int column = job.panelColumn[panel];
        boolean packed = job.panelAt[panel] >= 0;
        Object b = packed ? job.packedB : job.b;
        int bStep = packed ? vectors * tiles.lanes : job.bRow;
        int bAt = packed ? job.panelAt[panel] + (p - job.from) * bStep : job.bOffset + p * job.bRow + column;
        GemmTile tile = tiles.tile(job.walk, vectors, rows);
        boolean accumulate = job.accumulate || p > 0;
        Object a;
        int aAt;
        int aStep;
        if (job.packA) {
            a = own;
            aAt = job.firstAligned() + TILE_ROWS * TILE_STEP + (i - begin) * depth;
            aStep = rows;
        } else {
            a = job.a;
            aAt = job.aOffset + i * job.aRow + p * job.aColumn;
            aStep = job.walk == GemmEmitter.Walk.ALONG_ROWS ? job.aRow : job.aColumn;
        }
        int cAt = job.cOffset + i * job.cRow + column;
        if (width == vectors * tiles.lanes) {
            tile.run(job.c, cAt, job.cRow, accumulate, depth, a, aAt, aStep, b, bAt, bStep);
            return;
        }
        int inVectors = (width + tiles.lanes - 1) / tiles.lanes;
        int rest = width - (inVectors - 1) * tiles.lanes;
        GemmTile part = tiles.mover(GemmMover.Kind.PART, inVectors);
        int ownAt = job.firstAligned();
        if (accumulate) {
            part.run(own, ownAt, TILE_STEP, false, rows, own, 0, rest, job.c, cAt, job.cRow);
        }
        tile.run(own, ownAt, TILE_STEP, accumulate, depth, a, aAt, aStep, b, bAt, bStep);
        part.run(job.c, cAt, job.cRow, false, rows, own, 0, rest, own, ownAt, TILE_STEP);
    }

    private void packRows(GemmBlocks job, Object own, int begin, int end, int p, int depth) {
        int lanes = job.tiles.lanes;
        for (int i = begin; i < end; ) {
            int rows = job.tiles.rows(job.walk, job.panelVectors[0], end - i);
            // A vector may be longer than the tile is high: what it writes too much, the next step overwrites.
            pack(job, (rows + lanes - 1) / lanes, rows, job.a, job.aOffset + i * job.aRow + p * job.aColumn, job.aColumn, job.aRow,
                    depth, own, job.firstAligned() + TILE_ROWS * TILE_STEP + (i - begin) * depth, rows);
            i += rows;
        }
    }
}
