package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.List;

/// A copy whose source has its neighbours along another axis than its target.
///
/// Whichever of the two axes lies further apart in memory is taken eight streams at a time, and the streams are followed along the
/// other axis for a tile's length: eight lines of different streams fit in one set of a first cache even where streams are a power of
/// two apart, and a line of the other operand, of which a tile's step takes only a part, is still near when the next streams take the
/// rest.
public final class TransposeTask implements Task {
    private static final int STREAMS = 8;
    private static final int TILE = 64;
    private static final int LEAST_SIDE = 8;
    private static final int LEAST_STREAMS = 4;
    private static final int LEAST_SIZE = 1 << 10;
    private static final int GRAIN = 1 << 17;
    private static final int MOST_CHUNKS = 64;

    private final Operand from;
    private final Operand to;
    private final int[] outer;
    private final int[][] outerStrides;
    /// The axis of the streams and the axis they are followed along: its size, the source's stride, the target's stride.
    private final int[] streams;
    private final int[] walk;
    private final int tiles;
    private final int units;
    private final int unitsPerChunk;
    private final int chunks;
    private final Workers.Task body = this::chunk;
    private final Object[] arrays = new Object[2];
    private final int[] bases = new int[2];

    private TransposeTask(int[] dims, int[][] strides, int axis, Operand from, Operand to) {
        int last = dims.length - 1;
        int[] near = {dims[axis], strides[0][axis], strides[1][axis]};
        int[] far = {dims[last], strides[0][last], strides[1][last]};
        boolean gathers = Math.abs(far[1]) >= Math.abs(near[2]);
        this.from = from;
        this.to = to;
        this.streams = gathers ? far : near;
        this.walk = gathers ? near : far;
        this.outer = Axes.remove(Axes.remove(dims, last), axis);
        this.outerStrides = new int[2][];
        for (int k = 0; k < 2; k++) {
            outerStrides[k] = Axes.remove(Axes.remove(strides[k], last), axis);
        }
        this.tiles = (walk[0] + TILE - 1) / TILE;
        this.units = Axes.product(outer, outer.length) * tiles;
        int size = Axes.product(dims, dims.length);
        int wanted = Math.clamp(size / GRAIN, 1, Math.min(units, MOST_CHUNKS));
        this.unitsPerChunk = (units + wanted - 1) / wanted;
        this.chunks = (units + unitsPerChunk - 1) / unitsPerChunk;
    }

    /// The copy of `source` to `target`, one stride for each axis of sizes `dims`: transposing if that pays, else the loop `body`.
    public static Task of(LoopSpec body, int[] dims, Operand source, Operand target) {
        int[][] strides = {source.strides(), target.strides()};
        int[] d = Axes.merge(dims, strides, 0);
        int last = d.length - 1;
        boolean large = (long) Axes.product(d, d.length) >= LEAST_SIZE && d[last] >= LEAST_SIDE;
        if (large && strides[1][last] == 1 && strides[0][last] != 1 && strides[0][last] != 0) {
            for (int axis = 0; axis < last; axis++) {
                if (strides[0][axis] == 1 && d[axis] >= LEAST_STREAMS) {
                    return new TransposeTask(d, strides, axis, source, target);
                }
            }
        }
        return new MapTask(body, dims, List.of(source, target), 1);
    }

    @Override
    public void bind(Memory memory) {
        arrays[0] = memory.array(from.buffer());
        arrays[1] = memory.array(to.buffer());
        bases[0] = memory.base(from.buffer()) + from.offset();
        bases[1] = memory.base(to.buffer()) + to.offset();
    }

    @Override
    public void run() {
        if (chunks == 1) {
            chunk(0);
        } else {
            Workers.run(chunks, body);
        }
    }

    private void chunk(int c) {
        for (int unit = c * unitsPerChunk; unit < Math.min(units, (c + 1) * unitsPerChunk); unit++) {
            int index = unit / tiles;
            int first = unit % tiles * TILE;
            int count = Math.min(TILE, walk[0] - first);
            int source = bases[0] + Axes.advance(outer, outer.length, outerStrides[0], index) + first * walk[1];
            int target = bases[1] + Axes.advance(outer, outer.length, outerStrides[1], index) + first * walk[2];
            int whole = streams[0] / STREAMS * STREAMS;
            for (int s = 0; s < whole; s += STREAMS) {
                tile(count, source + s * streams[1], target + s * streams[2]);
            }
            for (int s = whole; s < streams[0]; s++) {
                stream(count, source + s * streams[1], target + s * streams[2]);
            }
        }
    }

    private void tile(int count, int source, int target) {
        switch (arrays[0]) {
            case float[] x -> tile(count, x, source, (float[]) arrays[1], target);
            case double[] x -> tile(count, x, source, (double[]) arrays[1], target);
            default -> tile(count, (int[]) arrays[0], source, (int[]) arrays[1], target);
        }
    }

    private void stream(int count, int source, int target) {
        switch (arrays[0]) {
            case float[] x -> stream(count, x, source, (float[]) arrays[1], target, walk[1], walk[2]);
            case double[] x -> stream(count, x, source, (double[]) arrays[1], target, walk[1], walk[2]);
            default -> stream(count, (int[]) arrays[0], source, (int[]) arrays[1], target, walk[1], walk[2]);
        }
    }

    private static void stream(int count, float[] x, int source, float[] y, int target, int a, int b) {
        for (int i = 0; i < count; i++) {
            y[target + i * b] = x[source + i * a];
        }
    }

    private static void stream(int count, double[] x, int source, double[] y, int target, int a, int b) {
        for (int i = 0; i < count; i++) {
            y[target + i * b] = x[source + i * a];
        }
    }

    private static void stream(int count, int[] x, int source, int[] y, int target, int a, int b) {
        for (int i = 0; i < count; i++) {
            y[target + i * b] = x[source + i * a];
        }
    }

    private void tile(int count, float[] x, int source, float[] y, int target) {
        int a = streams[1];
        int b = streams[2];
        int from = source;
        int to = target;
        for (int i = 0; i < count; i++) {
            float v0 = x[from];
            float v1 = x[from + a];
            float v2 = x[from + 2 * a];
            float v3 = x[from + 3 * a];
            float v4 = x[from + 4 * a];
            float v5 = x[from + 5 * a];
            float v6 = x[from + 6 * a];
            float v7 = x[from + 7 * a];
            y[to] = v0;
            y[to + b] = v1;
            y[to + 2 * b] = v2;
            y[to + 3 * b] = v3;
            y[to + 4 * b] = v4;
            y[to + 5 * b] = v5;
            y[to + 6 * b] = v6;
            y[to + 7 * b] = v7;
            from += walk[1];
            to += walk[2];
        }
    }

    private void tile(int count, double[] x, int source, double[] y, int target) {
        int a = streams[1];
        int b = streams[2];
        int from = source;
        int to = target;
        for (int i = 0; i < count; i++) {
            double v0 = x[from];
            double v1 = x[from + a];
            double v2 = x[from + 2 * a];
            double v3 = x[from + 3 * a];
            double v4 = x[from + 4 * a];
            double v5 = x[from + 5 * a];
            double v6 = x[from + 6 * a];
            double v7 = x[from + 7 * a];
            y[to] = v0;
            y[to + b] = v1;
            y[to + 2 * b] = v2;
            y[to + 3 * b] = v3;
            y[to + 4 * b] = v4;
            y[to + 5 * b] = v5;
            y[to + 6 * b] = v6;
            y[to + 7 * b] = v7;
            from += walk[1];
            to += walk[2];
        }
    }

    private void tile(int count, int[] x, int source, int[] y, int target) {
        int a = streams[1];
        int b = streams[2];
        int from = source;
        int to = target;
        for (int i = 0; i < count; i++) {
            int v0 = x[from];
            int v1 = x[from + a];
            int v2 = x[from + 2 * a];
            int v3 = x[from + 3 * a];
            int v4 = x[from + 4 * a];
            int v5 = x[from + 5 * a];
            int v6 = x[from + 6 * a];
            int v7 = x[from + 7 * a];
            y[to] = v0;
            y[to + b] = v1;
            y[to + 2 * b] = v2;
            y[to + 3 * b] = v3;
            y[to + 4 * b] = v4;
            y[to + 5 * b] = v5;
            y[to + 6 * b] = v6;
            y[to + 7 * b] = v7;
            from += walk[1];
            to += walk[2];
        }
    }

    @Override
    public String toString() {
        return "transposition " + Arrays.toString(outer) + " x " + walk[0] + " x " + streams[0];
    }
}
