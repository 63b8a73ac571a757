package org.cosmograd.sbi.plot;

import java.util.ArrayList;
import java.util.List;

/// Figures side by side in a table.
///
///     Panels.of(2, List.of(first, second, third)).svg();
///
/// Each column is as wide as its widest figure, each row as high as its highest.
public final class Panels implements Figure {

    private static final double GAP = 8;

    private final int columns;
    private final List<Figure> figures;

    private Panels(int columns, List<Figure> figures) {
        this.columns = columns;
        this.figures = figures;
    }

    /// Figures in rows of so many columns.
    public static Panels of(int columns, List<? extends Figure> figures) {
        if (columns < 1 || figures.isEmpty())
            throw new IllegalArgumentException("Panels: " + figures.size() + " figures in " + columns + " columns; both must be at least 1");
        return new Panels(Math.min(columns, figures.size()), new ArrayList<>(figures));
    }

    /// Figures beneath each other.
    public static Panels column(Figure... figures) {
        return of(1, List.of(figures));
    }

    /// Figures beside each other.
    public static Panels row(Figure... figures) {
        return of(figures.length, List.of(figures));
    }

    private double columnWidth(int column) {
        double width = 0;
        for (int k = column; k < figures.size(); k += columns) width = Math.max(width, figures.get(k).width());
        return width;
    }

    private double rowHeight(int row) {
        return figures.subList(row * columns, Math.min(figures.size(), (row + 1) * columns)).stream().mapToDouble(Figure::height).max().orElse(0);
    }

    private int rows() {
        return (figures.size() + columns - 1) / columns;
    }

    @Override
    public double width() {
        double sum = GAP * (columns - 1);
        for (int c = 0; c < columns; c++) sum += columnWidth(c);
        return sum;
    }

    @Override
    public double height() {
        double sum = GAP * (rows() - 1);
        for (int r = 0; r < rows(); r++) sum += rowHeight(r);
        return sum;
    }

    @Override
    public String title() {
        return String.join("; ", figures.stream().map(Figure::title).toList());
    }

    @Override
    public void draw(Svg svg) {
        double y = 0;
        for (int r = 0; r < rows(); r++) {
            double x = 0;
            for (int c = 0; c < columns && r * columns + c < figures.size(); c++) {
                svg.shifted(x, y, figures.get(r * columns + c)::draw);
                x += columnWidth(c) + GAP;
            }
            y += rowHeight(r) + GAP;
        }
    }
}
