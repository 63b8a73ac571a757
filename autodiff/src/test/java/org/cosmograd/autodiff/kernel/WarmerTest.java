package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.cosmograd.autodiff.DType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WarmerTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static volatile Object kept = new Object();

    @BeforeEach
    void vectors() {
        assumeTrue(Loops.SIMD);
    }

    private static void make(int objects) {
        for (int i = 0; i < objects; i++) {
            kept = new float[16];
        }
    }

    /// A kernel that makes as many objects as it is told.
    private static final class Sample implements Warmer.Kernel<Object> {
        final AtomicInteger emitted = new AtomicInteger();
        /// Forms that are flawed before one is not.
        final int flawed;
        volatile int objects;
        volatile boolean fails;
        /// Whether the first form is never compiled.
        volatile boolean forgotten;

        Sample(int flawed) {
            this.flawed = flawed;
        }

        @Override
        public Optional<Object> emit() {
            emitted.incrementAndGet();
            if (fails) {
                throw new LinkageError("a kernel that cannot be emitted");
            }
            return Optional.of(new Object());
        }

        @Override
        public void idle(Object form) {}

        @Override
        public void real(Object form) {
            make(emitted.get() <= flawed ? 1 : objects);
        }

        @Override
        public void timed(Object form) {
            if (forgotten && emitted.get() == 1) {
                LockSupport.parkNanos(2_000_000);
            }
        }

        @Override
        public long fastNanos() {
            return 1_000_000;
        }

        @Override
        public long urgency() {
            return 1;
        }
    }

    private static void until(BooleanSupplier condition, String what) throws InterruptedException {
        long end = System.nanoTime() + LONG.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, what);
            Thread.sleep(1);
        }
    }

    private static Twins<Object> wanted(Sample kernel) {
        Twins<Object> twins = new Twins<>("plain", kernel);
        assertSame("plain", twins.now());
        twins.want();
        twins.want();
        return twins;
    }

    @Test
    void objectsTellTheState() {
        assertEquals(CodeState.SOUND, CodeState.of(0, () -> {}));
        assertEquals(CodeState.FLAWED, CodeState.of(0, () -> make(1)));
        assertEquals(CodeState.COLD, CodeState.of(0, () -> make(300)));
        assertEquals(CodeState.FLAWED, CodeState.of(1_000_000, () -> make(300)), "no compiler will do better");
        boolean[] first = {true};
        assertEquals(CodeState.SOUND, CodeState.of(0, () -> {
            make(first[0] ? 1 : 0);
            first[0] = false;
        }), "an array that is made once and kept");
    }

    @Test
    void aSoundKernelTakesItsPlaceOnce() {
        Sample kernel = new Sample(0);
        Twins<Object> twins = wanted(kernel);
        assertTrue(Warmer.await(LONG));
        assertTrue(twins.isSimd());
        assertEquals(1, kernel.emitted.get());
    }

    @Test
    void aFlawedKernelIsEmittedOnceMore() {
        Sample kernel = new Sample(2);
        Twins<Object> twins = wanted(kernel);
        assertTrue(Warmer.await(LONG));
        assertTrue(twins.isSimd());
        assertEquals(3, kernel.emitted.get());
    }

    /// It is not slow. But later forms may be sound, and then take its place.
    @Test
    void aKernelFlawedManyTimesIsTakenAndTriedAgainLater() throws InterruptedException {
        Sample kernel = new Sample(Warmer.ATTEMPTS + 1);
        Twins<Object> twins = wanted(kernel);
        until(twins::isSimd, "a flawed kernel is taken");
        assertEquals(Warmer.ATTEMPTS + 1, kernel.emitted.get());
        Object flawed = twins.now();
        until(() -> twins.now() != flawed, "a sound form takes the place of a flawed one");
        assertEquals(Warmer.ATTEMPTS + 2, kernel.emitted.get());
        assertTrue(twins.isSimd());
    }

    /// HotSpot has discarded its code: it leaves its place, and comes back when there is new code.
    @Test
    void aKernelThatHasCooledIsWithdrawnAndComesBack() throws InterruptedException {
        Sample kernel = new Sample(0);
        Twins<Object> twins = wanted(kernel);
        until(twins::isSimd, "the kernel is in its place");
        Object form = twins.now();
        kernel.objects = 300;
        until(() -> !twins.isSimd(), "the kernel is withdrawn");
        assertFalse(Warmer.await(Duration.ofMillis(1)), "the kernel is on its way");
        kernel.objects = 0;
        assertTrue(Warmer.await(LONG));
        assertSame(form, twins.now());
        assertEquals(1, kernel.emitted.get());
    }

    @Test
    void aKernelThatHotSpotForgetsIsEmittedOnceMore() {
        Sample kernel = new Sample(0);
        kernel.forgotten = true;
        Twins<Object> twins = wanted(kernel);
        assertFalse(Warmer.await(Duration.ofMillis(20)), "the kernel is cold");
        assertTrue(Warmer.await(LONG));
        assertTrue(twins.isSimd());
        assertEquals(2, kernel.emitted.get());
    }

    @Test
    void aKernelThatCannotBeEmittedStaysPlainAndOthersGoOn() {
        Sample failing = new Sample(0);
        failing.fails = true;
        Twins<Object> plain = wanted(failing);
        Twins<Object> other = wanted(new Sample(0));
        assertTrue(Warmer.await(LONG));
        assertSame("plain", plain.now());
        assertEquals(1, failing.emitted.get());
        assertNotSame("plain", other.now());
    }

    @Test
    void aSingleElementKeepsItsBitsWhenItsKernelIsWarm() {
        LoopSpec spec = new LoopSpec(List.of(new LoopSpec.Source(DType.F32, LoopSpec.Access.UNIT)),
                List.of(new LoopSpec.Instruction(LoopTwinsTest.F.EXP, DType.F32, List.of(0, 0, 0)), new LoopSpec.Instruction(LoopTwinsTest.F.FMA, DType.F32, List.of(1, 0, 1))),
                List.of(new LoopSpec.Sink(2, LoopSpec.Access.UNIT, LoopSpec.Mode.STORE)));
        Loops.Tiered kernel = (Loops.Tiered) Loops.kernel(spec, 1, 1);
        float[] x = {0.3f};
        float[] y = {0};
        Object[] arrays = {x, y};
        int[] geometry = {0, 0, 1, 0, 0, 1};
        kernel.run(arrays, geometry, 0, 1, 1);
        float cold = y[0];
        assertFalse(kernel.isSimd());
        for (int i = 0; i < Loops.HOT / 64; i++) {
            kernel.run(arrays, geometry, 0, 1, 1);
        }
        assertTrue(WarmUp.await(LONG));
        assertTrue(kernel.isSimd());
        y[0] = 0;
        kernel.run(arrays, geometry, 0, 1, 1);
        assertEquals(cold, y[0], 0f);
        assertTrue(cold > 1);
    }
}
