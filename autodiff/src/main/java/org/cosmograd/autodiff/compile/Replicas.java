package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.kernel.Workers;

/// One program run several times at once, each time with another number as its last input, and a second program that takes the
/// results of all runs together.
///
/// The runs share kernels but not memory. Each keeps to one thread, and the number of runs is given, so neither results nor their order
/// depend on the number of threads.
public final class Replicas implements Replay {
    private final List<Executable> parts;
    private final Executable whole;
    private final List<List<Storage>> between;
    private final Workers.Task body = this::part;

    /// Replicas of a program.
    ///
    /// @param count how many
    /// @param part the program of one replica: its inputs are those of the whole work, and then its number as a scalar `i32`
    /// @param results types of its results
    /// @param whole the program of the rest: its inputs are those of the whole work, and then the results of each replica in turn
    public static Replicas of(int count, Compiler part, List<TensorType> results, Compiler whole) {
        List<Executable> parts = new ArrayList<>();
        List<List<Storage>> between = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            parts.add(part.executable());
            between.add(results.stream().map(t -> Storage.allocate(t.dtype(), t.shape().size())).toList());
        }
        return new Replicas(parts, whole.executable(), between);
    }

    private Replicas(List<Executable> parts, Executable whole, List<List<Storage>> between) {
        this.parts = parts;
        this.whole = whole;
        this.between = between;
    }

    @Override
    public void bind(List<Storage> inputs, List<Storage> outputs) {
        List<Storage> all = new ArrayList<>(inputs);
        for (int i = 0; i < parts.size(); i++) {
            List<Storage> own = new ArrayList<>(inputs);
            own.add(Storage.of(new int[] {i}));
            parts.get(i).bind(own, between.get(i));
            all.addAll(between.get(i));
        }
        whole.bind(all, outputs);
    }

    @Override
    public void run() {
        Workers.run(parts.size(), body);
        whole.run();
    }

    private void part(int i) {
        parts.get(i).run();
    }

    @Override
    public String explain() {
        return "replica, one of " + parts.size() + ":" + System.lineSeparator() + parts.getFirst().explain()
                + "together:" + System.lineSeparator() + whole.explain();
    }

    @Override
    public void profile(boolean on) {
        parts.forEach(p -> p.profile(on));
        whole.profile(on);
    }

    @Override
    public Replicas twin() {
        return new Replicas(parts.stream().map(Executable::twin).toList(), whole.twin(), between);
    }

    /// The type of a replica's number.
    public static TensorType number() {
        return new TensorType(DType.I32, org.cosmograd.autodiff.Shape.SCALAR);
    }
}
