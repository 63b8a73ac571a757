package org.cosmograd.autodiff.kernel;

import java.util.function.IntBinaryOperator;

/// A tensor with copies of its own elements around it, and the way back: whole rows at a time.
public final class Borders implements DenseTask.Work {
    private static final int ROWS_PER_CHUNK = 16;

    private final Rows r;
    /// For each row the extended rows that it collects; for the way there, nothing.
    private final int[][] sources;
    private final int rows;
    private final Workers.Task chunks;
    private Object[] arrays = {};
    private int[] bases = {};

    private Borders(Rows r, boolean folds) {
        this.r = r;
        this.sources = folds ? r.sources() : new int[0][];
        this.rows = folds ? r.rows : r.wideRows;
        this.chunks = folds ? this::fold : this::extend;
    }

    /// `y[i, …] = x[inside(i - low), …]`; `dims` are the sizes of `x`.
    ///
    /// @param inside the place that stands for a place, in an axis of a size
    public static DenseTask.Work extend(int[] dims, int[] low, int[] high, IntBinaryOperator inside) {
        return new Borders(new Rows(dims, low, high, inside), false);
    }

    /// `y[j, …] = Σ x[i, …]` over all `i` with `inside(i - low) = j`, ascending; `dims` are the sizes of `y`.
    public static DenseTask.Work fold(int[] dims, int[] low, int[] high, IntBinaryOperator inside) {
        return new Borders(new Rows(dims, low, high, inside), true);
    }

    @Override
    public void run(Object[] arrays, int[] bases) {
        this.arrays = arrays;
        this.bases = bases;
        Workers.run((rows + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK, chunks);
    }

    private void extend(int chunk) {
        for (int row = chunk * ROWS_PER_CHUNK; row < Math.min(rows, (chunk + 1) * ROWS_PER_CHUNK); row++) {
            int from = bases[0] + r.source(row) * r.n;
            int to = bases[1] + row * (r.before + r.n + r.behind);
            System.arraycopy(arrays[0], from, arrays[1], to + r.before, r.n);
            for (int i = 0; i < r.places.length; i++) {
                System.arraycopy(arrays[0], from + r.inside[i], arrays[1], to + r.places[i], r.run);
            }
        }
    }

    private void fold(int chunk) {
        for (int row = chunk * ROWS_PER_CHUNK; row < Math.min(rows, (chunk + 1) * ROWS_PER_CHUNK); row++) {
            int to = bases[1] + row * r.n;
            Storage.zero(arrays[1], to, r.n);
            for (int wide : sources[row]) {
                int from = bases[0] + wide * (r.before + r.n + r.behind);
                for (int i = 0; i < r.places.length && r.places[i] < r.before; i++) {
                    add(arrays[0], from + r.places[i], arrays[1], to + r.inside[i], r.run);
                }
                add(arrays[0], from + r.before, arrays[1], to, r.n);
                for (int i = 0; i < r.places.length; i++) {
                    if (r.places[i] >= r.before) {
                        add(arrays[0], from + r.places[i], arrays[1], to + r.inside[i], r.run);
                    }
                }
            }
        }
    }

    private static void add(Object x, int from, Object y, int to, int count) {
        if (x instanceof float[] a) {
            float[] b = (float[]) y;
            for (int i = 0; i < count; i++) {
                b[to + i] += a[from + i];
            }
        } else {
            double[] a = (double[]) x;
            double[] b = (double[]) y;
            for (int i = 0; i < count; i++) {
                b[to + i] += a[from + i];
            }
        }
    }

    /// The last axis that is extended, with all behind it, is a row; the axes before it number the rows.
    private static final class Rows {
        final int[] dims;
        final int[] low;
        final int[] wide;
        final IntBinaryOperator map;
        final int axis;
        final int rows;
        final int wideRows;
        /// Elements that keep together.
        final int run;
        final int n;
        final int before;
        final int behind;
        /// Where in an extended row copies lie, and where in a row they come from.
        final int[] places;
        final int[] inside;

        Rows(int[] dims, int[] low, int[] high, IntBinaryOperator map) {
            int last = dims.length - 1;
            while (last > 0 && low[last] == 0 && high[last] == 0) {
                last--;
            }
            this.dims = dims;
            this.low = low;
            this.map = map;
            this.axis = last;
            this.wide = new int[last];
            int count = 1;
            int wideCount = 1;
            for (int i = 0; i < last; i++) {
                wide[i] = low[i] + dims[i] + high[i];
                count *= dims[i];
                wideCount *= wide[i];
            }
            this.rows = count;
            this.wideRows = wideCount;
            int behindAxis = 1;
            for (int i = last + 1; i < dims.length; i++) {
                behindAxis *= dims[i];
            }
            this.run = behindAxis;
            this.n = dims[last] * run;
            this.before = low[last] * run;
            this.behind = high[last] * run;
            this.places = new int[low[last] + high[last]];
            this.inside = new int[places.length];
            for (int i = 0; i < places.length; i++) {
                int at = i < low[last] ? i : i + dims[last];
                places[i] = at * run;
                inside[i] = map.applyAsInt(at - low[last], dims[last]) * run;
            }
        }

        /// The row that an extended row copies.
        int source(int row) {
            int at = 0;
            int step = 1;
            for (int i = axis - 1; i >= 0; i--) {
                at += map.applyAsInt(row % wide[i] - low[i], dims[i]) * step;
                step *= dims[i];
                row /= wide[i];
            }
            return at;
        }

        /// For each row the extended rows that copy it.
        int[][] sources() {
            int[] counts = new int[rows];
            for (int w = 0; w < wideRows; w++) {
                counts[source(w)]++;
            }
            int[][] out = new int[rows][];
            for (int r = 0; r < rows; r++) {
                out[r] = new int[counts[r]];
            }
            for (int w = wideRows - 1; w >= 0; w--) {
                int r = source(w);
                out[r][--counts[r]] = w;
            }
            return out;
        }
    }
}
