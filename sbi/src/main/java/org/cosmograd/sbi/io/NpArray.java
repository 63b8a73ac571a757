package org.cosmograd.sbi.io;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// A NumPy array as plain Java: a shape and its elements in C order (last index fastest).
///
/// Records here compare by identity of their arrays, as Java arrays do.
public sealed interface NpArray {

    /// Lengths of the axes; empty for a scalar.
    int[] shape();

    /// NumPy's name of the element type, such as `<f8`.
    String descr();

    /// The elements as doubles: exact, except that an int64 beyond 2⁵³ is rounded.
    double[] doubles();

    /// Bytes of one element.
    int width();

    /// Puts element `i` into the buffer.
    void put(ByteBuffer buffer, int i);

    /// Number of elements.
    default int size() {
        return size(shape());
    }

    /// Number of elements of a shape.
    static int size(int[] shape) {
        long size = 1;
        for (int n : shape) size *= n;
        if (size > Integer.MAX_VALUE - 8)
            throw new IllegalArgumentException("NpArray: shape " + Arrays.toString(shape) + " has " + size
                    + " elements, more than a Java array holds; split it");
        return (int) size;
    }

    /// The elements as a matrix; a vector is one column.
    default double[][] matrix() {
        int[] shape = shape();
        if (shape.length < 1 || shape.length > 2)
            throw new IllegalArgumentException("NpArray.matrix: the array has shape " + Arrays.toString(shape)
                    + "; a matrix has two axes");
        int columns = shape.length == 2 ? shape[1] : 1;
        double[] flat = doubles();
        double[][] out = new double[shape[0]][];
        for (int i = 0; i < out.length; i++) out[i] = Arrays.copyOfRange(flat, i * columns, (i + 1) * columns);
        return out;
    }

    /// Doubles.
    record Float64(int[] shape, double[] doubles) implements NpArray {
        /// Checks the count.
        public Float64 { check(shape, doubles.length); }
        public String descr() { return "<f8"; }
        public int width() { return 8; }
        public void put(ByteBuffer b, int i) { b.putDouble(doubles[i]); }
    }

    /// Floats.
    record Float32(int[] shape, float[] floats) implements NpArray {
        /// Checks the count.
        public Float32 { check(shape, floats.length); }
        public String descr() { return "<f4"; }
        public int width() { return 4; }
        public void put(ByteBuffer b, int i) { b.putFloat(floats[i]); }
        public double[] doubles() {
            double[] out = new double[floats.length];
            for (int i = 0; i < out.length; i++) out[i] = floats[i];
            return out;
        }
    }

    /// 32-bit integers.
    record Int32(int[] shape, int[] ints) implements NpArray {
        /// Checks the count.
        public Int32 { check(shape, ints.length); }
        public String descr() { return "<i4"; }
        public int width() { return 4; }
        public void put(ByteBuffer b, int i) { b.putInt(ints[i]); }
        public double[] doubles() { return Arrays.stream(ints).asDoubleStream().toArray(); }
    }

    /// 64-bit integers.
    record Int64(int[] shape, long[] longs) implements NpArray {
        /// Checks the count.
        public Int64 { check(shape, longs.length); }
        public String descr() { return "<i8"; }
        public int width() { return 8; }
        public void put(ByteBuffer b, int i) { b.putLong(longs[i]); }
        public double[] doubles() { return Arrays.stream(longs).asDoubleStream().toArray(); }
    }

    private static void check(int[] shape, int length) {
        if (size(shape) != length)
            throw new IllegalArgumentException("NpArray: shape " + Arrays.toString(shape) + " needs " + size(shape)
                    + " elements, got " + length);
    }
}
