package org.cosmograd.autodiff.compile;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.cosmograd.autodiff.kernel.ScalarLanes;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Identity;
import org.cosmograd.autodiff.op.Leaf;
import org.cosmograd.autodiff.op.MatMul;
import org.cosmograd.autodiff.op.Movement;
import org.cosmograd.autodiff.op.Op;
import org.cosmograd.autodiff.op.Reduction;

/// An expression as a numbered list, operands first, after the rewrites that every way of running it shares: equal nodes are one
/// node, dead nodes are gone, literals are folded, identities are bypassed, and sums run along one axis of at most [#SUM] elements
/// at a time. As the rewrites are shared, all ways of running give the same bits.
final class Graph {
    /// The longest stretch that one canonical sum takes; longer axes are summed in pieces and the pieces again.
    static final int SUM = 1 << 14;

    /// Fewer elements than this behind an axis do not fill a vector.
    private static final int FEWEST_COLUMNS = 16;

    private static final int FOLD_LIMIT = 1 << 20;

    /// One operation on earlier nodes.
    ///
    /// @param op the operation
    /// @param in numbers of the operands
    /// @param type type of the result
    record Node(Op op, List<Integer> in, TensorType type) {
        Shape shape() {
            return type.shape();
        }

        DType dtype() {
            return type.dtype();
        }

        boolean isLiteral() {
            return op instanceof Leaf.Literal;
        }
    }

    /// How data that the expression holds are taken.
    enum DataMode {
        /// As constants: what depends on them alone is computed at once.
        CONSTANT,
        /// As inputs, so that the graph serves for other data of the same form.
        INPUT
    }

    private final DataMode mode;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Tensor> origins = new ArrayList<>();
    private final Map<Node, Integer> numbers = new HashMap<>();
    private final Map<Integer, Storage> constants = new HashMap<>();
    private final List<Storage> data = new ArrayList<>();
    private final Map<Object, Integer> leaves = new IdentityHashMap<>();
    private final Map<Tensor, Integer> seen = new IdentityHashMap<>();
    private final Map<Tensor, Boolean> fixed = new IdentityHashMap<>();
    private final Map<Tensor, Tensor> positiveParts = new IdentityHashMap<>();
    private final Map<Tensor, Integer> productUsers = new IdentityHashMap<>();
    private final Pieces pieces = new Pieces(this);
    private final int[] roots;

    /// The graph of some expressions.
    Graph(List<Tensor> expressions, DataMode mode) {
        this.mode = mode;
        lookAhead(expressions);
        for (Tensor t : expressions) {
            add(t);
        }
        int[] all = new int[expressions.size()];
        for (int k = 0; k < all.length; k++) {
            all[k] = numberOf(expressions.get(k));
        }
        this.roots = prune(all);
    }

    /// Operations and wiring alone, without the expressions and data they came from.
    ///
    /// @param nodes operands before their users
    Graph(List<Node> nodes, int[] roots) {
        this.mode = DataMode.CONSTANT;
        this.nodes.addAll(nodes);
        this.roots = roots.clone();
    }

    /// This without the expressions and data it came from: what may be kept.
    Graph structure() {
        return new Graph(nodes, roots);
    }

    Node node(int i) {
        return nodes.get(i);
    }

    List<Node> nodes() {
        return nodes;
    }

    int size() {
        return nodes.size();
    }

    int[] roots() {
        return roots.clone();
    }

    /// The values of the constant nodes, in their order (mode `CONSTANT`).
    List<Storage> constants() {
        List<Storage> out = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            Storage constant = constants.get(i);
            if (constant != null) {
                out.add(constant);
            }
        }
        return out;
    }

    /// The data that input nodes stand for, in their order (mode `INPUT`).
    List<Storage> data() {
        return data;
    }

    /// The expression that a node came from first.
    Tensor origin(int i) {
        return origins.get(i);
    }

    /// What makes two graphs run alike: operations, wiring and types, not data.
    List<Object> key() {
        List<Object> key = new ArrayList<>(nodes);
        for (int r : roots) {
            key.add(r);
        }
        return key;
    }

    // ------------------------------------------------------------------------------------------------- building

    private void add(Tensor root) {
        Deque<Tensor> stack = new ArrayDeque<>();
        stack.push(root);
        while (!stack.isEmpty()) {
            Tensor t = stack.peek();
            if (seen.containsKey(t)) {
                stack.pop();
                continue;
            }
            if (!(t.op() instanceof Leaf.Literal) && (t.isEvaluated() || folds(t))) {
                stack.pop();
                seen.put(t, leaf(t));
                continue;
            }
            boolean ready = true;
            List<Tensor> operands = isPositive(t) ? withPositivePart(t) : t.operands();
            for (int i = operands.size() - 1; i >= 0; i--) {
                if (!seen.containsKey(operands.get(i))) {
                    stack.push(operands.get(i));
                    ready = false;
                }
            }
            if (ready) {
                stack.pop();
                List<Integer> in = new ArrayList<>();
                for (Tensor o : operands) {
                    in.add(numberOf(o));
                }
                seen.put(t, rewrite(t, List.copyOf(in)));
            }
        }
    }

    private int numberOf(Tensor t) {
        return Objects.requireNonNull(seen.get(t));
    }

    /// Looks for `max(0, x)`: where `0 < x` is asked as well, as in the slope of a rectified unit, `0 < max(0, x)` is the same, and
    /// `x` need not be kept. And counts who uses a matrix product or a slice of one.
    private void lookAhead(List<Tensor> expressions) {
        expressions.forEach(t -> productUsers.merge(t, 1, Integer::sum));
        Map<Tensor, Boolean> visited = new IdentityHashMap<>();
        Deque<Tensor> stack = new ArrayDeque<>(expressions);
        while (!stack.isEmpty()) {
            Tensor t = stack.pop();
            if (visited.put(t, true) != null || t.isEvaluated() || t.op() instanceof Leaf) {
                continue;
            }
            if (t.op() instanceof Elementwise.Max && isZero(t.operands().getFirst())) {
                positiveParts.putIfAbsent(t.operands().getLast(), t);
            }
            for (Tensor o : t.operands()) {
                if (o.op() instanceof MatMul || o.op() instanceof Movement.Slice) {
                    productUsers.merge(o, 1, Integer::sum);
                }
                stack.push(o);
            }
        }
    }

    private static boolean isZero(Tensor t) {
        while (t.op() instanceof Movement && t.operands().size() == 1 && !(t.op() instanceof Movement.Pad)) {
            t = t.operands().getFirst();
        }
        return t.op() instanceof Leaf.Literal l && l.value() == 0;
    }

    private boolean isPositive(Tensor t) {
        return t.op() instanceof Elementwise.Compare c
                && c.relation() == Elementwise.Relation.LESS
                && positiveParts.containsKey(t.operands().getLast())
                && isZero(t.operands().getFirst());
    }

    private List<Tensor> withPositivePart(Tensor t) {
        Tensor x = t.operands().getLast();
        return List.of(t.operands().getFirst(), positiveParts.getOrDefault(x, x));
    }

    /// Whether a node depends on data alone and is worth computing now.
    private boolean folds(Tensor t) {
        return mode == DataMode.CONSTANT
                && !(t.op() instanceof Leaf)
                && !(t.op() instanceof Movement)
                && !(t.op() instanceof Identity)
                && t.shape().size() <= FOLD_LIMIT
                && isFixed(t)
                && !literalOnly(t);
    }

    private boolean isFixed(Tensor root) {
        Deque<Tensor> stack = new ArrayDeque<>();
        stack.push(root);
        while (!stack.isEmpty()) {
            Tensor t = stack.peek();
            if (fixed.containsKey(t)) {
                stack.pop();
                continue;
            }
            boolean ready = true;
            boolean all = !(t.op() instanceof Leaf.Input);
            for (Tensor o : t.operands()) {
                Boolean f = fixed.get(o);
                if (f == null) {
                    stack.push(o);
                    ready = false;
                } else {
                    all &= f;
                }
            }
            if (ready) {
                stack.pop();
                fixed.put(t, all);
            }
        }
        return fixed.getOrDefault(root, false);
    }

    private static boolean literalOnly(Tensor t) {
        return t.op() instanceof Elementwise && literalViews(t.operands());
    }

    private static boolean literalViews(List<Tensor> all) {
        for (Tensor t : all) {
            if (!(t.op() instanceof Leaf.Literal) && !(t.op() instanceof Movement && literalViews(t.operands()))) {
                return false;
            }
        }
        return true;
    }

    private int leaf(Tensor t) {
        Storage storage = t.storage();
        Integer known = leaves.get(storage);
        if (known != null) {
            return known;
        }
        int id;
        if (mode == DataMode.INPUT) {
            id = push(new Node(new Leaf.Input(t.type(), data.size()), List.of(), t.type()), t);
            data.add(storage);
        } else {
            nodes.add(new Node(new Leaf.Data(t.type()), List.of(), t.type()));
            origins.add(t);
            id = nodes.size() - 1;
            constants.put(id, storage);
        }
        leaves.put(storage, id);
        return id;
    }

    int push(Node n, Tensor origin) {
        Integer known = numbers.get(n);
        if (known != null) {
            return known;
        }
        nodes.add(n);
        origins.add(origin);
        numbers.put(n, nodes.size() - 1);
        return nodes.size() - 1;
    }

    private int rewrite(Tensor t, List<Integer> in) {
        Op op = t.op();
        return switch (op) {
            case Leaf.Literal l -> push(new Node(l, List.of(), l.type()), t);
            case Leaf.Input i -> push(new Node(i, List.of(), i.type()), t);
            case Identity.StopGradient s -> in.getLast();
            case Identity.Custom c -> in.getLast();
            case Elementwise.Select s when nodes.get(in.getFirst()).isLiteral() -> in.get(literal(in.getFirst()) != 0 ? 1 : 2);
            case Elementwise e when areLiterals(in) -> fold(e, in, t);
            case Elementwise.Add a -> pieces.add(in.get(0), in.get(1), t).orElseGet(() -> push(new Node(a, in, t.type()), t));
            case Movement.Pad p -> pieces.pad(p, in.getFirst(), t).orElseGet(() -> push(new Node(p, in, t.type()), t));
            case Movement.Concat c -> pieces.concat(c.axis(), in, t);
            case Movement m when nodes.get(in.getFirst()).isLiteral() ->
                    push(new Node(new Leaf.Literal(t.type(), literal(in.getFirst())), List.of(), t.type()), t);
            case Movement.Slice s -> pieces.slice(s, in.getFirst(), productUsers.getOrDefault(t.operands().getFirst(), 0) == 1, t).orElseGet(() -> push(new Node(s, in, t.type()), t));
            case Reduction.Sum s -> sum(in.getFirst(), s.axes(), t);
            case Reduction.Max m -> max(in.getFirst(), m.axes(), t);
            default -> push(new Node(op, in, t.type()), t);
        };
    }

    private boolean areLiterals(List<Integer> in) {
        for (int i : in) {
            if (!nodes.get(i).isLiteral()) {
                return false;
            }
        }
        return true;
    }

    private double literal(int i) {
        return ((Leaf.Literal) nodes.get(i).op()).value();
    }

    private int fold(Elementwise e, List<Integer> in, Tensor t) {
        DType from = nodes.get(in.getFirst()).dtype();
        ScalarLanes lanes = new ScalarLanes(e instanceof Elementwise.Cast ? t.dtype() : from);
        List<Lane> x = new ArrayList<>();
        for (int i : in) {
            x.add(new ScalarLanes(from).constant(literal(i)));
        }
        Lane y = e instanceof Elementwise.Cast c ? c.value(lanes, x.getFirst(), from) : e.value(lanes, x);
        return push(new Node(new Leaf.Literal(t.type(), ScalarLanes.value(y)), List.of(), t.type()), t);
    }

    private int movement(Op op, int in, Shape to, Tensor origin) {
        return push(new Node(op, List.of(in), new TensorType(nodes.get(in).dtype(), to)), origin);
    }

    private int sum(int x, List<Integer> axes, Tensor t) {
        for (int end = axes.size(); end > 0; ) {
            int begin = together(nodes.get(x).shape(), axes, end, SUM);
            x = begin == end - 1 ? sumAxis(x, axes.get(begin), t) : push(reduction(Reduction.Sum::new, x, axes.subList(begin, end)), t);
            end = begin;
        }
        return x;
    }

    /// Where in `axes` those begin that are reduced together, up to `end`: neighbours with enough elements behind them to fill vectors,
    /// so that these are the loop's innermost. What depends on the shape alone is the same for all ways of running.
    private static int together(Shape s, List<Integer> axes, int end, int most) {
        int begin = end - 1;
        int last = axes.get(begin);
        long elements = s.dim(last);
        if (elements < 2 || s.slice(last + 1, s.rank()).size() < FEWEST_COLUMNS) {
            return begin;
        }
        while (begin > 0 && axes.get(begin - 1) == axes.get(begin) - 1 && s.dim(axes.get(begin - 1)) > 1
                && elements * s.dim(axes.get(begin - 1)) <= most) {
            begin--;
            elements *= s.dim(axes.get(begin));
        }
        return begin;
    }

    private Node reduction(Function<List<Integer>, Reduction> of, int x, List<Integer> axes) {
        Shape s = nodes.get(x).shape();
        for (int axis : axes.reversed()) {
            s = s.without(axis);
        }
        return new Node(of.apply(List.copyOf(axes)), List.of(x), new TensorType(nodes.get(x).dtype(), s));
    }

    private int sumAxis(int x, int axis, Tensor t) {
        Shape s = nodes.get(x).shape();
        int n = s.dim(axis);
        TensorType type = new TensorType(nodes.get(x).dtype(), s.without(axis));
        if (n == 0 || type.shape().size() == 0) {
            return push(new Node(new Leaf.Literal(type, 0), List.of(), type), t);
        } else if (n == 1) {
            return movement(new Movement.Reshape(type.shape()), x, type.shape(), t);
        } else if (n <= SUM) {
            return push(new Node(new Reduction.Sum(List.of(axis)), List.of(x), type), t);
        }
        int whole = n / SUM;
        int[] pieces = s.with(axis, whole).insert(axis + 1, SUM).dims();
        int head = n % SUM == 0 ? x : slice(x, axis, 0, whole * SUM, t);
        int partial = sumAxis(movement(new Movement.Reshape(Shape.of(pieces)), head, Shape.of(pieces), t), axis + 1, t);
        if (n % SUM > 0) {
            int tail = sumAxis(slice(x, axis, whole * SUM, n, t), axis, t);
            Shape one = s.with(axis, 1);
            int row = movement(new Movement.Reshape(one), tail, one, t);
            TensorType both = new TensorType(type.dtype(), s.with(axis, whole + 1));
            partial = push(new Node(new Movement.Concat(axis), List.of(partial, row), both), t);
        }
        return sumAxis(partial, axis, t);
    }

    private int slice(int x, int axis, int from, int to, Tensor t) {
        Shape s = nodes.get(x).shape();
        List<Integer> start = new ArrayList<>();
        List<Integer> stop = new ArrayList<>();
        List<Integer> step = new ArrayList<>();
        for (int i = 0; i < s.rank(); i++) {
            start.add(i == axis ? from : 0);
            stop.add(i == axis ? to : s.dim(i));
            step.add(1);
        }
        return movement(new Movement.Slice(start, stop, step), x, s.with(axis, to - from), t);
    }

    private int max(int x, List<Integer> axes, Tensor t) {
        for (int end = axes.size(); end > 0; ) {
            Shape s = nodes.get(x).shape();
            int begin = together(s, axes, end, Integer.MAX_VALUE);
            x = begin == end - 1 && s.dim(axes.get(begin)) == 1
                    ? movement(new Movement.Reshape(s.without(axes.get(begin))), x, s.without(axes.get(begin)), t)
                    : push(reduction(Reduction.Max::new, x, axes.subList(begin, end)), t);
            end = begin;
        }
        return x;
    }

    /// Drops nodes that no root needs, keeping the order; returns the roots' new numbers.
    private int[] prune(int[] all) {
        boolean[] live = new boolean[nodes.size()];
        for (int r : all) {
            live[r] = true;
        }
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (live[i] || (mode == DataMode.INPUT && nodes.get(i).op() instanceof Leaf.Input)) {
                live[i] = true;
                for (int o : nodes.get(i).in()) {
                    live[o] = true;
                }
            }
        }
        int[] to = new int[nodes.size()];
        List<Node> kept = new ArrayList<>();
        List<Tensor> keptOrigins = new ArrayList<>();
        Map<Integer, Storage> keptConstants = new HashMap<>();
        for (int i = 0; i < to.length; i++) {
            if (live[i]) {
                to[i] = kept.size();
                Node n = nodes.get(i);
                List<Integer> in = new ArrayList<>();
                for (int o : n.in()) {
                    in.add(to[o]);
                }
                kept.add(new Node(n.op(), List.copyOf(in), n.type()));
                keptOrigins.add(origins.get(i));
                if (constants.containsKey(i)) {
                    keptConstants.put(to[i], constants.get(i));
                }
            }
        }
        nodes.clear();
        nodes.addAll(kept);
        origins.clear();
        origins.addAll(keptOrigins);
        constants.clear();
        constants.putAll(keptConstants);
        int[] renumbered = new int[all.length];
        for (int k = 0; k < all.length; k++) {
            renumbered[k] = to[all[k]];
        }
        return renumbered;
    }

    /// Whether a node only shows its operand's elements in another arrangement.
    static boolean isView(Op op) {
        return op instanceof Identity.After || (op instanceof Movement && !(op instanceof Movement.Pad) && !(op instanceof Movement.Concat));
    }

    /// The node whose elements a node shows, if it is a view; else itself.
    int base(int node) {
        while (isView(node(node).op())) {
            List<Integer> in = node(node).in();
            node = node(node).op() instanceof Identity.After ? in.getLast() : in.getFirst();
        }
        return node;
    }
}
