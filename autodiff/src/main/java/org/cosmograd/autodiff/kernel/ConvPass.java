package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A part of a convolution, or of its input gradient, in which every place of the target reads the source alike:
///
///     target[f + s·u] = Σ_t source[q·u + at_t] · w[k_t]
///
/// for `u` below `count`, on each axis. A convolution is one such pass with `s = 1`; an input gradient for stride `S` is one pass
/// for each remainder `f` of the place in the input by `S`, with `s = S` and those taps `t` that hit a place of the result at all.
///
/// Places `u` are cut into blocks of whole rows (or, where rows are long, of parts of one). What a block reads is copied once, with
/// its zeros around it, so that neighbouring taps become one stretch of adjacent elements; where no zeros are needed the source is
/// read where it is. Cutting depends on the sizes alone.
final class ConvPass {
    /// Elements of the source that a block reads, about: with the weights it should stay in the second cache.
    private static final int BLOCK = 20_000;
    /// Parts of rows are a multiple of this long.
    private static final int PART = 48;

    /// One axis of a pass.
    ///
    /// @param first first place in the target
    /// @param step  from one place of the target to the next
    /// @param count places
    /// @param pace  from one place of the source to the next
    /// @param taps  which elements of the kernel take part
    /// @param at    where in the source they read for the first place; ascending
    record Axis(int first, int step, int count, int pace, int[] taps, int[] at) {
        int lowest() {
            return at.length == 0 ? 0 : at[0];
        }

        int span() {
            return at.length == 0 ? 1 : at[at.length - 1] - at[0] + 1;
        }

        boolean isInside(int size) {
            return at.length == 0 || at[0] >= 0 && pace * (count - 1) + at[at.length - 1] < size;
        }
    }

    final Axis[] axes;
    final int images;
    final int[] source;
    final int[] target;
    final int channels;
    final boolean direct;
    /// Rows and places of a row in a block.
    final int rows;
    final int columns;
    final int rowBlocks;
    final int columnBlocks;
    /// Blocks in all.
    final int units;
    /// Taps in the order of summation, as numbers of elements of the kernel.
    final int[] taps;
    /// Stretches of `length` adjacent elements, each with `fused` taps.
    final int[] starts;
    final int length;
    final int fused;
    /// From one row of the block's source to the next, from one place to the next.
    final int rowStep;
    final int placeStep;
    private final int planeRows;
    private final int width;

    private ConvPass(Axis[] axes, int images, int[] source, int[] target, int channels, int groups, int[] kernel, boolean copies) {
        this.axes = axes;
        this.images = images;
        this.source = source;
        this.target = target;
        this.channels = channels;
        boolean inside = true;
        for (int i = 0; i < 3; i++) {
            inside &= axes[i].isInside(source[i]);
        }
        this.direct = inside && !copies;
        int rowLength = (axes[2].pace * (axes[2].count - 1) + axes[2].span()) * channels;
        int planes = Math.max(1, axes[0].at.length);
        if ((long) rowLength * axes[1].span() * planes <= 4L * BLOCK) {
            this.columns = Math.max(1, axes[2].count);
            int left = BLOCK / planes / rowLength - axes[1].span();
            this.rows = Math.clamp(left / axes[1].pace + 1, Math.min(2, axes[1].count), Math.max(1, Math.min(16, axes[1].count)));
        } else {
            this.rows = 1;
            int part = BLOCK / planes / axes[1].span() / channels / axes[2].pace / PART * PART;
            this.columns = Math.min(Math.max(PART, part), axes[2].count);
        }
        this.rowBlocks = (axes[1].count + rows - 1) / rows;
        this.columnBlocks = (axes[2].count + columns - 1) / columns;
        this.units = images * axes[0].count * rowBlocks * columnBlocks;
        this.planeRows = direct ? source[1] : axes[1].pace * (rows - 1) + axes[1].span();
        this.width = direct ? source[2] : axes[2].pace * (columns - 1) + axes[2].span();
        this.rowStep = axes[1].pace * width * channels;
        this.placeStep = axes[2].pace * channels;
        int each = channels / groups;
        int n2 = axes[2].at.length;
        boolean adjacent = groups == 1;
        for (int t = 1; t < n2; t++) {
            adjacent &= axes[2].at[t] == axes[2].at[t - 1] + 1;
        }
        this.fused = adjacent ? Math.max(1, n2) : 1;
        this.length = fused * each;
        int runs = n2 == 0 ? 0 : n2 / fused;
        int n1 = axes[1].at.length;
        this.starts = new int[axes[0].at.length * n1 * runs];
        this.taps = new int[axes[0].at.length * n1 * n2];
        int s = 0;
        int t = 0;
        for (int i = 0; i < axes[0].at.length; i++) {
            int plane = direct ? axes[0].at[i] : i;
            for (int j = 0; j < n1; j++) {
                int row = plane * planeRows + axes[1].at[j] - (direct ? 0 : axes[1].lowest());
                for (int r = 0; r < runs; r++) {
                    starts[s++] = (row * width + axes[2].at[r * fused] - (direct ? 0 : axes[2].lowest())) * channels;
                }
                for (int x : axes[2].taps) {
                    taps[t++] = (axes[0].taps[i] * kernel[1] + axes[1].taps[j]) * kernel[2] + x;
                }
            }
        }
    }

    /// The one pass of a convolution; `copies` if the source must not be read where it is.
    static ConvPass forward(ConvShape s, boolean copies) {
        Axis[] axes = new Axis[3];
        for (int i = 0; i < 3; i++) {
            int[] taps = new int[s.kernel()[i]];
            int[] at = new int[taps.length];
            for (int k = 0; k < taps.length; k++) {
                taps[k] = k;
                at[k] = k * s.dilation()[i] - s.low()[i];
            }
            axes[i] = new Axis(0, 1, s.output()[i], s.stride()[i], taps, at);
        }
        return new ConvPass(axes, s.n(), s.input(), s.output(), s.c(), s.groups(), s.kernel(), copies);
    }

    /// The passes of an input gradient.
    static List<ConvPass> inputGradient(ConvShape s, boolean copies) {
        List<ConvPass> out = new ArrayList<>();
        for (Axis a : axes(s, 0)) {
            for (Axis b : axes(s, 1)) {
                for (Axis c : axes(s, 2)) {
                    out.add(new ConvPass(new Axis[] {a, b, c}, s.n(), s.output(), s.input(), s.q(), s.groups(), s.kernel(), copies));
                }
            }
        }
        return out;
    }

    private static List<Axis> axes(ConvShape s, int axis) {
        List<Axis> out = new ArrayList<>();
        int stride = s.stride()[axis];
        for (int f = 0; f < Math.min(stride, s.input()[axis]); f++) {
            int count = (s.input()[axis] - f + stride - 1) / stride;
            int[] taps = new int[s.kernel()[axis]];
            int[] at = new int[taps.length];
            int n = 0;
            for (int k = taps.length - 1; k >= 0; k--) {
                int from = f + s.low()[axis] - k * s.dilation()[axis];
                // taps that never meet a place of the result would only add zeros
                boolean meets = Math.floorDiv(from, stride) < s.output()[axis] && Math.floorDiv(from, stride) + count > 0;
                if (Math.floorMod(from, stride) == 0 && meets) {
                    taps[n] = k;
                    at[n++] = Math.floorDiv(from, stride);
                }
            }
            out.add(new Axis(f, stride, count, 1, Arrays.copyOf(taps, n), Arrays.copyOf(at, n)));
        }
        return out;
    }

    /// Rows of the source that a copied block takes.
    int blockRows() {
        return Math.max(1, axes[0].at.length) * planeRows;
    }

    /// Places of each of these rows, zeros included.
    int blockWidth() {
        return width;
    }

    /// Places of the source, zeros included, that a copied block takes.
    int blockPlaces() {
        return Math.max(1, axes[0].at.length) * planeRows * width;
    }

    /// Elements that a copied block takes.
    int blockLength() {
        return blockPlaces() * channels;
    }

    /// The block's image.
    int image(int unit) {
        return unit / (columnBlocks * rowBlocks * axes[0].count);
    }

    /// The block's place on the first axis.
    int plane(int unit) {
        return unit / (columnBlocks * rowBlocks) % axes[0].count;
    }

    /// The block's first place on the second axis.
    int row(int unit) {
        return unit / columnBlocks % rowBlocks * rows;
    }

    /// The block's first place on the third axis.
    int column(int unit) {
        return unit % columnBlocks * columns;
    }

    /// Rows of the block that lie in the target.
    int rowsOf(int unit) {
        return Math.min(rows, axes[1].count - row(unit));
    }

    /// Places of a row of the block that lie in the target.
    int placesOf(int unit) {
        return Math.min(columns, axes[2].count - column(unit));
    }

    /// Rows of the source, of one plane, that the block reads.
    int rowsRead(int unit) {
        return axes[1].pace * (rowsOf(unit) - 1) + axes[1].span();
    }

    /// The block's first place, as a number of the target's places.
    int targetAt(int unit) {
        int plane = image(unit) * target[0] + axes[0].first() + axes[0].step() * plane(unit);
        int row = plane * target[1] + axes[1].first() + axes[1].step() * row(unit);
        return row * target[2] + axes[2].first() + axes[2].step() * column(unit);
    }

    /// From one row of the block to the next, in places of the target.
    int targetRow() {
        return axes[1].step() * target[2];
    }

    /// Says that row `r` of a block is final.
    void finish(int unit, int r, Gemm.RowBlock finished) {
        int at = targetAt(unit) + r * targetRow();
        int apart = axes[2].step();
        int places = placesOf(unit);
        int together = apart == 1 ? places : 1;
        for (int u = 0; u < places; u += together) {
            finished.rows(at + u * apart, at + u * apart + together);
        }
    }

    /// Where a block reads for its first place, if it reads the source where it is.
    int directAt(int unit) {
        int at = (image(unit) * source[0] + axes[0].pace * plane(unit)) * source[1] + axes[1].pace * row(unit);
        return (at * source[2] + axes[2].pace * column(unit)) * channels;
    }

    /// Copies what a block reads, zeros included.
    void copy(int unit, Object from, int base, Object to, int at) {
        int last1 = rowsRead(unit);
        int first2 = axes[2].pace * column(unit) + axes[2].lowest();
        int n2 = axes[2].pace * (placesOf(unit) - 1) + axes[2].span();
        int before = Math.clamp(-first2, 0, n2);
        int inside = Math.clamp(source[2] - first2 - before, 0, n2 - before);
        for (int i = 0; i < axes[0].at.length; i++) {
            int p0 = axes[0].pace * plane(unit) + axes[0].at[i];
            for (int j = 0; j < last1; j++) {
                int p1 = axes[1].pace * row(unit) + axes[1].lowest() + j;
                int row = at + (i * planeRows + j) * width * channels;
                if (p0 < 0 || p0 >= source[0] || p1 < 0 || p1 >= source[1] || inside == 0) {
                    Storage.zero(to, row, n2 * channels);
                } else {
                    int read = ((image(unit) * source[0] + p0) * source[1] + p1) * source[2] + first2 + before;
                    Storage.zero(to, row, before * channels);
                    System.arraycopy(from, base + read * channels, to, row + before * channels, inside * channels);
                    Storage.zero(to, row + (before + inside) * channels, (n2 - before - inside) * channels);
                }
            }
        }
    }
}
