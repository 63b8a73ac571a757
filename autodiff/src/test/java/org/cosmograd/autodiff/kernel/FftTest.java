package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Fourier;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

/// Laws of the kernels of Fourier transforms: same bits from scalar and vector loops and on any number of threads, no garbage.
class FftTest {
    private static final List<int[]> SIZES = List.of(
            new int[] {1}, new int[] {2}, new int[] {5}, new int[] {6}, new int[] {16}, new int[] {30}, new int[] {34}, new int[] {128},
            new int[] {4, 4}, new int[] {17, 16}, new int[] {33, 34}, new int[] {16, 15}, new int[] {300, 340}, new int[] {16, 16, 16},
            new int[] {18, 17, 16}, new int[] {16, 30, 34});

    private static Tensor field(DType type, int... dims) {
        Tensor x = Key.of(3).normal(type, dims);
        return type == DType.F64 ? Tensor.of(Shape.of(dims), x.toDoubles()) : Tensor.of(Shape.of(dims), x.toFloats());
    }

    private static List<double[]> transforms(DType type) {
        List<double[]> out = new ArrayList<>();
        for (int[] dims : SIZES) {
            int[] batched = new int[dims.length + 1];
            batched[0] = Arrays.stream(dims).reduce(1, (a, b) -> a * b) > 1000 ? 2 : 37;
            System.arraycopy(dims, 0, batched, 1, dims.length);
            Tensor planes = Fourier.rfft(field(type, batched), dims.length).planes();
            out.add(planes.toDoubles());
            out.add(Fourier.rfft(field(type, batched), dims.length).inverse().toDoubles());
        }
        return out;
    }

    /// Scalar loops run first, vector loops once they are compiled; chunks are shared or not.
    @Test
    void sameBitsFromScalarAndVectorLoopsAndOnAnyNumberOfThreads() {
        int before = Workers.threads();
        try {
            Workers.threads(1);
            List<DType> types = List.of(DType.F32, DType.F64);
            List<List<double[]>> cold = types.stream().map(FftTest::transforms).toList();
            assertTrue(WarmUp.await(Duration.ofMinutes(1)));
            for (int threads = 1; threads <= 3; threads++) {
                Workers.threads(threads);
                for (DType type : types) {
                    List<double[]> hot = transforms(type);
                    for (int i = 0; i < hot.size(); i++) {
                        String name = type + " " + Arrays.toString(SIZES.get(i / 2)) + " on " + threads + " threads";
                        assertArrayEquals(cold.get(type.ordinal()).get(i), hot.get(i), name);
                    }
                }
            }
            if (VectorWidth.bits() > 0) {
                assertTrue(FftBlock.of(false, false, new int[] {16, 16, 16}, 1, 1).simd(), "vector loops run");
            }
        } finally {
            Workers.threads(before);
        }
    }

    @Test
    void replayLeavesNoGarbage() {
        Tensor x = field(DType.F32, 2, 16, 20, 24);
        Program<Tensor, Tensor> smooth = Program.of(
                (Tensor t) -> Fourier.rfft(t, 3).inverseLaplacian(1).inverse().square().sum(), x);
        smooth.run(x);
        assertTrue(WarmUp.await(Duration.ofMinutes(1)));
        Workers.threads(1);
        try {
            for (int i = 0; i < 50; i++) {
                smooth.run(x).item();
            }
            ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long thread = Thread.currentThread().threadId();
            long least = Long.MAX_VALUE;
            for (int i = 0; i < 50; i++) {
                long start = memory.getThreadAllocatedBytes(thread);
                smooth.run(x);
                least = Math.min(least, memory.getThreadAllocatedBytes(thread) - start);
            }
            // the tensor that holds the result
            assertTrue(least < 1000, "bytes allocated by a run: " + least);
        } finally {
            Workers.threads(Integer.getInteger("cosmograd.threads", Runtime.getRuntime().availableProcessors()));
        }
    }

    @Test
    void twiddleFactorsAreExactAtTheCorners() {
        for (int n : new int[] {4, 8, 12, 100, 1 << 20}) {
            assertEquals(1.0, FftPasses.cosine(0, n));
            assertEquals(0.0, FftPasses.cosine(n / 4, n) + 0.0);
            assertEquals(-1.0, FftPasses.cosine(n / 2, n));
            assertEquals(1.0, FftPasses.sine(n / 4, n));
            assertEquals(0.0, FftPasses.sine(n / 2, n) + 0.0);
            assertEquals(-1.0, FftPasses.sine(3L * n / 4, n));
        }
        for (int j = 0; j < 360; j++) {
            assertEquals(Math.sin(Math.toRadians(j)), FftPasses.sine(j, 360), 1e-15);
            assertEquals(Math.cos(Math.toRadians(j)), FftPasses.cosine(j, 360), 1e-15);
        }
    }
}
