package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.TensorType;

/// Elements in memory: a stretch of a `float[]`, `double[]` or `int[]`. The array belongs to the evaluator; everybody else gets
/// copies.
public final class Storage {
    /// Elements that every array has room for behind its last one, at least: vector loops read the rest of a row as a whole vector.
    static final int ROOM = 16;

    /// A cache line of the narrowest type.
    private static final int LINE = 16;
    /// Processors tell loads from earlier stores by the lower twelve bits of addresses at first. Were matrices of many sizes a whole number of pages,
    /// their equal rows would look alike; so a little is added to these.
    private static final int PAGE = 4096 / Float.BYTES;
    private static final int SKEW = 5 * LINE;
    private static final int LARGE = 4 * PAGE;
    private static final int MOST_TOGETHER = 1 << 30;
    private static final int SMALL_SLAB = 1 << 17;
    /// G1 gives an array of half a region and more regions of its own. This is half the region it chooses for the heap's size.
    private static final int LARGE_SLAB =
            (int) (Long.highestOneBit(2 * Math.clamp(Runtime.getRuntime().maxMemory() / 2048, 1 << 20, 32 << 20) - 1) / 2);

    private final Object array;
    private final int offset;
    private final int length;

    /// The stretch of `length` elements from `offset` on.
    public Storage(Object array, int offset, int length) {
        this.array = array;
        this.offset = offset;
        this.length = length;
    }

    /// A copy of an array.
    public static Storage of(float[] array) {
        return allocate(DType.F32, array.length).with(array, 0);
    }

    /// A copy of an array.
    public static Storage of(double[] array) {
        return allocate(DType.F64, array.length).with(array, 0);
    }

    /// A copy of an array.
    public static Storage of(int[] array) {
        return allocate(DType.I32, array.length).with(array, 0);
    }

    /// A new array of zeros.
    public static Storage allocate(DType dtype, int length) {
        return new Storage(array(dtype, length), 0, length);
    }

    private Storage with(Object from, int at) {
        System.arraycopy(from, at, array, offset, length);
        return this;
    }

    /// Memory for many buffers. Under G1 a large array begins a region of its own; 48 bytes behind its first element lies a cache line's
    /// beginning, and vector loops over data that start there are up to twice as fast.
    public static Storage slab(DType dtype, int length) {
        boolean small = (long) length * dtype.bytes() < SMALL_SLAB;
        int phase = small ? 0 : 48 / dtype.bytes();
        int whole = small ? length : Math.max(length, LARGE_SLAB / dtype.bytes()) + phase;
        return new Storage(array(dtype, whole), phase, length);
    }

    /// Memory for tensors that are used together: those of one element type in one slab, each from the beginning of a cache line on.
    public static List<Storage> together(List<TensorType> types) {
        long[] sizes = new long[DType.values().length];
        types.forEach(t -> sizes[t.dtype().ordinal()] += padded(t.shape().size()));
        if (Arrays.stream(sizes).anyMatch(s -> s > MOST_TOGETHER)) {
            return types.stream().map(t -> allocate(t.dtype(), t.shape().size())).toList();
        }
        Storage[] slabs = Arrays.stream(DType.values()).map(d -> slab(d, (int) sizes[d.ordinal()])).toArray(Storage[]::new);
        int[] at = new int[slabs.length];
        List<Storage> all = new ArrayList<>();
        for (TensorType t : types) {
            int d = t.dtype().ordinal();
            all.add(new Storage(slabs[d].array, slabs[d].offset + at[d], t.shape().size()));
            at[d] += (int) padded(t.shape().size());
        }
        return all;
    }

    /// How far from a buffer of so many elements the next one in a slab begins, so that both begin cache lines.
    public static long padded(long length) {
        long whole = Math.ceilDiv(length, LINE) * LINE;
        return whole >= LARGE && whole % PAGE == 0 ? whole + SKEW : whole;
    }

    /// An array for so many elements, of which the first lies at its beginning.
    static Object array(DType dtype, int length) {
        int size = (int) Math.min((long) length + ROOM, Integer.MAX_VALUE);
        try {
            return switch (dtype) {
                case F32 -> new float[size];
                case F64 -> new double[size];
                case I32 -> new int[size];
            };
        } catch (OutOfMemoryError e) {
            OutOfMemoryError sentence = new OutOfMemoryError("memory: there is no room for " + length + " elements of " + dtype + " ("
                    + text((long) length * dtype.bytes()) + ") in a heap of " + text(Runtime.getRuntime().maxMemory())
                    + "; give java a larger one (-Xmx) or compute in smaller pieces");
            sentence.initCause(e);
            throw sentence;
        }
    }

    /// Zeros in a stretch of an array of any type.
    static void zero(Object array, int from, int count) {
        switch (array) {
            case float[] a -> Arrays.fill(a, from, from + count, 0);
            case double[] a -> Arrays.fill(a, from, from + count, 0);
            default -> Arrays.fill((int[]) array, from, from + count, 0);
        }
    }

    /// Bytes as text.
    public static String text(long bytes) {
        return bytes < 1_000_000 ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3) : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    /// The array that holds the elements.
    public Object array() {
        return array;
    }

    /// Where in the array the first element lies.
    public int offset() {
        return offset;
    }

    /// The number of elements.
    public int length() {
        return length;
    }

    /// Element `i` as a double.
    public double get(int i) {
        if (i < 0 || i >= length) {
            throw new IndexOutOfBoundsException("element " + i + " of " + length);
        }
        return switch (array) {
            case float[] a -> a[offset + i];
            case double[] a -> a[offset + i];
            default -> ((int[]) array)[offset + i];
        };
    }

    /// Replaces all elements by those of another storage of the same type and length; for the evaluator's own buffers.
    public void set(Storage from) {
        with(from.array, from.offset);
    }

    /// A copy that shares nothing with this.
    public Storage copy() {
        DType dtype = array instanceof float[] ? DType.F32 : array instanceof double[] ? DType.F64 : DType.I32;
        return allocate(dtype, length).with(array, offset);
    }

    /// The elements as floats (a copy).
    public float[] toFloats() {
        if (array instanceof float[] a) {
            return Arrays.copyOfRange(a, offset, offset + length);
        }
        float[] out = new float[length];
        for (int i = 0; i < length; i++) {
            out[i] = (float) get(i);
        }
        return out;
    }

    /// The elements as doubles (a copy).
    public double[] toDoubles() {
        if (array instanceof double[] a) {
            return Arrays.copyOfRange(a, offset, offset + length);
        }
        double[] out = new double[length];
        for (int i = 0; i < length; i++) {
            out[i] = get(i);
        }
        return out;
    }

    /// The elements as integers, rounded towards zero (a copy).
    public int[] toInts() {
        if (array instanceof int[] a) {
            return Arrays.copyOfRange(a, offset, offset + length);
        }
        int[] out = new int[length];
        for (int i = 0; i < length; i++) {
            out[i] = (int) get(i);
        }
        return out;
    }
}
