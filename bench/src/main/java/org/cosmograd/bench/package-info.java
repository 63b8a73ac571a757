/// The `cosmograd` command line: every experiment with its report, and the lessons.
///
/// An experiment writes one folder with its configuration, manifest, metrics, checkpoints, posterior samples, plots and a
/// report, and ends with a table: our number beside the published one. This is where simulators meet inference.
@NullMarked
package org.cosmograd.bench;

import org.jspecify.annotations.NullMarked;
