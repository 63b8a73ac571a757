package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.jspecify.annotations.Nullable;

/// Calls of the SIMD twin of a loop on scratch data.
final class LoopTrial implements Warmer.Kernel<LoopKernel> {
    /// Length of a real call, in vectors.
    private static final int REAL_VECTORS = 24;

    /// Slower than this per vector and operation means: not compiled yet.
    private static final double COLD_NANOS = 30;

    private static final int PROBE_VECTORS = 6;

    private static final int RARE_VECTORS = 9;
    /// Numbers that after most functions still are among those that [Lanes#rarely] is for.
    private static final double[] RARE = {1e30, -1e30, -1e-30, 1e-30, 0.75};

    private final LoopSpec spec;
    private final LongSupplier work;
    private @Nullable Operands operands;

    /// @param work plain work done so far
    LoopTrial(LoopSpec spec, LongSupplier work) {
        this.spec = spec;
        this.work = work;
    }

    @Override
    public Optional<LoopKernel> emit() {
        boolean single = spec.length() == 1 && spec.depth() == 1;
        return single ? Optional.of(LoopEmitter.scalar(spec.ofLength(0))) : LoopEmitter.simd(spec);
    }

    @Override
    public void idle(LoopKernel kernel) {
        Operands o = operands();
        kernel.run(o.arrays, o.geometry, 0, 0, 0);
    }

    /// Two rows, long enough that the compiler unrolls; then a rest of a row, an empty row, and elements that take the way
    /// around by [Lanes#rarely].
    @Override
    public void real(LoopKernel kernel) {
        Operands o = operands();
        if (spec.length() > 0) {
            kernel.run(o.arrays, o.atRare, 0, 1, spec.length());
            kernel.run(o.arrays, o.geometry, 0, REAL_VECTORS, spec.length());
            kernel.run(o.arrays, o.geometry, 0, 1, spec.length());
            return;
        }
        kernel.run(o.arrays, o.geometry, 0, 2, REAL_VECTORS * o.lanes + 3);
        kernel.run(o.arrays, o.geometry, 0, 1, 3);
        kernel.run(o.arrays, o.geometry, 0, 1, 0);
        kernel.run(o.arrays, o.atRare, 0, 1, (RARE_VECTORS - 1) * o.lanes + 3);
        kernel.run(o.arrays, o.atRare, 0, 1, (RARE_VECTORS - 2) * o.lanes + 3);
    }

    @Override
    public void timed(LoopKernel kernel) {
        Operands o = operands();
        int length = spec.length();
        if (length > 0) {
            kernel.run(o.arrays, o.geometry, 0, Math.max(1, PROBE_VECTORS / ((length + o.lanes - 1) / o.lanes)), length);
        } else {
            kernel.run(o.arrays, o.geometry, 0, 1, PROBE_VECTORS * o.lanes);
        }
    }

    @Override
    public long fastNanos() {
        return (long) (250 + COLD_NANOS * PROBE_VECTORS * operands().operations / 4);
    }

    @Override
    public long urgency() {
        return work.getAsLong();
    }

    @Override
    public String toString() {
        return spec.toString();
    }

    private Operands operands() {
        if (operands == null) {
            operands = new Operands(spec);
        }
        return operands;
    }

    private static final class Operands {
        final int operations;
        final int lanes;
        final Object[] arrays;
        final int[] geometry;
        final int[] atRare;

        Operands(LoopSpec spec) {
            this.operations = LoopEmitter.operations(spec);
            DType type = spec.type(spec.sinks().getFirst().value());
            this.lanes = Simd.bits() / (8 * type.bytes());
            int room = (REAL_VECTORS + 1) * lanes;
            int all = room + RARE_VECTORS * lanes + Storage.ROOM;
            int operands = spec.sources().size() + spec.sinks().size();
            int tables = spec.indexed().size();
            this.arrays = new Object[operands + tables];
            this.geometry = new int[3 * (operands + tables)];
            for (int t = operands; t < operands + tables; t++) {
                arrays[t] = new int[REAL_VECTORS + 1];
            }
            for (int k = 0; k < operands; k++) {
                boolean source = k < spec.sources().size();
                Access access = source ? spec.sources().get(k).access() : spec.sinks().get(k - spec.sources().size()).access();
                int step = access == Access.STRIDED ? 2 : 1;
                if (type == DType.F32) {
                    float[] a = new float[step * all];
                    Arrays.fill(a, 0.75f);
                    for (int i = step * room; i < a.length; i++) {
                        a[i] = (float) RARE[i / step % RARE.length];
                    }
                    arrays[k] = a;
                } else {
                    double[] a = new double[step * all];
                    Arrays.fill(a, 0.75);
                    for (int i = step * room; i < a.length; i++) {
                        a[i] = RARE[i / step % RARE.length];
                    }
                    arrays[k] = a;
                }
                geometry[3 * k + 2] = access == Access.SPLAT ? 0 : step;
            }
            this.atRare = geometry.clone();
            for (int k = 0; k < operands; k++) {
                atRare[3 * k] = Math.max(1, geometry[3 * k + 2]) * room;
            }
        }
    }
}
