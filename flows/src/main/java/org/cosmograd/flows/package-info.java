/// Probability densities that can be learned: bijections, distributions, and conditional densities built from them.
///
/// A bijection maps a value forward and back and knows the logarithm of its Jacobian determinant; a distribution has a
/// density and samples; a conditional density is a function from a context to a distribution. One file per published family.
@NullMarked
package org.cosmograd.flows;

import org.jspecify.annotations.NullMarked;
