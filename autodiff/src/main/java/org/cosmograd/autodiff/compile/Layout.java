package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.op.Border;
import org.cosmograd.autodiff.op.Conv;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Leaf;
import org.cosmograd.autodiff.op.MatMul;
import org.cosmograd.autodiff.op.Movement;
import org.cosmograd.autodiff.op.Pool;
import org.cosmograd.autodiff.op.Reduction;
import org.cosmograd.autodiff.op.Repeat;

/// Decides in which order the axes of each stored tensor lie in memory. A short last axis would leave most SIMD lanes empty, so
/// tensors such as `[256, 4]` are kept with their longest axis innermost. Tensors that meet element by element agree. What a
/// convolution or a pool reads or gives is row-major, with all that meets it: turning images costs more than short rows.
final class Layout {
    // a last axis this long fills the lanes well enough
    private static final int LONG = 24;
    // what comes from outside or goes there is row-major; it decides where it is more than a small part
    private static final int WEIGHT = 8;

    private final Graph graph;
    private final int[] parent;
    private final List<List<Integer>> orders = new ArrayList<>();

    Layout(Graph graph, boolean free) {
        this.graph = graph;
        this.parent = new int[graph.size()];
        for (int i = 0; i < parent.length; i++) {
            parent[i] = i;
        }
        int[] members = new int[parent.length];
        int[] bound = new int[parent.length];
        for (int i = 0; i < parent.length; i++) {
            Graph.Node n = graph.node(i);
            if (n.op() instanceof Elementwise) {
                for (int o : n.in()) {
                    if (graph.node(o).shape().equals(n.shape()) && !Graph.isView(graph.node(o).op()) && !graph.node(o).isLiteral()) {
                        parent[find(o)] = find(i);
                    }
                }
            }
        }
        for (int i = 0; i < parent.length; i++) {
            members[find(i)]++;
            bound[find(i)] += isFree(graph.node(i)) ? 0 : 1;
        }
        for (int r : graph.roots()) {
            bound[find(r)]++;
        }
        for (int i = 0; i < parent.length; i++) {
            if (reducesSeveral(graph.node(i))) {
                bound[find(shown(graph.node(i).in().getFirst()))] += parent.length;
            }
            if (readsPlaces(graph.node(i))) {
                for (int o : graph.node(i).in()) {
                    bound[find(shown(o))] += parent.length;
                }
                bound[find(i)] += parent.length;
            }
        }
        List<List<Integer>> users = new ArrayList<>();
        for (int i = 0; i < parent.length; i++) {
            users.add(new ArrayList<>());
            for (int o : graph.node(i).in()) {
                users.get(o).add(i);
            }
        }
        int[] narrow = new int[parent.length];
        int[] wide = new int[parent.length];
        for (int i = 0; i < parent.length; i++) {
            vote(i, users, narrow, wide);
        }
        for (int i = 0; i < parent.length; i++) {
            Graph.Node n = graph.node(i);
            boolean rowMajor = !free || !isFree(n) || bound[find(i)] * WEIGHT >= members[find(i)] * 2;
            int least = narrow[find(i)] > 0 && wide[find(i)] == 0 ? Integer.MAX_VALUE : LONG;
            orders.add(rowMajor ? rowMajor(n.shape()) : longestInnermost(n.shape(), least));
        }
    }

    /// The axes of a node, outermost in memory first.
    List<Integer> order(int node) {
        return orders.get(node);
    }

    private int find(int i) {
        while (parent[i] != i) {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        return i;
    }

    private static boolean isFree(Graph.Node n) {
        return switch (n.op()) {
            case Leaf l -> false;
            case Elementwise e -> true;
            case Reduction.Sum s -> true;
            case Reduction.Max m -> true;
            case MatMul m -> n.shape().rank() == 2;
            case Movement m -> true;
            default -> false;
        };
    }

    /// Whether a node's elements are there, or come from a step of its own, in row-major order whatever becomes of them.
    static boolean isFixed(Graph.Node n) {
        return !isFree(n) && !n.isLiteral() && !(n.op() instanceof MatMul) && !readsPlaces(n);
    }

    /// Whether a node reads and writes images as they are, channels last: another order would only be copied.
    private static boolean readsPlaces(Graph.Node n) {
        return n.op() instanceof Conv || n.op() instanceof Border || n.op() instanceof Repeat || n.op() instanceof Pool;
    }

    /// Whether a node reduces several axes, which count in row-major order, as one.
    private static boolean reducesSeveral(Graph.Node n) {
        return n.op() instanceof Reduction.Sum s && s.axes().size() > 1 || n.op() instanceof Reduction.Max m && m.axes().size() > 1;
    }

    /// What a node shows in its own order of axes.
    private int shown(int node) {
        while (Graph.isView(graph.node(node).op()) && !(graph.node(node).op() instanceof Movement.Permute)) {
            node = graph.node(node).in().getLast();
        }
        return node;
    }

    /// The sizes of the axes in an order.
    static int[] dims(Shape s, List<Integer> order) {
        int[] dims = new int[order.size()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = s.dim(order.get(i));
        }
        return dims;
    }

    static List<Integer> rowMajor(Shape s) {
        List<Integer> axes = new ArrayList<>();
        for (int i = 0; i < s.rank(); i++) {
            axes.add(i);
        }
        return axes;
    }

    /// A tensor cut into narrow strips, or put together from such, is better kept strip by strip.
    private void vote(int i, List<List<Integer>> users, int[] narrow, int[] wide) {
        Graph.Node n = graph.node(i);
        if (n.op() instanceof Movement.Slice) {
            int from = n.in().getFirst();
            while (Graph.isView(graph.node(from).op())) {
                from = graph.node(from).in().getFirst();
            }
            (isUsedNarrowly(i, users) ? narrow : wide)[find(from)]++;
        } else if (n.op() instanceof Movement.Concat) {
            for (int part : n.in()) {
                while (graph.node(part).op() instanceof Movement.Reshape) {
                    part = graph.node(part).in().getFirst();
                }
                if (!graph.node(part).isLiteral()) {
                    (isNarrow(graph.node(part).shape()) ? narrow : wide)[find(i)]++;
                }
            }
        }
    }

    /// Whether the elements that a view shows are met as narrow tensors.
    private boolean isUsedNarrowly(int view, List<List<Integer>> users) {
        List<Integer> own = users.get(view);
        boolean only = !own.isEmpty();
        for (int u : own) {
            only &= graph.node(u).op() instanceof Movement.Reshape || graph.node(u).op() instanceof Movement.Slice;
        }
        if (!only) {
            return isNarrow(graph.node(view).shape());
        }
        for (int u : own) {
            if (!isUsedNarrowly(u, users)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNarrow(Shape s) {
        return !longestInnermost(s, LONG).equals(rowMajor(s));
    }

    /// Row-major if the last axis has at least `least` elements or none is longer.
    static List<Integer> longestInnermost(Shape s, int least) {
        int last = s.rank() - 1;
        while (last > 0 && s.dim(last) == 1) {
            last--;
        }
        int longest = last;
        for (int i = 0; i < last; i++) {
            longest = s.dim(i) > s.dim(longest) ? i : longest;
        }
        if (last < 0 || s.dim(last) >= least || longest == last) {
            return rowMajor(s);
        }
        List<Integer> order = rowMajor(s);
        order.add(order.remove(longest));
        return order;
    }
}
