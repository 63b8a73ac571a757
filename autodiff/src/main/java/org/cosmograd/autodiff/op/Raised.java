package org.cosmograd.autodiff.op;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.cosmograd.autodiff.MassAssignment;
import org.cosmograd.autodiff.Tensor;

/// What differentiation with respect to positions makes of some orders: each raised by one along each axis, without those whose kernel
/// vanishes.
final class Raised {
    private final List<List<Integer>> from;
    private final int axes;
    private final List<List<Integer>> orders;

    Raised(MassAssignment scheme, List<List<Integer>> from) {
        this.from = from;
        this.axes = from.getFirst().size();
        Set<List<Integer>> all = new LinkedHashSet<>();
        for (List<Integer> o : from) {
            for (int a = 0; a < axes; a++) {
                if (o.get(a) + 1 < scheme.support()) {
                    all.add(raise(o, a));
                }
            }
        }
        this.orders = List.copyOf(all);
    }

    private static List<Integer> raise(List<Integer> order, int axis) {
        List<Integer> up = new ArrayList<>(order);
        up.set(axis, up.get(axis) + 1);
        return List.copyOf(up);
    }

    boolean isEmpty() {
        return orders.isEmpty();
    }

    List<List<Integer>> orders() {
        return orders;
    }

    /// Whether the raised orders are one for each axis, in that order.
    private boolean isGradient() {
        return from.size() == 1 && orders.size() == axes;
    }

    /// `y[i, a] = Σ_ch Σ_q w[i, ch, q] r[i, ch, q + a]`.
    Tensor alongAxes(Tensor w, Tensor r) {
        if (isGradient()) {
            return w.mul(r).sum(1);
        }
        List<Tensor> columns = new ArrayList<>();
        for (int a = 0; a < axes; a++) {
            Tensor column = Tensor.zeros(w.dtype(), w.dim(0));
            for (int q = 0; q < from.size(); q++) {
                int raised = orders.indexOf(raise(from.get(q), a));
                if (raised >= 0) {
                    column = column.plus(w.at(2, q).mul(r.at(2, raised)).sum(1));
                }
            }
            columns.add(column);
        }
        return Tensor.stack(1, columns);
    }

    /// `y[i, ch, k] = Σ_{(q, a): q + a = k} w[i, ch, q] t[i, a]`.
    Tensor ofOrders(Tensor w, Tensor t) {
        Tensor tangent = t.expand(1);
        if (isGradient()) {
            return w.mul(tangent);
        }
        List<Tensor> columns = new ArrayList<>();
        for (List<Integer> k : orders) {
            Tensor column = Tensor.zeros(w.dtype(), w.dim(0), w.dim(1));
            for (int q = 0; q < from.size(); q++) {
                for (int a = 0; a < axes; a++) {
                    if (raise(from.get(q), a).equals(k)) {
                        column = column.plus(w.at(2, q).mul(tangent.at(2, a)));
                    }
                }
            }
            columns.add(column);
        }
        return Tensor.stack(2, columns);
    }

    /// `y[i, ch, q] = Σ_a r[i, ch, q + a] t[i, a]`.
    Tensor alongTangent(Tensor r, Tensor t) {
        Tensor tangent = t.expand(1);
        List<Tensor> columns = new ArrayList<>();
        for (List<Integer> q : from) {
            Tensor column = Tensor.zeros(r.dtype(), r.dim(0), r.dim(1));
            for (int a = 0; a < axes; a++) {
                int raised = orders.indexOf(raise(q, a));
                if (raised >= 0) {
                    column = column.plus(r.at(2, raised).mul(tangent.at(2, a)));
                }
            }
            columns.add(column);
        }
        return Tensor.stack(2, columns);
    }
}
