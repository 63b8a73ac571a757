package org.cosmograd.autodiff.kernel;

/// Tells whether elements of a loop need a [Rare] function. Thread-safe; a call allocates nothing.
interface LoopGuard {
    /// Whether any element of these rows does; arguments as in [LoopKernel#run].
    boolean isNeeded(Object[] arrays, int[] geometry, int rowBegin, int rowEnd, int n);
}
