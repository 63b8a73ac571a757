/// Everything that touches numbers: generated elementwise loops, matrix products, convolutions, Fourier transforms, scatter
/// and gather, linear algebra, and the worker threads.
///
/// Only this package uses the Vector API, generates bytecode, starts threads, or writes to an array it did not just make. Its
/// caches carry no meaning: emptying them changes speed, never a result. The scalar form of a kernel is its specification, and
/// the SIMD form gives the same bits, for any number of threads.
@NullMarked
package org.cosmograd.autodiff.kernel;

import org.jspecify.annotations.NullMarked;
