package org.cosmograd.autodiff.kernel;

/// Copies parts of matrices into the order in which tiles read them.
final class GemmPack {
    private GemmPack() {}

    /// `to[at + p*full + j] = from[source + p*step + j*across]` for `p < depth`, `j < width`, and 0 for `width ≤ j < full`.
    static void pack(int depth, int width, float[] from, int source, int step, int across, float[] to, int at, int full) {
        if (across == 1) {
            for (int p = 0; p < depth; p++) {
                int row = at + p * full;
                System.arraycopy(from, source + p * step, to, row, width);
                for (int j = width; j < full; j++) {
                    to[row + j] = 0;
                }
            }
        } else {
            for (int j = 0; j < full; j++) {
                if (j < width) {
                    gather(depth, from, source + j * across, step, to, at + j, full);
                } else {
                    for (int p = 0; p < depth; p++) {
                        to[at + j + p * full] = 0;
                    }
                }
            }
        }
    }

    private static void gather(int depth, float[] from, int source, int step, float[] to, int at, int full) {
        for (int p = 0; p < depth; p++) {
            to[at + p * full] = from[source + p * step];
        }
    }

    /// `to[at + p*full + j] = from[source + p*step + j*across]` for `p < depth`, `j < width`, and 0 for `width ≤ j < full`.
    static void pack(int depth, int width, double[] from, int source, int step, int across, double[] to, int at, int full) {
        if (across == 1) {
            for (int p = 0; p < depth; p++) {
                int row = at + p * full;
                System.arraycopy(from, source + p * step, to, row, width);
                for (int j = width; j < full; j++) {
                    to[row + j] = 0;
                }
            }
        } else {
            for (int j = 0; j < full; j++) {
                if (j < width) {
                    gather(depth, from, source + j * across, step, to, at + j, full);
                } else {
                    for (int p = 0; p < depth; p++) {
                        to[at + j + p * full] = 0;
                    }
                }
            }
        }
    }

    private static void gather(int depth, double[] from, int source, int step, double[] to, int at, int full) {
        for (int p = 0; p < depth; p++) {
            to[at + p * full] = from[source + p * step];
        }
    }
}
