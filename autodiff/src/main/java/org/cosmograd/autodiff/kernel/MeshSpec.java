package org.cosmograd.autodiff.kernel;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;

/// What a generated loop over particles does. With `W` the assignment kernel, `W⁽ᵏ⁾` its derivatives, and a product over the axes `a`:
///
///     paint   mesh[ch, c] += Σ_i Σ_q v[i, ch, q] Π_a W⁽ᵏ⁾(x[i, a] - c_a),  k = orders[q][a]
///     read    v[i, ch, q] = Σ_c mesh[ch, c] Π_a W⁽ᵏ⁾(x[i, a] - c_a)
///
/// @param paint    whether to paint, else to read
/// @param weighted whether there are values to paint, else each is 1
/// @param type     element type of all arrays
/// @param support  cells that `W` covers along an axis: 2 for cloud-in-cell, 3 for triangular-shaped-cloud
/// @param dims     sizes of the mesh, one to three axes
/// @param orders   the orders of derivatives, one list for each `q`
/// @param channels number of meshes, one after the other
public record MeshSpec(boolean paint, boolean weighted, DType type, int support, Shape dims, List<List<Integer>> orders, int channels) {
    int axes() {
        return dims.rank();
    }

    int cells() {
        return dims.size();
    }

    /// The distance between neighbours along an axis.
    int stride(int axis) {
        return dims.strides()[axis];
    }

    /// Values that each particle carries.
    int columns() {
        return paint && !weighted ? 0 : channels * orders.size();
    }

    /// Floating-point operations for one particle, for listings.
    public int operations() {
        return (int) (2 * Math.pow(support, axes()) * channels * orders.size());
    }

    MeshSpec channels(int count) {
        return new MeshSpec(paint, weighted, type, support, dims, orders, count);
    }
}
