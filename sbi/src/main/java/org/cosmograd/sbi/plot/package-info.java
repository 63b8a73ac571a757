/// Pictures as SVG and a report as HTML, from plain arrays.
///
/// | class | shows |
/// |---|---|
/// | {@link org.cosmograd.sbi.plot.CornerPlot} | one- and two-dimensional marginals of posteriors |
/// | {@link org.cosmograd.sbi.plot.Chart} | lines, bands, points with errors, bars |
/// | {@link org.cosmograd.sbi.plot.RankPlot} | calibration: ranks of the truth |
/// | {@link org.cosmograd.sbi.plot.CoveragePlot} | calibration: expected coverage |
/// | {@link org.cosmograd.sbi.plot.Panels} | several of these side by side |
/// | {@link org.cosmograd.sbi.plot.HtmlReport} | all of it on one page |
///
/// A picture is an immutable {@link org.cosmograd.sbi.plot.Figure}: `figure.save(folder.resolve("corner.svg"))`. The same
/// numbers give the same bytes. No fonts are measured and no toolkit is started, so pictures can be made on any compute node.
@NullMarked
package org.cosmograd.sbi.plot;

import org.jspecify.annotations.NullMarked;
