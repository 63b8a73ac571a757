package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.cosmograd.autodiff.kernel.FftEmitter.Kind;

/// The loops of one element type, and their way from bytecode to machine code.
///
/// A vector operation costs microseconds until C2 has compiled the loop around it, so a daemon thread warms SIMD loops on scratch data;
/// transforms keep to scalar loops until all loops they need are fast. Both give the same bits.
final class FftLoops {
    /// A loop by what it does.
    record Name(Kind kind, int radix) {}

    private static final int SCRATCH = 1 << 14;
    private static final int FIRST_CALLS = 320;
    private static final int MORE_CALLS = 2048;
    private static final int IDLE = 16;
    private static final int PROBE = 16;
    /// More than this per vector that is written means: not compiled yet.
    private static final long COLD_NANOS = 60;
    private static final long GIVE_UP_NANOS = 60_000_000_000L;

    private static final FftLoops FLOATS = new FftLoops(false);
    private static final FftLoops DOUBLES = new FftLoops(true);

    private final boolean doubles;
    /// Lanes of a vector; 0 where there are none.
    final int lanes;
    private final Map<Name, FftLoop> scalar = new HashMap<>();
    private final Map<Name, Warming> simd = new HashMap<>();
    private final List<Warming> waiting = new ArrayList<>();
    private boolean started;

    private FftLoops(boolean doubles) {
        this.doubles = doubles;
        this.lanes = VectorWidth.bits() < 128 ? 0 : VectorWidth.bits() / (doubles ? 64 : 32);
    }

    static FftLoops of(boolean doubles) {
        return doubles ? DOUBLES : FLOATS;
    }

    /// The scalar loop.
    synchronized FftLoop scalar(Name name) {
        Name same = name.kind == Kind.FIRST ? new Name(Kind.MIDDLE, name.radix) : name;
        return scalar.computeIfAbsent(same, n -> new FftEmitter(doubles, 0, n.kind, n.radix).emit());
    }

    /// The SIMD loop on its way; to be asked for only where there are vectors.
    synchronized Warming simd(Name name) {
        Warming known = simd.get(name);
        if (known == null) {
            known = new Warming(name);
            simd.put(name, known);
            waiting.add(known);
            if (!started) {
                started = true;
                Thread.ofPlatform().daemon().name("cosmograd-fft-warm-up-" + (doubles ? "f64" : "f32")).start(this::warm);
            }
            notifyAll();
        }
        return known;
    }

    private void warm() {
        try {
            List<Warming> cold = new ArrayList<>();
            while (true) {
                synchronized (this) {
                    while (waiting.isEmpty() && cold.isEmpty()) {
                        wait();
                    }
                    cold.addAll(waiting);
                    waiting.clear();
                }
                for (Warming w : cold) {
                    w.turn();
                }
                cold.removeIf(Warming::over);
                // The compilers need the core, too.
                Thread.sleep(1);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /// A SIMD loop and how far it has come.
    final class Warming {
        private final Name name;
        private final long deadline = System.nanoTime() + GIVE_UP_NANOS;
        private final CountDownLatch end = new CountDownLatch(1);
        private Optional<FftLoop> loop = Optional.empty();
        private Object scratch = new float[0];
        private int calls;
        private volatile boolean fast;

        private Warming(Name name) {
            this.name = name;
        }

        /// The loop, once it is fast.
        Optional<FftLoop> ready() {
            return fast ? loop : Optional.empty();
        }

        /// Returns when the loop is fast, or has been given up.
        void await() throws InterruptedException {
            end.await();
        }

        private boolean over() {
            return end.getCount() == 0;
        }

        /// C2 asks for 5000 invocations and does not care what they did, so most do nothing. The others are spread among them.
        private void turn() {
            FftLoop l = loop.orElseGet(() -> {
                scratch = doubles ? new double[SCRATCH] : new float[SCRATCH];
                return new FftEmitter(doubles, VectorWidth.bits(), name.kind, name.radix).emit();
            });
            loop = Optional.of(l);
            int more = calls == 0 ? FIRST_CALLS : MORE_CALLS;
            for (int i = 0; i < more; i++) {
                run(l, i % IDLE == 0 ? 2 : -1, 3);
            }
            calls += more;
            if (calls > 5000 && isFast(l)) {
                fast = true;
                scratch = new float[0];
                end.countDown();
            } else if (System.nanoTime() > deadline) {
                end.countDown();
            }
        }

        private boolean isFast(FftLoop l) {
            long best = Long.MAX_VALUE;
            for (int i = 0; i < 4; i++) {
                long start = System.nanoTime();
                run(l, PROBE, 2);
                best = Math.min(best, System.nanoTime() - start);
            }
            int written = name.kind == Kind.TRANSPOSE ? lanes : 2 * Math.max(2, name.radix) * (name.kind == Kind.MIDDLE ? 2 : 1);
            return best < COLD_NANOS * PROBE * written / 4;
        }

        private void run(FftLoop l, int outer, int vectors) {
            int half = SCRATCH / 2;
            int leg = name.kind == Kind.UNPACK || name.kind == Kind.PACK ? 2 * outer * lanes : lanes;
            l.run(scratch, 0, 16, lanes, leg, scratch, half, half + 16, lanes, leg, scratch, 2 * half - 1024, outer,
                    name.kind == Kind.MIDDLE ? vectors * lanes : lanes);
        }
    }
}
