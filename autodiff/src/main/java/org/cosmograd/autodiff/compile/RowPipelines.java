package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.cosmograd.autodiff.kernel.ColumnTask;
import org.cosmograd.autodiff.kernel.LoopSpec;
import org.cosmograd.autodiff.kernel.Operand;
import org.cosmograd.autodiff.kernel.RowsTask;

/// Joins consecutive loops over the same rows, and the product or convolution whose rows they use, to one step that takes a block of rows through
/// all of them. A row of a loop may use only the same row of earlier ones.
final class RowPipelines {
    private static final int FEWEST_ROWS = 16;
    private static final int MOST_STAGES = 8;

    private final List<Schedule.Buffer> buffers;
    private final Map<Schedule.Step, RowsTask.Stage> loops = new IdentityHashMap<>();
    private final Map<Schedule.Step, RowsTask.Producer> producers = new IdentityHashMap<>();
    private final Map<Schedule.Step, Sums> sums = new IdentityHashMap<>();

    /// A loop that sums along its rows.
    ///
    /// @param stage the loop
    /// @param scratch the buffer that it works in
    /// @param task makes its task for operands in these places
    record Sums(RowsTask.Stage stage, int scratch, Function<List<Operand>, ColumnTask> task) {}

    RowPipelines(List<Schedule.Buffer> buffers) {
        this.buffers = buffers;
    }

    /// Says what the last step does, if it is that of these nodes.
    void loop(List<Schedule.Step> steps, List<Integer> nodes, RowsTask.Stage stage) {
        if (!steps.isEmpty() && steps.getLast().nodes().equals(nodes) && RowsTask.isPossible(stage.body(), stage.dims(), stage.operands())) {
            loops.put(steps.getLast(), stage);
        }
    }

    /// Says what the last step does, if it is that of these nodes.
    void sums(List<Schedule.Step> steps, List<Integer> nodes, Sums s) {
        if (!steps.isEmpty() && steps.getLast().nodes().equals(nodes)) {
            sums.put(steps.getLast(), s);
        }
    }

    /// Says what rows a step makes.
    void producer(Schedule.Step step, RowsTask.Producer producer) {
        producers.put(step, producer);
    }

    /// A run of steps that go together.
    private final class Chain {
        final List<Schedule.Step> steps = new ArrayList<>();
        final List<RowsTask.Stage> stages = new ArrayList<>();
        Optional<RowsTask.Producer> producer = Optional.empty();
        int rows;
        Optional<Sums> last = Optional.empty();
        int replaced = -1;
        private final List<Operand> written = new ArrayList<>();
        private final List<Integer> extents = new ArrayList<>();
        private final Set<Integer> read = new HashSet<>();

        Chain(Schedule.Step first) {
            steps.add(first);
            RowsTask.Producer p = producers.get(first);
            RowsTask.Stage s = loops.get(first);
            if (p != null) {
                producer = Optional.of(p);
                rows = p.rows();
                write(p.result(), new int[] {rows, p.columns()});
                read.addAll(first.reads());
            } else if (s != null) {
                rows = s.dims()[0];
                take(s);
            }
        }

        private void take(RowsTask.Stage s) {
            stages.add(s);
            int sources = s.body().sources().size();
            for (int k = 0; k < s.operands().size(); k++) {
                if (k < sources) {
                    read.add(s.operands().get(k).buffer());
                } else {
                    write(s.operands().get(k), s.dims());
                }
            }
        }

        private void write(Operand o, int[] dims) {
            written.add(o);
            extents.add(extent(o, dims));
        }

        boolean accepts(Schedule.Step step) {
            Optional<RowsTask.Stage> stage = fitted(step);
            if (stage.isEmpty() || rows < FEWEST_ROWS || stages.size() >= MOST_STAGES || last.isPresent()) {
                return false;
            }
            RowsTask.Stage s = stage.get();
            boolean related = false;
            int sources = s.body().sources().size();
            for (int k = 0; k < s.operands().size(); k++) {
                Operand o = s.operands().get(k);
                if (k >= sources && read.contains(o.buffer())) {
                    return false;
                }
                for (int w = 0; w < written.size(); w++) {
                    if (written.get(w).buffer() == o.buffer()) {
                        if (!sameRows(written.get(w), extents.get(w), o, extent(o, s.dims()))) {
                            return false;
                        }
                        related |= k < sources;
                    }
                }
            }
            return related;
        }

        void add(Schedule.Step step) {
            steps.add(step);
            take(fitted(step).orElseThrow());
            last = Optional.ofNullable(sums.get(step));
        }

        boolean contains(Schedule.Step step) {
            for (Schedule.Step s : steps) {
                if (s == step) {
                    return true;
                }
            }
            return false;
        }

        /// A loop as one over the rows of this chain: leading axes that lie evenly one after the other are one axis of rows.
        private Optional<RowsTask.Stage> fitted(Schedule.Step step) {
            Sums along = sums.get(step);
            if (along != null) {
                boolean orderly = producer.flatMap(RowsTask.Producer::product).isPresent();
                return orderly && along.stage().dims()[0] == rows ? Optional.of(along.stage()) : Optional.empty();
            }
            RowsTask.Stage s = loops.get(step);
            if (s == null || s.dims().length == 0) {
                return Optional.empty();
            }
            int[] dims = s.dims();
            int last = 0;
            long product = dims[0];
            while (product < rows && last + 1 < dims.length) {
                product *= dims[++last];
            }
            List<Operand> operands = new ArrayList<>();
            for (Operand o : s.operands()) {
                for (int i = 0; i < last; i++) {
                    if (o.strides()[i] != o.strides()[i + 1] * dims[i + 1]) {
                        return Optional.empty();
                    }
                }
                operands.add(new Operand(o.buffer(), o.offset(), Arrays.copyOfRange(o.strides(), last, dims.length)));
            }
            if (product != rows) {
                return Optional.empty();
            }
            int[] merged = Arrays.copyOfRange(dims, last, dims.length);
            merged[0] = rows;
            return RowsTask.isPossible(s.body(), merged, operands)
                    ? Optional.of(new RowsTask.Stage(s.body(), merged, operands, s.cost()))
                    : Optional.empty();
        }
    }

    /// How far a row reaches beyond its first element; -1 if it goes backwards.
    private static int extent(Operand o, int[] dims) {
        int reach = 0;
        for (int i = 1; i < dims.length; i++) {
            if (o.strides()[i] < 0) {
                return -1;
            }
            reach += o.strides()[i] * (dims[i] - 1);
        }
        return reach;
    }

    private static boolean sameRows(Operand a, int reachA, Operand b, int reachB) {
        int low = Math.min(a.offset(), b.offset());
        int high = Math.max(a.offset() + reachA, b.offset() + reachB);
        return reachA >= 0 && reachB >= 0 && a.strides()[0] == b.strides()[0] && a.strides()[0] > 0 && high - low < a.strides()[0];
    }

    /// The steps, with those that go together joined.
    List<Schedule.Step> merge(List<Schedule.Step> steps) {
        List<Schedule.Step> out = new ArrayList<>();
        for (int i = 0; i < steps.size(); ) {
            Chain chain = new Chain(steps.get(i));
            int j = i + 1;
            while (j < steps.size() && chain.accepts(steps.get(j))) {
                chain.add(steps.get(j));
                j++;
            }
            out.add(chain.steps.size() > 1 ? joined(chain, steps) : steps.get(i));
            i = j;
        }
        return out;
    }

    private Schedule.Step joined(Chain chain, List<Schedule.Step> all) {
        List<RowsTask.Stage> stages = inPlace(chain, all);
        int rows = chain.rows;
        Optional<RowsTask.Producer> producer = chain.producer;
        Set<Integer> unused = new HashSet<>();
        for (Schedule.Step s : chain.steps) {
            unused.addAll(s.writes());
        }
        for (RowsTask.Stage s : stages) {
            for (Operand o : s.operands()) {
                unused.remove(o.buffer());
            }
        }
        chain.last.ifPresent(s -> unused.remove(s.scratch()));
        if (producer.isPresent()) {
            for (int b : chain.steps.getFirst().writes()) {
                if (b != chain.replaced) {
                    unused.remove(b);
                }
            }
        }
        Optional<Sums> last = chain.last;
        List<RowsTask.Stage> before = last.isPresent() ? stages.subList(0, stages.size() - 1) : stages;
        return Schedule.Step.joined(
                () -> new RowsTask(rows, before, producer, last.map(s -> new RowsTask.Sums(stages.getLast(), s.task().apply(stages.getLast().operands())))),
                chain.steps, b -> !unused.contains(b), List.of(), 1);
    }

    /// What only these loops use is kept where the last of them puts its result, element on element.
    private List<RowsTask.Stage> inPlace(Chain chain, List<Schedule.Step> all) {
        List<RowsTask.Stage> stages = new ArrayList<>(chain.stages);
        for (int last = stages.size() - 1; last > (chain.producer.isEmpty() ? 0 : -1); last--) {
            RowsTask.Stage s = stages.get(last);
            int sources = s.body().sources().size();
            for (int k = 0; k < sources; k++) {
                Operand from = s.operands().get(k);
                for (int q = sources; q < s.operands().size(); q++) {
                    Operand to = s.operands().get(q);
                    boolean fits = s.body().sinks().get(q - sources).mode() == LoopSpec.Mode.STORE
                            && s.body().sources().get(k).type() == s.body().type(s.body().sinks().get(q - sources).value())
                            && from.buffer() != to.buffer()
                            && from.in(to.buffer()).equals(to)
                            && buffers.get(from.buffer()).length() == buffers.get(to.buffer()).length()
                            && buffers.get(from.buffer()).kind() == Schedule.Kind.INSIDE
                            && isOwn(from, stages, last, chain, all)
                            && isNew(to.buffer(), stages, last, all);
                    if (fits) {
                        for (int i = 0; i <= last; i++) {
                            stages.set(i, moved(stages.get(i), from.buffer(), to.buffer()));
                        }
                        if (chain.producer.filter(p -> p.result().buffer() == from.buffer()).isPresent()) {
                            chain.producer = chain.producer.map(p -> p.in(to.buffer()));
                            chain.replaced = from.buffer();
                        }
                        return stages; // one buffer less is what a softmax needs
                    }
                }
            }
        }
        return stages;
    }

    private static RowsTask.Stage moved(RowsTask.Stage s, int from, int to) {
        List<Operand> operands = new ArrayList<>();
        for (Operand o : s.operands()) {
            operands.add(o.buffer() == from ? o.in(to) : o);
        }
        return new RowsTask.Stage(s.body(), s.dims(), operands, s.cost());
    }

    /// Whether a buffer is written and read by these loops alone, up to the last, always alike.
    private static boolean isOwn(Operand o, List<RowsTask.Stage> stages, int last, Chain chain, List<Schedule.Step> all) {
        boolean written = chain.producer.isPresent() && chain.producer.get().result().equals(o);
        for (int i = 0; i < stages.size(); i++) {
            RowsTask.Stage s = stages.get(i);
            for (int k = 0; k < s.operands().size(); k++) {
                if (s.operands().get(k).buffer() == o.buffer()) {
                    if (i > last || !s.operands().get(k).equals(o)) {
                        return false;
                    }
                    written |= i < last && k >= s.body().sources().size();
                }
            }
        }
        for (int i = 0; i < all.size() && written; i++) {
            Schedule.Step s = all.get(i);
            written = !s.reads().contains(o.buffer()) && !s.writes().contains(o.buffer()) || chain.contains(s);
        }
        return written;
    }

    /// Whether nobody uses a buffer before the last of these loops, which writes all of it.
    private static boolean isNew(int buffer, List<RowsTask.Stage> stages, int last, List<Schedule.Step> all) {
        for (int i = 0; i <= last; i++) {
            int uses = 0;
            for (Operand o : stages.get(i).operands()) {
                uses += o.buffer() == buffer ? 1 : 0;
            }
            if (uses != (i < last ? 0 : 1)) {
                return false;
            }
        }
        int writers = 0;
        for (Schedule.Step s : all) {
            writers += s.writes().contains(buffer) ? 1 : 0;
        }
        return writers == 1;
    }
}
