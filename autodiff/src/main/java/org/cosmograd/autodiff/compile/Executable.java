package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.kernel.Memory;
import org.cosmograd.autodiff.kernel.Sharing;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.kernel.Task;

/// A schedule with memory: its steps bound to slabs, constants, inputs and outputs. A run allocates nothing. Not thread-safe.
public final class Executable implements Replay, Memory {
    /// With the system property `cosmograd.profile=true` every step is timed for the listing from the start.
    private static final boolean PROFILE = Boolean.getBoolean("cosmograd.profile");

    private final Schedule schedule;
    private final List<Storage> constants;
    private final List<Storage> slabs;
    private final Task[] tasks;
    private final boolean[] outside;
    private final Object[] arrays;
    private final int[] bases;
    private final boolean checked;
    private final Timing.Switch timing;
    private final Sharing sharing;

    /// The schedule with memory of its own for what lives inside.
    ///
    /// @param constants the data that the expressions hold
    /// @param checked whether to look for NaN and infinity after every step
    Executable(Schedule schedule, List<Storage> constants, boolean checked) {
        this(schedule, constants, checked, slabs(schedule.memory()), new Timing.Switch(schedule.steps().size(), PROFILE), new Sharing());
    }

    private Executable(
            Schedule schedule, List<Storage> constants, boolean checked, List<Storage> slabs, Timing.Switch timing, Sharing sharing) {
        this.schedule = schedule;
        this.constants = constants;
        this.checked = checked;
        this.slabs = slabs;
        this.timing = timing;
        this.sharing = sharing;
        List<Schedule.Buffer> buffers = schedule.buffers();
        this.arrays = new Object[buffers.size()];
        this.bases = new int[buffers.size()];
        for (int b = 0; b < arrays.length; b++) {
            Schedule.Buffer x = buffers.get(b);
            arrays[b] = new float[0];
            if (x.kind() == Schedule.Kind.INSIDE && schedule.memory().slab(b) >= 0) {
                Storage slab = slabs.get(schedule.memory().slab(b));
                arrays[b] = slab.array();
                bases[b] = slab.offset() + schedule.memory().place(b);
            } else if (x.kind() == Schedule.Kind.CONSTANT) {
                arrays[b] = constants.get(x.index()).array();
                bases[b] = constants.get(x.index()).offset();
            }
        }
        this.tasks = new Task[schedule.steps().size()];
        for (int s = 0; s < tasks.length; s++) {
            tasks[s] = schedule.steps().get(s).task().get();
        }
        this.outside = new boolean[tasks.length];
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

    private static List<Storage> slabs(MemoryPlan plan) {
        long most = Runtime.getRuntime().maxMemory();
        if (plan.bytes() > most) {
            throw new OutOfMemoryError("program: its steps need " + Storage.text(plan.bytes()) + " of memory, the heap holds at most "
                    + Storage.text(most) + "; give java a larger one (-Xmx) or the program a memory limit or smaller arguments");
        }
        List<Storage> slabs = new ArrayList<>();
        for (MemoryPlan.Slab slab : plan.slabs()) {
            slabs.add(Storage.slab(slab.dtype(), slab.length()));
        }
        return slabs;
    }

    @Override
    public Executable twin() {
        return new Executable(schedule, constants, checked, slabs, timing, sharing);
    }

    private boolean isOutside(List<Integer> used) {
        for (int b : used) {
            Schedule.Kind k = schedule.buffers().get(b).kind();
            if (k == Schedule.Kind.INPUT || k == Schedule.Kind.OUTPUT) {
                return true;
            }
        }
        return false;
    }

    @Override
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

    @Override
    public void changed() {
        // It reads inputs where they are.
    }

    @Override
    public void run() {
        Timing times = timing.now();
        if (times != null) {
            run(times);
            return;
        }
        sharing.begin();
        try {
            for (int s = 0; s < tasks.length; s++) {
                tasks[s].run();
                if (checked) {
                    check(schedule.steps().get(s));
                }
            }
        } finally {
            sharing.end();
        }
    }

    private void run(Timing times) {
        times.run();
        for (int s = 0; s < tasks.length; s++) {
            long from = System.nanoTime();
            tasks[s].run();
            times.step(s, System.nanoTime() - from);
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

    @Override
    public String explain() {
        return Listing.of(schedule, Optional.ofNullable(timing.now()));
    }

    /// The size of the memory for what lives inside.
    long bytes() {
        return schedule.memory().bytes();
    }

    @Override
    public void profile(boolean on) {
        timing.set(on);
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
