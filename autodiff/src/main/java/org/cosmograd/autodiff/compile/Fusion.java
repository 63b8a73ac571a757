package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.kernel.Cost;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Reduction;

/// Decides which nodes share a loop. A group holds elementwise nodes of one shape and reductions of them along one axis; several
/// of its nodes may be stored. A node joins the group of an operand if no way leads from the group out and back to the node.
final class Fusion {
    // beyond this, C2 stops unrolling, registers spill, and compiling takes seconds
    private static final int MOST_OPERATIONS = 72;
    private static final int MOST_NODES = 24;

    /// One step to come: a group of nodes in one loop, or a single other node.
    static final class Item {
        final List<Integer> nodes = new ArrayList<>();
        final boolean loop;
        final Shape space;
        final DType dtype;
        /// The axes along which the group is reduced, if any.
        List<Integer> axes = List.of();
        int operations;
        boolean open;
        boolean gone;
        final BitSet after = new BitSet();

        Item(boolean loop, boolean open, Shape space, DType dtype) {
            this.loop = loop;
            this.open = open;
            this.space = space;
            this.dtype = dtype;
        }
    }

    private final Graph graph;
    private final boolean fuse;
    private final List<Item> items = new ArrayList<>();
    private final int[] item;
    private final BitSet[] needs;

    Fusion(Graph graph, boolean fuse) {
        this.graph = graph;
        this.fuse = fuse;
        this.item = new int[graph.size()];
        this.needs = new BitSet[graph.size()];
        for (int i = 0; i < item.length; i++) {
            item[i] = -1;
            needs[i] = new BitSet();
        }
        for (int i = 0; i < item.length; i++) {
            place(i);
        }
    }

    /// The item of a node; -1 for leaves and views.
    int item(int node) {
        return item[node];
    }

    /// The items in an order in which they can run.
    List<Item> ordered() {
        List<Item> out = new ArrayList<>();
        BitSet done = new BitSet();
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i).gone) {
                done.set(i);
            }
        }
        // the item whose last node is earliest goes first among those that are ready
        List<Integer> waiting = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            if (!items.get(i).gone) {
                waiting.add(i);
            }
        }
        waiting.sort((a, b) -> Integer.compare(items.get(a).nodes.getLast(), items.get(b).nodes.getLast()));
        while (!waiting.isEmpty()) {
            boolean moved = false;
            for (int w = 0; w < waiting.size(); w++) {
                int i = waiting.get(w);
                BitSet open = (BitSet) items.get(i).after.clone();
                open.andNot(done);
                open.clear(i);
                if (open.isEmpty()) {
                    out.add(items.get(i));
                    done.set(i);
                    waiting.remove(w);
                    moved = true;
                    break;
                }
            }
            if (!moved) {
                throw new IllegalStateException("compile: groups wait for each other");
            }
        }
        return out;
    }

    private void place(int i) {
        Graph.Node n = graph.node(i);
        if (n.in().isEmpty()) {
            return;
        } else if (Graph.isView(n.op())) {
            for (int o : n.in()) {
                needs[i].or(needs[o]);
            }
            return;
        }
        int at = switch (n.op()) {
            case Elementwise e -> fuse && !(e instanceof Elementwise.Cast) ? join(n) : -1;
            case Reduction.Sum s -> fuse ? reduce(n, s.axes()) : -1;
            case Reduction.Max m -> fuse ? reduce(n, m.axes()) : -1;
            default -> -1;
        };
        if (at < 0) {
            at = open(n);
        }
        Item g = items.get(at);
        g.nodes.add(i);
        g.operations += operations(n);
        item[i] = at;
        needs[i].set(at);
        for (int o : n.in()) {
            addDependencies(at, needs[o]);
        }
        if (fuse && n.op() instanceof Elementwise) {
            for (int o : n.in()) {
                int other = item[o];
                if (other >= 0 && other != at && mergeable(at, other)) {
                    merge(at, other);
                }
            }
        }
    }

    private int open(Graph.Node n) {
        Item g;
        switch (n.op()) {
            case Elementwise e -> g = new Item(true, fuse && !(e instanceof Elementwise.Cast), n.shape(), n.dtype());
            case Reduction.Sum s -> g = reducing(n, s.axes());
            case Reduction.Max m -> g = reducing(n, m.axes());
            default -> g = new Item(false, false, n.shape(), n.dtype());
        }
        items.add(g);
        return items.size() - 1;
    }

    private Item reducing(Graph.Node n, List<Integer> axes) {
        Item g = new Item(true, fuse, graph.node(n.in().getFirst()).shape(), n.dtype());
        g.axes = axes;
        return g;
    }

    private static int operations(Graph.Node n) {
        return n.op() instanceof Elementwise e && !(e instanceof Elementwise.Cast) ? Cost.of(e, n.in().size(), n.dtype()) : 1;
    }

    private boolean isMember(int node, int group) {
        return item[node] == group && graph.node(node).op() instanceof Elementwise;
    }

    private boolean fits(Item g, Graph.Node n) {
        return g.open && g.nodes.size() < MOST_NODES && g.operations + operations(n) <= MOST_OPERATIONS;
    }

    private int join(Graph.Node n) {
        int best = -1;
        for (int o : n.in()) {
            int at = item[o];
            if (at > best && isMember(o, at) && graph.node(o).type().equals(n.type()) && fits(items.get(at), n) && reachable(n, at)) {
                best = at;
            }
        }
        return best;
    }

    private int reduce(Graph.Node n, List<Integer> axes) {
        int o = n.in().getFirst();
        int at = item[o];
        boolean joins = at >= 0
                && isMember(o, at)
                && fits(items.get(at), n)
                && (items.get(at).axes.isEmpty() || items.get(at).axes.equals(axes))
                && graph.node(o).dtype().isFloating();
        if (joins) {
            items.get(at).axes = axes;
        }
        return joins ? at : -1;
    }

    /// Whether all operands of a node that are not elementwise members of a group are there before the group runs.
    private boolean reachable(Graph.Node n, int group) {
        for (int o : n.in()) {
            if (isMember(o, group)) {
                continue;
            }
            BitSet need = needs[o];
            if (need.get(group)) {
                return false;
            }
            for (int p = need.nextSetBit(0); p >= 0; p = need.nextSetBit(p + 1)) {
                if (items.get(p).after.get(group)) {
                    return false;
                }
            }
        }
        return true;
    }

    private void addDependencies(int at, BitSet need) {
        BitSet all = (BitSet) need.clone();
        for (int p = need.nextSetBit(0); p >= 0; p = need.nextSetBit(p + 1)) {
            all.or(items.get(p).after);
        }
        all.clear(at);
        items.get(at).after.or(all);
        for (Item s : items) {
            if (s.after.get(at)) {
                s.after.or(all);
            }
        }
    }

    private boolean mergeable(int a, int b) {
        Item x = items.get(a);
        Item y = items.get(b);
        if (!x.open
                || !y.open
                || !x.space.equals(y.space)
                || x.dtype != y.dtype
                || x.operations + y.operations > MOST_OPERATIONS
                || x.nodes.size() + y.nodes.size() > MOST_NODES
                || (!x.axes.isEmpty() && !y.axes.isEmpty() && !x.axes.equals(y.axes))) {
            return false;
        }
        for (int k = 0; k < items.size(); k++) {
            BitSet after = items.get(k).after;
            if (k != a && k != b && !items.get(k).gone && ((after.get(b) && x.after.get(k)) || (after.get(a) && y.after.get(k)))) {
                return false;
            }
        }
        return direct(a, b) && direct(b, a);
    }

    /// Whether everything that nodes of `user` take from `maker` is an elementwise member, element by element.
    private boolean direct(int user, int maker) {
        for (int n : items.get(user).nodes) {
            for (int o : graph.node(n).in()) {
                if (needs[o].get(maker) && !isMember(o, maker)) {
                    return false;
                }
            }
        }
        return true;
    }

    private void merge(int into, int from) {
        Item x = items.get(into);
        Item y = items.get(from);
        x.nodes.addAll(y.nodes);
        x.nodes.sort(Integer::compare);
        x.operations += y.operations;
        x.axes = x.axes.isEmpty() ? y.axes : x.axes;
        y.gone = true;
        y.open = false;
        for (int n : y.nodes) {
            item[n] = into;
        }
        for (BitSet need : needs) {
            if (need.get(from)) {
                need.clear(from);
                need.set(into);
            }
        }
        x.after.or(y.after);
        x.after.clear(into);
        x.after.clear(from);
        for (Item s : items) {
            if (s.after.get(from) || s.after.get(into)) {
                s.after.clear(from);
                s.after.set(into);
                s.after.or(x.after);
            }
        }
    }
}
