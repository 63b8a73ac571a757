package org.cosmograd.autodiff.kernel;

/// The twin of a loop of [GemmMover] in plain loops: what runs until that loop is compiled.
///
/// @param kind    which elements are read and written
/// @param vectors length of a row, in vectors
/// @param lanes   elements of a vector
record GemmMove(GemmMover.Kind kind, int vectors, int lanes) implements GemmTile {
    @Override
    public void run(Object c, int cAt, int cStep, boolean accumulate, int aStep, int k, Object a, int aAt, Object b, int bAt, int bStep) {
        int width = vectors * lanes;
        switch (kind) {
            case COPY -> rows(width, c, cAt, cStep, k, b, bAt, bStep);
            case PART -> rows(width - lanes + aStep, c, cAt, cStep, k, b, bAt, bStep);
            case TRANSPOSE -> gather(c, cAt, cStep, k * lanes, (int[]) a, aAt, b, bAt, 1, width);
        }
    }

    private static void rows(int width, Object c, int cAt, int cStep, int k, Object b, int bAt, int bStep) {
        for (int p = 0; p < k; p++) {
            System.arraycopy(b, bAt + p * bStep, c, cAt + p * cStep, width);
        }
    }

    /// Copies `rows` rows of `n` elements; all strides are free.
    static void spread(int rows, int n, Object x, int xAt, int xRow, int xColumn, Object y, int yAt, int yRow, int yColumn) {
        for (int i = 0; i < rows; i++) {
            int from = xAt + i * xRow;
            int to = yAt + i * yRow;
            if (x instanceof float[] floats) {
                float[] out = (float[]) y;
                for (int j = 0; j < n; j++) {
                    out[to + j * yColumn] = floats[from + j * xColumn];
                }
            } else {
                double[] doubles = (double[]) x;
                double[] out = (double[]) y;
                for (int j = 0; j < n; j++) {
                    out[to + j * yColumn] = doubles[from + j * xColumn];
                }
            }
        }
    }

    /// Element `j` of row `p` is read at `bAt + p*bStep + map[mapAt + j]`.
    static void gather(Object c, int cAt, int cStep, int k, int[] map, int mapAt, Object b, int bAt, int bStep, int width) {
        for (int p = 0; p < k; p++) {
            int from = bAt + p * bStep;
            int to = cAt + p * cStep;
            if (c instanceof float[] y) {
                float[] x = (float[]) b;
                for (int j = 0; j < width; j++) {
                    y[to + j] = x[from + map[mapAt + j]];
                }
            } else {
                double[] x = (double[]) b;
                double[] y = (double[]) c;
                for (int j = 0; j < width; j++) {
                    y[to + j] = x[from + map[mapAt + j]];
                }
            }
        }
    }
}
