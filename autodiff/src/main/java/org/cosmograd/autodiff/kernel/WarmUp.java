package org.cosmograd.autodiff.kernel;

import java.time.Duration;

/// The way of all kernels to their lasting speed.
public final class WarmUp {
    private WarmUp() {}

    /// Waits until no kernel that has been wanted so far is without its SIMD form, or that has been given up; for benchmarks.
    ///
    /// @return false if `limit` passed first, which only fused loops heed
    public static boolean await(Duration limit) {
        try {
            GemmWarmer.await();
            ConvTiles.awaitWanted();
            FftBlock.awaitAll();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return false;
        }
        return Loops.awaitWarm(limit);
    }
}
