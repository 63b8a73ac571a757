package org.cosmograd.autodiff.kernel;

/// The twin of a tile of [GemmEmitter] in plain loops: what runs until that tile is compiled.
///
/// @param walk    where `A` lies
/// @param rows    rows of the tile
/// @param columns columns of the tile
record GemmLoop(GemmEmitter.Walk walk, int rows, int columns) implements GemmTile {
    @Override
    public void run(Object c, int cAt, int cStep, boolean accumulate, int k, Object a, int aAt, int aStep, Object b, int bAt, int bStep) {
        if (k < 0) {
            return;
        }
        boolean along = walk == GemmEmitter.Walk.ALONG_ROWS;
        int aRow = along ? aStep : 1;
        int aColumn = along ? 1 : aStep;
        for (int i = 0; i < rows; i++) {
            int from = aAt + i * aRow;
            int to = cAt + i * cStep;
            if (c instanceof float[] y) {
                GemmScalar.row(columns, k, (float[]) a, from, aColumn, (float[]) b, bAt, bStep, y, to, accumulate);
            } else {
                GemmScalar.row(columns, k, (double[]) a, from, aColumn, (double[]) b, bAt, bStep, (double[]) c, to, accumulate);
            }
        }
    }
}
