package org.cosmograd.autodiff;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// The sizes of a tensor's axes, outermost first. `[]` is a scalar. Axes may be named from the end: `-1` is the last.
public final class Shape {
    /// The shape of a scalar.
    public static final Shape SCALAR = new Shape(new int[0]);

    private final int[] dims;

    private Shape(int[] dims) {
        this.dims = dims;
    }

    /// The shape with these sizes.
    public static Shape of(int... dims) {
        long size = 1;
        for (int d : dims) {
            if (d < 0) {
                throw new ShapeException("shape: sizes cannot be negative, got " + Arrays.toString(dims));
            }
            size *= d;
            if (size > Integer.MAX_VALUE - 64) {
                throw new ShapeException("shape: " + Arrays.toString(dims)
                        + " holds more than 2147483583 elements, the most one tensor can have; split it");
            }
        }
        return dims.length == 0 ? SCALAR : new Shape(dims.clone());
    }

    /// The shape with these sizes.
    public static Shape of(List<Integer> dims) {
        int[] d = new int[dims.size()];
        for (int i = 0; i < d.length; i++) {
            d[i] = dims.get(i);
        }
        return of(d);
    }

    /// The number of axes.
    public int rank() {
        return dims.length;
    }

    /// The size of an axis.
    public int dim(int axis) {
        return dims[axis < 0 ? axis + dims.length : axis];
    }

    /// All sizes.
    public int[] dims() {
        return dims.clone();
    }

    /// The number of elements.
    public int size() {
        int size = 1;
        for (int d : dims) {
            size *= d;
        }
        return size;
    }

    /// The distance in elements between neighbours along each axis, in row-major order.
    public int[] strides() {
        int[] strides = new int[dims.length];
        int step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= dims[i];
        }
        return strides;
    }

    /// `axis` as a number from 0, for an operation that is named in the error.
    public int axis(String operation, int axis) {
        int a = axis < 0 ? axis + dims.length : axis;
        if (a < 0 || a >= dims.length) {
            throw new ShapeException(operation + ": axis " + axis + " does not exist in " + this + ", which has "
                    + dims.length + (dims.length == 1 ? " axis" : " axes"));
        }
        return a;
    }

    /// This shape with the size of one axis replaced.
    public Shape with(int axis, int size) {
        int[] d = dims.clone();
        d[axis < 0 ? axis + d.length : axis] = size;
        return of(d);
    }

    /// This shape without one axis.
    public Shape without(int axis) {
        int a = axis < 0 ? axis + dims.length : axis;
        int[] d = new int[dims.length - 1];
        System.arraycopy(dims, 0, d, 0, a);
        System.arraycopy(dims, a + 1, d, a, d.length - a);
        return of(d);
    }

    /// This shape with an axis of the given size put in front of `axis`.
    public Shape insert(int axis, int size) {
        int[] d = new int[dims.length + 1];
        System.arraycopy(dims, 0, d, 0, axis);
        d[axis] = size;
        System.arraycopy(dims, axis, d, axis + 1, dims.length - axis);
        return of(d);
    }

    /// The axes of `from` to `to - 1`.
    public Shape slice(int from, int to) {
        return of(Arrays.copyOfRange(dims, from, to));
    }

    /// This shape followed by the axes of another.
    public Shape concat(Shape other) {
        int[] d = Arrays.copyOf(dims, dims.length + other.dims.length);
        System.arraycopy(other.dims, 0, d, dims.length, other.dims.length);
        return of(d);
    }

    /// The shape that both broadcast to by NumPy's rule: aligned at the last axis, a size of 1 (or a missing axis) stretches.
    public static Shape broadcast(String operation, Shape a, Shape b) {
        if (a.equals(b)) {
            return a;
        }
        int rank = Math.max(a.rank(), b.rank());
        int[] d = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int x = i <= a.rank() ? a.dim(-i) : 1;
            int y = i <= b.rank() ? b.dim(-i) : 1;
            if (x != y && x != 1 && y != 1) {
                throw new ShapeException(operation + ": shapes do not broadcast: " + a + " and " + b + " (" + x + " and " + y
                        + " on axis -" + i + ")");
            }
            d[rank - i] = x == 1 ? y : x;
        }
        return of(d);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Integer::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
