package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.MatMul;
import org.cosmograd.autodiff.op.Movement;
import org.cosmograd.autodiff.op.Reduction;

/// Which nodes are computed where they are wanted: the parts of a concatenation inside it, so that nobody copies them there.
final class Homes {
    /// The place of a node.
    ///
    /// @param whole the concatenation
    /// @param part which of its parts the node is, or shows its elements
    /// @param at where that begins along the axis
    /// @param path the views that make the part of the node, the part first
    record Home(int whole, int part, int at, List<Integer> path) {}

    private final Graph graph;
    private final Map<Integer, Home> homes = new HashMap<>();

    /// @param elsewhere nodes that have a place already
    Homes(Graph graph, IntPredicate elsewhere) {
        this.graph = graph;
        for (int c = graph.size() - 1; c >= 0; c--) {
            if (graph.node(c).op() instanceof Movement.Concat concat) {
                int at = 0;
                for (int k = 0; k < graph.node(c).in().size(); k++) {
                    settle(c, k, at, elsewhere);
                    at += graph.node(graph.node(c).in().get(k)).shape().dim(concat.axis());
                }
            }
        }
    }

    private void settle(int whole, int part, int at, IntPredicate elsewhere) {
        List<Integer> path = new ArrayList<>();
        int b = graph.node(whole).in().get(part);
        while (graph.node(b).op() instanceof Movement.Reshape || graph.node(b).op() instanceof Movement.Permute) {
            path.add(b);
            b = graph.node(b).in().getFirst();
        }
        boolean computed = switch (graph.node(b).op()) {
            case Elementwise e -> true;
            case Reduction.Sum s -> true;
            case Reduction.Max m -> true;
            case MatMul m -> true;
            case Movement.Concat c -> true;
            default -> false;
        };
        if (computed && !elsewhere.test(b)) {
            homes.putIfAbsent(b, new Home(whole, part, at, path));
        }
    }

    /// The home of a node, if it has one.
    Optional<Home> of(int node) {
        return Optional.ofNullable(homes.get(node));
    }

    /// The node's elements inside those of the whole, if they are evenly spaced there.
    Optional<View> place(int node, Home home, View whole) {
        Graph.Node n = graph.node(home.whole());
        int axis = ((Movement.Concat) n.op()).axis();
        Shape shape = graph.node(n.in().get(home.part())).shape();
        Optional<View> v = Optional.of(new View(whole.buffer(), whole.offset() + home.at() * whole.strides()[axis], whole.strides(), shape));
        for (int step : home.path()) {
            Movement back = switch (graph.node(step).op()) {
                case Movement.Permute p -> new Movement.Permute(IntStream.range(0, p.order().size())
                        .mapToObj(i -> p.order().indexOf(i)).toList());
                default -> new Movement.Reshape(graph.node(graph.node(step).in().getFirst()).shape());
            };
            v = v.flatMap(x -> x.move(back));
        }
        // a product wants one of its axes dense
        return v.filter(x -> !(graph.node(node).op() instanceof MatMul)
                || x.strides()[x.strides().length - 1] == 1
                || x.strides()[x.strides().length - 2] == 1);
    }
}
