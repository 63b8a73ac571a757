/// The expanding background, the distances in it, and surveys that measured them.
///
///     DarkEnergy model = DarkEnergy.flat(Tensor.scalar(0.3, DType.F64), Tensor.scalar(0.7, DType.F64));
///     Tensor d = Distances.at(0.5, 1, 2).luminosity(model);            // Mpc, an expression
///     Tensor slope = d.sum().gradient(model.omegaM());
///
/// [org.cosmograd.simulators.cosmology.BackgroundLikelihood] puts theory and survey together: it simulates what DESI and Union3
/// would have seen, and says how probable it is that they saw what they did.
@NullMarked
package org.cosmograd.simulators.cosmology;

import org.jspecify.annotations.NullMarked;
