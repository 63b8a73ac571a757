package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Optional;
import org.cosmograd.autodiff.DType;

/// What one core can do, and what the innermost loop of the matrix product makes of it: both measured in turns, so that a fraction of
/// the two holds on any machine and at any clock rate.
///
/// @param peak        GFLOP/s of fused multiply-adds that read and write registers only
/// @param microkernel GFLOP/s of the largest tile on packed operands that stay in cache, 256 steps at a time
public record GemmPeak(double peak, double microkernel) {
    private static final int STEPS = 256;
    /// Enough that what is before and after the loop does not count.
    private static final int PEAK_STEPS = 4096;
    private static final int ROUNDS = 400;
    private static final long BURST_NANOS = 60_000;
    private static final long GIVE_UP_NANOS = 20_000_000_000L;
    private static final int ROOM = 3 << 20;

    /// Measures both in about a twentieth of a second, after a warm-up of a second or two the first time; empty where kernels run
    /// without SIMD or HotSpot does not compile them.
    public static Optional<GemmPeak> measure(DType type) {
        if (VectorWidth.bits() < 128) {
            return Optional.empty();
        }
        boolean doubles = type == DType.F64;
        GemmTiles tiles = GemmTiles.of(doubles);
        int rows = tiles.rows(GemmEmitter.Walk.ALONG_COLUMNS, 2, Integer.MAX_VALUE);
        // An array of its own region under G1, in which panels begin on cache lines.
        Object x = doubles ? new double[ROOM / 2] : new float[ROOM];
        int a = doubles ? 6 : 12;
        int width = 2 * tiles.lanes;
        int b = a + (rows * STEPS + width) / width * width;
        int c = b + width * STEPS;
        int sums = VectorWidth.manyRegisters() ? 24 : 12;
        GemmTile registers = GemmEmitter.define("Peak", code -> registers(code, doubles, sums));
        if (!warm(registers, x)) {
            return Optional.empty();
        }
        long end = System.nanoTime() + GIVE_UP_NANOS;
        while (!tiles.fast(GemmEmitter.Walk.ALONG_COLUMNS, 2, rows)) {
            if (System.nanoTime() > end) {
                return Optional.empty();
            }
            pause();
        }
        GemmTile tile = tiles.tile(GemmEmitter.Walk.ALONG_COLUMNS, 2, rows);
        double peak = 0;
        double microkernel = 0;
        for (int round = 0; round < ROUNDS; round++) {
            peak = Math.max(peak, 2.0 * sums * tiles.lanes * PEAK_STEPS / nanos(registers, PEAK_STEPS, x, 0, 0, 0, width));
            microkernel = Math.max(microkernel, 2.0 * rows * width * STEPS / nanos(tile, STEPS, x, a, b, c, width));
        }
        return Optional.of(new GemmPeak(peak, microkernel));
    }

    /// The micro-kernel's part of the peak.
    public double fraction() {
        return microkernel / peak;
    }

    private static double nanos(GemmTile loop, int k, Object x, int a, int b, int c, int width) {
        long start = System.nanoTime();
        int calls = 0;
        long nanos;
        do {
            for (int i = 0; i < 8; i++) {
                loop.run(x, c, width, false, 0, k, x, a, x, b, width);
            }
            calls += 8;
            nanos = System.nanoTime() - start;
        } while (nanos < BURST_NANOS);
        return (double) nanos / calls;
    }

    private static boolean warm(GemmTile loop, Object x) {
        long end = System.nanoTime() + GIVE_UP_NANOS;
        for (int calls = 0; System.nanoTime() < end; calls++) {
            for (int i = 0; i < 200; i++) {
                loop.run(x, 0, 0, false, 0, i == 0 ? 3 : -1, x, 0, x, 0, 0);
            }
            long start = System.nanoTime();
            loop.run(x, 0, 0, false, 0, STEPS, x, 0, x, 0, 0);
            if (calls > 30 && System.nanoTime() - start < 100 * STEPS) {
                return true;
            }
            pause();
        }
        return false;
    }

    private static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /// `sumᵢ ← fma(sumᵢ, x, y)`, `k` times for all `i`.
    private static void registers(CodeBuilder code, boolean doubles, int sums) {
        ClassDesc element = doubles ? CD_double : CD_float;
        ClassDesc array = element.arrayType();
        ClassDesc vector = GemmEmitter.vector(doubles);
        int p = 12;
        int x = 13;
        int y = 14;
        int first = 15;
        code.aload(GemmEmitter.A).checkcast(array).astore(GemmEmitter.A);
        for (int v = x; v < first + sums; v++) {
            GemmEmitter.species(code, doubles, VectorWidth.bits());
            code.aload(GemmEmitter.A).loadConstant(v).invokestatic(vector, "fromArray",
                    MethodTypeDesc.of(vector, GemmEmitter.SPECIES, array, CD_int)).astore(v);
        }
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(p).labelBinding(loop).iload(p).iload(GemmEmitter.K).if_icmpge(end);
        for (int v = first; v < first + sums; v++) {
            code.aload(v).aload(x).aload(y).invokevirtual(vector, "fma",
                    MethodTypeDesc.of(vector, GemmEmitter.ANY_VECTOR, GemmEmitter.ANY_VECTOR)).astore(v);
        }
        code.iinc(p, 1).goto_(loop).labelBinding(end);
        for (int v = first; v < first + sums; v++) {
            code.aload(v).aload(GemmEmitter.A).loadConstant(16 * v)
                    .invokevirtual(vector, "intoArray", MethodTypeDesc.of(CD_void, array, CD_int));
        }
        code.return_();
    }
}
