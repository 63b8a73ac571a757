package org.cosmograd.autodiff.kernel;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;

/// Finds out which particles belong to which slab of a mesh; see [MeshPlan].
public final class MeshArrangeTask implements Task {
    private static final int FEW = 20_000;

    private final MeshPlan plan;
    private final Operand positions;
    private final Operand result;
    private final boolean sort;
    private final Workers.Task scan = this::scan;
    private final Workers.Task check = this::check;
    private final Workers.Task count = this::count;
    private Object x = new float[0];
    private int xAt;
    private int[] to = new int[0];
    private int at;

    /// For `n` particles on a mesh of sizes `dims`.
    ///
    /// @param sort whether anybody needs the order; else only the coordinates are looked through
    public MeshArrangeTask(int n, int support, Shape dims, DType type, boolean sort, Operand positions, Operand result) {
        this.sort = sort;
        this.plan = new MeshPlan(n, support, dims, type.bytes());
        this.positions = positions;
        this.result = result;
    }

    @Override
    public void bind(Memory memory) {
        x = memory.array(positions.buffer());
        xAt = memory.base(positions.buffer()) + positions.offset();
        to = (int[]) memory.array(result.buffer());
        at = memory.base(result.buffer()) + result.offset();
    }

    @Override
    public void run() {
        if (!sort) {
            all(check);
            to[at] = 0;
            return;
        }
        all(scan);
        if (plan.sortRuns(to, at)) {
            to[at] = 0;
        } else {
            all(count);
            plan.place(to, at);
            to[at] = 1;
        }
    }

    /// Does it for all chunks and complains of the first particle that is nowhere.
    private void all(Workers.Task work) {
        if (plan.n < FEW) {
            for (int c = 0; c < plan.chunks; c++) {
                work.run(c);
            }
        } else {
            Workers.run(plan.chunks, work);
        }
        for (int c = 0; c < plan.chunks; c++) {
            int found = to[at + MeshPlan.COUNTS + c];
            if (found < -1) {
                int i = -2 - found;
                StringBuilder place = new StringBuilder();
                for (int a = 0; a < plan.axes; a++) {
                    int j = xAt + i * plan.axes + a;
                    place.append(a == 0 ? "" : ", ").append(x instanceof float[] f ? (Object) f[j] : (Object) ((double[]) x)[j]);
                }
                throw new ArithmeticException("paint or read: particle " + i + " lies at [" + place + "]; positions must be finite");
            }
        }
    }

    private void scan(int c) {
        int from = c * plan.chunkLength;
        int end = plan.chunkEnd(c);
        to[at + MeshPlan.COUNTS + c] = x instanceof float[] f
                ? MeshOrder.scan(f, xAt, from, end, plan, to, at + plan.found(c))
                : MeshOrder.scan((double[]) x, xAt, from, end, plan, to, at + plan.found(c));
    }

    private void check(int c) {
        int from = c * plan.chunkLength;
        int end = plan.chunkEnd(c);
        to[at + MeshPlan.COUNTS + c] = x instanceof float[] f
                ? MeshOrder.check(f, xAt, from, end, plan.axes)
                : MeshOrder.check((double[]) x, xAt, from, end, plan.axes);
    }

    private void count(int c) {
        int from = c * plan.chunkLength;
        int end = plan.chunkEnd(c);
        to[at + MeshPlan.COUNTS + c] = x instanceof float[] f
                ? MeshOrder.count(f, xAt, from, end, plan, to, at + plan.next(c))
                : MeshOrder.count((double[]) x, xAt, from, end, plan, to, at + plan.next(c));
    }

    @Override
    public String toString() {
        return "arrange " + plan.n + " particles in " + plan.slabs + " slabs";
    }
}
