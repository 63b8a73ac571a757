package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated
class WorkersTest {
    private final int threads = Workers.threads();

    @AfterEach
    void restore() {
        Workers.threads(threads);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void everyChunkRunsOnce(int count) {
        Workers.threads(count);
        for (int chunks : new int[] {0, 1, 2, 3, 17, 1000}) {
            for (int repeat = 0; repeat < 200; repeat++) {
                AtomicIntegerArray runs = new AtomicIntegerArray(chunks);
                Workers.run(chunks, runs::incrementAndGet);
                for (int i = 0; i < chunks; i++) {
                    assertEquals(1, runs.get(i));
                }
            }
        }
    }

    @Test
    void everyThreadHasTheSameChunksAgain() throws InterruptedException {
        Workers.threads(3);
        Thread[] first = new Thread[3];
        for (int repeat = 0; repeat < 50; repeat++) {
            CountDownLatch all = new CountDownLatch(3);
            Thread[] now = new Thread[3];
            Workers.run(3, chunk -> {
                now[chunk] = Thread.currentThread();
                all.countDown();
                await(all);
            });
            assertSame(Thread.currentThread(), now[0]);
            if (repeat == 0) {
                System.arraycopy(now, 0, first, 0, 3);
            }
            assertArrayEquals(first, now);
        }
    }

    @Test
    void chunksOfADelayedThreadAreTakenOver() {
        Workers.threads(2);
        for (int repeat = 0; repeat < 50; repeat++) {
            CountDownLatch others = new CountDownLatch(9);
            Workers.run(10, chunk -> {
                if (chunk == 5) {
                    await(others);
                } else {
                    others.countDown();
                }
            });
            assertEquals(0, others.getCount());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void parkedWorkersWakeUp() throws InterruptedException {
        Workers.threads(3);
        for (int repeat = 0; repeat < 20; repeat++) {
            AtomicInteger runs = new AtomicInteger();
            Workers.run(50, chunk -> runs.incrementAndGet());
            assertEquals(50, runs.get());
            Thread.sleep(3);
        }
    }

    @Test
    void idleWorkersTakeNoTime() throws InterruptedException {
        Workers.threads(3);
        for (int repeat = 0; repeat < 100; repeat++) {
            Workers.run(50, chunk -> {});
        }
        Thread.sleep(50);
        long before = processorNanos();
        Thread.sleep(100);
        long idle = processorNanos() - before;
        assertTrue(idle < 2_000_000, "idle workers took " + idle + " ns");
    }

    private static long processorNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(t -> t != null && t.getThreadName().startsWith("cosmograd-worker"))
                .mapToLong(t -> threads.getThreadCpuTime(t.getThreadId()))
                .sum();
    }

    @Test
    void workersWaitLessAndLessForRunsThatDoNotCome() {
        long patience = Workers.MOST_PATIENCE_NANOS;
        for (int i = 0; i < 20; i++) {
            long next = Workers.patience(patience, false);
            assertTrue(next < patience || next == Workers.LEAST_PATIENCE_NANOS);
            patience = next;
        }
        assertEquals(Workers.LEAST_PATIENCE_NANOS, patience);
        assertEquals(Workers.MOST_PATIENCE_NANOS, Workers.patience(patience, true));
    }

    @Test
    void starvedWorkersAreHelpedLessAndLessOftenWhereItDoesNotHelp() {
        long calm = Workers.calm(Long.MAX_VALUE, 0);
        assertEquals(Workers.LEAST_CALM_NANOS, calm);
        for (int i = 0; i < 20; i++) {
            long next = Workers.calm(calm, calm);
            assertTrue(next > calm || next == Workers.MOST_CALM_NANOS);
            calm = next;
        }
        assertEquals(Workers.MOST_CALM_NANOS, calm);
        assertEquals(Workers.LEAST_CALM_NANOS, Workers.calm(3 * Workers.MOST_CALM_NANOS, calm));
    }

    @Test
    void nestedRunsAreInline() {
        Workers.threads(3);
        AtomicInteger inner = new AtomicInteger();
        Workers.run(10, chunk -> {
            Thread mine = Thread.currentThread();
            Workers.run(10, nested -> {
                assertSame(mine, Thread.currentThread());
                inner.incrementAndGet();
            });
        });
        assertEquals(100, inner.get());
    }

    @Test
    void severalCallersAtATime() throws InterruptedException {
        Workers.threads(3);
        AtomicInteger runs = new AtomicInteger();
        Thread[] callers = new Thread[4];
        for (int i = 0; i < callers.length; i++) {
            callers[i] = Thread.ofPlatform().start(() -> {
                for (int repeat = 0; repeat < 1000; repeat++) {
                    Workers.run(7, chunk -> runs.incrementAndGet());
                }
            });
        }
        for (Thread caller : callers) {
            caller.join();
        }
        assertEquals(4 * 1000 * 7, runs.get());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void exceptionsReachTheCaller(int count) {
        Workers.threads(count);
        IllegalStateException thrown = new IllegalStateException("chunk 5");
        for (int repeat = 0; repeat < 100; repeat++) {
            assertSame(thrown, assertThrows(IllegalStateException.class, () -> Workers.run(20, chunk -> {
                if (chunk == 5) {
                    throw thrown;
                }
            })));
            AtomicInteger runs = new AtomicInteger();
            Workers.run(20, chunk -> runs.incrementAndGet());
            assertEquals(20, runs.get());
        }
    }

    @Test
    void aWrongNumberOfThreadsIsRefused() {
        assertEquals("threads: expected 1 to 256, got 0",
                assertThrows(IllegalArgumentException.class, () -> Workers.threads(0)).getMessage());
    }
}
