/// The experiments of the command line, a file for each.
@NullMarked
package org.cosmograd.bench.experiment;

import org.jspecify.annotations.NullMarked;
