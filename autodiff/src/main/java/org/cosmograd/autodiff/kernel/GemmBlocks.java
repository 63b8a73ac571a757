package org.cosmograd.autodiff.kernel;

/// One SIMD matrix product: how `C` is cut into blocks, panels and tiles, and the buffers this needs.
///
/// Columns are cut into panels of one, two or four vectors, rows into blocks (the chunks of [Workers]) and those into tiles.
/// `B` is packed, panel by panel, where its rows are not adjacent in memory, where a panel does not fill its vectors, or where
/// packing pays for itself; `A` is packed, tile by tile, where neither of its strides is one or packing pays.
/// `k` is cut into slices; between slices the sums rest in `C`, which rounds nothing.
///
/// There is one instance per thread, reused from call to call; a call from within a call ([Gemm.RowBlock]) makes its own.
@SuppressWarnings("NullAway") // fields hold a call's arguments
final class GemmBlocks {
    private static final ThreadLocal<GemmBlocks> MINE = ThreadLocal.withInitial(GemmBlocks::new);
    static final int SLICE = 256;
    private static final int VECTORS_AT_A_TIME = 64;
    private static final int TILE_ROWS = 12;
    private static final int TILE_STEP = 64;
    /// Rows of a block, so that its part of `A` stays in the second cache.
    private static final int MOST_ROWS = 384;
    /// Blocks per product, where the threads share it.
    private static final int SHARES = 8;
    /// Rows of a column-major `A` this far apart share the same few sets of the first cache.
    private static final int MANY_BYTES_APART = 3072;
    /// A slice of `B` up to this size is read where it is.
    private static final int DIRECT_BYTES = 300_000;
    /// Below this many multiply-adds a hand-over to a second thread costs more than it saves.
    private static final long WORTH_SHARING = 1_000_000;

    private final Workers.Task panelPacking = this::packPanel;
    private final Workers.Task computing = this::computeBlock;
    private final int[] map = new int[64];
    private boolean busy;

    // Buffers: panels of B for the whole run; tiles of A and one tile of C for the block this thread computes.
    private float[] floats = {};
    private double[] doubles = {};
    private float[] blockFloats = {};
    private double[] blockDoubles = {};

    // The product under way.
    private GemmTiles tiles;
    private boolean isDouble;
    private int m;
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
    private Gemm.RowBlock finished;
    private boolean packA;
    private GemmEmitter.Walk walk;

    // The slice of k and the columns under way.
    private int from;
    private int depth;
    private boolean accumulate;
    private boolean last;
    private int rowsPerBlock;
    private Object packedB;
    private int panels;
    private final int[] panelColumn = new int[VECTORS_AT_A_TIME + 1];
    private final int[] panelWidth = new int[VECTORS_AT_A_TIME + 1];
    private final int[] panelVectors = new int[VECTORS_AT_A_TIME + 1];
    private final int[] panelAt = new int[VECTORS_AT_A_TIME + 1];

    private GemmBlocks() {}

    /// An idle instance for this thread.
    static GemmBlocks mine() {
        GemmBlocks mine = MINE.get();
        return mine.busy ? new GemmBlocks() : mine;
    }

    /// `C = A·B` or `C += A·B`, with the rows of `C` adjacent in memory; none of `m`, `n` is zero.
    void multiply(GemmTiles tiles, boolean isDouble, int m, int n, int k, Object a, int aOffset, int aRow, int aColumn, Object b,
            int bOffset, int bRow, int bColumn, Object c, int cOffset, int cRow, boolean accumulate, Gemm.RowBlock finished) {
        busy = true;
        try {
            this.tiles = tiles;
            this.isDouble = isDouble;
            this.m = m;
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
            this.finished = finished;
            run(n, k, accumulate);
        } finally {
            this.a = null;
            this.b = null;
            this.c = null;
            this.finished = null;
            busy = false;
        }
    }

    private void run(int n, int k, boolean accumulate) {
        int lanes = tiles.lanes;
        int bytes = isDouble ? Double.BYTES : Float.BYTES;
        boolean spread = aRow == 1 && (long) aColumn * bytes >= MANY_BYTES_APART && n >= 8 * lanes;
        packA = aColumn != 1 && (aRow != 1 || spread);
        walk = aColumn == 1 ? GemmEmitter.Walk.ALONG_ROWS : GemmEmitter.Walk.ALONG_COLUMNS;
        int wide = packA ? 2 : 4;
        boolean packB = bColumn != 1 || m >= 64 && (long) Math.min(k, SLICE) * bRow * bytes > DIRECT_BYTES;
        boolean shared = (long) m * n * Math.min(k, SLICE) >= WORTH_SHARING;
        int share = m / SHARES / TILE_ROWS * TILE_ROWS;
        rowsPerBlock = shared ? Math.clamp(share, TILE_ROWS, MOST_ROWS) : MOST_ROWS;
        int columns = VECTORS_AT_A_TIME * lanes;
        for (int j = 0; j < n; j += columns) {
            cut(j, Math.min(n, j + columns), wide * lanes);
            for (int p = 0; p == 0 || p < k; p += SLICE) {
                from = p;
                depth = Math.min(SLICE, k - p);
                this.accumulate = accumulate || p > 0;
                last = p + SLICE >= k && j + columns >= n;
                boolean packing = place(packB);
                int blocks = (m + rowsPerBlock - 1) / rowsPerBlock;
                if (shared) {
                    if (packing) {
                        Workers.run(panels, panelPacking);
                    }
                    Workers.run(blocks, computing);
                } else {
                    for (int i = 0; i < panels; i++) {
                        packPanel(i);
                    }
                    for (int i = 0; i < blocks; i++) {
                        computeBlock(i);
                    }
                }
            }
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

    /// Gives every panel that is to be packed its place in the buffer, others -1; whether there are any.
    private boolean place(boolean packB) {
        int bLength = isDouble ? ((double[]) b).length : ((float[]) b).length;
        int size = 0;
        for (int i = 0; i < panels; i++) {
            int full = panelVectors[i] * tiles.lanes;
            int highest = bRow < 0 ? from : from + depth - 1;
            boolean inside = bOffset + highest * bRow + panelColumn[i] + full <= bLength;
            if (packB || panelWidth[i] < full && !inside) {
                panelAt[i] = FIRST_ALIGNED + size;
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

    /// In an array of its own region under G1, these elements start on a cache line.
    private static final int FIRST_ALIGNED = 12;

    /// The last step of a packed tile of one row writes a whole vector.
    private static final int SLACK = 64;

    private static float[] grown(float[] buffer, int size) {
        return buffer.length >= size + SLACK ? buffer : new float[Integer.highestOneBit(size + SLACK) * 2];
    }

    private static double[] grown(double[] buffer, int size) {
        return buffer.length >= size + SLACK ? buffer : new double[Integer.highestOneBit(size + SLACK) * 2];
    }

    private void packPanel(int i) {
        int at = panelAt[i];
        if (at >= 0) {
            MINE.get().pack(this, panelVectors[i], panelWidth[i], b, bOffset + from * bRow + panelColumn[i] * bColumn, bRow, bColumn,
                    packedB, at, panelVectors[i] * tiles.lanes);
        }
    }

    /// `to[at + p*toStep + j] = x[source + p*step + j*across]` for all `p` of the slice and `j < width`; the rest of the vectors
    /// is filled with any numbers.
    private void pack(GemmBlocks job, int vectors, int width, Object x, int source, int step, int across, Object to, int at,
            int toStep) {
        int lanes = vectors * job.tiles.lanes;
        if (across == 1) {
            // A row may be read beyond its width, but not beyond the array.
            int length = job.isDouble ? ((double[]) x).length : ((float[]) x).length;
            int safe = step < 0 && source + lanes > length ? 0 : job.depth;
            while (safe > 0 && source + (safe - 1) * step + lanes > length) {
                safe--;
            }
            job.tiles.mover(GemmMover.Kind.COPY, vectors).run(to, at, toStep, false, safe, x, 0, 0, x, source, step);
            for (int p = safe; p < job.depth; p++) {
                System.arraycopy(x, source + p * step, to, at + p * toStep, width);
            }
        } else {
            for (int j = 0; j < lanes; j++) {
                map[j] = Math.min(j, width - 1) * across;
            }
            int lane = job.tiles.lanes;
            if (step == 1 && job.depth >= lane) {
                GemmTile transpose = job.tiles.mover(GemmMover.Kind.TRANSPOSE, 1);
                int blocks = job.depth / lane;
                int tail = job.depth - lane;
                for (int v = 0; v < vectors; v++) {
                    // Nor may a vector reach into the next row, whose beginning is already written.
                    int first = Math.min(v * lane, Math.max(0, toStep - lane));
                    transpose.run(to, at + first, toStep, false, blocks, map, first, 0, x, source, 0);
                    if (blocks * lane < job.depth) {
                        // The last block overlaps its neighbour and writes the same numbers again.
                        transpose.run(to, at + first + tail * toStep, toStep, false, 1, map, first, 0, x, source + tail, 0);
                    }
                }
            } else {
                job.tiles.mover(GemmMover.Kind.GATHER, vectors).run(to, at, toStep, false, job.depth, map, 0, 0, x, source, step);
            }
        }
    }

    private void computeBlock(int block) {
        GemmBlocks own = MINE.get();
        int begin = block * rowsPerBlock;
        int end = Math.min(m, begin + rowsPerBlock);
        own.compute(this, begin, end);
        if (last) {
            finished.rows(begin, end);
        }
    }

    /// Computes the rows `begin … end-1` of `job` with this thread's buffers.
    private void compute(GemmBlocks job, int begin, int end) {
        GemmTiles tiles = job.tiles;
        int depth = job.depth;
        int tileSize = TILE_ROWS * TILE_STEP;
        int size = FIRST_ALIGNED + tileSize + (job.packA ? (end - begin) * depth : 0);
        Object own = job.isDouble ? (blockDoubles = grown(blockDoubles, size)) : (blockFloats = grown(blockFloats, size));
        if (job.packA) {
            packRows(job, own, begin, end);
        }
        for (int panel = 0; panel < job.panels; panel++) {
            int vectors = job.panelVectors[panel];
            int width = job.panelWidth[panel];
            int column = job.panelColumn[panel];
            boolean packed = job.panelAt[panel] >= 0;
            Object b = packed ? job.packedB : job.b;
            int bStep = packed ? vectors * tiles.lanes : job.bRow;
            int bAt = packed ? job.panelAt[panel] : job.bOffset + job.from * job.bRow + column;
            boolean full = width == vectors * tiles.lanes;
            int inVectors = (width + tiles.lanes - 1) / tiles.lanes;
            int rest = width - (inVectors - 1) * tiles.lanes;
            GemmTile part = tiles.mover(GemmMover.Kind.PART, inVectors);
            for (int i = begin; i < end; ) {
                int rows = tiles.rows(vectors, end - i);
                GemmTile tile = tiles.tile(job.walk, vectors, rows);
                Object a;
                int aAt;
                int aStep;
                if (job.packA) {
                    a = own;
                    aAt = FIRST_ALIGNED + tileSize + (i - begin) * depth;
                    aStep = rows;
                } else {
                    a = job.a;
                    aAt = job.aOffset + i * job.aRow + job.from * job.aColumn;
                    aStep = job.walk == GemmEmitter.Walk.ALONG_ROWS ? job.aRow : job.aColumn;
                }
                int cAt = job.cOffset + i * job.cRow + column;
                if (full) {
                    tile.run(job.c, cAt, job.cRow, job.accumulate, depth, a, aAt, aStep, b, bAt, bStep);
                } else {
                    if (job.accumulate) {
                        part.run(own, FIRST_ALIGNED, TILE_STEP, false, rows, own, 0, rest, job.c, cAt, job.cRow);
                    }
                    tile.run(own, FIRST_ALIGNED, TILE_STEP, job.accumulate, depth, a, aAt, aStep, b, bAt, bStep);
                    part.run(job.c, cAt, job.cRow, false, rows, own, 0, rest, own, FIRST_ALIGNED, TILE_STEP);
                }
                i += rows;
            }
        }
    }

    private void packRows(GemmBlocks job, Object own, int begin, int end) {
        for (int i = begin; i < end; ) {
            int rows = job.tiles.rows(2, end - i);
            int source = job.aOffset + i * job.aRow + job.from * job.aColumn;
            // A vector may be longer than the tile is high: what it writes too much, the next step overwrites.
            pack(job, (rows + job.tiles.lanes - 1) / job.tiles.lanes, rows, job.a, source, job.aColumn, job.aRow, own,
                    FIRST_ALIGNED + TILE_ROWS * TILE_STEP + (i - begin) * job.depth, rows);
            i += rows;
        }
    }
}
