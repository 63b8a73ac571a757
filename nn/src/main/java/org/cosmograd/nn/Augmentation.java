package org.cosmograd.nn;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.Convolution.Boundary;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// Images as they might as well have been: turned, mirrored, shifted, noisy. Pure functions of images `x[B, …, channels]` of one to
/// three axes and a key, for use inside programs; each image has a draw of its own, and image `i` the same one in any batch.
///
///     Tensor seen = Augmentation.shifts(Augmentation.dihedral(x, key.fold(0)), 3, Boundary.PERIODIC, key.fold(1));
///
/// The symmetries of a box of `d` axes are numbered `0 … 2ᵈ d! - 1`: two of a line, the dihedral group of eight of a square, 48 of a
/// cube; 0 is the identity. Number `e = f + 2ᵈ p` reads image `s` at `s[π_b] = y[b]`, or `N - 1 - y[b]` where bit `b` of `f` is set,
/// with the permutation `π` number `p` in lexicographic order. What is true of an image may turn with it: components of vectors and
/// tensors, such as a shear, must be turned by [#matrices], with the same elements:
///
///     Tensor element = key.integers(Augmentation.symmetries(2), x.dim(0));
///     Tensor seen = Augmentation.symmetry(x, element);
///     Tensor turn = Augmentation.matrices(2).gather(0, element);
public final class Augmentation {
    // by number of axes, in lexicographic order
    private static final int[][][] PERMUTATIONS = {
        {{}}, {{0}}, {{0, 1}, {1, 0}}, {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
    };
    private static final int[][] SIGNS = {{1}, {1}, {1, -1}, {1, -1, -1, 1, 1, -1}};

    private Augmentation() {}

    /// Each image under a symmetry of the box drawn from all of them evenly: one of 8 for pictures, of 48 for volumes.
    public static Tensor dihedral(Tensor x, Key key) {
        return symmetry(x, key.integers(symmetries(cube("dihedral", x)), x.dim(0)));
    }

    /// Each image turned by right angles only, one of 4 turns for pictures and of 24 for volumes.
    public static Tensor rotations(Tensor x, Key key) {
        int d = cube("rotations", x);
        int[] proper = IntStream.range(0, symmetries(d)).filter(e -> isProper(d, e)).toArray();
        return symmetry(x, Tensor.of(proper).gather(0, key.integers(proper.length, x.dim(0))));
    }

    /// Each image mirrored or not along each of its axes.
    public static Tensor flips(Tensor x, Key key) {
        return symmetry(x, key.integers(1 << axes("flips", x), x.dim(0)));
    }

    /// The number of symmetries of a box of `axes` axes: `2ᵈ d!`.
    public static int symmetries(int axes) {
        if (axes < 1 || axes > 3) {
            throw new ShapeException("Augmentation.symmetries: known for one to three axes, got " + axes);
        }
        return PERMUTATIONS[axes].length << axes;
    }

    /// The matrices `m` of the symmetries, `f32[2ᵈ d!, d, d]`: a vector `v` in an image becomes `m v` in the new one.
    public static Tensor matrices(int axes) {
        int n = symmetries(axes);
        float[] m = new float[n * axes * axes];
        for (int e = 0; e < n; e++) {
            int[] pi = PERMUTATIONS[axes][e >> axes];
            for (int b = 0; b < axes; b++) {
                m[(e * axes + b) * axes + pi[b]] = (e >> b & 1) == 0 ? 1 : -1;
            }
        }
        return Tensor.of(Shape.of(n, axes, axes), m);
    }

    /// Each image under the symmetry `element[i]`, `i32[B]`. Symmetries that exchange axes need axes of one length.
    public static Tensor symmetry(Tensor x, Tensor element) {
        int d = axes("symmetry", x);
        int[] size = x.shape().slice(1, 1 + d).dims();
        int known = isCube(size) ? symmetries(d) : 1 << d;
        // the place that is read is affine in the place that is written: index = offset + Σ_b step_b y_b
        int[] offset = new int[known];
        int[][] step = new int[d][known];
        for (int e = 0; e < known; e++) {
            int[] pi = PERMUTATIONS[d][e >> d];
            for (int b = 0; b < d; b++) {
                int stride = stride(size, pi[b]);
                boolean flip = (e >> b & 1) != 0;
                step[b][e] = flip ? -stride : stride;
                offset[e] += flip ? (size[b] - 1) * stride : 0;
            }
        }
        int pixels = Arrays.stream(size).reduce(1, (a, b) -> a * b);
        Tensor index = along(Tensor.of(offset).gather(0, element), 0, d).add(along(Tensor.iota(x.dim(0)).mul(pixels), 0, d));
        for (int b = 0; b < d; b++) {
            index = index.add(along(Tensor.of(step[b]).gather(0, element), 0, d).mul(along(Tensor.iota(size[b]), 1 + b, d)));
        }
        return read(x, index);
    }

    /// Each image moved by a whole number of pixels along each axis, drawn evenly from `-most … most`.
    public static Tensor shifts(Tensor x, int most, Boundary boundary, Key key) {
        int d = axes("shifts", x);
        return shift(x, key.integers(2 * most + 1, x.dim(0), d).sub(Tensor.of(most)), boundary);
    }

    /// Each image moved by `offset[i, a]` pixels along axis `a`, `i32[B, d]`, so that `y[p] = x[p - offset]`. What comes in from
    /// outside is the other end of the image, its mirror image about the outermost pixel, or zero, as the boundary says.
    public static Tensor shift(Tensor x, Tensor offset, Boundary boundary) {
        int d = axes("shift", x);
        int[] size = x.shape().slice(1, 1 + d).dims();
        int pixels = Arrays.stream(size).reduce(1, (a, b) -> a * b);
        Tensor index = along(Tensor.iota(x.dim(0)).mul(pixels), 0, d);
        Tensor inside = Tensor.scalar(1, x.dtype());
        for (int a = 0; a < d; a++) {
            int n = size[a];
            Tensor from = along(Tensor.iota(n), 1 + a, d).sub(along(offset.slice(1, a, a + 1).reshape(x.dim(0)), 0, d));
            Tensor place = switch (boundary) {
                case PERIODIC -> wrapped(from, n);
                case REFLECT -> folded(from, n);
                case ZERO -> from.max(0).min(n - 1);
            };
            if (boundary == Boundary.ZERO) {
                inside = inside.mul(place.equal(from).cast(x.dtype()));
            }
            index = index.add(place.mul(stride(size, a)));
        }
        Tensor y = read(x, index);
        return boundary == Boundary.ZERO ? inside.expand(-1).where(y, 0) : y;
    }

    /// Independent normal numbers with standard deviation `sd` added to all pixels.
    public static Tensor noise(Tensor x, double sd, Key key) {
        return x.add(key.normal(x.dtype(), x.shape().dims()).mul(sd));
    }

    private static Tensor wrapped(Tensor place, int period) {
        return place.sub(place.cast(DType.F64).div(period).floor().cast(DType.I32).mul(period));
    }

    private static Tensor folded(Tensor place, int n) {
        Tensor there = wrapped(place, Math.max(1, 2 * (n - 1)));
        return there.min(there.neg().add(2 * (n - 1)));
    }

    private static Tensor read(Tensor x, Tensor index) {
        int channels = x.dim(-1);
        return x.reshape(index.shape().size(), channels).gather(0, index);
    }

    /// A vector laid along one of the `1 + d` axes that rows and pixels have.
    private static Tensor along(Tensor vector, int axis, int d) {
        int[] dims = new int[1 + d];
        Arrays.fill(dims, 1);
        dims[axis] = vector.dim(0);
        return vector.reshape(dims);
    }

    private static int stride(int[] size, int axis) {
        return Arrays.stream(size, axis + 1, size.length).reduce(1, (a, b) -> a * b);
    }

    private static int axes(String what, Tensor x) {
        int d = x.shape().rank() - 2;
        if (d < 1 || d > 3) {
            throw new ShapeException("Augmentation." + what + ": needs images [B, …, channels] of one to three axes, got " + x.type());
        }
        return d;
    }

    private static int cube(String what, Tensor x) {
        int d = axes(what, x);
        if (!isCube(x.shape().slice(1, 1 + d).dims())) {
            throw new ShapeException("Augmentation." + what + ": needs images with axes of one length, got " + x.type() + "; use flips");
        }
        return d;
    }

    private static boolean isProper(int d, int e) {
        boolean even = Integer.bitCount(e & (1 << d) - 1) % 2 == 0;
        return SIGNS[d][e >> d] == (even ? 1 : -1);
    }

    private static boolean isCube(int[] size) {
        return Arrays.stream(size).allMatch(s -> s == size[0]);
    }
}
