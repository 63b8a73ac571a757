/// From an expression to a schedule: simplify, fuse, plan memory.
///
/// Every stage prints itself, so a program can be read as numbered lines with shapes, fused groups and buffers. However an
/// expression is scheduled, it gives the same bits.
@NullMarked
package org.cosmograd.autodiff.compile;

import org.jspecify.annotations.NullMarked;
