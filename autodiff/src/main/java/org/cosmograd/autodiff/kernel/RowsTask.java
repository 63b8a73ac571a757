package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.cosmograd.autodiff.DType;

/// Several loops over the same rows, one block of rows after the other: what a loop leaves for the next is still in the cache. A
/// softmax, its largest elements, exponentials with their sums, and quotients, is one such task. A matrix product or a convolution may come
/// first; its rows go through the loops as soon as they are final ([Gemm.RowBlock]).
public final class RowsTask implements Task {
    /// One loop.
    ///
    /// @param body what it does
    /// @param dims sizes of its axes, the rows first
    /// @param operands sources and then sinks, each with one stride for each axis
    /// @param cost arithmetic operations for one element
    public record Stage(LoopSpec body, int[] dims, List<Operand> operands, int cost) {}

    /// What makes the rows in the first place.
    ///
    /// @param rows their number
    /// @param columns elements of a row
    /// @param result where they go, with two strides
    /// @param product what they are the product of, if they are: then they become final in order, if that is asked for ([Gemm.RowBlock#inOrder])
    /// @param task makes a task that puts them in this buffer, at the place they have in their own, and tells of rows as they become final
    public record Producer(int rows, int columns, Operand result, Optional<GemmTask.Factors> product, BiFunction<Integer, Gemm.RowBlock, Task> task) {
        /// The same with the rows in another buffer.
        public Producer in(int buffer) {
            return new Producer(rows, columns, result.in(buffer), product, task);
        }
    }

    /// Sums along the rows, and what is summed.
    ///
    /// @param stage the loop
    /// @param task the same as a task of its own
    public record Sums(Stage stage, ColumnTask task) {}

    private static final long GRAIN = 600_000;
    /// Bytes of a block, about a tenth of a second cache.
    private static final int BLOCK_BYTES = 96 << 10;
    private static final int MOST_CHUNKS = 64;

    private final Loop[] loops;
    private final int rows;
    private final int blockRows;
    private final int chunkRows;
    private final Workers.Task body = this::chunk;
    private final Optional<Task> producer;
    private final Optional<ColumnTask> sums;
    private final Optional<FittedProduct> fitted;
    private final Blocks told = new Blocks();

    /// Loops over `rows` rows, after what makes them if it is part of the task.
    public RowsTask(int rows, List<Stage> stages, Optional<Producer> producer) {
        this(rows, stages, producer, Optional.empty());
    }

    /// The same with sums along the rows at last. On one thread a block of rows goes through them too while it is in the cache; the
    /// partial sums take the rows in the same order either way.
    public RowsTask(int rows, List<Stage> stages, Optional<Producer> producer, Optional<Sums> sums) {
        this.rows = rows;
        this.sums = sums.map(Sums::task);
        this.fitted = producer.flatMap(p -> FittedProduct.of(p, stages, sums));
        this.producer = producer.map(p -> p.task().apply(p.result().buffer(), told));
        this.loops = new Loop[stages.size()];
        for (int i = 0; i < loops.length; i++) {
            loops[i] = new Loop(stages.get(i));
        }
        long bytes = 0;
        long work = 0;
        List<Operand> seen = new ArrayList<>();
        for (Stage s : stages) {
            long elements = Axes.product(s.dims(), s.dims().length) / Math.max(1, rows);
            work += elements * rows * Math.max(1, s.cost());
            for (int k = 0; k < s.operands().size(); k++) {
                Operand o = s.operands().get(k);
                if (!seen.contains(o)) {
                    seen.add(o);
                    bytes += rowElements(o, s.dims()) * DType.F32.bytes();
                }
            }
        }
        int fit = Math.clamp(BLOCK_BYTES / Math.max(1, bytes), 1, Math.max(1, rows));
        this.blockRows = fit >= 16 ? fit / 16 * 16 : fit;
        int wanted = Math.clamp(work / GRAIN, 1, MOST_CHUNKS);
        int blocks = (rows + blockRows - 1) / blockRows;
        this.chunkRows = Math.max(1, (blocks + wanted - 1) / wanted) * blockRows;
    }

    private static long rowElements(Operand o, int[] dims) {
        long n = o.strides()[0] == 0 ? 0 : 1;
        for (int i = 1; i < dims.length; i++) {
            n *= o.strides()[i] == 0 ? 1 : dims[i];
        }
        return n;
    }

    /// Whether a loop can be a stage: beside its rows it has at most two axes that cannot be merged.
    public static boolean isPossible(LoopSpec body, int[] dims, List<Operand> operands) {
        boolean reduces = body.reducesRows();
        if (dims.length == 0 || body.reducesColumns() || reduces && dims.length < 2) {
            return false;
        }
        int[][] inner = Axes.innerStrides(operands);
        return dims.length == 1 || Axes.merge(Axes.remove(dims, 0), inner, reduces ? 1 : 0).length <= 2;
    }

    @Override
    public void bind(Memory memory) {
        for (Loop l : loops) {
            l.bind(memory);
        }
        if (producer.isPresent()) {
            producer.get().bind(memory);
        }
        if (sums.isPresent()) {
            sums.get().bind(memory);
        }
        if (fitted.isPresent()) {
            fitted.get().bind(memory);
        }
    }

    @Override
    public void run() {
        if (producer.isPresent()) {
            produce(producer.get());
            return;
        }
        int chunks = (rows + chunkRows - 1) / chunkRows;
        if (chunks == 1) {
            chunk(0);
        } else if (chunks > 1) {
            Workers.run(chunks, body);
        }
    }

    private void produce(Task producer) {
        told.together = sums.isPresent() && Workers.isInline();
        if (told.together) {
            sums.get().begin();
        }
        if (fitted.isPresent() && (sums.isEmpty() || told.together) && fitted.get().isReady()) {
            fitted.get().run();
        } else {
            producer.run();
        }
        if (told.together) {
            sums.get().end();
        } else if (sums.isPresent()) {
            sums.get().run();
        }
    }

    private void chunk(int c) {
        block(c * chunkRows, Math.min(rows, (c + 1) * chunkRows));
    }

    /// Takes blocks of rows through the loops.
    private final class Blocks implements Gemm.RowBlock {
        private boolean together;

        @Override
        public void rows(int from, int to) {
            block(from, to);
            if (together && sums.isPresent()) {
                sums.get().upTo(to);
            }
        }

        @Override
        public boolean inOrder() {
            return together;
        }
    }

    private void block(int from, int to) {
        for (int r = from; r < to; r += blockRows) {
            int end = Math.min(to, r + blockRows);
            for (Loop l : loops) {
                l.run(r, end);
            }
        }
    }

    /// A loop that can run any of its rows.
    private static final class Loop {
        private final LoopKernel kernel;
        private final Operand[] operands;
        private final Object[] arrays;
        private final int[] geometry;
        private final int[] shift;
        private final boolean flat;
        private final int middle;
        private final int n;

        Loop(Stage s) {
            boolean reduces = s.body().reducesRows();
            int count = s.operands().size();
            int[][] whole = Axes.strides(s.operands());
            this.flat = !reduces && Axes.merge(s.dims(), whole, 0).length == 1;
            int[][] strides = Axes.innerStrides(s.operands());
            int[] inner = s.dims().length == 1 ? new int[] {1} : Axes.merge(Axes.remove(s.dims(), 0), strides, reduces ? 1 : 0);
            int last = inner.length - 1;
            this.n = inner[last];
            this.middle = inner.length == 2 ? inner[0] : 0;
            this.operands = s.operands().toArray(new Operand[0]);
            this.arrays = new Object[count];
            this.geometry = new int[3 * count];
            this.shift = new int[count];
            int[] innermost = new int[count];
            for (int k = 0; k < count; k++) {
                shift[k] = operands[k].strides()[0];
                innermost[k] = flat ? whole[k][0] : strides[k][last];
                geometry[3 * k + 1] = flat ? 0 : middle > 0 ? strides[k][0] : shift[k];
                geometry[3 * k + 2] = innermost[k];
            }
            int row = flat ? Axes.product(s.dims(), s.dims().length) : n;
            LoopSpec body = Axes.specialise(s.body(), innermost, row);
            this.kernel = flat ? Loops.kernel(body) : Loops.kernel(body, middle > 0 ? middle : s.dims()[0], n);
        }

        void bind(Memory memory) {
            for (int k = 0; k < operands.length; k++) {
                arrays[k] = memory.array(operands[k].buffer());
                geometry[3 * k] = memory.base(operands[k].buffer()) + operands[k].offset();
            }
        }

        void run(int from, int to) {
            if (!flat && middle == 0) {
                kernel.run(arrays, geometry, from, to, n);
                return;
            }
            int[] g = LoopScratch.geometry(geometry.length);
            System.arraycopy(geometry, 0, g, 0, geometry.length);
            int step = flat ? to - from : 1;
            for (int r = from; r < to; r += step) {
                for (int k = 0; k < shift.length; k++) {
                    g[3 * k] = geometry[3 * k] + r * shift[k];
                }
                if (flat) {
                    kernel.run(arrays, g, 0, 1, step * Math.max(1, middle) * n);
                } else {
                    kernel.run(arrays, g, 0, middle, n);
                }
            }
        }
    }

    @Override
    public String toString() {
        return producer.map(p -> p + " and ").orElse("")
                + loops.length + " loops over " + rows + " rows, " + Arrays.stream(loops).map(l -> "x " + l.n).toList()
                + sums.map(s -> " and " + s).orElse("");
    }
}
