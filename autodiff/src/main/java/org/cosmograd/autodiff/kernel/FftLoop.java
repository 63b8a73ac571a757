package org.cosmograd.autodiff.kernel;

/// One pass over a panel of transforms that lie side by side, one in each lane; emitted by [FftEmitter].
///
/// Real and imaginary parts lie apart. The arrays are `Object`s so that one driver serves float and double.
@FunctionalInterface
interface FftLoop {
    /// For `o = 0 … outer-1` and `i = 0 … inner-1`: reads leg `j` of the source at `xRe + o*xOuter + j*xLeg + i` (imaginary parts from
    /// `xIm` on), writes leg `j` of the result at `yRe + o*yOuter + j*yLeg + i`. What lies between is the loop's [FftEmitter.Kind].
    ///
    /// Does nothing if `outer < 0`: such calls cost nothing and still count as invocations, which is how loops get compiled early.
    void run(Object x, int xRe, int xIm, int xOuter, int xLeg, Object y, int yRe, int yIm, int yOuter, int yLeg, Object w, int wAt,
            int outer, int inner);
}
