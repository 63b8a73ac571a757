/// The closed set of primitive operations, one file per family.
///
/// Each operation is a record that states its shape, its `vjp` and its `jvp` together. Derivative rules are written in terms
/// of tensor operations: they know neither arrays nor kernels, so they can be differentiated again.
@NullMarked
package org.cosmograd.autodiff.op;

import org.jspecify.annotations.NullMarked;
