package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.lang.reflect.Array;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Transposing copies against a loop over every index, at sizes that leave streams and tiles over; n threads = 1 thread.
class TransposeTaskTest {
    private static LoopSpec copy(DType type) {
        return new LoopSpec(
                List.of(new LoopSpec.Source(type, LoopSpec.Access.UNIT)), List.of(),
                List.of(new LoopSpec.Sink(0, LoopSpec.Access.UNIT, LoopSpec.Mode.STORE)));
    }

    private record Arrays2(Object source, Object target) implements Memory {
        @Override
        public Object array(int buffer) {
            return buffer == 0 ? source : target;
        }

        @Override
        public int base(int buffer) {
            return buffer == 0 ? 3 : 5;
        }
    }

    /// Copies by the task, and says whether the target is what a loop over every index makes of it, untouched elements included.
    private static void check(DType type, int[] dims, Operand from, Operand to, int length, boolean transposes) {
        Object source = Storage.array(type, length + 9);
        Object target = Storage.array(type, length + 9);
        Object expected = Storage.array(type, length + 9);
        for (int i = 0; i < length + 9; i++) {
            set(source, i, i + 1);
            set(target, i, -i);
            set(expected, i, -i);
        }
        for (int index = 0; index < Axes.product(dims, dims.length); index++) {
            int at = 3 + from.offset() + Axes.advance(dims, dims.length, from.strides(), index);
            set(expected, 5 + to.offset() + Axes.advance(dims, dims.length, to.strides(), index), at + 1);
        }
        Task task = TransposeTask.of(copy(type), dims, from, to);
        assertEquals(transposes, task instanceof TransposeTask, task.toString());
        task.bind(new Arrays2(source, target));
        int threads = Workers.threads();
        try {
            for (int t = 1; t <= 3; t += 2) {
                Workers.threads(t);
                task.run();
                switch (type) {
                    case F32 -> assertArrayEquals((float[]) expected, (float[]) target, task.toString());
                    case F64 -> assertArrayEquals((double[]) expected, (double[]) target, task.toString());
                    case I32 -> assertArrayEquals((int[]) expected, (int[]) target, task.toString());
                }
                for (int i = 0; i < length + 9; i++) {
                    set(target, i, -i);
                }
            }
        } finally {
            Workers.threads(threads);
        }
    }

    private static void set(Object array, int i, int value) {
        switch (array) {
            case float[] a -> a[i] = value;
            case double[] a -> a[i] = value;
            default -> Array.setInt(array, i, value);
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void images(DType type) {
        for (int[] size : new int[][] {{1, 64, 64}, {2, 65, 67}, {3, 8, 300}, {3, 300, 8}, {2, 9, 511}, {5, 77, 15}, {4, 256, 256}, {2, 4, 300}, {1, 7, 200}}) {
            int n = size[0];
            int p = size[1];
            int q = size[2];
            // both ways, so that either axis is the one that lies further apart
            check(type, size, new Operand(0, 0, new int[] {p * q, 1, p}), new Operand(1, 0, new int[] {p * q, q, 1}), n * p * q, true);
            int[] other = {p, n, q};
            check(type, other, new Operand(0, 0, new int[] {1, p * q, p}), new Operand(1, 0, new int[] {n * q, q, 1}), n * p * q, true);
        }
    }

    @Test
    void gapsOffsetsAndReversedAxes() {
        int[] dims = {3, 70, 41};
        int length = 3 * 80 * 100;
        Operand to = new Operand(1, 7, new int[] {80 * 50, 50, 1});
        check(DType.F32, dims, new Operand(0, 11, new int[] {80 * 41, 1, 80}), to, length, true);
        check(DType.F32, dims, new Operand(0, 11 + 80 * 40, new int[] {80 * 41, 1, -80}), to, length, true);
        check(DType.F64, dims, new Operand(0, 2, new int[] {0, 1, 160}), to, length, true);
        // neighbours lie along the same axis, along none, or nowhere: loops
        check(DType.F32, dims, new Operand(0, 0, new int[] {70 * 41, 41, 1}), to, length, false);
        check(DType.F32, dims, new Operand(0, 0, new int[] {70 * 41, 2, 140}), to, length, false);
        check(DType.F32, dims, new Operand(0, 0, new int[] {70, 1, 0}), to, length, false);
        // few elements
        check(DType.F32, new int[] {31, 33}, new Operand(0, 0, new int[] {1, 31}), new Operand(1, 0, new int[] {33, 1}), 1023, false);
        check(DType.F32, new int[] {32, 32}, new Operand(0, 0, new int[] {1, 32}), new Operand(1, 0, new int[] {32, 1}), 1024, true);
    }

    @Test
    void isNamed() {
        Task task = TransposeTask.of(copy(DType.F32), new int[] {2, 4096, 32}, new Operand(0, 0, new int[] {131072, 1, 4096}),
                new Operand(1, 0, new int[] {131072, 32, 1}));
        assertInstanceOf(TransposeTask.class, task);
        assertEquals("transposition [2] x 4096 x 32", task.toString());
    }
}
