/// Simulation-based inference: from a simulator and an observation to a posterior that has been checked.
///
/// Here live priors, simulation campaigns, learned summary statistics, neural posterior, likelihood and ratio estimation with their
/// sequential forms, samplers, and diagnostics. Simulators are met only as a function from parameters and a key to data.
@NullMarked
package org.cosmograd.sbi;

import org.jspecify.annotations.NullMarked;
