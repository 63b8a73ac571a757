package org.cosmograd.nn;

import org.cosmograd.autodiff.Pooling;
import org.cosmograd.autodiff.Tensor;

/// One number for each channel of an image: `x[B, …, n] → y[B, n]`. What follows no longer depends on the size of the image, nor, to
/// the extent that the layers before commute with shifts, on where in it something is. Lin et al. 2014, arXiv:1312.4400.
public enum GlobalPool implements Layer {
    /// the mean over all pixels
    AVERAGE,
    /// the largest pixel
    MAX;

    @Override
    public Tensor apply(Tensor x) {
        return this == AVERAGE ? Pooling.globalAverage(x) : Pooling.globalMax(x);
    }

    @Override
    public String toString() {
        return "GlobalPool(" + name() + ")";
    }
}
