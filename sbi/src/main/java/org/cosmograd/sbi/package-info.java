/// Simulation-based inference: from a simulator and an observation to a posterior that has been checked.
///
///     Simulations pairs = Campaign.of(prior::sample, simulator, seed).run(10_000, folder);
///     AmortizedPosterior posterior = Npe.of(prior).members(5).train(pairs);
///     Draws draws = posterior.given(observation).draw(key, 10_000, Duration.ofSeconds(10));
///     Calibration calibration = Calibration.of(posterior, fresh.theta(), fresh.x(), 1000, key);
///
/// Here live priors, simulation campaigns, learned summary statistics, neural posterior, likelihood and ratio estimation with their
/// sequential forms, samplers, and diagnostics. Simulators are met only as a function from parameters and a key to data.
@NullMarked
package org.cosmograd.sbi;

import org.jspecify.annotations.NullMarked;
