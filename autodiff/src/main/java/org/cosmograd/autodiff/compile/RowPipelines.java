package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

    RowPipelines(List<Schedule.Buffer> buffers) {
        this.buffers = buffers;
    }

    /// Says what the last step does, if it is that of these nodes.
    void loop(List<Schedule.Step> steps, List<Integer> nodes, RowsTask.Stage stage) {
        if (!steps.isEmpty() && steps.getLast().nodes().equals(nodes) && RowsTask.isPossible(stage.body(), stage.dims(), stage.operands())) {
            loops.put(steps.getLast(), stage);
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
            if (stage.isEmpty() || rows < FEWEST_ROWS || stages.size() >= MOST_STAGES) {
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
            fitted(step).ifPresent(this::take);
        }

        /// A loop as one over the rows of this chain: leading axes that lie evenly one after the other are one axis of rows.
        private Optional<RowsTask.Stage> fitted(Schedule.Step step) {
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
            int lead = last;
            boolean even = s.operands().stream()
                    .allMatch(o -> IntStream.range(0, lead).allMatch(i -> o.strides()[i] == o.strides()[i + 1] * dims[i + 1]));
            if (product != rows || !even) {
                return Optional.empty();
            }
            int[] merged = Arrays.copyOfRange(dims, lead, dims.length);
            merged[0] = rows;
            List<Operand> operands = s.operands().stream()
                    .map(o -> new Operand(o.buffer(), o.offset(), Arrays.copyOfRange(o.strides(), lead, dims.length)))
                    .toList();
            return Optional.of(new RowsTask.Stage(s.body(), merged, operands, s.cost()))
                    .filter(x -> RowsTask.isPossible(x.body(), x.dims(), x.operands()));
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
        chain.steps.forEach(s -> unused.addAll(s.writes()));
        stages.forEach(s -> s.operands().forEach(o -> unused.remove(o.buffer())));
        producer.ifPresent(p -> chain.steps.getFirst().writes().stream().filter(b -> b != chain.replaced).forEach(unused::remove));
        List<Integer> reads = chain.steps.stream().flatMap(s -> s.reads().stream()).filter(b -> !unused.contains(b)).distinct().toList();
        List<Integer> writes = chain.steps.stream().flatMap(s -> s.writes().stream()).filter(b -> !unused.contains(b)).distinct().toList();
        return new Schedule.Step(
                () -> new RowsTask(rows, stages, producer),
                reads,
                writes,
                chain.steps.stream().flatMap(s -> s.nodes().stream()).toList(),
                chain.steps.stream().mapToDouble(Schedule.Step::flops).sum(),
                chain.steps.stream().mapToLong(Schedule.Step::bytes).sum(),
                List.of());
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
                            RowsTask.Stage x = stages.get(i);
                            stages.set(i, new RowsTask.Stage(x.body(), x.dims(), x.operands().stream()
                                    .map(o -> o.buffer() == from.buffer() ? o.in(to.buffer()) : o)
                                    .toList(), x.cost()));
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

    /// Whether a buffer is written and read by these loops alone, up to the last, always alike.
    private static boolean isOwn(Operand o, List<RowsTask.Stage> stages, int last, Chain chain, List<Schedule.Step> all) {
        boolean elsewhere = all.stream()
                .filter(s -> !chain.steps.contains(s))
                .anyMatch(s -> s.reads().contains(o.buffer()) || s.writes().contains(o.buffer()));
        boolean later = IntStream.range(last + 1, stages.size())
                .anyMatch(i -> stages.get(i).operands().stream().anyMatch(x -> x.buffer() == o.buffer()));
        boolean produced = chain.producer.filter(p -> p.result().equals(o)).isPresent();
        boolean written = produced || IntStream.range(0, last).anyMatch(i -> {
            RowsTask.Stage s = stages.get(i);
            return s.operands().subList(s.body().sources().size(), s.operands().size()).contains(o);
        });
        boolean alike = stages.stream().flatMap(s -> s.operands().stream()).filter(x -> x.buffer() == o.buffer()).allMatch(o::equals);
        return !elsewhere && !later && written && alike;
    }

    /// Whether nobody uses a buffer before the last of these loops, which writes all of it.
    private static boolean isNew(int buffer, List<RowsTask.Stage> stages, int last, List<Schedule.Step> all) {
        Stream<Operand> before = stages.subList(0, last).stream().flatMap(s -> s.operands().stream());
        long uses = stages.get(last).operands().stream().filter(o -> o.buffer() == buffer).count();
        long writers = all.stream().filter(s -> s.writes().contains(buffer)).count();
        return before.noneMatch(o -> o.buffer() == buffer) && uses == 1 && writers == 1;
    }
}
