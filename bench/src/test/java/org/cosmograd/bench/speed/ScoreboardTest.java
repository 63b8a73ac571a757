package org.cosmograd.bench.speed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.cosmograd.bench.speed.Goal.Measure;
import org.cosmograd.bench.speed.Goal.Verdict;
import org.junit.jupiter.api.Test;

class ScoreboardTest {
    private static final Case STEP = Case.of("mlp_step", "a step", 1, () -> () -> {});

    private static Timing timing(String who, String name, int threads, double best, double bytes) {
        return new Timing(who, name, threads, 2 * best, best, Map.of(Timing.BYTES, bytes));
    }

    @Test
    void bestAgainstBest() {
        Scoreboard board = new Scoreboard(List.of(STEP), List.of(1, 2));
        board.add(timing("cosmograd-1", "mlp_step", 1, 0.5, 0));
        board.add(timing("cosmograd-1", "mlp_step", 1, 0.25, 16));
        board.add(timing("torch-2", "mlp_step", 1, 1.5, 0));
        board.add(timing("torch-2", "mlp_step", 1, 1.25, 0));
        board.add(timing("jax-3", "mlp_step", 1, 0.3, 0));
        assertEquals(List.of("mlp_step", "1", "0.2500", "0.5000", "", "0", "1.250", "5.00 ·", "6 (4)", "0.3000", "1.20 ✗", "2 (1.3)"),
                board.caseTable().rows().getFirst());
        assertTrue(board.json().startsWith("{\"peer\":\"cosmograd-1\",\"case\":\"mlp_step\",\"threads\":1,\"ms\":0.5,\"min_ms\":0.25,"
                + "\"bytes_allocated\":0,\"ratio_torch\":5.0,\"ratio_jax\":1.2}\n{\"peer\":\"torch-2\""), board.json());
        assertEquals(List.of(List.of("bytes allocated by a run at most, *_step", "", "0 ✓", "0 (0)")), board.figureTable().rows());
    }

    @Test
    void meanAndScaling() {
        List<Case> cases = new ArrayList<>();
        for (String name : List.of("conv_a", "conv_b", "rfftn_128")) {
            cases.add(Case.of(name, "work", 1, () -> () -> {}));
        }
        Scoreboard board = new Scoreboard(cases, List.of(1, 2));
        for (Case c : cases) {
            board.add(timing("cosmograd-1", c.name(), 1, 1, 0));
            board.add(timing("cosmograd-1", c.name(), 2, 0.55, 0));
        }
        board.add(timing("torch-2", "conv_a", 1, 0.5, 0));
        board.add(timing("torch-2", "conv_b", 1, 2, 0));
        assertEquals(
                List.of(
                        List.of("geometric mean of the ratios to PyTorch, conv_*", "1", "1.00 ·", "1.2 (0.9)"),
                        List.of("one thread to two, rfftn_128", "2", "1.82 ·", "1.9 (1.7)")),
                board.figureTable().rows());
    }

    @Test
    void verdicts() {
        Goal more = new Goal("a", Measure.TORCH, 0, 1, 0.9);
        assertEquals(List.of(Verdict.REACHED, Verdict.REACHED, Verdict.ACCEPTABLE, Verdict.BELOW),
                List.of(more.verdict(1.1), more.verdict(0.996), more.verdict(0.9), more.verdict(0.89)));
        Goal less = new Goal("a", Measure.NANOS, 0, 12, 18);
        assertEquals(List.of(Verdict.REACHED, Verdict.ACCEPTABLE, Verdict.BELOW), List.of(less.verdict(12), less.verdict(18), less.verdict(18.1)));
        assertEquals(Optional.empty(), Goal.of("cnn_step", Measure.TORCH, 1));
        assertEquals(1.5, Goal.of("cnn_step", Measure.TORCH, 2).orElseThrow().goal());
    }

    @Test
    void theNearestNameBeginsAlike() {
        assertEquals(0, Cases.distance("mlp", "mlp_step"));
        assertEquals(1, Cases.distance("mpl_step", "mp_step"));
        assertEquals(1, Cases.distance("sgem_200", "sgemm_200x50x50"));
    }

    @Test
    void linesOfOthers() {
        String line = "{\"peer\": \"jax-0.1\", \"case\": \"chain_1M\", \"ms\": 0.5, \"min_ms\": 0.4, \"compile_s\": 0.04}";
        assertEquals(Optional.of(new Timing("jax-0.1", "chain_1M", 2, 0.5, 0.4, Map.of())), Timing.parse(line, 2));
        assertEquals(Optional.empty(), Timing.parse("warning: something", 2));
        assertEquals(Optional.empty(), Timing.parse("{\"case\": \"chain_1M\"}", 2));
    }
}
