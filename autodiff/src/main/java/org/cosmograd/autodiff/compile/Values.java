package org.cosmograd.autodiff.compile;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.op.Identity;
import org.cosmograd.autodiff.op.Leaf;
import org.cosmograd.autodiff.op.Movement;

/// Where the elements of a graph's nodes lie. Movements are followed as views, and copied where a reshape cannot be one.
final class Values {
    private final Graph graph;
    private final Layout layout;
    private final Steps steps;
    private final Homes homes;
    private final IntFunction<Optional<Integer>> output;
    private final Map<Integer, View> views = new HashMap<>();
    private final Map<Integer, View> turned = new HashMap<>();
    private final Map<Integer, Homes.Home> settled = new HashMap<>();

    /// @param output which output of the program a node is computed into, if any
    Values(Graph graph, Layout layout, Steps steps, Homes homes, IntFunction<Optional<Integer>> output) {
        this.graph = graph;
        this.layout = layout;
        this.steps = steps;
        this.homes = homes;
        this.output = output;
        int constants = 0;
        for (int i = 0; i < graph.size(); i++) {
            Graph.Node n = graph.node(i);
            if (n.op() instanceof Leaf.Input in) {
                views.put(i, View.dense(steps.buffer(Schedule.Kind.INPUT, n.type(), in.index()), n.shape()));
            } else if (n.op() instanceof Leaf.Data) {
                views.put(i, View.dense(steps.buffer(Schedule.Kind.CONSTANT, n.type(), constants++), n.shape()));
            }
        }
    }

    /// Makes the buffer of a node that is about to be computed.
    View define(int node) {
        Homes.Home home = homes.of(node).orElse(null);
        if (home != null) {
            View whole = begun(home.whole());
            Optional<View> inside = homes.place(node, home, whole);
            if (inside.isPresent()) {
                views.put(node, inside.get());
                settled.put(node, home);
                return inside.get();
            }
        }
        TensorType type = graph.node(node).type();
        int b = output.apply(node)
                .map(k -> steps.buffer(Schedule.Kind.OUTPUT, type, k))
                .orElseGet(() -> steps.buffer(Schedule.Kind.INSIDE, type, node));
        View v = View.of(b, type.shape(), layout.order(node));
        views.put(node, v);
        return v;
    }

    /// The elements of a concatenation, some of whose parts may have been computed in their place already.
    View begun(int whole) {
        return views.containsKey(whole) ? view(whole) : define(whole);
    }

    /// The place inside a concatenation that a node was computed in, if any.
    Optional<Homes.Home> home(int node) {
        return Optional.ofNullable(settled.get(node));
    }

    /// Where the elements of a node are that is computed or shows what is.
    View view(int node) {
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
            v = steps.inside(n.dtype(), n.shape(), node);
            steps.fill(v, l.value(), n.dtype(), List.of(node));
        } else {
            throw new IllegalStateException("compile: " + n.op().name() + " is used before it is computed");
        }
        views.put(node, v);
        return v;
    }

    /// Copies what [Turns] says about a node that is there. It is done before anything reads it, not to part a product from its loops.
    void turn(int node, List<Integer> order) {
        Graph.Node n = graph.node(node);
        View to = View.of(steps.buffer(Schedule.Kind.INSIDE, n.type(), node), n.shape(), order);
        steps.copy(view(node), to, n.dtype(), List.of());
        turned.put(node, to);
    }

    /// Where a loop over axes in this order, outermost first, best takes the elements of a node.
    View view(int node, List<Integer> order) {
        View v = view(node);
        return Optional.ofNullable(turned.get(graph.base(node)))
                .flatMap(t -> Turns.shown(graph, node, t))
                .filter(t -> Turns.gains(v, t, order))
                .orElse(v);
    }

    /// The elements of a node in row-major order without gaps.
    View dense(int node) {
        View v = view(node);
        return v.isDense() ? v : denseCopy(node, v);
    }

    private View denseCopy(int node, View from) {
        View to = steps.inside(graph.node(node).dtype(), from.shape(), node);
        steps.copy(from, to, graph.node(node).dtype(), List.of());
        return to;
    }

    /// Puts the elements of a node where `to` shows them.
    ///
    /// @param by the nodes computed by this
    void put(int node, View to, List<Integer> by) {
        Graph.Node n = graph.node(node);
        if (n.op() instanceof Leaf.Literal l) {
            steps.fill(to, l.value(), n.dtype(), by);
        } else {
            steps.copy(view(node, to.byStride()), to, n.dtype(), by);
        }
    }
}
