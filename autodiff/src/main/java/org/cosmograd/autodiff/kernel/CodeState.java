package org.cosmograd.autodiff.kernel;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// What a SIMD kernel runs as.
///
/// In the code of the optimising compiler vectors are registers. In every other state of a kernel they are objects: while it is
/// interpreted, in code of the first compiler, and where the optimising compiler left one out. So what tells is whether the kernel's work
/// makes objects; a clock does not, because the methods of the Vector API, compiled one by one, can be nearly as fast as a short kernel.
enum CodeState {
    /// Not as the optimising compiler's code.
    COLD,
    /// As machine code, in which a vector is an object here and there: it depends on the order in which the compiler inlines, and mostly
    /// does not happen again when the kernel is emitted once more.
    FLAWED,
    /// As machine code.
    SOUND;

    private static final int TRIES = 3;
    /// Room for a few vectors.
    private static final long FEW_BYTES = 2048;
    /// Calls after which the optimising compiler has had its turn.
    private static final int MANY_CALLS = 250_000;

    /// What a thread has allocated; asked for in the background only, as its first use loads many classes.
    private static final class Allocated {
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        static long bytes() {
            return THREADS.getCurrentThreadAllocatedBytes();
        }
    }

    /// The state of a fast kernel whose `work`, of a few hundred vector operations, is done on this thread.
    ///
    /// @param calls how many times it has been called
    static CodeState of(int calls, Runnable work) {
        long bytes = bytes(work);
        return bytes == 0 ? SOUND : bytes <= FEW_BYTES || calls > MANY_CALLS ? FLAWED : COLD;
    }

    /// The bytes of objects that the work makes each time. Allocates nothing itself.
    static long bytes(Runnable work) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < TRIES && least > 0; i++) { // the first may make arrays that a thread keeps
            long before = Allocated.bytes();
            work.run();
            least = Math.min(least, Allocated.bytes() - before);
        }
        return least;
    }
}
