package org.cosmograd.autodiff.kernel;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/// Tells whether a SIMD kernel runs as the machine code of the optimising compiler, and goes on looking at those that did.
///
/// In that code vectors are registers. In every other state of a kernel they are objects: while it is interpreted, in code of the first
/// compiler, and where the optimising compiler left one out. So what tells is whether the kernel's work makes objects; a clock does not,
/// because the methods of the Vector API, compiled one by one, can be nearly as fast as a short kernel.
///
/// HotSpot discards machine code whose assumptions fail: a class was loaded, a branch taken that never was before. A kernel that is called
/// a few times in a step would not be compiled again for minutes. Such a kernel gives its place to its plain twin until it is warm again.
final class CodeWatch {
    private CodeWatch() {}

    /// A kernel that runs as machine code.
    interface Kernel {
        /// Works on scratch data, through every branch.
        void probe();

        /// Called when the kernel is no longer machine code.
        void cooled();
    }

    private static final int TRIES = 3;
    /// Room for a few vectors.
    private static final long FEW_BYTES = 2048;
    /// Calls after which the optimising compiler has had its turn.
    private static final int MANY_CALLS = 60_000;
    /// How many times a kernel should be emitted once more because it is flawed.
    static final int ATTEMPTS = 4;
    /// Nanoseconds to the first look at a kernel; every further look comes after twice the time.
    private static final long FIRST_PAUSE = 20_000_000;

    private static final long LONGEST_PAUSE = 4_000_000_000L;

    private static final List<Watched> ALL = new ArrayList<>();
    private static boolean started;

    private static final class Watched {
        final Kernel kernel;
        final Runnable probe;
        long pause = FIRST_PAUSE;
        long due = System.nanoTime() + FIRST_PAUSE;

        Watched(Kernel kernel) {
            this.kernel = kernel;
            this.probe = kernel::probe;
        }
    }

    /// What a thread has allocated; asked for in the background only, as its first use loads many classes.
    private static final class Allocated {
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        static long bytes() {
            return THREADS.getCurrentThreadAllocatedBytes();
        }
    }

    /// What a kernel runs as.
    enum State {
        /// Not as the optimising compiler's code.
        COLD,
        /// As machine code, in which a vector is an object here and there: it depends on the order in which the compiler inlines, and mostly
        /// does not happen again when the kernel is emitted once more.
        FLAWED,
        /// As machine code.
        SOUND
    }

    /// What a kernel runs as whose `work`, of a few hundred vector operations, is done on this thread.
    ///
    /// @param fast whether the kernel takes no longer than machine code would
    /// @param calls how many times it has been called
    static State state(boolean fast, int calls, Runnable work) {
        if (!fast) {
            return State.COLD;
        }
        long bytes = bytes(work);
        return bytes == 0 ? State.SOUND : bytes <= FEW_BYTES || calls > MANY_CALLS ? State.FLAWED : State.COLD;
    }

    private static long bytes(Runnable work) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < TRIES && least > 0; i++) { // the first may make arrays that a thread keeps
            long before = Allocated.bytes();
            work.run();
            least = Math.min(least, Allocated.bytes() - before);
        }
        return least;
    }

    /// Looks at a kernel from now on, until it has cooled.
    static void add(Kernel kernel) {
        synchronized (ALL) {
            ALL.add(new Watched(kernel));
            if (!started) {
                started = true;
                Thread.ofPlatform().name("cosmograd-code-watch").daemon().start(CodeWatch::work);
            }
            ALL.notifyAll();
        }
    }

    private static void work() {
        try {
            while (true) {
                Watched next = next();
                if (bytes(next.probe) == 0) {
                    next.pause = Math.min(LONGEST_PAUSE, 2 * next.pause);
                    next.due = System.nanoTime() + next.pause;
                } else {
                    remove(next);
                    next.kernel.cooled();
                }
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /// The kernel to look at, as soon as it is time.
    private static Watched next() throws InterruptedException {
        synchronized (ALL) {
            while (true) {
                if (ALL.isEmpty()) {
                    ALL.wait();
                    continue;
                }
                Watched next = ALL.getFirst();
                for (int i = 1; i < ALL.size(); i++) { // without an iterator, so that nothing is allocated
                    next = ALL.get(i).due - next.due < 0 ? ALL.get(i) : next;
                }
                long nanos = next.due - System.nanoTime();
                if (nanos <= 0) {
                    return next;
                }
                ALL.wait(nanos / 1_000_000 + 1);
            }
        }
    }

    /// What made one kernel cool may have made others.
    private static void remove(Watched cooled) {
        synchronized (ALL) {
            ALL.remove(cooled);
            for (Watched w : ALL) {
                w.pause = FIRST_PAUSE;
                w.due = System.nanoTime();
            }
        }
    }
}
