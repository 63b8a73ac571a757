package org.cosmograd.autodiff;

import java.util.stream.IntStream;
import org.cosmograd.autodiff.op.Spectral;

/// The half spectrum of real fields, as [Fourier#rfft] leaves it: `[2, batch…, n/2+1, …, n₀]`, real parts and then imaginary parts.
///
/// The transformed axes are in reverse order, the halved one first. Nothing here depends on that
/// order as long as factors are made of [#wavenumber], [#laplacian] and [#weights], which broadcast to [#re] and [#im]. Axes are
/// always named by their place among the transformed axes of the field: `0 … rank-1`. Modes with `-k` along the halved axis
/// are the complex conjugates of those with `k` and not held.
///
/// @param planes real and imaginary parts
/// @param rank   how many axes were transformed
/// @param n      size of the field along its last axis
public record Spectrum(Tensor planes, int rank, int n) {
    /// The real parts, `[batch…, n/2+1, …, n₀]`.
    public Tensor re() {
        return planes.at(0, 0);
    }

    /// The imaginary parts, `[batch…, n/2+1, …, n₀]`.
    public Tensor im() {
        return planes.at(0, 1);
    }

    /// The real field of this spectrum, `[batch…, n₀, …, n]`. Imaginary parts that a real field cannot have are ignored.
    public Tensor inverse() {
        return planes.apply(new Spectral.Inverse(rank, n, false));
    }

    // ------------------------------------------------------------------------------------------------- order of axes

    /// Real and imaginary parts in the order of `numpy.fft.rfftn`: `[2, batch…, n₀, …, n/2+1]`.
    public Tensor toStandard() {
        int r = planes.shape().rank();
        return planes.permute(reversed(r, rank));
    }

    /// The spectrum of these numbers in the order of `numpy.fft.rfftn`.
    ///
    /// @param planes real and imaginary parts, `[2, batch…, n₀, …, n/2+1]`
    /// @param rank how many axes were transformed
    /// @param n size of the field along its last axis
    public static Spectrum fromStandard(Tensor planes, int rank, int n) {
        int r = planes.shape().rank();
        if (rank < 1 || rank > 3 || r < rank + 1 || planes.dim(0) != 2 || planes.dim(-1) != n / 2 + 1) {
            throw new ShapeException("Spectrum.fromStandard: " + planes.type() + " is not [2, batch…, other axes…, " + (n / 2 + 1)
                    + "], the half spectrum of rank " + rank + " for a last axis of " + n);
        }
        return new Spectrum(planes.permute(reversed(r, rank)), rank, n);
    }

    private static int[] reversed(int axes, int rank) {
        return IntStream.range(0, axes).map(i -> i < axes - rank ? i : 2 * axes - rank - 1 - i).toArray();
    }

    // ------------------------------------------------------------------------------------------------- wavenumbers

    /// The size of the field along an axis.
    private int size(int axis) {
        return axis == rank - 1 ? n : planes.dim(-1 - axis);
    }

    private int axis(String operation, int axis) {
        int a = axis < 0 ? axis + rank : axis;
        if (a < 0 || a >= rank) {
            throw new ShapeException("Spectrum." + operation + ": axis " + axis + " is not one of the " + rank + " transformed axes");
        }
        return a;
    }

    /// A function of the place along one axis, in the shape that broadcasts to [#re].
    private Tensor along(int axis, java.util.function.IntToDoubleFunction f) {
        int length = axis == rank - 1 ? n / 2 + 1 : size(axis);
        int[] dims = new int[axis + 1];
        java.util.Arrays.fill(dims, 1);
        dims[0] = length;
        double[] values = new double[length];
        java.util.Arrays.setAll(values, f::applyAsDouble);
        if (planes.dtype() == DType.F64) {
            return Tensor.of(Shape.of(dims), values);
        }
        float[] floats = new float[length];
        for (int i = 0; i < length; i++) {
            floats[i] = (float) values[i];
        }
        return Tensor.of(Shape.of(dims), floats);
    }

    /// The mode at a place along an axis of `size`: `0, 1, …` and, from the middle on, `…, -2, -1`; the middle one of an even size is
    /// `-size/2`.
    private int mode(int axis, int place) {
        int size = size(axis);
        return axis < rank - 1 && place >= (size + 1) / 2 ? place - size : place;
    }

    /// The wavenumbers `k = 2π m/box` along an axis, with modes `m = 0, 1, …, -1`; for `box = 2π` these are the modes, for a box of
    /// as many units as cells they are radians per cell.
    ///
    /// @param axis one of the transformed axes
    /// @param box  length of the field along it, in the unit whose inverse `k` has
    public Tensor wavenumber(int axis, double box) {
        int a = axis("wavenumber", axis);
        return along(a, i -> 2 * Math.PI * mode(a, i) / box);
    }

    /// `|k|² = Σ k_a²` for boxes of these lengths along all axes, or of one length that holds for all.
    public Tensor squaredWavenumber(double... box) {
        if (box.length != 1 && box.length != rank) {
            throw new ShapeException("Spectrum.squaredWavenumber: got " + box.length + " box lengths for " + rank + " axes");
        }
        Tensor sum = wavenumber(rank - 1, box[box.length - 1]).square();
        for (int a = 0; a < rank - 1; a++) {
            sum = sum.add(wavenumber(a, box[box.length == 1 ? 0 : a]).square());
        }
        return sum;
    }

    /// How many modes of the whole spectrum each element stands for: 1 or 2, by its place along the halved axis.
    public Tensor weights() {
        return along(rank - 1, k -> k == 0 || 2 * k == n ? 1 : 2);
    }

    // ------------------------------------------------------------------------------------------------- operations

    private Spectrum with(Tensor to) {
        return new Spectrum(to, rank, n);
    }

    /// Every mode times a real factor, of a shape that broadcasts to [#re].
    public Spectrum multiply(Tensor factor) {
        return with(planes.mul(factor));
    }

    /// Every mode times a number.
    public Spectrum multiply(double factor) {
        return with(planes.mul(factor));
    }

    /// Every mode times `re + i·im`, of shapes that broadcast to [#re].
    public Spectrum multiply(Tensor re, Tensor im) {
        return with(planes.mul(re).add(planes.flip(0).mul(im.mul(signs(-1, 1)))));
    }

    /// Every mode times `i·factor`.
    public Spectrum multiplyByI(Tensor factor) {
        return with(planes.flip(0).mul(factor.mul(signs(-1, 1))));
    }

    /// Mode by mode the product with another spectrum: of the fields, the periodic convolution.
    public Spectrum multiply(Spectrum other) {
        return with(multiply(fit(other).re(), other.im()).planes);
    }

    /// Mode by mode the sum.
    public Spectrum add(Spectrum other) {
        return with(planes.add(fit(other).planes));
    }

    /// Mode by mode the difference.
    public Spectrum sub(Spectrum other) {
        return with(planes.sub(fit(other).planes));
    }

    /// Complex conjugates: the spectrum of the field mirrored at the origin.
    public Spectrum conjugate() {
        return with(planes.mul(signs(1, -1)));
    }

    /// `|X_k|²`, in the shape of [#re]. By Parseval's theorem the squares of the field sum up to `1/N` times the sum of
    /// `power().mul(weights())`.
    public Tensor power() {
        return planes.square().sum(0);
    }

    /// The spectrum of the field's derivative along an axis, `i·k·X_k`; the middle mode of an even size, of which a real field's
    /// derivative has nothing, becomes 0.
    ///
    /// @param axis one of the transformed axes
    /// @param box  length of the field along it
    public Spectrum derivative(int axis, double box) {
        int a = axis("derivative", axis);
        int middle = size(a) % 2 == 0 ? size(a) / 2 : -1;
        return multiplyByI(along(a, i -> i == middle ? 0 : 2 * Math.PI * mode(a, i) / box));
    }

    /// The spectrum of the field's Laplacian, `-|k|² X_k`.
    ///
    /// @param box length of the field along each axis, or one that holds for all
    public Spectrum laplacian(double... box) {
        return multiply(squaredWavenumber(box).neg());
    }

    /// The spectrum of the field of mean zero whose Laplacian is this field less its mean: `-X_k/|k|²`, and 0 for `k = 0`.
    ///
    /// @param box length of the field along each axis, or one that holds for all
    public Spectrum inverseLaplacian(double... box) {
        Tensor square = squaredWavenumber(box);
        Tensor zero = square.equal(0);
        return multiply(zero.where(0, zero.where(1, square).reciprocal().neg()));
    }

    /// One number for real and one for imaginary parts, as a constant.
    private Tensor signs(int re, int im) {
        int[] dims = new int[planes.shape().rank()];
        java.util.Arrays.fill(dims, 1);
        dims[0] = 2;
        return planes.dtype() == DType.F64
                ? Tensor.of(Shape.of(dims), (double) re, im)
                : Tensor.of(Shape.of(dims), (float) re, im);
    }

    private Spectrum fit(Spectrum other) {
        if (other.rank != rank || other.n != n) {
            throw new ShapeException("Spectrum: fields differ: one has " + rank + " transformed axes, the last of " + n + ", the other "
                    + other.rank + ", the last of " + other.n);
        }
        return other;
    }
}
