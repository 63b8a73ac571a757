package org.cosmograd.autodiff.kernel;

/// A generated loop, see [LoopSpec]. Thread-safe; a call allocates nothing.
public interface LoopKernel {
    /// Runs rows `rowBegin` to `rowEnd - 1`, each of `n` elements.
    ///
    /// Operands are the sources and then the sinks of the spec. Operand `k` lies in `arrays[k]` (`float[]`, `double[]` or
    /// `int[]` by its type) and its element `i` of row `r` at `geometry[3k] + r * geometry[3k+1] + i * geometry[3k+2]`.
    ///
    /// After the operands come the tables of [LoopSpec#indexed]: table `t`, an `int[]` in `arrays[operands + t]`, names row `r` of its operand at
    /// `geometry[3(operands + t)] + r`.
    void run(Object[] arrays, int[] geometry, int rowBegin, int rowEnd, int n);
}
