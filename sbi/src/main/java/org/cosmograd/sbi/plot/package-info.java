/// Pictures of results, written as SVG text without fonts or a display: corner plots, ranks, coverage and training curves.
///
/// A diagnostic is data first; a plot only draws what a diagnostic has computed.
@NullMarked
package org.cosmograd.sbi.plot;

import org.jspecify.annotations.NullMarked;
