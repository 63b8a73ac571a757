/// Probability densities: bijections, distributions, and densities conditioned on a context.
///
///     CouplingFlow body = CouplingFlow.splines(Key.of(1), 2, 2, CouplingFlow.Form.DEFAULT);
///     ConditionalDensity density = ConditionalDensity.of(support, theta, x, Embedding.none(2), body);
///     // train with the loss -mean(density.logProb(theta, x)), then
///     Tensor samples = density.given(observation).sample(Key.of(2), 10_000);
///
/// | contract | types |
/// |---|---|
/// | [Distribution] | [Normal], [LogNormal], [Uniform], [TruncatedNormal], [MultivariateNormal], [GaussianMixture], [Mixture], [Independent], [Transformed] |
/// | [Bijection] | [Affine], [Constrain], [Permutation], [LuLinear], [RationalQuadraticSpline], [Chain], [Inverted] |
/// | [ConditionalBijection] | [AffineCoupling], [SplineCoupling], and every [Bijection] |
/// | [Conditional] | [CouplingFlow], [MixtureDensityNetwork], [ConditionalDensity] |
///
/// A conditional density is a function from a context to a distribution; a context with many rows gives a distribution with a row
/// for each. [ConditionalDensity] makes any of them ready for raw data: it standardises both sides, runs an [Embedding], and keeps
/// samples within a [Support] by construction.
@NullMarked
package org.cosmograd.flows;

import org.jspecify.annotations.NullMarked;
