/// Simulators: the classics whose posterior is known, and cosmology.
///
/// A simulator is a function `(theta, key) → x`, batched and, where nature allows, differentiable. Here live the expanding
/// background, Gaussian and log-normal fields, particle mesh gravity, weak lensing, supernovae and galaxy images. Each physics
/// step is a verb that stands beside its adjoint.
@NullMarked
package org.cosmograd.simulators;

import org.jspecify.annotations.NullMarked;
