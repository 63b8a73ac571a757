package org.cosmograd.sbi.plot;

import java.nio.file.Path;
import org.cosmograd.nn.io.AtomicFile;

/// A picture that knows its size and can draw itself.
public sealed interface Figure permits Chart, CornerPlot, Panels {

    /// Width in pixels.
    double width();

    /// Height in pixels.
    double height();

    /// What the picture shows, in a few words; read aloud by screen readers.
    String title();

    /// Draws with the top left corner at the origin.
    void draw(Svg svg);

    /// The picture as an SVG document.
    default String svg() {
        Svg svg = Svg.of(width(), height(), title());
        draw(svg);
        return svg.toString();
    }

    /// Writes the SVG document, atomically.
    default void save(Path file) {
        AtomicFile.write(file, svg());
    }
}
