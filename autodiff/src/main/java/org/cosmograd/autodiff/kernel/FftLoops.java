package org.cosmograd.autodiff.kernel;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.cosmograd.autodiff.kernel.FftEmitter.Kind;

/// The loops of one element type.
///
/// [Warmer] brings SIMD loops to machine code; transforms keep to scalar loops until all loops they need are. Both give the same bits.
final class FftLoops {
    /// A loop by what it does.
    record Name(Kind kind, int radix, int leg) {}

    private static final int FACTORS = 1024;
    private static final int PROBE = 16;
    /// More than this per vector that is written means: not compiled yet.
    private static final long COLD_NANOS = 60;

    private static final FftLoops FLOATS = new FftLoops(false);
    private static final FftLoops DOUBLES = new FftLoops(true);

    private final boolean doubles;
    /// Lanes of a vector; 0 where there are none.
    final int lanes;
    private final Map<Name, FftLoop> scalar = new HashMap<>();
    private final Map<Name, Loop> simd = new HashMap<>();
    /// Scratch of all loops, never read for what is in it.
    private Object scratch = new float[0];

    private FftLoops(boolean doubles) {
        this.doubles = doubles;
        this.lanes = VectorWidth.bits() < 128 ? 0 : VectorWidth.bits() / (doubles ? 64 : 32);
    }

    static FftLoops of(boolean doubles) {
        return doubles ? DOUBLES : FLOATS;
    }

    /// The scalar loop.
    synchronized FftLoop scalar(Name name) {
        Name any = new Name(name.kind, name.radix, 0);
        return scalar.computeIfAbsent(any, n -> new FftEmitter(doubles, 0, n.kind, n.radix, 0).emit());
    }

    /// A loop in both forms, the SIMD one on its way; to be asked for only where there are vectors.
    synchronized Twins<FftLoop> twins(Name name) {
        Twins<FftLoop> twins = simd.computeIfAbsent(name, Loop::new).twins;
        twins.want();
        return twins;
    }

    /// Room for so many elements.
    private void reserve(int length) {
        if (doubles) {
            scratch = scratch instanceof double[] d && d.length >= length ? d : new double[length];
        } else {
            scratch = scratch instanceof float[] f && f.length >= length ? f : new float[length];
        }
    }

    /// A loop that becomes faster.
    private final class Loop implements Warmer.Kernel<FftLoop> {
        private final Name name;
        private final int half;
        private final Twins<FftLoop> twins;

        Loop(Name name) {
            this.name = name;
            this.half = lanes * (2 * name.leg * Math.max(name.radix, lanes) + 128);
            this.twins = new Twins<>(scalar(name), this);
        }

        @Override
        public Optional<FftLoop> emit() {
            reserve(2 * half + FACTORS);
            return Optional.of(new FftEmitter(doubles, VectorWidth.bits(), name.kind, name.radix, name.leg).emit());
        }

        @Override
        public void idle(FftLoop l) {
            run(l, -1);
        }

        @Override
        public void real(FftLoop l) {
            run(l, 2);
        }

        @Override
        public void timed(FftLoop l) {
            run(l, PROBE);
        }

        @Override
        public long fastNanos() {
            int written = name.kind == Kind.TRANSPOSE ? lanes : 2 * Math.max(2, name.radix) * (name.kind == Kind.MIDDLE ? 2 : 1);
            return COLD_NANOS * PROBE * written / 4;
        }

        /// Programs with transforms spend much of their time in them, which needs all loops.
        @Override
        public long urgency() {
            return Loops.HOT * 1000;
        }

        private void run(FftLoop l, int outer) {
            boolean mirrored = name.kind == Kind.UNPACK || name.kind == Kind.PACK;
            int distance = mirrored ? 2 * outer * lanes : lanes;
            int blocks = 2 * lanes;
            l.run(scratch, 0, lanes, name.kind == Kind.MIDDLE ? lanes : 2 * lanes, name.kind == Kind.MIDDLE ? blocks : distance, scratch, half,
                    half + lanes, 2 * lanes, distance, scratch, 2 * half, outer, lanes);
        }

        @Override
        public String toString() {
            return "Fourier transform's loop " + name + (doubles ? " f64" : " f32");
        }
    }
}
