/// Markov chain Monte Carlo for densities that have gradients: many chains side by side in one compiled program.
///
/// A sampler is a start and a step: [org.cosmograd.sbi.mcmc.Hmc.Sampler] has both as pure functions of
/// state, tuning and key; [org.cosmograd.sbi.mcmc.Hmc#run] warms up, tunes, draws and hands back
/// [org.cosmograd.sbi.mcmc.Chains] with their diagnostics.
@NullMarked
package org.cosmograd.sbi.mcmc;

import org.jspecify.annotations.NullMarked;
