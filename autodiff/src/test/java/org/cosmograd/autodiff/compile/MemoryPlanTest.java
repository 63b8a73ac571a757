package org.cosmograd.autodiff.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.compile.Schedule.Buffer;
import org.cosmograd.autodiff.compile.Schedule.Kind;
import org.cosmograd.autodiff.compile.Schedule.Reuse;
import org.cosmograd.autodiff.compile.Schedule.Step;
import org.junit.jupiter.api.Test;

/// Places in memory: nobody alive shares one, and little is wasted.
class MemoryPlanTest {

    /// Steps that each write one buffer and read up to three earlier ones.
    private static void random(Random r, int count, int largest, List<Buffer> buffers, List<Step> steps) {
        for (int s = 0; s < count; s++) {
            Set<Integer> reads = new HashSet<>();
            for (int k = 0; k < 3 && s > 0; k++) {
                reads.add(Math.max(0, s - 1 - (int) Math.floor(Math.pow(r.nextDouble(), 3) * s)));
            }
            DType type = r.nextInt(4) == 0 ? DType.F64 : DType.F32;
            buffers.add(new Buffer(Kind.INSIDE, type, 1 + r.nextInt(largest), s));
            int self = s;
            List<Reuse> reuses = reads.stream()
                    .filter(b -> buffers.get(b).length() == buffers.get(self).length() && buffers.get(b).dtype() == type)
                    .map(b -> new Reuse(b, self))
                    .toList();
            steps.add(new Step(() -> {
                throw new AssertionError();
            }, List.copyOf(reads), List.of(s), List.of(), 0, 0, reuses));
        }
    }

    private static void checkNobodyIsOverwritten(List<Buffer> buffers, List<Step> steps, MemoryPlan plan) {
        int[] last = new int[buffers.size()];
        for (int s = 0; s < steps.size(); s++) {
            for (int b : steps.get(s).reads()) {
                last[b] = s;
            }
        }
        List<Integer> alive = new ArrayList<>();
        for (int s = 0; s < steps.size(); s++) {
            int step = s;
            int made = steps.get(s).writes().getFirst();
            for (int b : alive) {
                boolean apart = plan.slab(b) != plan.slab(made)
                        || plan.place(b) + buffers.get(b).length() <= plan.place(made)
                        || plan.place(made) + buffers.get(made).length() <= plan.place(b);
                boolean inPlace = last[b] == s && steps.get(s).reuses().contains(new Reuse(b, made)) && plan.place(b) == plan.place(made);
                assertTrue(apart || inPlace, "step " + s + ": buffer " + made + " lies on buffer " + b);
            }
            alive.add(made);
            alive.removeIf(b -> last[b] <= step);
            MemoryPlan.Slab slab = plan.slabs().get(plan.slab(made));
            assertEquals(buffers.get(made).dtype(), slab.dtype());
            assertTrue(plan.place(made) + buffers.get(made).length() <= slab.length());
        }
    }

    @Test
    void livingBuffersAreApart() {
        for (int seed = 0; seed < 200; seed++) {
            List<Buffer> buffers = new ArrayList<>();
            List<Step> steps = new ArrayList<>();
            random(new Random(seed), 1 + seed, seed % 3 == 0 ? 3 : 5000, buffers, steps);
            MemoryPlan plan = new MemoryPlan(buffers, steps);
            checkNobodyIsOverwritten(buffers, steps, plan);
            assertTrue(plan.bytes() >= plan.lowest(), "a bound is a bound");
        }
    }

    @Test
    void littleIsWasted() {
        double ratios = 0;
        for (int seed = 0; seed < 40; seed++) {
            List<Buffer> buffers = new ArrayList<>();
            List<Step> steps = new ArrayList<>();
            random(new Random(seed), 150, 100_000, buffers, steps);
            MemoryPlan plan = new MemoryPlan(buffers, steps);
            ratios += (double) plan.bytes() / plan.lowest() / 40;
        }
        assertTrue(ratios < 1.06, "memory is " + ratios + " times the least");
    }

    @Test
    void whatIsTooLargeForOneSlabGoesIntoSeveral() {
        for (int seed = 0; seed < 50; seed++) {
            List<Buffer> buffers = new ArrayList<>();
            List<Step> steps = new ArrayList<>();
            random(new Random(seed), 80, 5000, buffers, steps);
            MemoryPlan plan = new MemoryPlan(buffers, steps, 6000);
            checkNobodyIsOverwritten(buffers, steps, plan);
            assertTrue(plan.slabs().size() > 2, "slabs: " + plan.slabs());
            plan.slabs().forEach(s -> assertTrue(s.length() <= 6000, s.toString()));
        }
    }

    @Test
    void aChainRunsInPlace() {
        Tensor x = Key.of(1).normal(DType.F32, 100, 100);
        // sums along the first axis end loops, so each link is a step of its own
        Program<Tensor, Tensor> p = Program.of(
                (Tensor t) -> {
                    Tensor y = t;
                    for (int i = 0; i < 5; i++) {
                        y = y.sub(y.sum(0));
                    }
                    return y.matmul(t);
                },
                x);
        assertTrue(p.explain().contains("memory 47.3 kB"), p.explain());
    }

    record Training(List<Tensor> weights, Tensor loss) {}

    /// Layers of a network, and the gradient of a loss.
    private static Training step(Training s, Tensor x) {
        Tensor h = x;
        for (Tensor w : s.weights()) {
            Tensor z = h.matmul(w);
            h = z.mul(z.tanh()).tanh();
        }
        Tensor loss = h.square().mean();
        List<Tensor> g = Gradient.of(loss, s.weights());
        List<Tensor> next = new ArrayList<>();
        for (int i = 0; i < g.size(); i++) {
            next.add(s.weights().get(i).sub(g.get(i).mul(0.1)));
        }
        return new Training(next, loss);
    }

    @Test
    void stepsAreOrderedForLittleMemory() {
        List<Tensor> all = new ArrayList<>();
        Tensor x = Key.of(1).normal(DType.F32, 64, 32);
        List<Tensor> sums = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            sums.add(x.mul(i).matmul(x.transpose()));
        }
        // as written, all ten products come first
        for (Tensor s : sums) {
            all.add(s.matmul(x).sum());
        }
        Tensor total = all.getFirst();
        for (int i = 1; i < 10; i++) {
            total = total.add(all.get(i));
        }
        Schedule schedule = new Schedule(new Graph(List.of(total), Graph.DataMode.INPUT), true);
        assertTrue(schedule.memory().bytes() < 3 * 64 * 64 * 4, "bytes: " + schedule.memory().bytes());
    }

    @Test
    void aLimitIsKeptWithTheSameBits() {
        List<Tensor> weights = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            weights.add(Key.of(i).normal(DType.F32, 20, 20).mul(0.3));
        }
        Training start = new Training(weights, Tensor.zeros(DType.F32));
        Tensor x = Key.of(9).normal(DType.F32, 200, 20);
        Program.Binary<Training, Tensor, Training> plain = Program.of(MemoryPlanTest::step, start, x);
        Training expected = plain.run(start, x);
        long all = bytes(plain.explain());
        for (double part : new double[] {0.9, 0.7}) {
            long limit = (long) (part * all);
            Program.Binary<Training, Tensor, Training> lean =
                    Program.of(MemoryPlanTest::step, start, x, Program.Options.DEFAULT.withMemory(limit));
            assertTrue(bytes(lean.explain()) <= limit, lean.explain());
            Training got = lean.run(start, x);
            assertEquals(expected.loss().item(), got.loss().item());
            for (int i = 0; i < weights.size(); i++) {
                assertArrayEquals(expected.weights().get(i).toFloats(), got.weights().get(i).toFloats());
            }
        }
    }

    @Test
    void aLimitThatCannotBeKept() {
        Tensor x = Key.of(9).normal(DType.F32, 300, 100);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> Program.of((Tensor t) -> t.matmul(t.transpose()).sum(0), x, Program.Options.DEFAULT.withMemory(1000)));
        assertEquals(
                "program: its steps need 379.2 kB of memory even if all that is cheap is computed again, the limit is 1.0 kB; raise the"
                        + " limit or make the arguments smaller",
                e.getMessage());
    }

    @Test
    void equalStructuresShareOneSchedule() {
        Tensor x = Key.of(1).normal(DType.F32, 7, 5);
        List<Compiler> all = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Tensor data = Tensor.of(i + 1f, 2f, 3f, 4f, 5f);
            all.add(new Compiler(List.of(x.mul(data).sum(1)), Long.MAX_VALUE));
        }
        assertSame(all.get(0).schedule(), all.get(1).schedule());
        Program<Tensor, Tensor> one = Program.of((Tensor t) -> t.mul(Tensor.of(1f, 2f)).exp(), Tensor.of(0f, 0f));
        Program<Tensor, Tensor> two = Program.of((Tensor t) -> t.mul(Tensor.of(3f, 4f)).exp(), Tensor.of(0f, 0f));
        assertArrayEquals(Tensor.of(1f, 2f).exp().toFloats(), one.run(Tensor.of(1f, 1f)).toFloats(), "each has its own constants");
        assertArrayEquals(Tensor.of(3f, 4f).exp().toFloats(), two.run(Tensor.of(1f, 1f)).toFloats(), "each has its own constants");
    }

    private static long bytes(String listing) {
        String number = listing.replaceAll("(?s).*memory ([0-9.]+) kB.*", "$1");
        return Math.round(Double.parseDouble(number) * 1e3);
    }
}
