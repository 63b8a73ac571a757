package org.cosmograd.autodiff.kernel;

import org.cosmograd.autodiff.ShapeException;

/// Paints particles on a periodic mesh, or reads a mesh at them; see [MeshSpec] for what and [MeshPlan] for the order.
public final class MeshTask implements Task {
    /// Below so many operations threads do not pay.
    private static final long FEW = 100_000;
    /// Particles in a chunk that is read.
    private static final int CHUNK = 8192;
    /// Larger meshes are read in the order of the mesh if particles have none: they are beyond the caches and the page table entries at hand.
    private static final long LARGE = 10 << 20;

    private final boolean paint;
    private final MeshPlan plan;
    private final int axes;
    private final int columns;
    private final int columnsPerChannel;
    private final int channels;
    private final int cells;
    private final boolean large;
    private final boolean threads;
    /// Kernels for groups of channels.
    private final MeshKernel[] kernels;
    private final int group;
    private final Operand positions;
    private final Operand order;
    private final Operand values;
    private final Operand mesh;
    private final int scratch;
    /// Places of next particles, for each chunk.
    private int[][] next = new int[0][];

    private final Workers.Task move = this::move;
    private final Workers.Task moveBack = this::moveBack;
    private final Workers.Task slab = this::slab;
    private final Workers.Task block = this::block;
    private final Workers.Task stretch = this::stretch;
    private int parity;

    private Object x = new float[0];
    private int xAt;
    private int[] o = new int[0];
    private int oAt;
    private Object v = new float[0];
    private int vAt;
    private Object m = new float[0];
    private int mAt;
    private Object s = new float[0];
    private int sAt;

    /// One operation on `n` particles.
    ///
    /// @param order   the arrangement made by [MeshArrangeTask]
    /// @param values  what is painted or read; if every particle has weight 1, the positions, which are not looked at as values
    /// @param scratch number of a buffer of [#scratchLength] elements
    public MeshTask(MeshSpec spec, int n, Operand positions, Operand order, Operand values, Operand mesh, int scratch) {
        this.paint = spec.paint();
        this.plan = new MeshPlan(n, spec);
        this.axes = spec.axes();
        this.channels = spec.channels();
        this.columnsPerChannel = spec.orders().size();
        this.columns = spec.columns();
        this.cells = spec.cells();
        this.large = isLarge(spec);
        this.threads = 30L * n * columnsPerChannel * channels + (paint ? (long) cells * channels : 0) > FEW;
        this.group = MeshEmitter.channels(spec);
        this.kernels = new MeshKernel[(channels + group - 1) / group];
        for (int g = 0; g < kernels.length; g++) {
            kernels[g] = MeshEmitter.kernel(spec.channels(Math.min(group, channels - g * group)));
        }
        this.positions = positions;
        this.order = order;
        this.values = values;
        this.mesh = mesh;
        this.scratch = scratch;
    }

    /// How many elements particles take when they are moved; none if they never are.
    public static int scratchLength(MeshSpec spec, int n) {
        MeshPlan plan = new MeshPlan(n, spec);
        if (plan.slabs == 1 || (!spec.paint() && !isLarge(spec))) {
            return 0;
        }
        long length = plan.places() * (spec.axes() + spec.columns());
        if (length > Integer.MAX_VALUE - 64) {
            throw new ShapeException((spec.paint() ? "paint: " : "read: ") + n + " particles with " + spec.columns()
                    + " values each are sorted in " + length + " elements, more than 2147483583; take fewer at a time");
        }
        return (int) length;
    }

    private static boolean isLarge(MeshSpec spec) {
        return (long) spec.cells() * spec.channels() * spec.type().bytes() > LARGE;
    }

    @Override
    public void bind(Memory memory) {
        x = memory.array(positions.buffer());
        xAt = memory.base(positions.buffer()) + positions.offset();
        o = (int[]) memory.array(order.buffer());
        oAt = memory.base(order.buffer()) + order.offset();
        v = memory.array(values.buffer());
        vAt = memory.base(values.buffer()) + values.offset();
        m = memory.array(mesh.buffer());
        mAt = memory.base(mesh.buffer()) + mesh.offset();
        s = memory.array(scratch);
        sAt = memory.base(scratch);
    }

    @Override
    public void run() {
        boolean moved = o[oAt] == 1 && (paint || large);
        if (moved) {
            if (next.length == 0) {
                next = new int[plan.chunks][plan.blocks];
            }
            each(plan.chunks, move);
        }
        if (paint) {
            for (parity = 0; parity < 2; parity++) {
                each((plan.slabs + 1 - parity) / 2, slab);
            }
        } else if (moved) {
            each(plan.blocks, block);
            each(plan.chunks, moveBack);
        } else {
            each((int) ((plan.n + CHUNK - 1L) / CHUNK), stretch);
        }
    }

    private void each(int count, Workers.Task work) {
        if (threads) {
            Workers.run(count, work);
        } else {
            for (int c = 0; c < count; c++) {
                work.run(c);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- moving

    private int[] start(int c) {
        System.arraycopy(o, oAt + plan.next(c), next[c], 0, plan.blocks);
        return next[c];
    }

    private void move(int c) {
        int carried = paint ? columns : 0;
        int from = c * plan.chunkLength;
        if (x instanceof float[] f) {
            MeshOrder.move(f, xAt, (float[]) v, vAt, carried, (float[]) s, sAt, axes + columns, from, plan.chunkEnd(c), plan, start(c));
        } else {
            MeshOrder.move((double[]) x, xAt, (double[]) v, vAt, carried, (double[]) s, sAt, axes + columns, from, plan.chunkEnd(c), plan, start(c));
        }
    }

    private void moveBack(int c) {
        int from = c * plan.chunkLength;
        if (x instanceof float[] f) {
            MeshOrder.moveBack(f, xAt, (float[]) v, vAt, columns, (float[]) s, sAt, from, plan.chunkEnd(c), plan, start(c));
        } else {
            MeshOrder.moveBack((double[]) x, xAt, (double[]) v, vAt, columns, (double[]) s, sAt, from, plan.chunkEnd(c), plan, start(c));
        }
    }

    // ------------------------------------------------------------------------------------------------- painting

    private void slab(int index) {
        int slab = 2 * index + parity;
        zero(slab);
        if (o[oAt] == 1) {
            for (int b = slab * plan.blocksPerSlab; b < (slab + 1) * plan.blocksPerSlab; b++) {
                block(b);
            }
            return;
        }
        int runs = oAt + plan.runs();
        int end = o[oAt + MeshPlan.STARTS + slab + 1];
        for (int r = o[oAt + MeshPlan.STARTS + slab]; r < end; r++) {
            direct(o[runs + 2 * r], o[runs + 2 * r + 1]);
        }
    }

    /// Zeroes the planes that an even slab may touch, or those of an odd slab that its neighbours do not touch.
    private void zero(int slab) {
        int below = plan.reach + plan.support - 2;
        int above = plan.reach + 1;
        int first = plan.start[slab];
        int end = plan.start[slab + 1];
        if (plan.slabs == 1) {
            zero(0, plan.planes);
        } else if (parity == 0) {
            int before = Math.floorMod(first - below, plan.planes);
            int after = end % plan.planes;
            zero(first, end);
            zero(before, before + below);
            zero(after, after + above);
        } else {
            zero(first + above, end - below);
        }
    }

    private void zero(int first, int end) {
        for (int ch = 0; ch < channels && first < end; ch++) {
            Storage.zero(m, mAt + ch * cells + first * plan.planeCells, (end - first) * plan.planeCells);
        }
    }

    // ------------------------------------------------------------------------------------------------- kernels

    private void direct(int from, int end) {
        for (int g = 0; g < kernels.length; g++) {
            kernels[g].run(x, xAt, axes, v, vAt + g * group * columnsPerChannel, columns, m, mAt + g * group * cells, from, end);
        }
    }

    /// One block of moved particles, which carry their values behind their coordinates.
    private void block(int b) {
        int from = o[oAt + plan.begins() + b];
        int end = o[oAt + plan.ends() + b];
        int width = axes + columns;
        for (int g = 0; g < kernels.length; g++) {
            kernels[g].run(s, sAt, width, s, sAt + axes + g * group * columnsPerChannel, width, m, mAt + g * group * cells, from, end);
        }
    }

    private void stretch(int c) {
        direct(c * CHUNK, (int) Math.min(plan.n, (c + 1L) * CHUNK));
    }

    @Override
    public String toString() {
        return (paint ? "paint " : "read ") + plan.n + " particles, " + channels + " x " + cells + " cells";
    }
}
