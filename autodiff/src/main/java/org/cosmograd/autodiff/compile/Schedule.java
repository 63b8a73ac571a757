package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.kernel.ColumnTask;
import org.cosmograd.autodiff.kernel.ConvShape;
import org.cosmograd.autodiff.kernel.Cost;
import org.cosmograd.autodiff.kernel.DenseTask;
import org.cosmograd.autodiff.kernel.ElementFunction;
import org.cosmograd.autodiff.kernel.FftTask;
import org.cosmograd.autodiff.kernel.Gemm;
import org.cosmograd.autodiff.kernel.GemmTask;
import org.cosmograd.autodiff.kernel.LoopSpec;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;
import org.cosmograd.autodiff.kernel.MapTask;
import org.cosmograd.autodiff.kernel.MeshArrangeTask;
import org.cosmograd.autodiff.kernel.MeshSpec;
import org.cosmograd.autodiff.kernel.MeshTask;
import org.cosmograd.autodiff.kernel.Operand;
import org.cosmograd.autodiff.kernel.RowsTask;
import org.cosmograd.autodiff.kernel.Task;
import org.cosmograd.autodiff.kernel.TransposeTask;
import org.cosmograd.autodiff.op.Conv;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Identity;
import org.cosmograd.autodiff.op.Leaf;
import org.cosmograd.autodiff.op.MatMul;
import org.cosmograd.autodiff.op.Mesh;
import org.cosmograd.autodiff.op.Movement;
import org.cosmograd.autodiff.op.Reduction;
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
    }

    /// A buffer that a step may write exactly where it reads another.
    ///
    /// @param from the buffer that is read
    /// @param to the buffer that is written
    record Reuse(int from, int to) {}

    private final Graph graph;
    private final Fusion fusion;
    private final Layout layout;
    private final List<Buffer> buffers = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final Map<Integer, View> views = new HashMap<>();
    private final Map<Integer, Integer> outputs;
    private final Homes homes;
    private final Map<Integer, Homes.Home> settled = new HashMap<>();
    private final boolean[] stored;
    private final boolean[] repeated;
    private final RowPipelines pipelines;
    private final EqualLoops loops = new EqualLoops();
    private final List<Step> ordered;
    private final MemoryPlan memory;

    Schedule(Graph graph, boolean fuse) {
        this.graph = graph;
        this.fusion = new Fusion(graph, fuse);
        this.layout = new Layout(graph, fuse);
        this.stored = new boolean[graph.size()];
        this.repeated = new boolean[graph.size()];
        markStored(fuse);
        int constants = 0;
        for (int i = 0; i < graph.size(); i++) {
            if (graph.node(i).op() instanceof Leaf.Input in) {
                views.put(i, dense(buffer(Kind.INPUT, graph.node(i).type(), in.index()), graph.node(i).shape()));
            } else if (graph.node(i).op() instanceof Leaf.Data) {
                views.put(i, dense(buffer(Kind.CONSTANT, graph.node(i).type(), constants++), graph.node(i).shape()));
            }
        }
        Map<Integer, Integer> outputs = new HashMap<>();
        int[] roots = graph.roots();
        for (int k = 0; k < roots.length; k++) {
            int base = unshaped(roots[k]);
            if (fusion.item(base) >= 0 && layout.order(base).equals(Layout.rowMajor(graph.node(base).shape()))) {
                outputs.putIfAbsent(base, k);
            }
        }
        this.outputs = outputs;
        this.homes = new Homes(graph, i -> !fuse || outputs.containsKey(i));
        this.pipelines = new RowPipelines(buffers);
        for (Fusion.Item item : fusion.ordered()) {
            emit(item);
        }
        for (int k = 0; k < roots.length; k++) {
            if (outputs.getOrDefault(unshaped(roots[k]), -1) != k) {
                copy(roots[k], buffer(Kind.OUTPUT, graph.node(roots[k]).type(), k));
            }
        }
        this.ordered = fuse ? arranged() : steps;
        this.memory = new MemoryPlan(buffers, ordered);
    }

    private List<Step> arranged() {
        List<Step> joined = pipelines.merge(loops.mergeUpdates(graph, buffers, steps));
        return loops.merge(graph, buffers, StepOrder.lean(graph, buffers, joined));
    }

    List<Buffer> buffers() {
        return buffers;
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

    // ------------------------------------------------------------------------------------------------- values

    /// A node of a group needs memory if anything but direct use inside the group asks for it. A single operation on what is stored
    /// anyway, such as the mask of a rectified unit, is rather repeated where it is used.
    private void markStored(boolean fuse) {
        boolean[] moved = new boolean[stored.length];
        for (int r : graph.roots()) {
            stored[fusion.base(r)] = true;
            moved[fusion.base(r)] = true;
        }
        for (int i = 0; i < stored.length; i++) {
            Graph.Node n = graph.node(i);
            if (Graph.isView(n.op())) {
                continue;
            }
            for (int o : n.in()) {
                int b = fusion.base(o);
                boolean inside = o == b && fusion.item(i) == fusion.item(b) && graph.node(b).op() instanceof Elementwise;
                stored[b] |= !inside;
                moved[b] |= o != b || !(n.op() instanceof Elementwise);
            }
        }
        for (int i = 0; i < stored.length && fuse; i++) {
            Graph.Node n = graph.node(i);
            boolean light = n.op() instanceof Elementwise e && !(e instanceof Elementwise.Cast) && Cost.of(e, n.in().size(), n.dtype()) <= 2;
            repeated[i] = light && stored[i] && !moved[i] && n.in().size() == 2 && graph.node(n.in().getFirst()).isLiteral()
                    && stored[n.in().getLast()] && !repeated[n.in().getLast()];
            stored[i] &= !repeated[i];
        }
    }

    /// The node whose elements, in row-major order, are those of `node`: what it reshapes, if it does.
    private int unshaped(int node) {
        while (graph.node(node).op() instanceof Movement.Reshape) {
            node = graph.node(node).in().getFirst();
        }
        return node;
    }

    private int buffer(Kind kind, TensorType type, int index) {
        buffers.add(new Buffer(kind, type.dtype(), type.shape().size(), index));
        return buffers.size() - 1;
    }

    private static View dense(int buffer, Shape shape) {
        return View.of(buffer, shape, Layout.rowMajor(shape));
    }

    /// Makes the buffer of a node that is about to be computed.
    private View define(int node) {
        Homes.Home home = homes.of(node).orElse(null);
        if (home != null) {
            View whole = views.containsKey(home.whole()) ? view(home.whole()) : define(home.whole());
            Optional<View> inside = homes.place(node, home, whole);
            if (inside.isPresent()) {
                views.put(node, inside.get());
                settled.put(node, home);
                return inside.get();
            }
        }
        TensorType type = graph.node(node).type();
        Integer output = outputs.get(node);
        int b = output == null ? buffer(Kind.INSIDE, type, node) : buffer(Kind.OUTPUT, type, output);
        View v = View.of(b, type.shape(), layout.order(node));
        views.put(node, v);
        return v;
    }

    /// Where a computed node's elements are; views are followed, and copied where a reshape cannot be a view.
    private View view(int node) {
        View known = views.get(node);
        if (known != null) {
            return known;
        }
        Graph.Node n = graph.node(node);
        View v;
        if (n.op() instanceof Identity.After) {
            v = view(n.in().getLast());
        } else if (n.op() instanceof Movement m && Graph.isView(m)) {
            View from = view(n.in().getFirst());
            Optional<View> moved = from.move(m);
            v = moved.orElseGet(() -> denseCopy(n.in().getFirst(), from).move(m).orElseThrow());
        } else if (n.op() instanceof Leaf.Literal l) {
            v = dense(buffer(Kind.INSIDE, n.type(), node), n.shape());
            fill(v, l.value(), n.dtype(), List.of(node));
        } else {
            throw new IllegalStateException("compile: " + n.op().name() + " is used before it is computed");
        }
        views.put(node, v);
        return v;
    }

    private View dense(int node) {
        View v = view(node);
        return v.isDense() ? v : denseCopy(node, v);
    }

    private View denseCopy(int node, View from) {
        View to = dense(buffer(Kind.INSIDE, new TensorType(graph.node(node).dtype(), from.shape()), node), from.shape());
        copy(from, to, graph.node(node).dtype(), List.of());
        return to;
    }

    // ------------------------------------------------------------------------------------------------- steps

    private void step(Supplier<Task> task, List<View> reads, List<View> writes, List<Integer> nodes, double flops) {
        add(task, reads, writes, nodes, flops, List.of());
    }

    /// A step that takes each element from the place where it may put another.
    private void elementwise(Supplier<Task> task, List<View> reads, List<View> writes, List<Integer> nodes, double flops) {
        List<Reuse> reuses = new ArrayList<>();
        for (View w : writes) {
            for (View r : reads) {
                if (r.buffer() != w.buffer()
                        && r.sameElements(w)
                        && buffers.get(r.buffer()).dtype() == buffers.get(w.buffer()).dtype()
                        && buffers.get(r.buffer()).length() == buffers.get(w.buffer()).length()
                        && reads.stream().allMatch(o -> o.buffer() != r.buffer() || o.sameElements(r))) {
                    reuses.add(new Reuse(r.buffer(), w.buffer()));
                }
            }
        }
        add(task, reads, writes, nodes, flops, List.copyOf(reuses));
    }

    private void add(Supplier<Task> task, List<View> reads, List<View> writes, List<Integer> nodes, double flops, List<Reuse> reuses) {
        if (writes.stream().anyMatch(v -> v.shape().size() > 0)) {
            long bytes = Stream.concat(reads.stream(), writes.stream())
                    .mapToLong(v -> v.distinct() * buffers.get(v.buffer()).dtype().bytes())
                    .sum();
            List<Integer> read = reads.stream().map(View::buffer).toList();
            List<Integer> written = writes.stream().map(View::buffer).toList();
            steps.add(new Step(task, read, written, nodes, flops, bytes, reuses));
        }
    }

    private void copy(int node, int buffer) {
        Graph.Node n = graph.node(node);
        View to = dense(buffer, n.shape());
        if (n.op() instanceof Leaf.Literal l) {
            fill(to, l.value(), n.dtype(), List.of(node));
        } else {
            copy(view(node), to, n.dtype(), List.of(node));
        }
    }

    private void copy(View from, View to, DType type, List<Integer> nodes) {
        LoopSpec body = new LoopSpec(
                List.of(new LoopSpec.Source(type, Access.UNIT)), List.of(), List.of(new LoopSpec.Sink(0, Access.UNIT, Mode.STORE)));
        List<Integer> order = byStride(to);
        int[] dims = sizes(to.shape(), order);
        Operand source = from.operand(order);
        Operand target = to.operand(order);
        step(() -> TransposeTask.of(body, dims, source, target), List.of(from), List.of(to), nodes, 0);
    }

    private void fill(View to, double value, DType type, List<Integer> nodes) {
        LoopSpec body = new LoopSpec(
                List.of(),
                List.of(new LoopSpec.Instruction(new Functions.Constant(value), type, List.of())),
                List.of(new LoopSpec.Sink(0, Access.UNIT, Mode.STORE)));
        List<Integer> order = byStride(to);
        int[] dims = sizes(to.shape(), order);
        List<Operand> operands = List.of(to.operand(order));
        step(() -> new MapTask(body, dims, operands, 1), List.of(), List.of(to), nodes, 0);
    }

    private static int[] sizes(Shape s, List<Integer> order) {
        return order.stream().mapToInt(s::dim).toArray();
    }

    /// The axes by how far apart neighbours lie, outermost first.
    private static List<Integer> byStride(View v) {
        return IntStream.range(0, v.shape().rank())
                .boxed()
                .sorted((a, b) -> Integer.compare(Math.abs(v.strides()[b]), Math.abs(v.strides()[a])))
                .toList();
    }

    private void emit(Fusion.Item item) {
        if (item.loop) {
            group(item);
            return;
        }
        int i = item.nodes.getFirst();
        Graph.Node n = graph.node(i);
        switch (n.op()) {
            case MatMul m -> product(i, n);
            case Conv c -> convolution(i, n, c);
            case Spectral f -> spectral(i, n, f);
            case Mesh m -> mesh(i, n, m);
            case Movement.Concat c -> {
                View to = views.containsKey(i) ? view(i) : define(i);
                int at = 0;
                for (int k = 0; k < n.in().size(); k++) {
                    int part = n.in().get(k);
                    Shape shape = graph.node(part).shape();
                    View piece = new View(to.buffer(), to.offset() + at * to.strides()[c.axis()], to.strides(), shape);
                    Homes.Home home = settled.get(fusion.base(part));
                    if (graph.node(part).op() instanceof Leaf.Literal l) {
                        fill(piece, l.value(), n.dtype(), List.of(i));
                    } else if (home == null || home.whole() != i || home.part() != k) {
                        copy(view(part), piece, n.dtype(), List.of(i));
                    }
                    at += shape.dim(c.axis());
                }
            }
            case Movement.Pad p -> {
                View from = view(n.in().getFirst());
                View to = define(i);
                fill(to, 0, n.dtype(), List.of(i));
                int at = to.offset();
                int[] s = to.strides().clone();
                for (int k = 0; k < s.length; k++) {
                    at += p.low().get(k) * s[k];
                    s[k] *= p.interior().get(k) + 1;
                }
                copy(from, new View(to.buffer(), at, s, from.shape()), n.dtype(), List.of(i));
            }
            default -> denseStep(i, n);
        }
    }

    private void product(int i, Graph.Node n) {
        View a = view(n.in().get(0));
        View b = view(n.in().get(1));
        View c = define(i);
        int r = n.shape().rank();
        int[] batch = Arrays.copyOf(n.shape().dims(), r - 2);
        int rows = n.shape().dim(-2);
        int columns = n.shape().dim(-1);
        int inner = a.shape().dim(-1);
        double flops = 2.0 * n.shape().size() * inner;
        step(
                () -> new GemmTask(n.dtype(), batch, rows, columns, inner, a.operand(), b.operand(), c.operand()),
                List.of(a, b),
                List.of(c),
                List.of(i),
                flops);
        if (r == 2 && n.shape().size() > 0) {
            pipelines.producer(steps.getLast(), new RowsTask.Producer(rows, columns, c.operand(),
                    told -> new GemmTask(rows, columns, inner, a.operand(), b.operand(), c.operand(), told)));
        }
    }

    private void convolution(int i, Graph.Node n, Conv op) {
        View a = dense(n.in().get(0));
        View b = dense(n.in().get(1));
        DType type = n.dtype();
        ConvShape s = Convolutions.shape(op, a.shape(), b.shape(), n.shape());
        TensorType memory = new TensorType(type, Convolutions.scratch(op, type, s));
        int scratch = buffer(Kind.INSIDE, memory, -1);
        View to = define(i);
        Function<Gemm.RowBlock, Task> task = told -> Convolutions.task(op, type, s, a.operand(), b.operand(), to.operand(), scratch, told);
        step(
                () -> task.apply((from, end) -> {}),
                List.of(a, b),
                List.of(to, dense(scratch, memory.shape())),
                List.of(i),
                2 * s.work());
        int channels = n.shape().dim(-1);
        int rows = n.shape().size() / Math.max(1, channels);
        if (!(op instanceof Conv.WeightGradient) && rows > 0) {
            Operand places = new Operand(to.buffer(), to.offset(), new int[] {channels, 1});
            pipelines.producer(steps.getLast(), new RowsTask.Producer(rows, channels, places, task));
        }
    }

    private void spectral(int i, Graph.Node n, Spectral f) {
        View from = dense(n.in().getFirst());
        View to = define(i);
        boolean inverse = f instanceof Spectral.Inverse;
        int rank = switch (f) {
            case Spectral.Forward x -> x.rank();
            case Spectral.Inverse x -> x.rank();
        };
        boolean weighted = switch (f) {
            case Spectral.Forward x -> x.adjoint();
            case Spectral.Inverse x -> !x.adjoint();
        };
        Shape numbers = inverse ? n.shape() : from.shape();
        int r = numbers.rank();
        int batch = numbers.slice(0, r - rank).size();
        int[] dims = numbers.slice(r - rank, r).dims();
        double whole = numbers.slice(r - rank, r).size();
        double edge = weighted ? 1 / whole : 1;
        double rest = weighted == inverse ? edge : inverse ? 0.5 : 2 / whole;
        int length = FftTask.scratchLength(inverse, n.dtype(), batch, dims);
        List<View> writes = new ArrayList<>(List.of(to));
        int between = length == 0 ? -1 : buffer(Kind.INSIDE, new TensorType(n.dtype(), Shape.of(length)), -1);
        if (between >= 0) {
            writes.add(dense(between, Shape.of(length)));
        }
        step(
                () -> new FftTask(inverse, n.dtype(), batch, dims, edge, rest, from.operand(), to.operand(), between),
                List.of(from),
                writes,
                List.of(i),
                2.5 * numbers.size() * Math.log(whole) / Math.log(2));
    }

    private void mesh(int i, Graph.Node n, Mesh op) {
        List<View> in = n.in().stream().map(this::dense).toList();
        boolean read = op instanceof Mesh.Read;
        View x = in.get(read ? 1 : 0);
        int particles = x.shape().dim(0);
        DType type = graph.node(n.in().getFirst()).dtype();
        View to = define(i);
        if (op instanceof Mesh.Arrange a) {
            // what is kept may be painted with later
            boolean kept = IntStream.of(graph.roots()).anyMatch(r -> r == i);
            boolean sort = kept || IntStream.range(0, graph.size())
                    .filter(u -> graph.node(u).in().contains(i))
                    .anyMatch(u -> graph.node(u).op() instanceof Mesh.Paint || MeshTask.scratchLength(exchange(graph.node(u)), particles) > 0);
            step(
                    () -> new MeshArrangeTask(particles, a.scheme().support(), a.mesh(), type, sort, x.operand(), to.operand()),
                    in,
                    List.of(to),
                    List.of(i),
                    particles);
            return;
        }
        View mesh = read ? in.getFirst() : to;
        View order = in.get(read ? 2 : 1);
        View values = read ? to : in.size() > 2 ? in.get(2) : x;
        MeshSpec spec = exchange(n);
        Shape room = Shape.of(MeshTask.scratchLength(spec, particles));
        int scratch = buffer(Kind.INSIDE, new TensorType(type, room), -1);
        step(
                () -> new MeshTask(spec, particles, x.operand(), order.operand(), values.operand(), mesh.operand(), scratch),
                in,
                List.of(to, dense(scratch, room)),
                List.of(i),
                spec.operations() * (double) particles);
    }

    /// What a node that paints or reads does.
    private MeshSpec exchange(Graph.Node n) {
        Mesh op = (Mesh) n.op();
        boolean read = op instanceof Mesh.Read;
        Shape meshes = read ? graph.node(n.in().getFirst()).shape() : n.shape();
        return new MeshSpec(!read, n.in().size() > 2, n.dtype(), op.scheme().support(), op.mesh(meshes), op.orders(), meshes.dim(0));
    }

    private void denseStep(int i, Graph.Node n) {
        List<View> in = n.in().stream().map(this::dense).toList();
        List<Shape> shapes = in.stream().map(View::shape).toList();
        View to = define(i);
        List<Operand> operands = new ArrayList<>(in.stream().map(View::operand).toList());
        operands.add(to.operand());
        // each task has work of its own, which may remember its operands
        step(() -> new DenseTask(n.op().name(), DenseWork.of(n, shapes), operands), in, List.of(to), List.of(i), Flops.of(n.op(), n.shape(), shapes));
    }

    // ------------------------------------------------------------------------------------------------- groups

    private void group(Fusion.Item item) {
        List<Integer> members = item.nodes.stream().filter(i -> graph.node(i).op() instanceof Elementwise).toList();
        List<Integer> reductions = item.nodes.stream().filter(i -> graph.node(i).op() instanceof Reduction).toList();
        List<Integer> order = members.isEmpty()
                ? byStride(view(graph.node(reductions.getFirst()).in().getFirst()))
                : layout.order(members.getFirst());
        GroupBody body = new GroupBody(graph, members, repeated, this::view);
        List<View> sources = new ArrayList<>();
        List<Operand> operands = new ArrayList<>();
        for (int i : reductions) {
            body.value(graph.node(i).in().getFirst());
        }
        for (int i : members) {
            if (stored[i]) {
                body.value(i);
            }
        }
        for (View v : body.sources.keySet()) {
            sources.add(v);
            operands.add(v.operand(order));
        }
        List<LoopSpec.Sink> sinks = new ArrayList<>();
        List<View> targets = new ArrayList<>();
        for (int i : members) {
            if (stored[i]) {
                View to = define(i);
                targets.add(to);
                operands.add(to.operand(order));
                sinks.add(new LoopSpec.Sink(body.number(i), Access.UNIT, Mode.STORE));
            }
        }
        int axis = item.axis < 0 ? -1 : order.indexOf(item.axis);
        boolean inner = axis == order.size() - 1;
        for (int i : reductions) {
            View to = define(i);
            targets.add(to);
            int[] s = new int[order.size()];
            for (int k = 0; k < s.length; k++) {
                int from = order.get(k);
                s[k] = from == item.axis ? 0 : to.strides()[from < item.axis ? from : from - 1];
            }
            operands.add(new Operand(to.buffer(), to.offset(), s));
            boolean sum = graph.node(i).op() instanceof Reduction.Sum;
            int n = item.space.dim(item.axis);
            Mode mode = inner ? (sum ? Mode.rowSum(n) : Mode.ROW_MAX) : sum ? Mode.columnSum(n) : Mode.MAX;
            sinks.add(new LoopSpec.Sink(body.number(graph.node(i).in().getFirst()), Access.UNIT, mode));
        }
        LoopSpec spec = new LoopSpec(body.sourceSpecs(), body.instructions(), sinks);
        int[] dims = sizes(item.space, order);
        int cost = Math.max(1, item.operations);
        double flops = (double) item.operations * item.space.size();
        if (axis < 0 || inner) {
            RowsTask.Stage stage = new RowsTask.Stage(spec, dims, operands, cost);
            elementwise(() -> new MapTask(List.of(stage)), sources, targets, item.nodes, flops);
            pipelines.loop(steps, item.nodes, stage);
            loops.loop(steps, item.nodes, stage);
            return;
        }
        int length = ColumnTask.scratchLength(dims, axis, reductions.size());
        int scratch = buffer(Kind.INSIDE, new TensorType(item.dtype, Shape.of(length)), -1);
        targets.add(dense(scratch, Shape.of(length)));
        elementwise(() -> new ColumnTask(spec, dims, axis, operands, cost, item.dtype, scratch), sources, targets, item.nodes, flops);
    }
}
