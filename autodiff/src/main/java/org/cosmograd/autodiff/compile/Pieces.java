package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Leaf;
import org.cosmograd.autodiff.op.MatMul;
import org.cosmograd.autodiff.op.Movement;

/// Tensors put together from pieces along one axis. The gradient of a slice is a padded tensor, and that of many slices a sum of
/// them; written as pieces and zeros between them, such a sum is one concatenation, and a slice of a concatenation is often a piece.
///
/// The results have the bits of the plain operations: where a piece meets zeros, it gets the `+ 0` that turns -0 into +0.
final class Pieces {
    private final Graph graph;

    Pieces(Graph graph) {
        this.graph = graph;
    }

    /// A concatenation: neighbouring zeros become one, the parts of a part parts of the whole.
    int concat(int axis, List<Integer> in, Tensor origin) {
        List<Integer> parts = new ArrayList<>();
        for (int i : in) {
            List<Integer> own = graph.node(i).op() instanceof Movement.Concat c && c.axis() == axis ? graph.node(i).in() : List.of(i);
            for (int p : own) {
                if (graph.node(p).shape().dim(axis) == 0) {
                    continue;
                }
                if (!parts.isEmpty() && isZero(p) && isZero(parts.getLast())) {
                    int n = graph.node(p).shape().dim(axis) + graph.node(parts.getLast()).shape().dim(axis);
                    parts.set(parts.size() - 1, zeros(graph.node(p), axis, n, origin));
                } else {
                    parts.add(p);
                }
            }
        }
        if (parts.isEmpty()) {
            return in.getFirst();
        } else if (parts.size() == 1) {
            return parts.getFirst();
        }
        int n = parts.stream().mapToInt(p -> graph.node(p).shape().dim(axis)).sum();
        Graph.Node first = graph.node(parts.getFirst());
        return graph.push(new Graph.Node(new Movement.Concat(axis), parts, new TensorType(first.dtype(), first.shape().with(axis, n))), origin);
    }

    /// A padding, as pieces if only one axis grows.
    Optional<Integer> pad(Movement.Pad p, int x, Tensor origin) {
        int axis = -1;
        for (int i = 0; i < p.low().size(); i++) {
            boolean grows = p.low().get(i) > 0 || p.high().get(i) > 0;
            if (p.interior().get(i) > 0 && graph.node(x).shape().dim(i) > 1 || grows && axis >= 0) {
                return Optional.empty();
            }
            axis = grows ? i : axis;
        }
        if (axis < 0) {
            return Optional.of(x);
        } else if (graph.node(x).shape().size() == 0) {
            return Optional.empty();
        }
        Graph.Node n = graph.node(x);
        return Optional.of(concat(axis, List.of(zeros(n, axis, p.low().get(axis), origin), x, zeros(n, axis, p.high().get(axis), origin)), origin));
    }

    private int zeros(Graph.Node like, int axis, int n, Tensor origin) {
        TensorType type = new TensorType(like.dtype(), like.shape().with(axis, n));
        return graph.push(new Graph.Node(new Leaf.Literal(type, 0), List.of(), type), origin);
    }

    private boolean isZero(int i) {
        return graph.node(i).op() instanceof Leaf.Literal l && Double.doubleToRawLongBits(l.value()) == 0;
    }

    /// A slice that lies within one piece, or of a matrix product that nobody else uses: the product of slices.
    Optional<Integer> slice(Movement.Slice s, int x, boolean only, Tensor origin) {
        Graph.Node whole = graph.node(x);
        if (only && whole.op() instanceof MatMul product && whole.shape().rank() == 2 && s.step().stream().allMatch(step -> step == 1)) {
            int a = whole.in().get(0);
            int b = whole.in().get(1);
            int inner = graph.node(b).shape().dim(0);
            Movement.Slice rows = new Movement.Slice(List.of(s.start().get(0), 0), List.of(s.stop().get(0), inner), s.step());
            Movement.Slice columns = new Movement.Slice(List.of(0, s.start().get(1)), List.of(inner, s.stop().get(1)), s.step());
            List<Integer> in = List.of(slice(rows, a, graph.node(a), origin), slice(columns, b, graph.node(b), origin));
            return Optional.of(graph.push(new Graph.Node(product, in, origin.type()), origin));
        }
        return slice(s, x, origin);
    }

    private Optional<Integer> slice(Movement.Slice s, int x, Tensor origin) {
        if (!(graph.node(x).op() instanceof Movement.Concat c)) {
            return Optional.empty();
        }
        int at = 0;
        for (int p : graph.node(x).in()) {
            Graph.Node n = graph.node(p);
            int from = s.start().get(c.axis()) - at;
            int to = s.stop().get(c.axis()) - at;
            int size = n.shape().dim(c.axis());
            if (from >= 0 && to <= size && from < to) {
                Movement.Slice own = new Movement.Slice(with(s.start(), c.axis(), from), with(s.stop(), c.axis(), to), s.step());
                return Optional.of(slice(own, p, n, origin));
            }
            at += size;
        }
        return Optional.empty();
    }

    private int slice(Movement.Slice s, int x, Graph.Node n, Tensor origin) {
        boolean all = true;
        int[] dims = new int[n.shape().rank()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = (s.stop().get(i) - s.start().get(i) + s.step().get(i) - 1) / s.step().get(i);
            all &= dims[i] == n.shape().dim(i);
        }
        if (all) {
            return x;
        }
        TensorType type = new TensorType(n.dtype(), Shape.of(dims));
        if (n.op() instanceof Leaf.Literal l) {
            return graph.push(new Graph.Node(new Leaf.Literal(type, l.value()), List.of(), type), origin);
        }
        return slice(s, x, origin).orElseGet(() -> graph.push(new Graph.Node(s, List.of(x), type), origin));
    }

    private static List<Integer> with(List<Integer> list, int at, int value) {
        return IntStream.range(0, list.size()).mapToObj(i -> i == at ? value : list.get(i)).toList();
    }

    /// The sum of two tensors with zeros among their pieces, piece by piece, if no piece has to be cut.
    Optional<Integer> add(int a, int b, Tensor origin) {
        Graph.Node x = graph.node(a);
        Graph.Node y = graph.node(b);
        if (!(x.op() instanceof Movement.Concat c) || !c.equals(y.op()) || x.dtype() == DType.I32
                || x.in().stream().noneMatch(this::isZero) || y.in().stream().noneMatch(this::isZero)) {
            return Optional.empty();
        }
        // cuts: pieces that are not zeros must begin and end together or meet zeros only
        List<Integer> parts = new ArrayList<>();
        int i = 0;
        int j = 0;
        int doneI = 0;
        int doneJ = 0;
        while (i < x.in().size() && j < y.in().size()) {
            int p = x.in().get(i);
            int q = y.in().get(j);
            int leftI = graph.node(p).shape().dim(c.axis()) - doneI;
            int leftJ = graph.node(q).shape().dim(c.axis()) - doneJ;
            int n = Math.min(leftI, leftJ);
            boolean whole = (isZero(p) || doneI == 0 && leftI == n) && (isZero(q) || doneJ == 0 && leftJ == n);
            if (!whole) {
                return Optional.empty();
            }
            parts.add(isZero(p) && isZero(q) ? zeros(x, c.axis(), n, origin) : isZero(p) ? plusZero(q, origin) : isZero(q) ? plusZero(p, origin) : sum(p, q, origin));
            doneI = leftI == n ? 0 : doneI + n;
            doneJ = leftJ == n ? 0 : doneJ + n;
            i += leftI == n ? 1 : 0;
            j += leftJ == n ? 1 : 0;
        }
        return Optional.of(concat(c.axis(), parts, origin));
    }

    /// `x + 0`, which is made before elements are moved, where they are computed.
    private int plusZero(int x, Tensor origin) {
        Graph.Node n = graph.node(x);
        if (isZero(x) || n.op() instanceof Elementwise.Add && n.in().stream().anyMatch(this::isZero)) {
            return x;
        } else if (n.op() instanceof Movement.Reshape r) {
            return graph.push(new Graph.Node(r, List.of(plusZero(n.in().getFirst(), origin)), n.type()), origin);
        } else if (n.op() instanceof Movement.Concat c) {
            return concat(c.axis(), n.in().stream().map(p -> plusZero(p, origin)).toList(), origin);
        }
        TensorType type = n.type();
        int zero = graph.push(new Graph.Node(new Leaf.Literal(type, 0), List.of(), type), origin);
        return graph.push(new Graph.Node(new Elementwise.Add(), List.of(x, zero), type), origin);
    }

    private int sum(int x, int y, Tensor origin) {
        return add(x, y, origin).orElseGet(() -> graph.push(new Graph.Node(new Elementwise.Add(), List.of(x, y), graph.node(x).type()), origin));
    }
}
