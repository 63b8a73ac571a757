package org.cosmograd.autodiff;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// Derivatives: functions from expressions to expressions, so they nest, can be printed, and are compiled like anything else.
///
/// With `J = ∂y/∂x`: reverse mode gives `Jᵀ g` ([#vjp]), forward mode `J t` ([#jvp]).
///
///     Tensor x = Tensor.of(1f, 2f, 3f);
///     Tensor y = x.mul(x).mul(x).sum();                                     // f32[]    36
///     Tensor g = Gradient.of(y, x);                                         // f32[3]   3x² = [3 12 27]
///     Tensor h = Gradient.hessianVector(y, x, Tensor.of(1f, 0f, 0f));       // f32[3]   6x t = [6 0 0]
///     Tensor j = Gradient.jacobian(x.mul(x), x);                            // f32[3, 3], 2x on the diagonal
///
/// Only floating-point expressions have derivatives, only the very nodes named as `x` count as variables, and what does not depend on them
/// has zeros. At a kink each operation says which slope it takes.
public final class Gradient {
    private Gradient() {}

    /// `∂y/∂x` of a scalar `y`, in the shape of `x`. An `x` on which `y` does not depend gives zeros.
    ///
    /// @throws ShapeException if `y` has more than one element, or integers
    public static Tensor of(Tensor y, Tensor x) {
        return of(y, List.of(x)).getFirst();
    }

    /// `∂y/∂x_i` of a scalar `y` for each `x_i`.
    public static List<Tensor> of(Tensor y, List<Tensor> x) {
        if (!y.dtype().isFloating()) {
            throw new ShapeException("gradient: no derivative passes through integers, got " + y.type() + "; cast() what it is made of");
        }
        if (y.shape().size() != 1) {
            throw new ShapeException("gradient: the expression must be a scalar, got " + y.type() + "; sum() it first, or use vjp");
        }
        return vjp(List.of(y), x, List.of(y.like(1)));
    }

    /// The derivative of a scalar function of a tree of tensors, as a tree of the same form.
    public static <T> T of(Function<T, Tensor> f, T x) {
        List<Tensor> leaves = Tree.leaves(x);
        List<Tensor> g = of(f.apply(x), leaves);
        return Tree.rebuild(x, g);
    }

    /// `Σ_j (∂y_j/∂x_i)ᵀ g_j` for each `x_i`: cotangents `g` of the results pulled back. The work is a few times that of `y`.
    ///
    /// @throws ShapeException if a cotangent has not the type of its result
    public static List<Tensor> vjp(List<Tensor> y, List<Tensor> x, List<Tensor> g) {
        if (g.size() != y.size()) {
            throw new ShapeException("vjp: needs one cotangent for each result, got " + g.size() + " for " + y.size());
        }
        List<Tensor> order = between(x, y);
        Set<Tensor> active = Collections.newSetFromMap(new IdentityHashMap<>());
        active.addAll(order);
        Map<Tensor, Tensor> cotangents = new IdentityHashMap<>();
        for (int i = 0; i < y.size(); i++) {
            if (!g.get(i).type().equals(y.get(i).type())) {
                throw new ShapeException("vjp: cotangent " + i + " is " + g.get(i).type() + ", the result is " + y.get(i).type());
            }
            if (active.contains(y.get(i))) {
                cotangents.merge(y.get(i), g.get(i), Tensor::plus);
            }
        }
        for (Tensor node : order.reversed()) {
            Tensor c = cotangents.get(node);
            if (c == null || c.isZero() || Collections.disjoint(node.operands(), active)) {
                continue;
            }
            List<Tensor> parts = node.op().vjp(node, c);
            for (int i = 0; i < parts.size(); i++) {
                if (active.contains(node.operands().get(i)) && !parts.get(i).isZero()) {
                    cotangents.merge(node.operands().get(i), parts.get(i), Tensor::plus);
                }
            }
        }
        return x.stream()
                .map(t -> cotangents.getOrDefault(t, Tensor.zeros(t.type())))
                .toList();
    }

    /// `Σ_i (∂y_j/∂x_i) t_i` for each `y_j`: tangents `t` of the variables pushed forward.
    ///
    /// @throws ShapeException if a tangent has not the type of its variable
    public static List<Tensor> jvp(List<Tensor> y, List<Tensor> x, List<Tensor> t) {
        if (t.size() != x.size()) {
            throw new ShapeException("jvp: needs one tangent for each variable, got " + t.size() + " for " + x.size());
        }
        Map<Tensor, Tensor> tangents = new IdentityHashMap<>();
        for (int i = 0; i < x.size(); i++) {
            if (!t.get(i).type().equals(x.get(i).type())) {
                throw new ShapeException("jvp: tangent " + i + " is " + t.get(i).type() + ", the variable is " + x.get(i).type());
            }
            tangents.merge(x.get(i), t.get(i), Tensor::plus);
        }
        for (Tensor node : between(x, y)) {
            if (tangents.containsKey(node)) {
                continue;
            }
            List<Tensor> parts = new ArrayList<>();
            boolean any = false;
            for (Tensor o : node.operands()) {
                Tensor d = tangents.get(o);
                any |= d != null && !d.isZero();
                parts.add(d == null ? Tensor.zeros(o.type()) : d);
            }
            tangents.put(node, any ? node.op().jvp(node, parts) : Tensor.zeros(node.type()));
        }
        return y.stream()
                .map(n -> tangents.getOrDefault(n, Tensor.zeros(n.type())))
                .toList();
    }

    /// `J t` for one result and one variable.
    public static Tensor jvp(Tensor y, Tensor x, Tensor t) {
        return jvp(List.of(y), List.of(x), List.of(t)).getFirst();
    }

    /// `Jᵀ g` for one result and one variable.
    public static Tensor vjp(Tensor y, Tensor x, Tensor g) {
        return vjp(List.of(y), List.of(x), List.of(g)).getFirst();
    }

    /// The Jacobian `∂y_i/∂x_j`, with the axes of `y` and then those of `x`: one reverse pass for each element of `y`.
    public static Tensor jacobian(Tensor y, Tensor x) {
        int m = y.shape().size();
        List<Tensor> rows = new ArrayList<>();
        for (int i = 0; i < m; i++) {
            Tensor basis = Tensor.of(i).oneHot(m, y.dtype()).reshape(y.shape());
            rows.add(vjp(y, x, basis).reshape(x.shape().size()));
        }
        Tensor flat = rows.isEmpty() ? Tensor.zeros(y.dtype(), 0, x.shape().size()) : Tensor.stack(0, rows);
        return flat.reshape(y.shape().concat(x.shape()));
    }

    /// The Hessian of a scalar `y` times a tangent: `(∂²y/∂x∂x) t`.
    public static Tensor hessianVector(Tensor y, Tensor x, Tensor t) {
        return jvp(of(y, x), x, t);
    }

    /// The nodes on paths from `x` to `y`, operands before users.
    private static List<Tensor> between(List<Tensor> x, List<Tensor> y) {
        Map<Tensor, Boolean> depends = new IdentityHashMap<>();
        for (Tensor t : x) {
            depends.put(t, true);
        }
        List<Tensor> order = new ArrayList<>();
        Map<Tensor, Integer> next = new IdentityHashMap<>();
        Deque<Tensor> stack = new ArrayDeque<>();
        Set<Tensor> listed = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Tensor root : y) {
            stack.push(root);
            while (!stack.isEmpty()) {
                Tensor n = stack.peek();
                if (listed.contains(n)) {
                    stack.pop();
                    continue;
                }
                int i = next.getOrDefault(n, 0);
                if (i < n.operands().size()) {
                    next.put(n, i + 1);
                    if (!listed.contains(n.operands().get(i))) {
                        stack.push(n.operands().get(i));
                    }
                    continue;
                }
                stack.pop();
                listed.add(n);
                boolean through = depends.containsKey(n);
                for (Tensor o : n.operands()) {
                    through |= depends.containsKey(o);
                }
                if (through) {
                    depends.put(n, true);
                    order.add(n);
                }
            }
        }
        return order;
    }
}
