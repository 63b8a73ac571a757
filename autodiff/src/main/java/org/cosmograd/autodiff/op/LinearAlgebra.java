package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Decompositions and solves of small matrices, one for each index of the leading axes.
public sealed interface LinearAlgebra extends Op {

    /// The lower triangular `L` with `L Lᵀ = (A + Aᵀ)/2`. A matrix that is not positive definite gives NaN.
    ///
    /// Rules: `dL = L Φ(L⁻¹ dA L⁻ᵀ)` with `Φ` the lower triangle and half the diagonal (Murray 2016, arXiv:1602.07527).
    record Cholesky() implements LinearAlgebra {
        @Override
        public TensorType infer(List<Tensor> x) {
            return square(name(), x.getFirst()).type();
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor p = phi(y.transpose().matmul(g));
            Tensor half = y.solveTriangular(p, true);
            Tensor s = y.solveTriangular(half.transpose(), true).transpose();
            return List.of(s.add(s.transpose()).mul(0.5));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            Tensor d = t.getFirst().add(t.getFirst().transpose()).mul(0.5);
            Tensor left = y.solveTriangular(d, false);
            Tensor both = y.solveTriangular(left.transpose(), false);
            return y.matmul(phi(both.transpose()));
        }

        private static Tensor phi(Tensor a) {
            int n = a.shape().dim(-1);
            double[][] m = new double[n][n];
            for (int i = 0; i < n; i++) {
                java.util.Arrays.fill(m[i], 0, i, 1);
                m[i][i] = 0.5;
            }
            return a.mul(Tensor.of(m).cast(a.dtype()));
        }
    }

    /// `X = L⁻¹ B`, or `L⁻ᵀ B` if `transpose`; of `L` only the lower triangle is read.
    record TriangularSolve(boolean transpose) implements LinearAlgebra {
        /// The solution for operands whose leading axes broadcast.
        public static Tensor of(Tensor l, Tensor b, boolean transpose) {
            Shape s = l.shape();
            Shape t = b.shape();
            if (s.rank() < 2 || t.rank() < 2) {
                throw new ShapeException("solveTriangular: needs matrices, got " + l.type() + " and " + b.type());
            }
            Shape batch = Shape.broadcast("solveTriangular", s.slice(0, s.rank() - 2), t.slice(0, t.rank() - 2));
            Tensor right = b.broadcastTo(batch.concat(t.slice(t.rank() - 2, t.rank())));
            return l.broadcastTo(batch.concat(s.slice(s.rank() - 2, s.rank()))).apply(new TriangularSolve(transpose), right);
        }

        @Override
        public TensorType infer(List<Tensor> x) {
            Tensor l = square(name(), x.get(0));
            Tensor b = x.get(1);
            if (b.dtype() != l.dtype()
                    || b.shape().rank() != l.shape().rank()
                    || !b.shape().with(-1, 1).equals(l.shape().with(-1, 1))) {
                throw new ShapeException(name() + ": the right side " + b.type() + " does not fit the matrix " + l.type());
            }
            return b.type();
        }

        // X = L⁻¹B: dX = L⁻¹(dB - dL X); with the transpose dX = L⁻ᵀ(dB - dLᵀ X)
        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor l = y.operands().get(0);
            Tensor gb = l.apply(new TriangularSolve(!transpose), g);
            Tensor gl = transpose ? y.matmul(gb.transpose()) : gb.matmul(y.transpose());
            return List.of(gl.lowerTriangle().neg(), gb);
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            Tensor right = t.get(1);
            if (!t.get(0).isZero()) {
                Tensor dl = t.get(0).lowerTriangle();
                right = right.sub((transpose ? dl.transpose() : dl).matmul(y));
            }
            return y.operands().getFirst().apply(this, right);
        }
    }

    /// Eigenvalues and eigenvectors of `(A + Aᵀ)/2`, packed as `n + 1` rows: the eigenvalues upwards, then the matrix `V` whose
    /// column `j` belongs to eigenvalue `j`, its largest component positive. Derivatives need distinct eigenvalues.
    record SymmetricEigen() implements LinearAlgebra {
        @Override
        public TensorType infer(List<Tensor> x) {
            Shape s = square(name(), x.getFirst()).shape();
            return new TensorType(x.getFirst().dtype(), s.with(-2, s.dim(-1) + 1));
        }

        // dΛ = diag(Vᵀ dA V),  dV = V (F ∘ Vᵀ dA V),  F_ij = 1/(λ_j - λ_i) off the diagonal
        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            int n = y.shape().dim(-1);
            Tensor v = y.slice(-2, 1, n + 1);
            Tensor inner = v.transpose().matmul(g.slice(-2, 1, n + 1)).mul(gaps(y));
            Tensor diagonal = g.slice(-2, 0, 1).mul(Tensor.eye(n, y.dtype()));
            Tensor s = v.matmul(inner.add(diagonal)).matmul(v.transpose());
            return List.of(s.add(s.transpose()).mul(0.5));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            int n = y.shape().dim(-1);
            Tensor v = y.slice(-2, 1, n + 1);
            Tensor d = t.getFirst().add(t.getFirst().transpose()).mul(0.5);
            Tensor w = v.transpose().matmul(d).matmul(v);
            Tensor values = w.mul(Tensor.eye(n, y.dtype())).sum(-2);
            Shape row = y.shape().with(-2, 1);
            return Tensor.concat(-2, List.of(values.reshape(row), v.matmul(w.mul(gaps(y)))));
        }

        private static Tensor gaps(Tensor y) {
            int n = y.shape().dim(-1);
            Tensor row = y.slice(-2, 0, 1);
            Tensor eye = Tensor.eye(n, y.dtype());
            Tensor difference = row.sub(row.transpose());
            return difference.add(eye).reciprocal().mul(eye.neg().add(1));
        }
    }

    private static Tensor square(String name, Tensor a) {
        Shape s = a.shape();
        if (s.rank() < 2 || s.dim(-1) != s.dim(-2) || !a.dtype().isFloating()) {
            throw new ShapeException(name + ": needs square floating-point matrices in the last two axes, got " + a.type());
        }
        return a;
    }
}
