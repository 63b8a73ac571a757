package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CodeWatchTest {
    private static volatile Object kept = new Object();

    private static void make(int objects) {
        for (int i = 0; i < objects; i++) {
            kept = new float[16];
        }
    }

    @Test
    void objectsTellTheState() {
        assertEquals(CodeWatch.State.SOUND, CodeWatch.state(true, 0, () -> {}));
        assertEquals(CodeWatch.State.FLAWED, CodeWatch.state(true, 0, () -> make(1)));
        assertEquals(CodeWatch.State.COLD, CodeWatch.state(true, 0, () -> make(300)));
        assertEquals(CodeWatch.State.COLD, CodeWatch.state(false, 1_000_000, () -> {}));
        assertEquals(CodeWatch.State.FLAWED, CodeWatch.state(true, 1_000_000, () -> make(300)), "no compiler will do better");
        boolean[] first = {true};
        assertEquals(CodeWatch.State.SOUND, CodeWatch.state(true, 0, () -> {
            make(first[0] ? 1 : 0);
            first[0] = false;
        }), "an array that is made once and kept");
    }

    /// A kernel that begins to make objects is told so, and looked at no more.
    @Test
    void discardedCodeIsNoticed() throws InterruptedException {
        CountDownLatch looks = new CountDownLatch(2);
        CountDownLatch cooled = new CountDownLatch(1);
        CodeWatch.add(new CodeWatch.Kernel() {
            @Override
            public void probe() {
                looks.countDown();
                make(looks.getCount() == 0 ? 300 : 0);
            }

            @Override
            public void cooled() {
                cooled.countDown();
            }
        });
        assertTrue(cooled.await(30, TimeUnit.SECONDS));
    }
}
