package org.cosmograd.autodiff.kernel;

import java.time.Duration;

/// The way of all kernels to their lasting speed.
public final class WarmUp {
    private WarmUp() {}

    /// Waits until no kernel that has been wanted so far is without its SIMD form, or that has been given up; for benchmarks.
    ///
    /// @return false if `limit` passed first
    public static boolean await(Duration limit) {
        return Warmer.await(limit);
    }
}
