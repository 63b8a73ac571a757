package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Cost;
import org.cosmograd.autodiff.kernel.Task;
import org.cosmograd.autodiff.op.Conv;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.MatMul;
import org.cosmograd.autodiff.op.Mesh;
import org.cosmograd.autodiff.op.Movement;
import org.cosmograd.autodiff.op.Spectral;

/// A graph as a list of steps on buffers: loops over fused groups, matrix products, and the rest. Movements have become views.
/// Buffers that live inside have places in one slab for each element type, shared by buffers that are not alive together.
public final class Schedule {
    /// What a buffer is.
    enum Kind {
        INPUT,
        OUTPUT,
        CONSTANT,
        INSIDE
    }

    /// A stretch of memory.
    ///
    /// @param kind what it is
    /// @param dtype type of its elements
    /// @param length number of its elements
    /// @param index which input, output or constant it is
    record Buffer(Kind kind, DType dtype, int length, int index) {}

    /// One step.
    ///
    /// @param task makes the runnable step
    /// @param reads buffers it reads
    /// @param writes buffers it writes
    /// @param nodes the nodes it computes
    /// @param flops floating-point operations, for the listing
    /// @param bytes bytes read and written, for the listing
    /// @param reuses which buffer may lie exactly on another, element on element
    /// @param equal how many equal loops it consists of
    record Step(
            Supplier<Task> task,
            List<Integer> reads,
            List<Integer> writes,
            List<Integer> nodes,
            double flops,
            long bytes,
            List<Reuse> reuses,
            int equal) {
        Step(
                Supplier<Task> task,
                List<Integer> reads,
                List<Integer> writes,
                List<Integer> nodes,
                double flops,
                long bytes,
                List<Reuse> reuses) {
            this(task, reads, writes, nodes, flops, bytes, reuses, 1);
        }

        /// Several steps as one, which uses those of their buffers that are `kept`.
        static Step joined(Supplier<Task> task, List<Step> parts, IntPredicate kept, List<Reuse> reuses, int equal) {
            Set<Integer> reads = new LinkedHashSet<>();
            Set<Integer> writes = new LinkedHashSet<>();
            List<Integer> nodes = new ArrayList<>();
            double flops = 0;
            long bytes = 0;
            for (Step s : parts) {
                addKept(s.reads, kept, reads);
                addKept(s.writes, kept, writes);
                nodes.addAll(s.nodes);
                flops += s.flops;
                bytes += s.bytes;
            }
            return new Step(task, List.copyOf(reads), List.copyOf(writes), nodes, flops, bytes, reuses, equal);
        }

        private static void addKept(List<Integer> buffers, IntPredicate kept, Set<Integer> to) {
            for (int b : buffers) {
                if (kept.test(b)) {
                    to.add(b);
                }
            }
        }
    }

    /// A buffer that a step may write exactly where it reads another.
    ///
    /// @param from the buffer that is read
    /// @param to the buffer that is written
    record Reuse(int from, int to) {}

    private final Graph graph;
    private final Fusion fusion;
    private final boolean[] stored;
    private final boolean[] repeated;
    private final Steps made = new Steps();
    private final List<Step> ordered;
    private final MemoryPlan memory;

    Schedule(Graph graph, boolean fuse) {
        this.graph = graph;
        this.fusion = new Fusion(graph, fuse);
        this.stored = new boolean[graph.size()];
        this.repeated = new boolean[graph.size()];
        markStored(fuse);
        Layout layout = new Layout(graph, fuse);
        if (fuse) {
            repeatSliced(layout);
        }
        Map<Integer, Integer> outputs = outputs(layout);
        Homes homes = new Homes(graph, i -> !fuse || outputs.containsKey(i));
        Values values = new Values(graph, layout, made, homes, i -> Optional.ofNullable(outputs.get(i)));
        Groups groups = new Groups(graph, layout, stored, repeated, values, made);
        List<Fusion.Item> items = fusion.ordered();
        Turns turns = new Turns(graph, layout, fuse ? items : List.of(), repeated);
        for (int i = 0; i < graph.size(); i++) {
            if (graph.node(i).in().isEmpty()) {
                turn(i, turns, values);
            }
        }
        for (Fusion.Item item : items) {
            if (item.loop) {
                groups.group(item);
            } else {
                step(item.nodes.getFirst(), values);
                turn(item.nodes.getFirst(), turns, values);
            }
        }
        int[] roots = graph.roots();
        for (int k = 0; k < roots.length; k++) {
            if (outputs.getOrDefault(unshaped(roots[k]), -1) != k) {
                Graph.Node n = graph.node(roots[k]);
                values.put(roots[k], View.dense(made.buffer(Kind.OUTPUT, n.type(), k), n.shape()), List.of(roots[k]));
            }
        }
        this.ordered = fuse ? made.arranged(graph) : made.made();
        this.memory = new MemoryPlan(made.buffers(), ordered);
    }

    private static void turn(int node, Turns turns, Values values) {
        turns.order(node).ifPresent(order -> values.turn(node, order));
    }

    /// Makes the step of a node that is in no group.
    private void step(int i, Values values) {
        switch (graph.node(i).op()) {
            case MatMul m -> new Products(graph, values, made).product(i);
            case Conv c -> new Convolutions(graph, values, made).convolution(i, c);
            case Spectral f -> new Transforms(graph, values, made).transform(i, f);
            case Mesh.Arrange a -> new Meshes(graph, values, made).arrange(i, a);
            case Mesh.Paint p -> new Meshes(graph, values, made).paint(i);
            case Mesh.Read r -> new Meshes(graph, values, made).read(i);
            case Movement.Concat c -> new Movements(graph, values, made).concat(i, c);
            case Movement.Pad p -> new Movements(graph, values, made).pad(i, p);
            default -> new DenseWork(graph, values, made).dense(i);
        }
    }

    List<Buffer> buffers() {
        return made.buffers();
    }

    /// The steps in the order in which they run.
    List<Step> steps() {
        return ordered;
    }

    Graph graph() {
        return graph;
    }

    /// Where the buffers that live inside lie.
    MemoryPlan memory() {
        return memory;
    }

    /// Whether a node has memory of its own.
    boolean isStored(int node) {
        return stored[node];
    }

    /// A node of a group needs memory if anything but direct use inside the group asks for it. A single operation on what is stored
    /// anyway, such as the mask of a rectified unit, is rather repeated where it is used.
    private void markStored(boolean fuse) {
        boolean[] moved = new boolean[stored.length];
        for (int r : graph.roots()) {
            stored[graph.base(r)] = true;
            moved[graph.base(r)] = true;
        }
        for (int i = 0; i < stored.length; i++) {
            Graph.Node n = graph.node(i);
            if (Graph.isView(n.op())) {
                continue;
            }
            for (int o : n.in()) {
                int b = graph.base(o);
                boolean inside = o == b && fusion.item(i) == fusion.item(b) && graph.node(b).op() instanceof Elementwise;
                stored[b] |= !inside;
                moved[b] |= o != b || !(n.op() instanceof Elementwise);
            }
        }
        for (int i = 0; i < stored.length && fuse; i++) {
            Graph.Node n = graph.node(i);
            repeated[i] = isLight(n) && stored[i] && !moved[i] && n.in().size() == 2 && graph.node(n.in().getFirst()).isLiteral()
                    && stored[n.in().getLast()] && !repeated[n.in().getLast()];
            stored[i] &= !repeated[i];
        }
    }

    private static boolean isLight(Graph.Node n) {
        return n.op() instanceof Elementwise e && !(e instanceof Elementwise.Cast) && Cost.of(e, n.in().size(), n.dtype()) <= 2;
    }

    /// A single operation on what is stored anyway, which loops use in slices and each element once, is repeated there, unless
    /// more than its result would have to be kept for that. Where it would run on the rows of a product it may stay.
    private void repeatSliced(Layout layout) {
        boolean[] whole = new boolean[stored.length];
        List<Map<List<Integer>, Integer>> reads = new ArrayList<>(); // of a node: the slices and the loops that use them, with sizes
        for (int i = 0; i < stored.length; i++) {
            reads.add(new HashMap<>());
            Graph.Node n = graph.node(i);
            for (int o : Graph.isView(n.op()) ? List.<Integer>of() : n.in()) {
                int b = o;
                while (graph.node(b).op() instanceof Movement.Slice) {
                    b = graph.node(b).in().getFirst();
                }
                whole[graph.base(b)] |= b == o || b != graph.base(b) || !(n.op() instanceof Elementwise);
                reads.get(b).put(List.of(o, fusion.item(i)), graph.node(o).shape().size());
            }
        }
        for (int r : graph.roots()) {
            whole[graph.base(r)] = true;
        }
        for (int i = 0; i < stored.length; i++) {
            Graph.Node n = graph.node(i);
            boolean fits = isLight(n) && stored[i] && !whole[i] && !layout.order(i).equals(Layout.rowMajor(n.shape()))
                    && reads.get(i).values().stream().mapToInt(size -> size).sum() <= n.shape().size();
            int kept = 0; // operands that take as much memory as the result
            for (int o : n.in()) {
                fits &= graph.node(o).isLiteral() || stored[graph.base(o)];
                kept += !graph.node(o).isLiteral() && graph.node(graph.base(o)).shape().size() >= n.shape().size() ? 1 : 0;
            }
            fits &= kept <= 1;
            repeated[i] |= fits;
            stored[i] &= !fits;
        }
    }

    /// The nodes that are computed where an output of the program wants them: node to output.
    private Map<Integer, Integer> outputs(Layout layout) {
        Map<Integer, Integer> outputs = new HashMap<>();
        int[] roots = graph.roots();
        for (int k = 0; k < roots.length; k++) {
            int base = unshaped(roots[k]);
            if (fusion.item(base) >= 0 && layout.order(base).equals(Layout.rowMajor(graph.node(base).shape()))) {
                outputs.putIfAbsent(base, k);
            }
        }
        return outputs;
    }

    /// The node whose elements, in row-major order, are those of `node`: what it reshapes, if it does.
    private int unshaped(int node) {
        while (graph.node(node).op() instanceof Movement.Reshape) {
            node = graph.node(node).in().getFirst();
        }
        return node;
    }
}
