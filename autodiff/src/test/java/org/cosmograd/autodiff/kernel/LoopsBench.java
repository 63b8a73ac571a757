package org.cosmograd.autodiff.kernel;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Instruction;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;
import org.cosmograd.autodiff.kernel.LoopSpec.Sink;
import org.cosmograd.autodiff.kernel.LoopSpec.Source;

/// Throughput and warm-up of emitted loops:
/// `java --add-modules jdk.incubator.vector -cp … org.cosmograd.autodiff.kernel.LoopsBench`
final class LoopsBench {
    private LoopsBench() {}

    private enum Body implements ElementFunction {
        ADD, EXP, EXPM1, LOG, LOG1P, SIN, TANH, ERF, LOGISTIC, SOFTPLUS, CHAIN_8, GAUSS_TANH, FMA_5, FMA_20, FMA_60;

        @Override
        public Lane value(Lanes l, List<Lane> v) {
            Lane x = v.getFirst();
            return switch (this) {
                case ADD -> l.add(x, v.get(1));
                case EXP -> Elementary.exp(l, x);
                case EXPM1 -> Elementary.expm1(l, x);
                case LOG -> Elementary.log(l, x);
                case LOG1P -> Elementary.log1p(l, x);
                case SIN -> Elementary.sin(l, x);
                case TANH -> Elementary.tanh(l, x);
                case ERF -> Elementary.erf(l, x);
                case LOGISTIC -> Elementary.logistic(l, x);
                case SOFTPLUS -> Elementary.softplus(l, x);
                // eight simple operations on two operands
                case CHAIN_8 -> {
                    Lane y = l.add(l.mul(x, v.get(1)), x);
                    y = l.sub(l.mul(y, y), v.get(1));
                    y = l.max(l.mul(y, l.constant(0.5)), l.constant(0));
                    yield l.add(y, x);
                }
                case GAUSS_TANH -> l.add(l.mul(x, Elementary.exp(l, l.neg(l.mul(x, x)))), Elementary.tanh(l, x));
                case FMA_5 -> fma(l, x, 5);
                case FMA_20 -> fma(l, x, 20);
                case FMA_60 -> fma(l, x, 60);
            };
        }

        private static Lane fma(Lanes l, Lane x, int count) {
            Lane y = x;
            for (int i = 0; i < count; i++) {
                y = l.fma(y, x, l.constant(0.1 + 0.01 * i));
            }
            return y;
        }
    }

    private static LoopSpec spec(Body body, DType type, Mode mode) {
        return new LoopSpec(
                List.of(new Source(type, Access.UNIT), new Source(type, Access.UNIT)),
                List.of(new Instruction(body, type, List.of(0, 1))),
                List.of(new Sink(2, mode == Mode.ROW_SUM ? Access.SPLAT : Access.UNIT, mode)));
    }

    private static Object array(DType type, int size) {
        float[] f = new float[size + Storage.ROOM];
        double[] d = new double[size + Storage.ROOM];
        for (int i = 0; i < size; i++) {
            d[i] = 0.02 + 3 * Math.abs(Math.sin(i));
            f[i] = (float) d[i];
        }
        return type == DType.F32 ? f : d;
    }

    private static double nanosPerElement(LoopKernel kernel, Object[] arrays, int[] geometry, int n) {
        double best = Double.MAX_VALUE;
        int repeats = Math.max(1, 1_000_000 / n);
        for (int t = 0; t < 15; t++) {
            long start = System.nanoTime();
            for (int r = 0; r < repeats; r++) {
                kernel.run(arrays, geometry, 0, 1, n);
            }
            best = Math.min(best, (System.nanoTime() - start) / ((double) repeats * n));
        }
        return best;
    }

    public static void main(String[] arguments) {
        int million = 1 << 20;
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        System.out.println("kernel                    ops   ns/element: 4096      1M     100      10   bytes allocated in 1000 calls   ms to warm");
        for (DType type : List.of(DType.F32, DType.F64)) {
            int phase = type == DType.F32 ? 12 : 6;
            int[] geometry = {phase, 0, 1, phase, 0, 1, phase, 0, 1};
            for (Mode mode : List.of(Mode.STORE, Mode.ROW_SUM)) {
                Object[] arrays = {array(type, million + 64), array(type, million + 64), array(type, million + 64)};
                for (Body body : Body.values()) {
                    if (mode == Mode.ROW_SUM && body != Body.EXP && body != Body.ADD) {
                        continue;
                    }
                    LoopSpec spec = spec(body, type, mode);
                    LoopKernel kernel = Loops.kernel(spec);
                    long start = System.nanoTime();
                    while (!((Loops.Tiered) kernel).isSimd() && System.nanoTime() - start < 20e9) {
                        kernel.run(arrays, geometry, 0, 1, 65536);
                        WarmUp.await(Duration.ofSeconds(20));
                    }
                    double warm = (System.nanoTime() - start) / 1e6;
                    List<String> rates = new ArrayList<>();
                    for (int n : new int[] {4096, million, 100, 10}) {
                        rates.add("%.3f".formatted(nanosPerElement(kernel, arrays, geometry, n)));
                    }
                    long bytes = threads.getCurrentThreadAllocatedBytes();
                    for (int i = 0; i < 1000; i++) {
                        kernel.run(arrays, geometry, 0, 1, 100 + i % 32);
                    }
                    bytes = threads.getCurrentThreadAllocatedBytes() - bytes;
                    System.out.printf("%-24s %4d          %7s %7s %7s %7s %24d %20.0f%n", body + " " + type + " " + mode,
                            LoopEmitter.operations(spec), rates.get(0), rates.get(1), rates.get(2), rates.get(3), bytes, warm);
                }
            }
        }
    }
}
