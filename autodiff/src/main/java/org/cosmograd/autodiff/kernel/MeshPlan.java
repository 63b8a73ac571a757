package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import org.cosmograd.autodiff.Shape;

/// How particles are shared out among slabs of a mesh so that any number of threads paints the same bits: which slab a particle belongs
/// to, and the layout of the `i32` tensor in which this is written down.
///
/// A slab is a range of planes of the first axis, eight or so. Particles of even slabs are painted first, then those of odd slabs, each slab by one
/// thread in the order of its particles. A slab may reach a few planes beyond its bounds, as neighbours of its parity are at least four
/// planes away. So particles that come roughly in the order of the mesh (from a lattice, displaced or not) fall into *runs*, stretches that
/// one slab takes as they are; only their ends are written down. If runs are too short, particles are *moved*: sorted by slab, and inside
/// a slab by blocks of rows that fit the cache.
///
///     [0]                 0: runs, 1: moved
///     [COUNTS + chunk]    runs found in a chunk, or -1: too many, or -2 - i: particle i is not finite
///     [STARTS + slab]     number of a slab's first run
///     [BODY …]            runs: slab, first, end of each as found, then first, end of each by slab
///                         moved: begin and end of each block, then the place of each chunk's next particle in each block
final class MeshPlan {
    static final int COUNTS = 1;
    private static final int MOST_CHUNKS = 64;
    static final int STARTS = COUNTS + MOST_CHUNKS;
    private static final int MOST_SLABS = 64;
    static final int BODY = STARTS + MOST_SLABS + 1;

    private static final int CHUNK = 16384;
    /// Shorter runs cost more than moving.
    private static final int SHORT = 32;
    private static final int MOST_BLOCKS = 1024;
    /// What a block should take of the second-level cache.
    private static final int BLOCK_BYTES = 1 << 18;
    /// Blocks of moved particles begin out of step, as blocks a power of two apart would share cache sets and page table entries.
    private static final int STAGGER = 347;

    final int n;
    final int axes;
    final int support;
    final int planes;
    final int rows;
    final int planeCells;
    final int slabs;
    /// Planes that a slab may reach beyond its bounds for a run's sake.
    final int reach;
    final int shift;
    /// First planes of the slabs, and the number of planes.
    final int[] start;
    /// The slab of plane `p` is `slabOf[p >> shift]`.
    final int[] slabOf;
    /// A run stays in a slab while its planes are among the `span` from `low` on.
    final int[] low;
    final int[] span;
    final int blocksPerSlab;
    final int rowShift;
    final int blocks;
    final int chunkLength;
    final int chunks;
    private final int runsPerChunk;
    private final int stagger;

    /// For `n` particles on a mesh of sizes `dims`.
    MeshPlan(int n, int support, Shape dims, int elementBytes) {
        this.n = n;
        this.axes = dims.rank();
        this.support = support;
        this.planes = dims.dim(0);
        this.rows = axes > 1 ? dims.dim(1) : 1;
        this.planeCells = dims.without(0).size();
        int fine = 0;
        while (planes >> fine > 4096) {
            fine++;
        }
        this.shift = fine;
        int groups = (planes + (1 << shift) - 1) >> shift;
        this.slabs = planes < 8 ? 1 : Math.clamp(planes / 8, Math.min(8, planes / 4), MOST_SLABS) & -2;
        this.start = new int[slabs + 1];
        this.slabOf = new int[groups];
        this.low = new int[slabs];
        this.span = new int[slabs];
        for (int s = 0; s < slabs; s++) {
            int first = (int) ((long) s * groups / slabs);
            start[s] = first << shift;
            Arrays.fill(slabOf, first, groups, s);
        }
        start[slabs] = planes;
        int narrowest = planes;
        for (int s = 0; s < slabs; s++) {
            narrowest = Math.min(narrowest, start[s + 1] - start[s]);
        }
        this.reach = slabs == 1 ? 0 : (narrowest - (support - 1)) / 2;
        for (int s = 0; s < slabs; s++) {
            low[s] = Math.floorMod(start[s] - reach, planes);
            span[s] = slabs == 1 ? planes : start[s + 1] - start[s] + 2 * reach;
        }
        long slabBytes = (long) planes / slabs * planeCells * elementBytes;
        int wanted = (int) Math.min(slabBytes / BLOCK_BYTES, Math.min(MOST_BLOCKS, n / 256) / slabs);
        int rowsShift = 31 - Integer.numberOfLeadingZeros(Math.max(1, rows));
        while (rowsShift > 0 && (rows - 1 >> rowsShift) + 1 < wanted) {
            rowsShift--;
        }
        this.rowShift = wanted > 1 ? rowsShift : 31;
        this.blocksPerSlab = wanted > 1 ? (rows - 1 >> rowShift) + 1 : 1;
        this.blocks = slabs * blocksPerSlab;
        this.chunkLength = (int) Math.max(CHUNK, ((long) n + MOST_CHUNKS - 1) / MOST_CHUNKS);
        this.chunks = (int) (((long) n + chunkLength - 1) / chunkLength);
        this.runsPerChunk = Math.max(8, Math.min(n, chunkLength) / SHORT);
        this.stagger = n / blocks >= 4096 ? STAGGER : 0;
    }

    MeshPlan(int n, MeshSpec spec) {
        this(n, spec.support(), spec.dims(), spec.type().bytes());
    }

    /// Whether a run in a slab may go on in a plane.
    boolean isWithin(int plane, int slab) {
        int beyond = plane - low[slab];
        return (beyond < 0 ? beyond + planes : beyond) < span[slab];
    }

    /// Places for moved particles.
    long places() {
        return n + (long) blocks * stagger;
    }

    /// Where a chunk writes the runs it finds.
    int found(int chunk) {
        return BODY + 3 * runsPerChunk * chunk;
    }

    int mostRuns() {
        return runsPerChunk;
    }

    /// Where the sorted runs begin.
    int runs() {
        return BODY + 3 * runsPerChunk * chunks;
    }

    int begins() {
        return BODY;
    }

    int ends() {
        return BODY + blocks;
    }

    /// Where the places of a chunk's next particles begin.
    int next(int chunk) {
        return BODY + (2 + chunk) * blocks;
    }

    int chunkEnd(int chunk) {
        return (int) Math.min(n, (chunk + 1L) * chunkLength);
    }

    /// Writes down the runs slab by slab; false if there are too many.
    boolean sortRuns(int[] plan, int at) {
        int[] starts = plan;
        Arrays.fill(plan, at + STARTS, at + STARTS + slabs + 1, 0);
        for (int c = 0; c < chunks; c++) {
            int count = plan[at + COUNTS + c];
            if (count < 0) {
                return false;
            }
            for (int r = 0, f = at + found(c); r < count; r++, f += 3) {
                starts[at + STARTS + plan[f] + 1]++;
            }
        }
        for (int s = 0; s < slabs; s++) {
            starts[at + STARTS + s + 1] += starts[at + STARTS + s];
        }
        int to = at + runs();
        for (int c = 0; c < chunks; c++) {
            for (int r = 0, f = at + found(c); r < plan[at + COUNTS + c]; r++, f += 3) {
                int place = to + 2 * starts[at + STARTS + plan[f]]++;
                plan[place] = plan[f + 1];
                plan[place + 1] = plan[f + 2];
            }
        }
        System.arraycopy(plan, at + STARTS, plan, at + STARTS + 1, slabs);
        plan[at + STARTS] = 0;
        return true;
    }

    /// Turns counts of particles by chunk and block into places.
    void place(int[] plan, int at) {
        int next = 0;
        for (int b = 0; b < blocks; b++) {
            plan[at + begins() + b] = next;
            for (int c = 0; c < chunks; c++) {
                int k = at + next(c) + b;
                int count = plan[k];
                plan[k] = next;
                next += count;
            }
            plan[at + ends() + b] = next;
            next += stagger;
        }
    }
}
