package org.cosmograd.autodiff.kernel;

/// A loop whose rows stand for several ([LoopSpec#depth]), on the kernel of single rows.
final class LayerLoop implements LoopKernel {
    private final LoopKernel single;
    private final int depth;
    private final int rows;
    /// Operands that are not partial rows.
    private final boolean[] moves;

    LayerLoop(LoopSpec spec, LoopKernel single) {
        this.single = single;
        this.depth = spec.depth();
        this.rows = spec.partialRows();
        int sources = spec.sources().size();
        this.moves = new boolean[sources + spec.sinks().size()];
        for (int k = 0; k < moves.length; k++) {
            moves[k] = k < sources || !spec.sinks().get(k - sources).mode().isColumn();
        }
    }

    @Override
    public void run(Object[] arrays, int[] geometry, int rowBegin, int rowEnd, int n) {
        for (int d = 0; d < depth; d++) {
            single.run(arrays, geometry, rowBegin, rowEnd, n);
            move(geometry, rows);
        }
        move(geometry, -depth * rows);
    }

    private void move(int[] geometry, int by) {
        for (int k = 0; k < moves.length; k++) {
            if (moves[k]) {
                geometry[3 * k] += by * geometry[3 * k + 1];
            }
        }
    }
}
