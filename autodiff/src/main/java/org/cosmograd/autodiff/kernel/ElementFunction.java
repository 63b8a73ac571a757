package org.cosmograd.autodiff.kernel;

import java.util.List;
import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// A pure function of single elements. Implementations are records, so that equal functions are equal kernels.
public interface ElementFunction {
    /// The value, in the vocabulary of `lanes`.
    Lane value(Lanes lanes, List<Lane> x);
}
