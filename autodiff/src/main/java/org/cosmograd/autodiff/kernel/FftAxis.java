package org.cosmograd.autodiff.kernel;

import java.util.List;

/// Complex transforms `y_k = Σ_j x_j e^(-2πi jk/n)` of one length, several side by side, one in each lane. The inverse (unscaled) is the
/// same with real and imaginary parts exchanged, on both sides.
sealed interface FftAxis permits FftPasses, FftForeign {
    /// A new transform of length `n`.
    static FftAxis of(boolean doubles, int n) {
        return FftPasses.factors(n).<FftAxis>map(radices -> new FftPasses(doubles, n, radices)).orElseGet(() -> new FftForeign(doubles, n));
    }

    /// The length.
    int n();

    /// The names of the loops that [#run] calls.
    List<FftLoops.Name> loops();

    /// Takes the vector loops of those names, compiled.
    void use(List<FftLoop> loops);

    /// Transforms `lanes` sequences: element `j` of sequence `l` is read at `j*xStep + l` beyond `xRe` and `xIm`, and its transform
    /// written likewise. In between, numbers go to and fro between two stretches of `buffer`, each of [#room], which must not be where
    /// the result goes; only the second may hold the source.
    ///
    /// @param simd whether `lanes` is a vector and vector loops are to be used
    void run(boolean simd, int lanes, Object x, int xRe, int xIm, int xStep, Object y, int yRe, int yIm, int yStep, Object buffer,
            int first, int second);

    /// Which of both stretches can take the result.
    int target(int first, int second);

    /// Elements that each stretch of the buffer must have.
    default int room(int lanes) {
        return 2 * n() * lanes + GAP;
    }

    /// Between real and imaginary parts, so that they do not compete for the same lines of the cache.
    int GAP = 16;
}
