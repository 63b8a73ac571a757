package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// The passes over particles that find out and change their order, for floats and doubles; see [MeshPlan].
///
/// - `scan` writes the runs of a stretch of particles and returns their number, or -1 if there are too many, or -2 - i if particle `i` has a
///   coordinate that is not finite;
/// - `check` returns 0, or -2 - i;
/// - `count` counts the particles of each block and returns 0, or -2 - i;
/// - `move` writes the coordinates and `columns` values of each particle to the next place of its block, `moveBack` fetches the values
///   from there.
final class MeshOrder {
    private MeshOrder() {}

    static int scan(float[] x, int xAt, int from, int to, MeshPlan p, int[] plan, int at) {
        int d = p.axes;
        float half = p.support == 3 ? 0.5f : 0;
        int runs = 0;
        int low = 0;
        int span = 0;
        int j = xAt + from * d;
        for (int i = from; i < to; i++, j += d) {
            float a = x[j] + half;
            int cell = (int) a;
            float sum = d == 3 ? a + x[j + 1] + x[j + 2] : d == 2 ? a + x[j + 1] : a;
            if (!(Math.abs(sum) <= Float.MAX_VALUE) && !finite(x, j, d)) {
                return -2 - i;
            }
            // what follows is for the few particles that leave the slab or its plain part
            if (cell - low + Integer.MIN_VALUE >= span + Integer.MIN_VALUE || !(a >= 0)) {
                cell = cell(x[j], half, p.support, p.planes);
                if (runs == 0 || !p.isWithin(cell, plan[at + 3 * runs - 3])) {
                    if (runs > 0) {
                        plan[at + 3 * runs - 1] = i;
                    }
                    if (runs == p.mostRuns()) {
                        return -1;
                    }
                    int slab = p.slabOf[cell >> p.shift];
                    plan[at + 3 * runs] = slab;
                    plan[at + 3 * runs + 1] = i;
                    runs++;
                    low = p.low[slab];
                    span = Math.min(p.span[slab], Math.min(p.planes, Periodic.EXACT_FLOATS) - low);
                }
            }
        }
        if (runs > 0) {
            plan[at + 3 * runs - 1] = to;
        }
        return runs;
    }

    private static int cell(float x, float half, int support, int n) {
        float a = x + half;
        int cell = (int) a;
        return a >= 0 && cell < n && cell < Periodic.EXACT_FLOATS ? cell : Periodic.cell(x, support, n);
    }

    static int check(float[] x, int xAt, int from, int to, int d) {
        int j = xAt + from * d;
        for (int i = from; i < to; i++, j += d) {
            float sum = d == 3 ? x[j] + x[j + 1] + x[j + 2] : d == 2 ? x[j] + x[j + 1] : x[j];
            if (!(Math.abs(sum) <= Float.MAX_VALUE) && !finite(x, j, d)) {
                return -2 - i;
            }
        }
        return 0;
    }

    private static boolean finite(float[] x, int at, int d) {
        for (int a = 0; a < d; a++) {
            if (!(Math.abs(x[at + a]) <= Float.MAX_VALUE)) {
                return false;
            }
        }
        return true;
    }

    private static int block(float[] x, int j, MeshPlan p, float half) {
        int slab = p.slabOf[cell(x[j], half, p.support, p.planes) >> p.shift];
        return p.blocksPerSlab == 1 ? slab : slab * p.blocksPerSlab + (cell(x[j + 1], half, p.support, p.rows) >> p.rowShift);
    }

    static int count(float[] x, int xAt, int from, int to, MeshPlan p, int[] plan, int at) {
        int d = p.axes;
        float half = p.support == 3 ? 0.5f : 0;
        Arrays.fill(plan, at, at + p.blocks, 0);
        int j = xAt + from * d;
        for (int i = from; i < to; i++, j += d) {
            float sum = x[j] + (d > 1 ? x[j + 1] : 0) + (d > 2 ? x[j + 2] : 0);
            if (!(Math.abs(sum) <= Float.MAX_VALUE) && !finite(x, j, d)) {
                return -2 - i;
            }
            plan[at + block(x, j, p, half)]++;
        }
        return 0;
    }

    static void move(float[] x, int xAt, float[] v, int vAt, int columns, float[] to, int toAt, int width, int from, int end, MeshPlan p,
            int[] next) {
        int d = p.axes;
        float half = p.support == 3 ? 0.5f : 0;
        int j = xAt + from * d;
        for (int i = from; i < end; i++, j += d) {
            int b = block(x, j, p, half);
            int o = toAt + next[b]++ * width;
            to[o] = x[j];
            if (d > 1) {
                to[o + 1] = x[j + 1];
            }
            if (d > 2) {
                to[o + 2] = x[j + 2];
            }
            for (int k = 0, f = vAt + i * columns; k < columns; k++) {
                to[o + d + k] = v[f + k];
            }
        }
    }

    static void moveBack(float[] x, int xAt, float[] v, int vAt, int columns, float[] moved, int movedAt, int from, int end, MeshPlan p, int[] next) {
        int d = p.axes;
        int width = d + columns;
        float half = p.support == 3 ? 0.5f : 0;
        int j = xAt + from * d;
        for (int i = from; i < end; i++, j += d) {
            int b = block(x, j, p, half);
            int o = movedAt + next[b]++ * width + d;
            for (int k = 0, f = vAt + i * columns; k < columns; k++) {
                v[f + k] = moved[o + k];
            }
        }
    }

    static int scan(double[] x, int xAt, int from, int to, MeshPlan p, int[] plan, int at) {
        int d = p.axes;
        double half = p.support == 3 ? 0.5 : 0;
        int runs = 0;
        int low = 0;
        int span = 0;
        int j = xAt + from * d;
        for (int i = from; i < to; i++, j += d) {
            double a = x[j] + half;
            int cell = (int) a;
            double sum = d == 3 ? a + x[j + 1] + x[j + 2] : d == 2 ? a + x[j + 1] : a;
            if (!(Math.abs(sum) <= Double.MAX_VALUE) && !finite(x, j, d)) {
                return -2 - i;
            }
            // what follows is for the few particles that leave the slab or its plain part
            if (cell - low + Integer.MIN_VALUE >= span + Integer.MIN_VALUE || !(a >= 0)) {
                cell = cell(x[j], half, p.support, p.planes);
                if (runs == 0 || !p.isWithin(cell, plan[at + 3 * runs - 3])) {
                    if (runs > 0) {
                        plan[at + 3 * runs - 1] = i;
                    }
                    if (runs == p.mostRuns()) {
                        return -1;
                    }
                    int slab = p.slabOf[cell >> p.shift];
                    plan[at + 3 * runs] = slab;
                    plan[at + 3 * runs + 1] = i;
                    runs++;
                    low = p.low[slab];
                    span = Math.min(p.span[slab], Math.min(p.planes, Periodic.EXACT_FLOATS) - low);
                }
            }
        }
        if (runs > 0) {
            plan[at + 3 * runs - 1] = to;
        }
        return runs;
    }

    private static int cell(double x, double half, int support, int n) {
        double a = x + half;
        int cell = (int) a;
        return a >= 0 && cell < n && cell < Periodic.EXACT_FLOATS ? cell : Periodic.cell(x, support, n);
    }

    static int check(double[] x, int xAt, int from, int to, int d) {
        int j = xAt + from * d;
        for (int i = from; i < to; i++, j += d) {
            double sum = d == 3 ? x[j] + x[j + 1] + x[j + 2] : d == 2 ? x[j] + x[j + 1] : x[j];
            if (!(Math.abs(sum) <= Double.MAX_VALUE) && !finite(x, j, d)) {
                return -2 - i;
            }
        }
        return 0;
    }

    private static boolean finite(double[] x, int at, int d) {
        for (int a = 0; a < d; a++) {
            if (!(Math.abs(x[at + a]) <= Double.MAX_VALUE)) {
                return false;
            }
        }
        return true;
    }

    private static int block(double[] x, int j, MeshPlan p, double half) {
        int slab = p.slabOf[cell(x[j], half, p.support, p.planes) >> p.shift];
        return p.blocksPerSlab == 1 ? slab : slab * p.blocksPerSlab + (cell(x[j + 1], half, p.support, p.rows) >> p.rowShift);
    }

    static int count(double[] x, int xAt, int from, int to, MeshPlan p, int[] plan, int at) {
        int d = p.axes;
        double half = p.support == 3 ? 0.5 : 0;
        Arrays.fill(plan, at, at + p.blocks, 0);
        int j = xAt + from * d;
        for (int i = from; i < to; i++, j += d) {
            double sum = x[j] + (d > 1 ? x[j + 1] : 0) + (d > 2 ? x[j + 2] : 0);
            if (!(Math.abs(sum) <= Double.MAX_VALUE) && !finite(x, j, d)) {
                return -2 - i;
            }
            plan[at + block(x, j, p, half)]++;
        }
        return 0;
    }

    static void move(double[] x, int xAt, double[] v, int vAt, int columns, double[] to, int toAt, int width, int from, int end, MeshPlan p,
            int[] next) {
        int d = p.axes;
        double half = p.support == 3 ? 0.5 : 0;
        int j = xAt + from * d;
        for (int i = from; i < end; i++, j += d) {
            int b = block(x, j, p, half);
            int o = toAt + next[b]++ * width;
            to[o] = x[j];
            if (d > 1) {
                to[o + 1] = x[j + 1];
            }
            if (d > 2) {
                to[o + 2] = x[j + 2];
            }
            for (int k = 0, f = vAt + i * columns; k < columns; k++) {
                to[o + d + k] = v[f + k];
            }
        }
    }

    static void moveBack(double[] x, int xAt, double[] v, int vAt, int columns, double[] moved, int movedAt, int from, int end, MeshPlan p, int[] next) {
        int d = p.axes;
        int width = d + columns;
        double half = p.support == 3 ? 0.5 : 0;
        int j = xAt + from * d;
        for (int i = from; i < end; i++, j += d) {
            int b = block(x, j, p, half);
            int o = movedAt + next[b]++ * width + d;
            for (int k = 0, f = vAt + i * columns; k < columns; k++) {
                v[f + k] = moved[o + k];
            }
        }
    }
}
