package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// Tiles in plain loops: the specification of the emitted ones, and what runs until those are compiled or where there are none.
///
/// @param walk    where `A` lies
/// @param rows    rows of the tile
/// @param columns columns of the tile
record ConvScalar(GemmEmitter.Walk walk, int rows, int columns) implements ConvTile {
    @Override
    public void run(int stretches, int[] starts, int k, Object a, int aAt, int aStep, Object b, int bAt, int bStep, Object c, int cAt,
            int cStep, boolean accumulate) {
        int row = walk == GemmEmitter.Walk.ALONG_ROWS ? aStep : 1;
        int step = walk == GemmEmitter.Walk.ALONG_ROWS ? 1 : aStep;
        for (int i = 0; i < rows; i++) {
            if (a instanceof float[] x) {
                row(stretches, starts, k, x, aAt + i * row, step, (float[]) b, bAt, bStep, (float[]) c, cAt + i * cStep, accumulate);
            } else {
                row(stretches, starts, k, (double[]) a, aAt + i * row, step, (double[]) b, bAt, bStep, (double[]) c, cAt + i * cStep,
                        accumulate);
            }
        }
    }

    private void row(int stretches, int[] starts, int k, float[] a, int aAt, int step, float[] b, int bAt, int bStep, float[] c,
            int cAt, boolean accumulate) {
        float[] sum = ConvScratch.floatSums(columns);
        if (accumulate) {
            System.arraycopy(c, cAt, sum, 0, columns);
        } else {
            Arrays.fill(sum, 0, columns, 0);
        }
        int at = bAt;
        for (int s = 0; s < stretches; s++) {
            for (int p = 0; p < k; p++) {
                float x = a[aAt + starts[s] + p * step];
                for (int j = 0; j < columns; j++) {
                    sum[j] = Math.fma(x, b[at + j], sum[j]);
                }
                at += bStep;
            }
        }
        System.arraycopy(sum, 0, c, cAt, columns);
    }

    private void row(int stretches, int[] starts, int k, double[] a, int aAt, int step, double[] b, int bAt, int bStep, double[] c,
            int cAt, boolean accumulate) {
        double[] sum = ConvScratch.doubleSums(columns);
        if (accumulate) {
            System.arraycopy(c, cAt, sum, 0, columns);
        } else {
            Arrays.fill(sum, 0, columns, 0);
        }
        int at = bAt;
        for (int s = 0; s < stretches; s++) {
            for (int p = 0; p < k; p++) {
                double x = a[aAt + starts[s] + p * step];
                for (int j = 0; j < columns; j++) {
                    sum[j] = Math.fma(x, b[at + j], sum[j]);
                }
                at += bStep;
            }
        }
        System.arraycopy(sum, 0, c, cAt, columns);
    }
}
