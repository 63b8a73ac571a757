package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;

/// One background thread that brings the loops of [GemmTiles] to machine code, in the order in which they were first wanted.
///
/// While HotSpot compiles one loop the thread calls the next.
final class GemmWarmer {
    private static final System.Logger LOG = System.getLogger("org.cosmograd.autodiff");
    private static final int AT_A_TIME = 3;
    private static final long GIVE_UP_NANOS = 30_000_000_000L;

    private static final List<GemmTiles.Tiered> WAITING = new ArrayList<>();
    private static boolean started;
    private static boolean busy;

    private GemmWarmer() {}

    static void submit(GemmTiles.Tiered loop) {
        synchronized (WAITING) {
            if (!WAITING.contains(loop)) {
                WAITING.add(loop);
            }
            if (!started) {
                started = true;
                Thread.ofPlatform().daemon().name("cosmograd-matmul-warmer").priority(Thread.NORM_PRIORITY - 1).start(GemmWarmer::work);
            }
            WAITING.notifyAll();
        }
    }

    /// Returns when no loop is wanted that is not compiled.
    static void await() throws InterruptedException {
        synchronized (WAITING) {
            while (busy || !WAITING.isEmpty()) {
                WAITING.wait();
            }
        }
    }

    private static void work() {
        VectorClasses.initialise();
        List<GemmTiles.Tiered> cold = new ArrayList<>();
        long progress = System.nanoTime();
        try {
            while (true) {
                synchronized (WAITING) {
                    while (cold.isEmpty() && WAITING.isEmpty()) {
                        busy = false;
                        WAITING.notifyAll();
                        WAITING.wait();
                        progress = System.nanoTime();
                    }
                    busy = true;
                    while (cold.size() < AT_A_TIME && !WAITING.isEmpty()) {
                        cold.add(WAITING.removeFirst());
                    }
                }
                if (cold.removeIf(GemmWarmer::warm)) {
                    progress = System.nanoTime();
                } else if (System.nanoTime() - progress > GIVE_UP_NANOS) {
                    LOG.log(System.Logger.Level.WARNING, "cosmograd: matrix products stay slow, HotSpot does not compile " + cold);
                    cold.clear();
                }
                // The compilers need the core, too.
                Thread.sleep(1);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean warm(GemmTiles.Tiered loop) {
        try {
            return loop.warm();
        } catch (Throwable failed) {
            LOG.log(System.Logger.Level.WARNING, "cosmograd: matrix products stay slow, a kernel failed: " + loop, failed);
            return true;
        }
    }
}
