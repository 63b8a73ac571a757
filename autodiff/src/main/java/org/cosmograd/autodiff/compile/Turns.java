package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Identity;
import org.cosmograd.autodiff.op.Movement;
import org.cosmograd.autodiff.op.Reduction;

/// Which tensors are copied once with their longest axis innermost. What comes from outside, an input or the rows of a batch, is
/// row-major; loops and concatenations that go along another axis would take each element on its own. Where several do, they read
/// the copy, and all others the tensor itself.
final class Turns {
    // A turned element costs as much as one read in the wrong order.
    private static final int READS = 2;
    // A step costs as much as some hundred elements.
    private static final int LEAST = 512;
    // A larger copy would take much memory and push what is used out of the second cache.
    private static final int MOST = 1 << 16;

    private final Graph graph;
    private final Layout layout;
    private final Map<Integer, List<Integer>> orders = new HashMap<>();

    /// @param items the steps to come
    /// @param repeated the nodes that are computed wherever they are used
    Turns(Graph graph, Layout layout, List<Fusion.Item> items, boolean[] repeated) {
        this.graph = graph;
        this.layout = layout;
        Map<Integer, Long> reads = new HashMap<>();
        for (Fusion.Item item : items) {
            count(item, repeated, reads);
        }
        reads.forEach((node, n) -> {
            Shape s = graph.node(node).shape();
            if (n >= (long) READS * s.size() && s.size() >= LEAST && s.size() <= MOST) {
                orders.put(node, turned(s));
            }
        });
    }

    /// The axes of a node's copy, outermost in memory first, if it is copied.
    Optional<List<Integer>> order(int node) {
        return Optional.ofNullable(orders.get(node));
    }

    /// Whether a loop over axes in this order takes neighbours from `turned` but not from `from`.
    static boolean gains(View from, View turned, List<Integer> order) {
        for (int axis : order.reversed()) {
            if (from.shape().dim(axis) != 1) {
                return from.strides()[axis] != 0 && Math.abs(from.strides()[axis]) != 1 && turned.strides()[axis] == 1;
            }
        }
        return false;
    }

    /// The elements of `node`, which shows some of a stored node's, if they are evenly spaced in a view of that.
    static Optional<View> shown(Graph graph, int node, View base) {
        Graph.Node n = graph.node(node);
        if (n.op() instanceof Identity.After) {
            return shown(graph, n.in().getLast(), base);
        }
        return Graph.isView(n.op()) ? shown(graph, n.in().getFirst(), base).flatMap(v -> v.move((Movement) n.op())) : Optional.of(base);
    }

    private static List<Integer> turned(Shape s) {
        return Layout.longestInnermost(s, Integer.MAX_VALUE);
    }

    private void count(Fusion.Item item, boolean[] repeated, Map<Integer, Long> reads) {
        Graph.Node first = graph.node(item.nodes.getFirst());
        if (first.op() instanceof Elementwise) {
            Set<Integer> read = new LinkedHashSet<>();
            for (int i : item.nodes) {
                addRead(i, item, repeated, read);
            }
            List<Integer> order = Groups.order(layout.order(item.nodes.getFirst()), item.axes);
            read.forEach(o -> count(o, order, reads));
        } else if (first.op() instanceof Movement.Concat || first.op() instanceof Movement.Pad) {
            List<Integer> order = layout.order(item.nodes.getFirst());
            first.in().forEach(o -> count(o, order, reads));
        }
    }

    private void addRead(int i, Fusion.Item item, boolean[] repeated, Set<Integer> read) {
        if (graph.node(i).op() instanceof Reduction) {
            return; // reduces what the loop computes
        }
        for (int o : graph.node(i).in()) {
            if (repeated[o]) {
                addRead(o, item, repeated, read);
            } else if (!item.nodes.contains(o)) {
                read.add(o);
            }
        }
    }

    /// Counts the elements of `node` if they are read in the wrong order, and in the right one from a copy of what it shows.
    private void count(int node, List<Integer> order, Map<Integer, Long> reads) {
        int base = graph.base(node);
        Shape s = graph.node(base).shape();
        if (!Layout.isFixed(graph.node(base)) || turned(s).equals(Layout.rowMajor(s))) {
            return;
        }
        Optional<View> from = shown(graph, node, View.dense(0, s));
        Optional<View> turned = shown(graph, node, View.of(0, s, turned(s)));
        if (from.isPresent() && turned.isPresent() && gains(from.get(), turned.get(), order)) {
            reads.merge(base, from.get().distinct(), Long::sum);
        }
    }
}
