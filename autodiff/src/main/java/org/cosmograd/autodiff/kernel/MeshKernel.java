package org.cosmograd.autodiff.kernel;

/// A generated loop over particles, see [MeshSpec]. Thread-safe; a call allocates nothing.
interface MeshKernel {
    /// Treats particles `from` to `to - 1`. Particle `i` has its coordinates at `xAt + i·xStep` of `x` and its values at `vAt + i·vStep`
    /// of `v`; all arrays are of the kernel's type.
    void run(Object x, int xAt, int xStep, Object v, int vAt, int vStep, Object mesh, int meshAt, int from, int to);
}
