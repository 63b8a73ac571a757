package org.cosmograd.autodiff.compile;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Memory;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.kernel.Task;

/// A schedule with memory: its steps bound to slabs, constants, inputs and outputs. A run allocates nothing. Not thread-safe.
public final class Executable implements Memory {
    /// With the system property `cosmograd.profile=true` every step is timed for the listing.
    private static final boolean PROFILE = Boolean.getBoolean("cosmograd.profile");

    private final Schedule schedule;
    private final Task[] tasks;
    private final boolean[] outside;
    private final Object[] arrays;
    private final int[] bases;
    private final boolean checked;
    private final long[] nanos;
    private long runs;

    /// The schedule with memory of its own for what lives inside.
    ///
    /// @param checked whether to look for NaN and infinity after every step
    Executable(Schedule schedule, boolean checked) {
        this.schedule = schedule;
        this.checked = checked;
        List<Schedule.Buffer> buffers = schedule.buffers();
        this.arrays = new Object[buffers.size()];
        this.bases = new int[buffers.size()];
        Map<DType, Storage> slabs = new EnumMap<>(DType.class);
        schedule.memory().slabs().forEach((type, length) -> slabs.put(type, Storage.slab(type, length)));
        for (int b = 0; b < arrays.length; b++) {
            Schedule.Buffer x = buffers.get(b);
            arrays[b] = new float[0];
            if (x.kind() == Schedule.Kind.INSIDE && slabs.containsKey(x.dtype())) {
                Storage slab = java.util.Objects.requireNonNull(slabs.get(x.dtype()));
                arrays[b] = slab.array();
                bases[b] = slab.offset() + schedule.memory().place(b);
            } else if (x.kind() == Schedule.Kind.CONSTANT) {
                arrays[b] = schedule.constant(b).array();
                bases[b] = schedule.constant(b).offset();
            }
        }
        this.tasks = schedule.steps().stream().map(s -> s.task().get()).toArray(Task[]::new);
        this.outside = new boolean[tasks.length];
        this.nanos = new long[PROFILE ? tasks.length : 0];
        for (int s = 0; s < tasks.length; s++) {
            Schedule.Step step = schedule.steps().get(s);
            outside[s] = isOutside(step.reads()) || isOutside(step.writes());
        }
        for (int s = 0; s < tasks.length; s++) {
            if (!outside[s]) {
                tasks[s].bind(this);
            }
        }
    }

    private boolean isOutside(List<Integer> used) {
        return used.stream()
                .map(b -> schedule.buffers().get(b).kind())
                .anyMatch(k -> k == Schedule.Kind.INPUT || k == Schedule.Kind.OUTPUT);
    }

    /// Says where inputs are read and outputs written from now on.
    public void bind(List<Storage> inputs, List<Storage> outputs) {
        for (int b = 0; b < arrays.length; b++) {
            Schedule.Buffer x = schedule.buffers().get(b);
            if (x.kind() == Schedule.Kind.INPUT || x.kind() == Schedule.Kind.OUTPUT) {
                Storage s = (x.kind() == Schedule.Kind.INPUT ? inputs : outputs).get(x.index());
                arrays[b] = s.array();
                bases[b] = s.offset();
            }
        }
        for (int s = 0; s < tasks.length; s++) {
            if (outside[s]) {
                tasks[s].bind(this);
            }
        }
    }

    /// Runs all steps.
    public void run() {
        runs++;
        for (int s = 0; s < tasks.length; s++) {
            if (PROFILE) {
                long from = System.nanoTime();
                tasks[s].run();
                nanos[s] += System.nanoTime() - from;
            } else {
                tasks[s].run();
            }
            if (checked) {
                check(schedule.steps().get(s));
            }
        }
    }

    private void check(Schedule.Step step) {
        if (step.nodes().isEmpty()) {
            return;
        }
        int node = step.nodes().getLast();
        Graph.Node n = schedule.graph().node(node);
        int b = step.writes().getFirst();
        for (int i = 0; n.dtype().isFloating() && i < schedule.buffers().get(b).length(); i++) {
            double x = arrays[b] instanceof float[] f ? f[bases[b] + i] : ((double[]) arrays[b])[bases[b] + i];
            if (Double.isNaN(x) || Double.isInfinite(x)) {
                String from = n.in().stream()
                        .map(o -> schedule.graph().node(o).op().name() + " " + schedule.graph().node(o).type())
                        .collect(Collectors.joining(", "));
                throw new ArithmeticException(n.op().name() + ": element " + i + " of the result " + n.type() + " is " + x + "; operands: " + from);
            }
        }
    }

    /// The schedule as text, with the mean time of each step so far if steps are timed.
    public String explain() {
        double[] micros = new double[nanos.length];
        for (int s = 0; s < micros.length; s++) {
            micros[s] = nanos[s] / 1e3 / Math.max(1, runs);
        }
        return Listing.of(schedule, micros);
    }

    /// Forgets the times so far.
    public void resetTimes() {
        java.util.Arrays.fill(nanos, 0);
        runs = 0;
    }

    @Override
    public Object array(int buffer) {
        return arrays[buffer];
    }

    @Override
    public int base(int buffer) {
        return bases[buffer];
    }
}
