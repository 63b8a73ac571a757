package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.DType;

/// Rows of a matrix fetched or added up by index, in parallel and with the same bits for any number of threads.
///
/// Sums run in the order of the index. If rows are wide, threads share the columns; if they are narrow, the target's rows are cut into
/// blocks, a stable counting sort finds which indices belong to a block, and each block is summed by one thread.
final class Rows {
    /// Elements that make a chunk.
    private static final int GRAIN = 1 << 15;
    /// Columns of a chunk of wide rows.
    private static final int COLUMNS = 256;
    private static final int MOST_CHUNKS = 64;
    /// Narrow rows of so few elements stay in a cache, where one thread adds faster than several sort.
    private static final int CACHED = 1 << 18;
    /// Rows of so many elements are added by a kernel.
    private static final int LONG_ROW = 8;

    private Rows() {}

    private static int chunks(long elements) {
        return Math.clamp(elements / GRAIN, 1, MOST_CHUNKS);
    }

    private static int bound(int chunk, int chunks, int count) {
        return (int) ((long) chunk * count / chunks);
    }

    /// Complains of the first index that is outside, before anything is written.
    private static void check(String name, int[] index, int from, int to, int rows) {
        int low = 0;
        int high = -1;
        for (int i = from; i < to; i++) {
            low = Math.min(low, index[i]);
            high = Math.max(high, index[i]);
        }
        if (low >= 0 && high < rows) {
            return;
        }
        for (int i = from; i < to; i++) {
            if (index[i] < 0 || index[i] >= rows) {
                throw new IndexOutOfBoundsException(
                        name + ": index " + index[i] + (rows == 0 ? " is given, but there are no rows" : " is outside 0…" + (rows - 1)));
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- gather

    private static final List<LoopSpec.Sink> UNCHANGED = List.of(new LoopSpec.Sink(0, LoopSpec.Access.UNIT, LoopSpec.Mode.STORE));
    private static final List<LoopSpec.Sink> ADDED = List.of(new LoopSpec.Sink(0, LoopSpec.Access.UNIT, LoopSpec.Mode.ADD));

    /// A loop over rows that go somewhere, some of them named by tables.
    private static LoopSpec loop(DType type, List<LoopSpec.Sink> sinks, Integer... indexed) {
        return new LoopSpec(List.of(new LoopSpec.Source(type, LoopSpec.Access.UNIT)), List.of(), sinks).byIndex(indexed);
    }

    /// `y[i, :] = x[index[i], :]`.
    static final class Gather implements DenseTask.Work {
        private final int rows;
        private final int width;
        private final int count;
        private final int chunks;
        private final Workers.Task body = this::chunk;
        private final LoopKernel copy;
        private final int[] geometry;
        private final Object[] operands = new Object[3];
        private Object[] arrays = new Object[0];
        private int[] bases = new int[0];

        Gather(DType type, int rows, int width, int count) {
            this.rows = rows;
            this.width = width;
            this.count = count;
            this.chunks = chunks((long) count * width);
            this.copy = Loops.kernel(loop(type, UNCHANGED, 0), count, width);
            this.geometry = new int[] {0, width, 1, 0, width, 1, 0, 0, 0};
        }

        @Override
        public void run(Object[] arrays, int[] bases) {
            this.arrays = arrays;
            this.bases = bases;
            operands[0] = arrays[0];
            operands[1] = arrays[2];
            operands[2] = arrays[1];
            geometry[0] = bases[0];
            geometry[3] = bases[2];
            geometry[6] = bases[1];
            check("gather", (int[]) arrays[1], bases[1], bases[1] + count, rows);
            if (chunks == 1) {
                chunk(0);
            } else {
                Workers.run(chunks, body);
            }
        }

        private void chunk(int c) {
            int from = bound(c, chunks, count);
            int end = bound(c + 1, chunks, count);
            int[] index = (int[]) arrays[1];
            int k = bases[1];
            int x = bases[0];
            int y = bases[2];
            if (width == 1 && arrays[2] instanceof float[] to) {
                float[] a = (float[]) arrays[0];
                for (int i = from; i < end; i++) {
                    to[y + i] = a[x + index[k + i]];
                }
            } else if (width == 1 && arrays[2] instanceof double[] to) {
                double[] a = (double[]) arrays[0];
                for (int i = from; i < end; i++) {
                    to[y + i] = a[x + index[k + i]];
                }
            } else if (width <= 8 && arrays[2] instanceof float[] to) {
                float[] a = (float[]) arrays[0];
                for (int i = from; i < end; i++) {
                    int f = x + index[k + i] * width;
                    for (int j = 0; j < width; j++) {
                        to[y + i * width + j] = a[f + j];
                    }
                }
            } else if (arrays[2] instanceof int[] to) {
                for (int i = from; i < end; i++) {
                    System.arraycopy((int[]) arrays[0], x + index[k + i] * width, to, y + i * width, width);
                }
            } else {
                copy.run(operands, geometry, from, end, width);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- scatter

    /// `y[r, :] = Σ_{i: index[i] = r} x[i, :]`, added in the order of `i`.
    static final class ScatterAdd implements DenseTask.Work {
        private final int rows;
        private final int width;
        private final int count;
        private final int chunks;
        /// Blocks of `1 << shift` rows, if rows are narrow.
        private final int shift;
        private final int blocks;
        private final boolean wide;
        private int[] places = new int[0];
        private int[] order = new int[0];
        /// The target's rows in that order.
        private int[] targets = new int[0];
        private final Workers.Task columns = this::columns;
        private final Workers.Task tally = this::tally;
        private final Workers.Task sort = this::sort;
        private final Workers.Task sum = this::sum;
        /// What adds a row to another, of `part` elements or of any number.
        private final int part;
        private final LoopKernel adder;
        private final LoopKernel anyAdder;
        private final int[][] geometries;
        private final Object[] operands = new Object[4];
        private Object[] arrays = new Object[0];
        private int[] bases = new int[0];

        ScatterAdd(DType type, int rows, int width, int count) {
            this.rows = rows;
            this.width = width;
            this.count = count;
            this.chunks = chunks((long) count * width);
            this.wide = width >= 2 * COLUMNS;
            int s = 0;
            while ((Math.max(0, rows - 1) >> s) + 1 > MOST_CHUNKS) {
                s++;
            }
            this.shift = s;
            boolean cached = width < 8 && (long) rows * width <= CACHED;
            this.blocks = chunks == 1 || wide || cached ? 1 : (Math.max(0, rows - 1) >> s) + 1;
            this.part = wide ? COLUMNS : width;
            LoopSpec sum = blocks > 1 ? loop(type, ADDED, 0, 1) : loop(type, ADDED, 1);
            this.adder = Loops.kernel(sum, count, part);
            this.anyAdder = Loops.kernel(sum);
            this.geometries = new int[Math.max(blocks, (width + COLUMNS - 1) / COLUMNS)][12];
        }

        @Override
        public void run(Object[] arrays, int[] bases) {
            this.arrays = arrays;
            this.bases = bases;
            if (blocks > 1 && places.length == 0) {
                places = new int[chunks * blocks + blocks];
                order = new int[count];
                targets = new int[count];
            }
            operands[0] = arrays[0];
            operands[1] = arrays[2];
            operands[2] = blocks > 1 ? order : arrays[1];
            operands[3] = targets;
            check("scatterAdd", (int[]) arrays[1], bases[1], bases[1] + count, rows);
            if (chunks > 1 && wide) {
                Workers.run((width + COLUMNS - 1) / COLUMNS, columns);
            } else if (blocks == 1) {
                zero(0, rows);
                add(geometries[0], 0, count, 0, width, false);
            } else {
                Workers.run(chunks, tally);
                int next = 0;
                for (int b = 0; b < blocks; b++) {
                    places[chunks * blocks + b] = next;
                    for (int c = 0; c < chunks; c++) {
                        int here = places[c * blocks + b];
                        places[c * blocks + b] = next;
                        next += here;
                    }
                }
                Workers.run(chunks, sort);
                Workers.run(blocks, sum);
            }
        }

        private void tally(int c) {
            int[] index = (int[]) arrays[1];
            int at = c * blocks;
            Arrays.fill(places, at, at + blocks, 0);
            for (int i = bound(c, chunks, count), end = bound(c + 1, chunks, count); i < end; i++) {
                places[at + (index[bases[1] + i] >> shift)]++;
            }
        }

        private void sort(int c) {
            int[] index = (int[]) arrays[1];
            int at = c * blocks;
            for (int i = bound(c, chunks, count), end = bound(c + 1, chunks, count); i < end; i++) {
                int to = index[bases[1] + i];
                int place = places[at + (to >> shift)]++;
                order[place] = i;
                targets[place] = to;
            }
        }

        private void sum(int b) {
            zero(b << shift, (int) Math.min(rows, (b + 1L) << shift));
            int begin = places[chunks * blocks + b];
            add(geometries[b], begin, b + 1 == blocks ? count : places[chunks * blocks + b + 1], 0, width, true);
        }

        private void columns(int c) {
            int first = c * COLUMNS;
            int end = Math.min(width, first + COLUMNS);
            for (int r = 0; r < rows; r++) {
                Storage.zero(arrays[2], bases[2] + r * width + first, end - first);
            }
            add(geometries[c], 0, count, first, end, false);
        }

        private void zero(int firstRow, int endRow) {
            Storage.zero(arrays[2], bases[2] + firstRow * width, (endRow - firstRow) * width);
        }

        /// Adds columns `first` to `last - 1` of the indices `from` to `to - 1`, or of those that `order` names there.
        private void add(int[] geometry, int from, int to, int first, int last, boolean ordered) {
            int[] index = (int[]) arrays[1];
            int values = bases[0] + first;
            int indices = bases[1];
            int toRows = bases[2] + first;
            if (last - first >= LONG_ROW) {
                geometry[0] = values;
                geometry[1] = width;
                geometry[2] = 1;
                geometry[3] = toRows;
                geometry[4] = width;
                geometry[5] = 1;
                geometry[6] = ordered ? 0 : indices;
                (last - first == part ? adder : anyAdder).run(operands, geometry, from, to, last - first);
                return;
            }
            switch (arrays[2]) {
                case float[] out -> {
                    float[] in = (float[]) arrays[0];
                    if (width == 1 && !ordered) {
                        single(in, values, index, indices, out, toRows, from, to);
                        return;
                    }
                    for (int j = from; j < to; j++) {
                        int i = ordered ? order[j] : j;
                        int y = toRows + index[indices + i] * width;
                        for (int k = 0; k < last - first; k++) {
                            out[y + k] += in[values + i * width + k];
                        }
                    }
                }
                case double[] out -> {
                    double[] in = (double[]) arrays[0];
                    if (width == 1 && !ordered) {
                        single(in, values, index, indices, out, toRows, from, to);
                        return;
                    }
                    for (int j = from; j < to; j++) {
                        int i = ordered ? order[j] : j;
                        int y = toRows + index[indices + i] * width;
                        for (int k = 0; k < last - first; k++) {
                            out[y + k] += in[values + i * width + k];
                        }
                    }
                }
                default -> {
                    int[] in = (int[]) arrays[0];
                    int[] out = (int[]) arrays[2];
                    for (int j = from; j < to; j++) {
                        int i = ordered ? order[j] : j;
                        int y = toRows + index[indices + i] * width;
                        for (int k = 0; k < last - first; k++) {
                            out[y + k] += in[values + i * width + k];
                        }
                    }
                }
            }
        }

        // methods of their own, which C2 compiles better than a loop in a long method
        private static void single(float[] in, int values, int[] index, int indices, float[] out, int toRows, int from, int to) {
            for (int i = from; i < to; i++) {
                out[toRows + index[indices + i]] += in[values + i];
            }
        }

        private static void single(double[] in, int values, int[] index, int indices, double[] out, int toRows, int from, int to) {
            for (int i = from; i < to; i++) {
                out[toRows + index[indices + i]] += in[values + i];
            }
        }
    }
}
