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
        single.run(arrays, geometry, rowBegin, rowEnd, n);
        for (int d = 1; d < depth; d++) {
            int[] g = LoopScratch.moved(geometry);
            for (int k = 0; k < moves.length; k++) {
                g[3 * k] += moves[k] ? d * rows * g[3 * k + 1] : 0;
            }
            single.run(arrays, g, rowBegin, rowEnd, n);
        }
    }
}
