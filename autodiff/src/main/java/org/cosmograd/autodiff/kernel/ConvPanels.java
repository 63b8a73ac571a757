package org.cosmograd.autodiff.kernel;

/// Target channels, cut into panels of one or two vectors: the columns of the products that a convolution is made of.
///
/// @param tiles   the tiles that compute them
/// @param columns number of channels
record ConvPanels(ConvTiles tiles, int columns) {
    /// Panels.
    int count() {
        return (columns + most() - 1) / most();
    }

    /// Channels of a panel that is not the last.
    int most() {
        return ConvTiles.MOST_VECTORS * tiles.lanes;
    }

    /// The first channel of a panel.
    int first(int panel) {
        return panel * most();
    }

    /// Channels of a panel.
    int width(int panel) {
        return Math.min(columns - first(panel), most());
    }

    /// Vectors that hold the channels of a panel.
    int vectors(int panel) {
        return tiles.vectors(columns - first(panel));
    }

    /// Lanes of these vectors.
    int lanes(int panel) {
        return vectors(panel) * tiles.lanes;
    }

    /// Lanes of all panels.
    int padded() {
        return tiles.padded(columns);
    }
}
