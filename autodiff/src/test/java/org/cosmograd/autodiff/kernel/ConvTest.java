package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.Stream;
import org.cosmograd.autodiff.DType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Laws: SIMD = scalar bit for bit, in float and double; a run allocates nothing; rows are reported once.
@Isolated
class ConvTest {
    private static final int X = 0;
    private static final int W = 1;
    private static final int Y = 2;
    private static final int SCRATCH = 3;
    private final int threads = Workers.threads();

    @BeforeAll
    static void warm() {
        ConvTiles.wantAll();
        assertTrue(WarmUp.await(Duration.ofMinutes(2)));
    }

    @AfterEach
    void restore() {
        Workers.threads(threads);
    }

    private static Operand whole(int buffer) {
        return new Operand(buffer, 0, new int[0]);
    }

    /// Buffers of random numbers, one after the other in one array.
    private static final class Slab implements Memory {
        final Object array;
        final int[] bases;

        Slab(DType type, int... lengths) {
            bases = new int[lengths.length + 1];
            bases[0] = 12;
            for (int i = 0; i < lengths.length; i++) {
                bases[i + 1] = bases[i] + lengths[i];
            }
            int size = bases[lengths.length];
            Random random = new Random(1);
            float[] f = new float[size];
            double[] d = new double[size];
            for (int i = 0; i < size; i++) {
                d[i] = random.nextDouble() - 0.5;
                f[i] = (float) d[i];
            }
            array = type == DType.F32 ? f : d;
        }

        @Override
        public Object array(int buffer) {
            return array;
        }

        @Override
        public int base(int buffer) {
            return bases[buffer];
        }

        double[] values(int buffer) {
            double[] out = new double[bases[buffer + 1] - bases[buffer]];
            for (int i = 0; i < out.length; i++) {
                out[i] = array instanceof float[] f ? f[bases[buffer] + i] : ((double[]) array)[bases[buffer] + i];
            }
            return out;
        }
    }

    private static ConvShape shape(int n, int h, int w, int c, int kernel, int q, int stride, int pad, int dilation, int groups) {
        int span = dilation * (kernel - 1) + 1;
        int[] out = {(h + 2 * pad - span) / stride + 1, (w + 2 * pad - span) / stride + 1};
        return ConvShape.of(n, new int[] {h, w}, c, new int[] {kernel, kernel}, out, q, new int[] {stride, stride}, new int[] {pad, pad},
                new int[] {dilation, dilation}, groups);
    }

    static Stream<ConvShape> shapes() {
        return Stream.of(shape(2, 9, 17, 3, 3, 32, 1, 1, 1, 1), shape(1, 5, 6, 32, 3, 33, 1, 1, 1, 1), shape(2, 7, 3, 5, 3, 7, 2, 1, 1, 1),
                shape(3, 8, 8, 16, 3, 48, 2, 1, 1, 1), shape(1, 12, 11, 8, 3, 17, 1, 2, 2, 1), shape(2, 6, 6, 8, 3, 8, 1, 1, 1, 4),
                shape(2, 6, 6, 40, 1, 20, 1, 0, 1, 1), shape(2, 10, 10, 1, 3, 32, 1, 1, 1, 1), shape(2, 10, 10, 32, 3, 1, 1, 1, 1, 1),
                shape(2, 10, 10, 9, 5, 2, 1, 2, 1, 1), shape(2, 11, 13, 64, 3, 64, 1, 1, 1, 1), shape(2, 10, 12, 16, 3, 40, 1, 1, 1, 1),
                shape(3, 5, 64, 32, 3, 16, 1, 1, 1, 1), shape(1, 4, 300, 64, 3, 32, 1, 0, 1, 1), shape(2, 6, 7, 6, 3, 6, 1, 1, 1, 6));
    }

    private static int product(int[] x) {
        return x[0] * x[1] * x[2];
    }

    private static void compare(DType type, ConvShape s, Task simd, Task plain, int... lengths) {
        Slab a = new Slab(type, lengths);
        Slab b = new Slab(type, lengths);
        simd.bind(a);
        simd.run();
        plain.bind(b);
        plain.run();
        assertArrayEquals(b.values(Y), a.values(Y), type + " " + simd + " " + s);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void simdEqualsScalar(ConvShape s) {
        int x = s.n() * product(s.input()) * s.c();
        int y = s.n() * product(s.output()) * s.q();
        int w = product(s.kernel()) * s.c() / s.groups() * s.q();
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            ConvStep forward = (ConvStep) ConvTask.forward(type, s, whole(X), whole(W), whole(Y), SCRATCH);
            compare(type, s, forward, forward.plain(), x, w, y, ConvTask.scratchLength(type, s, false));
            ConvStep back = (ConvStep) ConvTask.inputGradient(type, s, whole(X), whole(W), whole(Y), SCRATCH);
            compare(type, s, back, back.plain(), y, w, x, ConvTask.scratchLength(type, s, true));
            ConvStep weight = (ConvStep) ConvWeightTask.of(type, s, whole(X), whole(W), whole(Y), SCRATCH);
            compare(type, s, weight, weight.plain(), x, y, w, ConvWeightTask.scratchLength(type, s));
        }
    }

    @Test
    void runsAllocateNothing() {
        ConvShape s = shape(2, 20, 20, 16, 3, 32, 1, 1, 1, 1);
        int x = s.n() * product(s.input()) * s.c();
        int y = s.n() * product(s.output()) * s.q();
        Slab memory = new Slab(DType.F32, x, 9 * 16 * 32, y, 1 << 20);
        Task forward = ConvTask.forward(DType.F32, s, whole(X), whole(W), whole(Y), SCRATCH);
        Task back = ConvTask.inputGradient(DType.F32, s, whole(Y), whole(W), whole(X), SCRATCH);
        Task weight = ConvWeightTask.of(DType.F32, s, whole(X), whole(Y), whole(W), SCRATCH);
        Workers.threads(1);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (Task t : new Task[] {forward, back, weight}) {
            t.bind(memory);
            for (int i = 0; i < 200; i++) {
                t.run();
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 50; i++) {
                t.run();
            }
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(bytes < 50 * 16, t + " allocates " + bytes + " bytes in 50 runs");
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void rowsAreReportedOnce(ConvShape s) {
        int rows = s.n() * product(s.output());
        AtomicIntegerArray seen = new AtomicIntegerArray(rows);
        Task t = ConvTask.forward(DType.F32, s, whole(X), whole(W), whole(Y), SCRATCH, (from, to) -> {
            for (int i = from; i < to; i++) {
                seen.incrementAndGet(i);
            }
        });
        int w = product(s.kernel()) * s.c() / s.groups() * s.q();
        t.bind(new Slab(DType.F32, s.n() * product(s.input()) * s.c(), w, rows * s.q(), ConvTask.scratchLength(DType.F32, s, false)));
        t.run();
        for (int i = 0; i < rows; i++) {
            assertEquals(1, seen.get(i), "row " + i);
        }
    }
}
