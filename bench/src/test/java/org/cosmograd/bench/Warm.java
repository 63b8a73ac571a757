package org.cosmograd.bench;

import java.time.Duration;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.kernel.Gemm;
import org.cosmograd.autodiff.kernel.Loops;

/// Brings a loop to its lasting speed before it is measured.
final class Warm {
    private static final int ROUNDS = 4;
    private static final Duration ROUND = Duration.ofMillis(500);

    private Warm() {}

    /// Steps until every kernel that counts as hot runs as its SIMD twin. In several rounds, because a kernel becomes hot by
    /// working.
    static <S, B> void up(Program.Loop<S, B> loop, B batch) {
        Gemm.awaitWarm();
        for (int i = 0; i < ROUNDS; i++) {
            long end = System.nanoTime() + ROUND.toNanos();
            while (System.nanoTime() < end) {
                loop.step(batch);
            }
            if (!Loops.awaitWarm(Duration.ofSeconds(60))) {
                throw new IllegalStateException("benchmark: the kernels were not warm after 60 s; is the machine busy?");
            }
        }
    }
}
