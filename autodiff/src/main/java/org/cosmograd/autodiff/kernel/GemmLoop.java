package org.cosmograd.autodiff.kernel;

/// The twin of a tile of [GemmEmitter] in plain loops: what runs until that tile is compiled.
///
/// @param walk    where `A` lies
/// @param rows    rows of the tile
/// @param columns columns of the tile
record GemmLoop(GemmEmitter.Walk walk, int rows, int columns) implements GemmTile {
    @Override
    public void run(Object c, int cAt, int cStep, boolean accumulate, int aStep, int k, Object a, int aAt, Object b, int bAt, int bStep) {
        if (k < 0) {
            return;
        }
        boolean packed = walk == GemmEmitter.Walk.ALONG_COLUMNS;
        int aRow = walk == GemmEmitter.Walk.ALONG_ROWS ? aStep : 1;
        int aColumn = walk == GemmEmitter.Walk.ALONG_ROWS ? 1 : packed ? rows : aStep;
        for (int i = 0; i < rows; i++) {
            int from = aAt + i * aRow;
            int to = cAt + i * cStep;
            if (c instanceof float[] y) {
                GemmScalar.row(columns, k, (float[]) a, from, aColumn, (float[]) b, bAt, packed ? columns : bStep, y, to, accumulate);
            } else {
                GemmScalar.row(columns, k, (double[]) a, from, aColumn, (double[]) b, bAt, packed ? columns : bStep,
                        (double[]) c, to, accumulate);
            }
        }
    }
}
