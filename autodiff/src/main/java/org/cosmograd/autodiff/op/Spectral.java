package org.cosmograd.autodiff.op;

import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Fourier transforms of real numbers over the last axes; linear, and each other's adjoint.
///
/// Numbers have the shape `[batch…, n₀, …, n]`. Their spectrum has the shape `[2, batch…, n/2+1, …, n₀]`: real parts, then imaginary
/// parts; the transformed axes are in reverse order, as transforms leave them at no cost. With `N` the product of the
/// transformed sizes, and `w = 1` for elements of the spectrum that are their own mirror images along the halved axis (the first,
/// and the last if `n` is even), else `w = 2`:
/// `X_k = Σ_j x_j e^(-2πi j·k/n)` and back `x_j = (1/N) Σ_k w_k Re(X_k e^(2πi j·k/n))`, which reads the half spectrum alone.
public sealed interface Spectral extends Op {

    /// From numbers to spectrum; if `adjoint`, each element times `w/N`, which is the adjoint of [Inverse].
    ///
    /// @param rank how many axes are transformed: 1, 2 or 3
    /// @param adjoint whether elements are weighted
    record Forward(int rank, boolean adjoint) implements Spectral {
        @Override
        public TensorType infer(List<Tensor> x) {
            Shape s = x.getFirst().shape();
            int r = s.rank();
            if (!x.getFirst().dtype().isFloating()) {
                throw new ShapeException("rfft: needs a floating-point tensor, got " + x.getFirst().type() + "; cast() it");
            } else if (rank < 1 || rank > 3 || rank > r) {
                throw new ShapeException("rfft: cannot transform the last " + rank + " axes of " + x.getFirst().type()
                        + "; rank must be 1, 2 or 3 and at most the number of axes");
            }
            for (int i = r - rank; i < r; i++) {
                if (s.dim(i) == 0) {
                    throw new ShapeException("rfft: axis " + i + " of " + x.getFirst().type() + " is empty and has no transform");
                }
            }
            return new TensorType(x.getFirst().dtype(), Shape.of(2).concat(reversed(s.with(-1, s.dim(-1) / 2 + 1), rank)));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(g.apply(new Inverse(rank, y.operands().getFirst().dim(-1), !adjoint)));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().apply(this);
        }
    }

    /// From spectrum to numbers; if `adjoint`, without `w/N`, which is the adjoint of [Forward].
    ///
    /// @param rank how many axes are transformed: 1, 2 or 3
    /// @param n size of the last axis of the numbers, which the half spectrum does not tell
    /// @param adjoint whether elements count alike
    record Inverse(int rank, int n, boolean adjoint) implements Spectral {
        @Override
        public TensorType infer(List<Tensor> x) {
            Shape s = x.getFirst().shape();
            int r = s.rank();
            if (!x.getFirst().dtype().isFloating() || rank < 1 || rank > 3 || r < rank + 1 || s.dim(0) != 2 || n < 1
                    || s.dim(r - rank) != n / 2 + 1) {
                throw new ShapeException("inverse rfft: " + x.getFirst().type() + " is not a half spectrum of rank " + rank
                        + " for a last axis of " + n + "; it needs the shape [2, batch…, " + (n / 2 + 1) + ", other axes…]");
            }
            for (int i = r - rank; i < r; i++) {
                if (s.dim(i) == 0) {
                    throw new ShapeException("inverse rfft: axis " + i + " of " + x.getFirst().type() + " is empty and has no transform");
                }
            }
            return new TensorType(x.getFirst().dtype(), reversed(s, rank).without(0).with(-1, n));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(g.apply(new Forward(rank, !adjoint)));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().apply(this);
        }
    }

    private static Shape reversed(Shape s, int rank) {
        int[] dims = s.dims();
        for (int i = 0; i < rank; i++) {
            dims[dims.length - 1 - i] = s.dim(dims.length - rank + i);
        }
        return Shape.of(dims);
    }
}
