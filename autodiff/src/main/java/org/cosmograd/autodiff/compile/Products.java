package org.cosmograd.autodiff.compile;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.kernel.GemmTask;
import org.cosmograd.autodiff.kernel.RowsTask;

/// From matrix products as operations to their tasks.
record Products(Graph graph, Values values, Steps steps) {

    void product(int i) {
        Graph.Node n = graph.node(i);
        View a = values.view(n.in().get(0));
        View b = values.view(n.in().get(1));
        View c = values.define(i);
        int r = n.shape().rank();
        int[] batch = Arrays.copyOf(n.shape().dims(), r - 2);
        int rows = n.shape().dim(-2);
        int columns = n.shape().dim(-1);
        int inner = a.shape().dim(-1);
        double flops = 2.0 * n.shape().size() * inner;
        steps.add(
                () -> new GemmTask(n.dtype(), batch, rows, columns, inner, a.operand(), b.operand(), c.operand()),
                List.of(a, b),
                List.of(c),
                List.of(i),
                flops);
        if (r == 2 && n.shape().size() > 0) {
            GemmTask.Factors factors = new GemmTask.Factors(n.dtype(), rows, columns, inner, a.operand(), b.operand());
            steps.rows(new RowsTask.Producer(rows, columns, c.operand(), Optional.of(factors),
                    (buffer, told) -> new GemmTask(factors, c.operand().in(buffer), told)));
        }
    }
}
