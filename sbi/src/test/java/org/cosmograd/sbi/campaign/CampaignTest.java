package org.cosmograd.sbi.campaign;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CampaignTest {
    private static final Proposal PRIOR = (key, n) -> key.uniform(DType.F64, n, 2);
    private static final BlackBox NOISY = (theta, chance) -> new double[] {theta[0] + chance.normal(), theta[1] * chance.uniform(), chance.normal()};
    private static final Simulator BATCHED = (theta, key) -> theta.add(key.normal(DType.F64, theta.dim(0), 2));

    private static void same(Simulations a, Simulations b) {
        assertArrayEquals(a.theta().toDoubles(), b.theta().toDoubles(), 0);
        assertArrayEquals(a.x().toDoubles(), b.x().toDoubles(), 0);
    }

    @Test
    void sameBitsForAnyNumberOfThreads() {
        int before = Workers.threads();
        try {
            Workers.threads(1);
            Simulations one = Campaign.blackBox(PRIOR, NOISY, 7).shardSize(64).run(200);
            Workers.threads(4);
            same(one, Campaign.blackBox(PRIOR, NOISY, 7).shardSize(64).run(200));
        } finally {
            Workers.threads(before);
        }
    }

    @Test
    void aLongerCampaignBeginsWithTheShorterOne() {
        for (Campaign c : List.of(
                Campaign.blackBox(PRIOR, NOISY, 7).shardSize(64), Campaign.of(PRIOR, BATCHED, 7).shardSize(64))) {
            Simulations all = c.run(150);
            Tensor first = Tensor.iota(100);
            same(c.run(100), new Simulations(all.theta().gather(0, first), all.x().gather(0, first), 0));
        }
    }

    @Test
    void resumesWithTheSameBits(@TempDir Path folder) throws IOException {
        Simulations whole = Campaign.blackBox(PRIOR, NOISY, 7).shardSize(50).run(230);
        AtomicInteger calls = new AtomicInteger();
        BlackBox failing = (theta, chance) -> {
            if (calls.incrementAndGet() > 120) {
                throw new IllegalArgumentException("no more");
            }
            return NOISY.simulate(theta, chance);
        };
        int before = Workers.threads();
        Workers.threads(1);
        try {
            String message = assertThrows(
                            IllegalStateException.class, () -> Campaign.blackBox(PRIOR, failing, 7).shardSize(50).run(230, folder))
                    .getMessage();
            assertTrue(message.startsWith("Campaign.run: simulation 120 failed at parameters ["), message);
            assertTrue(message.endsWith("]: no more; shards 0 to 1 are kept, run again to go on"), message);
        } finally {
            Workers.threads(before);
        }
        AtomicInteger made = new AtomicInteger();
        List<CampaignListener.Progress> told = new ArrayList<>();
        BlackBox counting = (theta, chance) -> {
            made.incrementAndGet();
            return NOISY.simulate(theta, chance);
        };
        Campaign again = Campaign.blackBox(PRIOR, counting, 7).shardSize(50).listener(told::add);
        same(whole, again.run(230, folder));
        assertEquals(130, made.get(), "only what was missing");
        same(whole, again.run(230, folder));
        assertEquals(130, made.get(), "nothing");
        assertEquals(230, told.getLast().done());
        assertEquals(0, told.getLast().secondsLeft(), 0, "nothing is left");
        try (var files = Files.list(folder)) {
            assertEquals(6, files.count(), "five shards and a manifest, no temporary files");
        }
        // growing: the last shard was short, so it is made anew
        assertEquals(300, again.run(300, folder).size());
        assertEquals(130 + 50 + 50, made.get());
    }

    @Test
    void refusesToMix(@TempDir Path folder) {
        Campaign c = Campaign.of(PRIOR, BATCHED, 7).configuration("noise 1");
        c.run(10, folder);
        String where = "Campaign.run: " + folder + " holds simulations with ";
        assertEquals(
                where + "seed 7, this campaign has seed 8; use another folder, or the same seed",
                assertThrows(IllegalStateException.class, () -> Campaign.of(PRIOR, BATCHED, 8).run(10, folder)).getMessage());
        assertEquals(
                where + "shard size 1000, this campaign has shard size 5; use another folder, or the same shard size",
                assertThrows(IllegalStateException.class, () -> c.shardSize(5).run(10, folder)).getMessage());
        assertTrue(assertThrows(IllegalStateException.class, () -> c.configuration("noise 2").run(10, folder))
                .getMessage()
                .startsWith(where + "configuration "));
    }

    @Test
    void damagedShard(@TempDir Path folder) throws IOException {
        Campaign c = Campaign.of(PRIOR, BATCHED, 7);
        c.run(10, folder);
        Path shard = folder.resolve("shard-000000.npz");
        Files.write(shard, new byte[] {1, 2, 3});
        String message = assertThrows(IllegalStateException.class, () -> c.run(10, folder)).getMessage();
        assertTrue(message.startsWith("Campaign.run: " + shard + " is damaged; delete it to simulate it again: "), message);
    }

    @Test
    void failedSimulationsAreCounted() {
        BlackBox some = (theta, chance) -> new double[] {theta[0] < 0.25 ? Double.NaN : theta[0]};
        List<CampaignListener.Progress> told = new ArrayList<>();
        Simulations s = Campaign.blackBox(PRIOR, some, 1).listener(told::add).run(1000);
        assertEquals(1000, s.size() + s.dropped());
        assertTrue(s.dropped() > 200 && s.dropped() < 300);
        assertEquals(s.dropped(), told.getLast().invalid());
        assertEquals(s.dropped() + " of 1000 simulations held NaN or infinity and were dropped", s.message());
        assertEquals(
                "Simulations: all 20 simulations hold NaN or infinity",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Campaign.blackBox(PRIOR, (t, c) -> new double[] {Double.NaN}, 1).run(20))
                        .getMessage());
    }

    @Test
    void errorsAreSentences() {
        assertEquals(
                "Campaign: the simulator made f64[2] of parameters f64[1000, 2]; expected [1000, ...]",
                assertThrows(IllegalStateException.class, () -> Campaign.of(PRIOR, (t, k) -> t.at(0, 0), 1).run(10))
                        .getCause()
                        .getMessage());
        assertEquals(
                "Campaign.run: expected at least 1 simulation, got 0",
                assertThrows(IllegalArgumentException.class, () -> Campaign.of(PRIOR, BATCHED, 1).run(0)).getMessage());
    }

    @Test
    void blackBoxAsSimulator() {
        Key key = Key.of(4);
        Tensor theta = Key.of(5).uniform(DType.F64, 30, 2);
        assertArrayEquals(
                NOISY.batched().simulate(theta, key).toDoubles(), NOISY.batched().simulate(theta, key).toDoubles(), 0);
    }
}
