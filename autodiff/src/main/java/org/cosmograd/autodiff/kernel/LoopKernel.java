package org.cosmograd.autodiff.kernel;

/// A generated loop, see [LoopSpec]. Thread-safe; a call allocates nothing.
public interface LoopKernel {
    /// Runs rows `rowBegin` to `rowEnd - 1`, each of `n` elements.
    ///
    /// Operands are the sources and then the sinks of the spec. Operand `k` lies in `arrays[k]` (`float[]`, `double[]` or
    /// `int[]` by its type) and its element `i` of row `r` at `geometry[3k] + r * geometry[3k+1] + i * geometry[3k+2]`.
    void run(Object[] arrays, int[] geometry, int rowBegin, int rowEnd, int n);
}
