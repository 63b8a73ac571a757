package org.cosmograd.autodiff.kernel;

/// Where a coordinate lies on a periodic axis of `n` cells: the mesh point below it (cloud-in-cell, `support` 2) or nearest to it
/// (triangular-shaped-cloud, `support` 3), and how far beyond that point it lies. Exact for every finite coordinate.
///
/// Loops do the same for coordinates inside the box in a few instructions and come here for the rest; both must agree, because
/// the mesh point decides which thread paints a particle.
final class Periodic {
    /// Adding ½ to a larger coordinate may round.
    static final int EXACT_FLOATS = 1 << 22;

    private static final double EXACT_DOUBLES = 1L << 51;

    private Periodic() {}

    /// The number of the mesh point.
    static int cell(float x, int support, int n) {
        return wrap(point(x, support), n);
    }

    /// The number of the mesh point.
    static int cell(double x, int support, int n) {
        return wrap(point(x, support), n);
    }

    /// The distance from the mesh point: 0…1 (`support` 2) or -½…½ (`support` 3).
    static float beyond(float x, int support) {
        return x - (float) point(x, support);
    }

    /// The distance from the mesh point: 0…1 (`support` 2) or -½…½ (`support` 3).
    static double beyond(double x, int support) {
        return x - point(x, support);
    }

    private static double point(float x, int support) {
        return support == 2 ? Math.floor(x) : Math.abs(x) < EXACT_FLOATS ? Math.floor(x + 0.5f) : Math.rint(x);
    }

    private static double point(double x, int support) {
        return support == 2 ? Math.floor(x) : Math.abs(x) < EXACT_DOUBLES ? Math.floor(x + 0.5) : Math.rint(x);
    }

    private static int wrap(double point, int n) {
        if (point < 0) {
            double above = point >= -n ? point + n : point % n + n;
            return above == n ? 0 : (int) above;
        }
        return (int) (point < n ? point : point < 2.0 * n ? point - n : point % n);
    }
}
