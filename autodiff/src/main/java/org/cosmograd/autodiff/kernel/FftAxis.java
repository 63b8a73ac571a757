package org.cosmograd.autodiff.kernel;

import java.util.List;

/// Complex transforms `y_k = Σ_j x_j e^(-2πi jk/n)` of one length, several side by side, one in each lane. The inverse (unscaled) is the
/// same with real and imaginary parts exchanged, on both sides.
sealed interface FftAxis permits FftPasses, FftForeign {
    /// A new transform of length `n`, by [#through] if `columns`, else by [#within].
    static FftAxis of(boolean doubles, int n, boolean columns) {
        return FftPasses.factors(n)
                .<FftAxis>map(radices -> new FftPasses(doubles, n, radices, columns))
                .orElseGet(() -> new FftForeign(doubles, n));
    }

    /// The length.
    int n();

    /// The names of the loops that it calls when it runs.
    List<FftLoops.Name> loops();

    /// Takes the vector loops of those names, compiled.
    void use(List<FftLoop> loops);

    /// Transforms `lanes` sequences: element `j` of sequence `l` is read at `j*xStep + l` beyond `xRe` and `xIm`, and its transform
    /// written likewise, perhaps to the same place. In between, numbers are in the panel, [#room] elements of `own` at `panel`.
    ///
    /// @param simd whether `lanes` is a vector and vector loops are to be used
    void through(boolean simd, int lanes, Object x, int xRe, int xIm, int xStep, Object y, int yRe, int yIm, int yStep, Object own,
            int panel);

    /// The same for sequences that are in the panel already, real and imaginary parts of an element one after the other. The panel
    /// ends up in disorder.
    void within(boolean simd, int lanes, Object own, int panel, Object y, int yRe, int yIm, int yStep);

    /// Elements that a panel must have.
    default int room(int lanes) {
        return 2 * n() * lanes;
    }
}
