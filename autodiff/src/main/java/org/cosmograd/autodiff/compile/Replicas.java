package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.kernel.Workers;

/// One program run several times at once, each time with another number as its last input, and a second program that takes the
/// results of all runs together.
///
/// The runs share kernels but not memory. Each keeps to one thread, and the number of runs is given, so neither results nor their order
/// depend on the number of threads.
///
/// Where every replica has a thread, the outputs are few and they are the next inputs, each replica also runs the second program, with inputs
/// and outputs of its own, all of which have the same bits. Then only results of the first program go from thread to thread. If one
/// thread wrote the next inputs of all, it would wait for every line of memory that others have just read: 0.02 µs each between near processors, 0.1
/// between far ones.
public final class Replicas implements Replay {
    /// With larger outputs to write them once for each replica costs more than it saves.
    private static final long MOST_OWN_BYTES = 4 << 20;

    private final List<Executable> parts;
    private final List<Executable> wholes;
    private final List<List<Storage>> between;
    private final Own own;
    private List<Storage> state = List.of();
    private final Workers.Task body = this::part;
    private final Workers.Task end = this::whole;

    /// What the replicas but for the first have of the inputs and outputs.
    private static final class Own {
        final List<Map<Storage, Storage>> copies = new ArrayList<>();
        boolean old;

        Own(int replicas) {
            for (int i = 1; i < replicas; i++) {
                copies.add(new IdentityHashMap<>());
            }
        }

        /// Copies of a replica from number 1 on.
        List<Storage> of(int replica, List<Storage> originals) {
            List<Storage> out = new ArrayList<>();
            for (Storage s : originals) {
                out.add(copies.get(replica - 1).computeIfAbsent(s, x -> {
                    old = true;
                    return x.copy();
                }));
            }
            return out;
        }

        void refresh(List<Storage> originals) {
            for (int r = 1; r <= copies.size(); r++) {
                List<Storage> mine = of(r, originals);
                for (int i = 0; i < originals.size(); i++) {
                    mine.get(i).set(originals.get(i));
                }
            }
            old = false;
        }
    }

    /// Replicas of a program.
    ///
    /// @param count how many
    /// @param part the program of one replica: its inputs are those of the whole work, and then its number as a scalar `i32`
    /// @param results types of its results
    /// @param whole the program of the rest: its inputs are those of the whole work, of which the first are its outputs the time before, and
    ///     then the results of each replica in turn
    /// @param state types of its outputs
    public static Replicas of(int count, Compiler part, List<TensorType> results, Compiler whole, List<TensorType> state) {
        List<Executable> parts = new ArrayList<>();
        List<List<Storage>> between = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            parts.add(part.executable());
            between.add(results.stream().map(t -> Storage.allocate(t.dtype(), t.shape().size())).toList());
        }
        long bytes = state.stream().mapToLong(t -> (long) t.shape().size() * t.dtype().bytes()).sum();
        List<Executable> wholes = new ArrayList<>(List.of(whole.executable()));
        while (wholes.size() < count && count <= Workers.threads() && bytes <= MOST_OWN_BYTES) {
            wholes.add(whole.executable());
        }
        return new Replicas(parts, wholes, between, new Own(wholes.size()));
    }

    private Replicas(List<Executable> parts, List<Executable> wholes, List<List<Storage>> between, Own own) {
        this.parts = parts;
        this.wholes = wholes;
        this.between = between;
        this.own = own;
    }

    @Override
    public void bind(List<Storage> inputs, List<Storage> outputs) {
        state = inputs.subList(0, outputs.size());
        List<Storage> rest = inputs.subList(outputs.size(), inputs.size());
        for (int i = 0; i < parts.size(); i++) {
            boolean apart = i > 0 && i < wholes.size();
            List<Storage> all = new ArrayList<>(apart ? own.of(i, state) : state);
            all.addAll(rest);
            List<Storage> mine = new ArrayList<>(all);
            mine.add(Storage.of(new int[] {i}));
            parts.get(i).bind(mine, between.get(i));
            if (i < wholes.size()) {
                between.forEach(all::addAll);
                wholes.get(i).bind(all, apart ? own.of(i, outputs) : outputs);
            }
        }
    }

    @Override
    public void changed() {
        own.old = true;
    }

    @Override
    public void run() {
        if (own.old) {
            own.refresh(state);
        }
        Workers.run(parts.size(), body);
        if (wholes.size() > 1) {
            Workers.run(wholes.size(), end);
        } else {
            wholes.getFirst().run();
        }
    }

    private void part(int i) {
        parts.get(i).run();
    }

    private void whole(int i) {
        wholes.get(i).run();
    }

    @Override
    public String explain() {
        return "replica, one of " + parts.size() + ":" + System.lineSeparator() + parts.getFirst().explain()
                + "together:" + System.lineSeparator() + wholes.getFirst().explain();
    }

    @Override
    public void profile(boolean on) {
        parts.forEach(p -> p.profile(on));
        wholes.forEach(w -> w.profile(on));
    }

    @Override
    public Replicas twin() {
        return new Replicas(parts.stream().map(Executable::twin).toList(), wholes.stream().map(Executable::twin).toList(), between, own);
    }

    /// The type of a replica's number.
    public static TensorType number() {
        return new TensorType(DType.I32, org.cosmograd.autodiff.Shape.SCALAR);
    }
}
