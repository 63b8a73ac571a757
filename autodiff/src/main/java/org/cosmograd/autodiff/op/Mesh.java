package org.cosmograd.autodiff.op;

import java.util.Collections;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.MassAssignment;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Particles on periodic meshes. With the kernel `W` of a [MassAssignment], its derivatives `W⁽ᵏ⁾`, and products over the axes `a`:
///
///     paint   m[ch, c] = Σ_i Σ_q w[i, ch, q] Π_a W⁽ᵏ⁾(x[i, a] - c_a),   k = orders[q][a]
///     read    r[i, ch, q] = Σ_c m[ch, c] Π_a W⁽ᵏ⁾(x[i, a] - c_a)
///
/// A derivative with respect to positions raises one order, so the two are closed under differentiation; several orders are handled in
/// one pass.
public sealed interface Mesh extends Op {
    /// The assignment kernel.
    MassAssignment scheme();

    /// Orders of derivatives, one list for each `q`.
    List<List<Integer>> orders();

    /// The shape of one mesh, if that of all is `meshes`.
    default Shape mesh(Shape meshes) {
        return meshes.slice(1, meshes.rank());
    }

    /// Which particle belongs where, for painting and reading in the same order on any number of threads: an `i32` tensor that only
    /// kernels understand.
    record Arrange(MassAssignment scheme, Shape mesh) implements Mesh {
        @Override
        public List<List<Integer>> orders() {
            return value(mesh.rank());
        }

        @Override
        public TensorType infer(List<Tensor> x) {
            return new TensorType(DType.I32, Shape.of(x.getFirst().dim(0) / 4 + 2048));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(Tensor.zeros(y.operands().getFirst().type()));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return Tensor.zeros(y.type());
        }
    }

    /// Operands: positions `[n, d]`, their arrangement, and if `weighted` weights `[n, channels, orders]`, else each is 1.
    record Paint(MassAssignment scheme, Shape mesh, List<List<Integer>> orders, boolean weighted) implements Mesh {
        @Override
        public TensorType infer(List<Tensor> x) {
            return new TensorType(x.getFirst().dtype(), Shape.of(weighted ? x.get(2).dim(1) : 1).concat(mesh));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            List<Tensor> in = y.operands();
            Tensor x = in.get(0);
            Tensor w = weights(in);
            Raised raised = new Raised(scheme, orders);
            Tensor gx = raised.isEmpty()
                    ? Tensor.zeros(x.type())
                    : raised.alongAxes(w, g.apply(new Read(scheme, raised.orders()), x, in.get(1)));
            Tensor none = Tensor.zeros(in.get(1).type());
            return weighted ? List.of(gx, none, g.apply(new Read(scheme, orders), x, in.get(1))) : List.of(gx, none);
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            List<Tensor> in = y.operands();
            Tensor x = in.get(0);
            Tensor sum = Tensor.zeros(y.type());
            if (weighted && !t.get(2).isZero()) {
                sum = sum.plus(x.apply(this, in.get(1), t.get(2)));
            }
            Raised raised = new Raised(scheme, orders);
            if (!t.get(0).isZero() && !raised.isEmpty()) {
                Tensor moved = raised.ofOrders(weights(in), t.get(0));
                sum = sum.plus(x.apply(new Paint(scheme, mesh, raised.orders(), true), in.get(1), moved));
            }
            return sum;
        }

        private Tensor weights(List<Tensor> in) {
            return weighted ? in.get(2) : Tensor.ones(in.getFirst().dtype(), in.getFirst().dim(0), 1, 1);
        }
    }

    /// Operands: meshes `[channels, mesh…]`, positions `[n, d]`, and their arrangement.
    record Read(MassAssignment scheme, List<List<Integer>> orders) implements Mesh {
        @Override
        public TensorType infer(List<Tensor> x) {
            return new TensorType(x.getFirst().dtype(), Shape.of(x.get(1).dim(0), x.getFirst().dim(0), orders.size()));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor m = y.operands().get(0);
            Tensor x = y.operands().get(1);
            Tensor order = y.operands().get(2);
            Raised raised = new Raised(scheme, orders);
            Tensor gx = raised.isEmpty()
                    ? Tensor.zeros(x.type())
                    : raised.alongAxes(g, m.apply(new Read(scheme, raised.orders()), x, order));
            return List.of(x.apply(new Paint(scheme, mesh(m.shape()), orders, true), order, g), gx, Tensor.zeros(order.type()));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            Tensor m = y.operands().get(0);
            Tensor x = y.operands().get(1);
            Tensor order = y.operands().get(2);
            Tensor sum = Tensor.zeros(y.type());
            if (!t.get(0).isZero()) {
                sum = sum.plus(t.get(0).apply(this, x, order));
            }
            Raised raised = new Raised(scheme, orders);
            if (!t.get(1).isZero() && !raised.isEmpty()) {
                sum = sum.plus(raised.alongTangent(m.apply(new Read(scheme, raised.orders()), x, order), t.get(1)));
            }
            return sum;
        }
    }

    /// The orders of the value itself on a mesh of `d` axes.
    static List<List<Integer>> value(int d) {
        return List.of(Collections.nCopies(d, 0));
    }
}
