package org.cosmograd.autodiff.compile;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Plans;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.op.Leaf;

/// Gives expressions their values: a structure met for the first time runs operation by operation, one that comes back is
/// compiled as a whole and kept. Both give the same bits.
public final class Evaluator {
    private static final boolean CHECK = Boolean.getBoolean("cosmograd.check");

    private Evaluator() {}

    /// The value of a node, which the node keeps.
    public static Storage evaluate(Tensor t) {
        rejectInputs(t);
        Graph graph = new Graph(List.of(t), Graph.DataMode.INPUT);
        Optional<Compiled> compiled = CHECK ? Optional.empty() : Plans.returning(graph.key(), () -> new Compiled(graph), c -> c.run.bytes());
        Storage value = compiled.map(c -> c.run(graph)).orElseGet(() -> stepwise(t, graph));
        t.complete(value);
        return value;
    }

    /// Runs an expression operation by operation. All its nodes keep their values, so that later expressions built on them start
    /// there.
    private static Storage stepwise(Tensor t, Graph graph) {
        List<Tensor> all = new ArrayList<>();
        Set<Tensor> listed = Collections.newSetFromMap(new IdentityHashMap<>());
        all.add(t);
        listed.add(t);
        for (int i = 0; i < graph.size(); i++) {
            Tensor origin = graph.origin(i);
            if (!(origin.op() instanceof Leaf) && !Graph.isView(origin.op()) && origin.op().equals(graph.node(i).op()) && listed.add(origin)) {
                all.add(origin);
            }
        }
        Graph wide = new Graph(all, Graph.DataMode.INPUT);
        List<Storage> out = all.stream().map(x -> Storage.allocate(x.dtype(), x.shape().size())).toList();
        Executable run = new Executable(new Schedule(wide, false), List.of(), CHECK);
        run.bind(wide.data(), out);
        run.run();
        for (int i = 1; i < all.size(); i++) {
            all.get(i).complete(out.get(i));
        }
        return out.getFirst();
    }

    /// A compiled structure; runs one after the other.
    private static final class Compiled {
        private final Executable run;
        private final DType dtype;
        private final int size;

        Compiled(Graph graph) {
            run = new Executable(Compiler.schedule(graph, Long.MAX_VALUE), List.of(), false);
            dtype = graph.node(graph.roots()[0]).dtype();
            size = graph.node(graph.roots()[0]).shape().size();
        }

        synchronized Storage run(Graph graph) {
            Storage out = Storage.allocate(dtype, size);
            run.bind(graph.data(), List.of(out));
            run.run();
            return out;
        }
    }

    private static void rejectInputs(Tensor root) {
        Deque<Tensor> stack = new ArrayDeque<>();
        Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        stack.push(root);
        while (!stack.isEmpty()) {
            Tensor t = stack.pop();
            if (t.op() instanceof Leaf.Input) {
                throw new IllegalStateException(
                        "value: " + t.type() + " is an argument of a program that is being traced and has no value yet; return it from the program");
            }
            if (!t.isEvaluated() && seen.add(t)) {
                t.operands().forEach(stack::push);
            }
        }
    }
}
