/// Is this posterior right? Numbers first: every diagnostic is a record that can be printed, and each has a p-value or an error bar.
///
/// | diagnostic | needs | sees |
/// |---|---|---|
/// | [org.cosmograd.sbi.diagnostics.Sbc] | true parameters, draws | shift and width of each parameter |
/// | [org.cosmograd.sbi.diagnostics.Coverage] | log-probabilities of both | over- and under-confidence of the joint posterior |
/// | [org.cosmograd.sbi.diagnostics.Tarp] | true parameters, draws | any error of the joint posterior, without densities |
/// | [org.cosmograd.sbi.diagnostics.C2st] | draws, reference draws | any difference, for one observation |
/// | [org.cosmograd.sbi.diagnostics.Mmd], [org.cosmograd.sbi.diagnostics.SlicedWasserstein] | draws, reference draws | a distance, for one observation |
/// | [org.cosmograd.sbi.diagnostics.PredictiveCheck] | observation, replicated data | a model that cannot make the data |
///
/// The tests of this package plant errors (shift, over- and under-dispersion, a dropped mode, a wrong correlation) and measure how
/// often each diagnostic sees them.
@NullMarked
package org.cosmograd.sbi.diagnostics;

import org.jspecify.annotations.NullMarked;
