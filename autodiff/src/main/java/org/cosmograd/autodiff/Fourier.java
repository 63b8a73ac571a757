package org.cosmograd.autodiff;

import org.cosmograd.autodiff.op.Spectral;

/// Fourier transforms of real tensors over their last one, two or three axes; the axes before them are a batch.
///
/// `X_k = Σ_j x_j e^(-2πi j·k/n)` and back `x_j = (1/N) Σ_k X_k e^(2πi j·k/n)`: sign and scale are NumPy's. Any size works; sizes
/// `2^a·3^b·5^c` are fast. All is differentiable to any order, in `f32` and `f64`.
///
/// The field whose Laplacian is `delta`, in a periodic box of length `box` along each axis:
///
///     Tensor phi = Fourier.rfft(delta, 3).inverseLaplacian(box).inverse();
///
/// and its force along the first axis, without going to and fro once more:
///
///     Spectrum potential = Fourier.rfft(delta, 3).inverseLaplacian(box);
///     Tensor force = potential.derivative(0, box).inverse().neg();
///
/// Source of the algorithm: Stockham's passes after Van Loan, Computational Frameworks for the Fast Fourier Transform (1992), section 1.7.
public final class Fourier {
    private Fourier() {}

    /// The half spectrum of `x[batch…, n₀, …, n]` over its last `rank` axes (1, 2 or 3).
    ///
    /// @throws ShapeException if `x` is not floating, has fewer axes, or one of them is empty
    public static Spectrum rfft(Tensor x, int rank) {
        return new Spectrum(x.apply(new Spectral.Forward(rank, false)), rank, x.shape().rank() == 0 ? 0 : x.dim(-1));
    }

    /// The periodic convolution `y_j = Σ_i x_i h_(j-i mod n)` over the last `rank` axes, which must agree; axes before them broadcast.
    public static Tensor convolve(Tensor x, Tensor h, int rank) {
        if (x.shape().rank() < rank || h.shape().rank() < rank
                || !tail(x.shape(), rank).equals(tail(h.shape(), rank))) {
            throw new ShapeException("Fourier.convolve: the last " + rank + " axes of " + x.type() + " and " + h.type() + " differ");
        }
        return rfft(x, rank).multiply(rfft(h, rank)).inverse();
    }

    private static Shape tail(Shape s, int rank) {
        return s.slice(s.rank() - rank, s.rank());
    }
}
