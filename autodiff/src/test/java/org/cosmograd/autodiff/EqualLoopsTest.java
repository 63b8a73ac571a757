package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.Test;

/// Loops that do the same to different tensors are one step, and nothing but the listing and the clock tell.
class EqualLoopsTest {
    private static final int[] LENGTHS = {1, 5, 64, 40_007, 7, 300_000, 8193, 0};

    record State(List<Tensor> p, List<Tensor> m, List<Tensor> v, Tensor t) {}

    private static State start(DType type) {
        List<Tensor> p = new ArrayList<>();
        for (int i = 0; i < LENGTHS.length; i++) {
            Tensor x = Key.of(i).normal(DType.F32, LENGTHS[i]);
            p.add(type == DType.F32 ? Tensor.of(x.shape(), x.toFloats()) : Tensor.of(x.shape(), x.toDoubles()));
        }
        List<Tensor> zero = p.stream().map(x -> Tensor.zeros(x.type())).toList();
        return new State(p, zero, zero, Tensor.zeros(type));
    }

    /// Adam on gradients that are simple functions of the parameters.
    private static State adam(State s, Tensor scale) {
        Tensor t = s.t.add(1);
        Tensor rate = t.mul(Math.log(0.9)).exp().neg().add(1).reciprocal().mul(-1e-3);
        Tensor wide = t.mul(Math.log(0.999)).exp().neg().add(1).reciprocal();
        List<Tensor> p = new ArrayList<>();
        List<Tensor> m = new ArrayList<>();
        List<Tensor> v = new ArrayList<>();
        for (int i = 0; i < s.p.size(); i++) {
            Tensor g = s.p.get(i).sub(scale);
            m.add(s.m.get(i).mul(0.9).add(g.mul(0.1)));
            v.add(s.v.get(i).mul(0.999).add(g.square().mul(0.001)));
            p.add(s.p.get(i).add(m.get(i).mul(rate).div(v.get(i).mul(wide).sqrt().add(1e-8))));
        }
        return new State(p, m, v, t);
    }

    private static List<String> lines(String listing) {
        return listing.lines().filter(l -> l.contains(" for ") && l.contains(" tensors ")).toList();
    }

    @Test
    void allParametersAreUpdatedInOneStep() {
        int threads = Workers.threads();
        try {
            for (DType type : List.of(DType.F32, DType.F64)) {
                Tensor scale = Tensor.full(0.5, type);
                State plain = start(type);
                for (int i = 0; i < 3; i++) {
                    plain = Tree.map(adam(plain, scale), x -> type == DType.F32 ? Tensor.of(x.shape(), x.toFloats()) : Tensor.of(x.shape(), x.toDoubles()));
                }
                for (int n = 1; n <= 3; n++) {
                    Workers.threads(n);
                    Program.Loop<State, Tensor> loop = Program.loop(EqualLoopsTest::adam, start(type), scale);
                    for (int i = 0; i < 3; i++) {
                        loop.step(scale);
                    }
                    String listing = loop.explain();
                    assertEquals(1, lines(listing).size(), listing);
                    assertTrue(lines(listing).getFirst().contains(" for 7 tensors "), listing);
                    List<Tensor> expected = Tree.leaves(plain);
                    List<Tensor> actual = Tree.leaves(loop.state());
                    for (int k = 0; k < expected.size(); k++) {
                        assertArrayEquals(expected.get(k).toDoubles(), actual.get(k).toDoubles(), "tensor " + k);
                    }
                }
            }
        } finally {
            Workers.threads(threads);
        }
    }

    @Test
    void loopsWaitForWhatTheyUse() {
        Tensor x = start(DType.F32).p.get(3);
        // equal loops, each after the one before
        var chain = Program.of((Tensor a) -> {
            Tensor b = a;
            for (int i = 0; i < 4; i++) {
                b = b.mul(a).add(b.sum());
            }
            return b;
        }, x);
        assertEquals(List.of(), lines(chain.explain()), chain.explain());
        // what both halves read is overwritten by neither
        var both = Program.of((Tensor a) -> {
            Tensor b = a.exp().cumSum(0);
            List<Tensor> out = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Tensor c = a.slice(0, i, i + 1).reshape().mul(b).add(b.square());
                out.add(c.cumSum(0).sum());
            }
            return out;
        }, x);
        List<Tensor> actual = both.run(x);
        Tensor b = x.exp().cumSum(0);
        for (int i = 0; i < 3; i++) {
            Tensor c = x.slice(0, i, i + 1).reshape().mul(b).add(b.square());
            assertArrayEquals(c.cumSum(0).sum().toFloats(), actual.get(i).toFloats());
        }
    }

    @Test
    void memoryHardlyGrows() {
        Tensor x = start(DType.F32).p.get(5);
        var program = Program.of((Tensor a) -> {
            Tensor total = Tensor.zeros(DType.F32);
            for (int i = 0; i < 8; i++) {
                Tensor w = a.slice(0, i, i + 200_000).cumSum(0);
                total = total.add(w.mul(w.sum()).exp().cumSum(0).sum());
            }
            return total;
        }, x);
        String text = program.explain().strip();
        assertTrue(text.contains("; memory 1.6 MB") || text.contains("; memory 800"), text);
    }

    @Test
    void replayAllocatesNothing() {
        Tensor scale = Tensor.full(0.5, DType.F32);
        Program.Loop<State, Tensor> loop = Program.loop(EqualLoopsTest::adam, start(DType.F32), scale);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        long end = System.nanoTime() + 60_000_000_000L;
        while (least > 0 && System.nanoTime() < end) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 200; i++) {
                loop.step(scale);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least, "bytes in 200 steps");
    }
}
