package org.cosmograd.sbi;

import java.util.Locale;
import org.cosmograd.autodiff.Tensor;

/// Samples, and how they were come by.
///
/// @param samples the samples, `[n, D]`; fewer than requested if time ran out
/// @param requested how many were asked for
/// @param acceptance the share of candidates that were allowed; 1 where nothing is ever rejected
/// @param seconds the time it took
public record Draws(Tensor samples, int requested, double acceptance, double seconds) {

    /// Whether all samples that were asked for are there.
    public boolean complete() {
        return samples.dim(0) == requested;
    }

    /// One sentence.
    public String message() {
        return String.format(
                Locale.ROOT, "%d of %d samples in %.3g s, acceptance %.3g%s",
                samples.dim(0), requested, seconds, acceptance, complete() ? "" : "; time ran out");
    }

    /// The samples, if all are there.
    Tensor all(String operation) {
        if (!complete()) {
            throw new IllegalStateException(operation + ": " + message() + "; allow more time, or ask draw() for what there is");
        }
        return samples;
    }

    @Override
    public String toString() {
        return "Draws[" + message() + "]";
    }
}
