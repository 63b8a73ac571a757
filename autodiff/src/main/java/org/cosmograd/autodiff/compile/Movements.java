package org.cosmograd.autodiff.compile;

import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.op.Movement;

/// The movements that are no views, as copies into a tensor of their own.
record Movements(Graph graph, Values values, Steps steps) {

    /// Copies the parts that were not computed in their place.
    void concat(int i, Movement.Concat c) {
        Graph.Node n = graph.node(i);
        View to = values.begun(i);
        int at = 0;
        for (int k = 0; k < n.in().size(); k++) {
            int part = n.in().get(k);
            int which = k;
            Shape shape = graph.node(part).shape();
            View piece = new View(to.buffer(), to.offset() + at * to.strides()[c.axis()], to.strides(), shape);
            boolean there = !graph.node(part).isLiteral()
                    && values.home(graph.base(part)).filter(home -> home.whole() == i && home.part() == which).isPresent();
            if (!there) {
                values.put(part, piece, List.of(i));
            }
            at += shape.dim(c.axis());
        }
    }

    void pad(int i, Movement.Pad p) {
        Graph.Node n = graph.node(i);
        View to = values.define(i);
        View from = values.view(n.in().getFirst(), to.byStride());
        steps.fill(to, 0, n.dtype(), List.of(i));
        int at = to.offset();
        int[] s = to.strides().clone();
        for (int k = 0; k < s.length; k++) {
            at += p.low().get(k) * s[k];
            s[k] *= p.interior().get(k) + 1;
        }
        steps.copy(from, new View(to.buffer(), at, s, from.shape()), n.dtype(), List.of(i));
    }
}
