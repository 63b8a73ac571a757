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
    record Name(Kind kind, int radix, int leg) {}

    private static final int FACTORS = 1024;
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
    /// Scratch of all loops, never read for what is in it.
    private Object scratch = new float[0];

    private volatile int cooled;

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
        VectorClasses.initialise();
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

    /// How many times a loop that was machine code is no longer.
    int cooled() {
        return cooled;
    }

    private synchronized void again(Warming loop) {
        cooled++;
        waiting.add(loop);
        notifyAll();
    }

    /// Room for so many elements.
    private void reserve(int length) {
        if (doubles) {
            scratch = scratch instanceof double[] d && d.length >= length ? d : new double[length];
        } else {
            scratch = scratch instanceof float[] f && f.length >= length ? f : new float[length];
        }
    }

    /// A SIMD loop and how far it has come.
    final class Warming implements CodeWatch.Kernel {
        private final Name name;
        private long deadline = System.nanoTime() + GIVE_UP_NANOS;
        private volatile CountDownLatch end = new CountDownLatch(1);
        private Optional<FftLoop> loop = Optional.empty();
        private int half;
        private int calls;
        private int attempts;
        private volatile boolean fast;

        private Warming(Name name) {
            this.name = name;
        }

        boolean isReady() {
            return fast;
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
                half = lanes * (2 * name.leg * Math.max(name.radix, lanes) + 128);
                reserve(2 * half + FACTORS);
                return new FftEmitter(doubles, VectorWidth.bits(), name.kind, name.radix, name.leg).emit();
            });
            loop = Optional.of(l);
            int more = calls == 0 ? FIRST_CALLS : MORE_CALLS;
            for (int i = 0; i < more; i++) {
                run(l, i % IDLE == 0 ? 2 : -1);
            }
            calls += more;
            CodeWatch.State state = CodeWatch.state(calls > 5000 && isFast(l), calls, this::probe);
            if (state == CodeWatch.State.FLAWED && attempts < CodeWatch.ATTEMPTS) {
                attempts++;
                calls = 0;
                loop = Optional.empty();
            } else if (state != CodeWatch.State.COLD) {
                fast = true;
                if (state == CodeWatch.State.SOUND) {
                    CodeWatch.add(this);
                }
                end.countDown();
            } else if (System.nanoTime() > deadline) {
                end.countDown();
            }
        }

        @Override
        public void probe() {
            loop.ifPresent(l -> run(l, 2));
        }

        @Override
        public void cooled() {
            fast = false;
            end = new CountDownLatch(1);
            deadline = System.nanoTime() + GIVE_UP_NANOS;
            again(this);
        }

        private boolean isFast(FftLoop l) {
            long best = Long.MAX_VALUE;
            for (int i = 0; i < 4; i++) {
                long start = System.nanoTime();
                run(l, PROBE);
                best = Math.min(best, System.nanoTime() - start);
            }
            int written = name.kind == Kind.TRANSPOSE ? lanes : 2 * Math.max(2, name.radix) * (name.kind == Kind.MIDDLE ? 2 : 1);
            return best < COLD_NANOS * PROBE * written / 4;
        }

        private void run(FftLoop l, int outer) {
            boolean mirrored = name.kind == Kind.UNPACK || name.kind == Kind.PACK;
            int distance = mirrored ? 2 * outer * lanes : lanes;
            int blocks = 2 * lanes;
            l.run(scratch, 0, lanes, name.kind == Kind.MIDDLE ? lanes : 2 * lanes, name.kind == Kind.MIDDLE ? blocks : distance, scratch, half,
                    half + lanes, 2 * lanes, distance, scratch, 2 * half, outer, lanes);
        }
    }
}
