package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.List;
import java.util.function.Function;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Gather and scatter-add at random places: single numbers (`1M` is 2²⁰ of them) and rows of 64 (`64K` is 2¹⁶ of them).
final class IndexCases {
    private static final int RUNS = 30;
    private static final int MILLION = 1 << 20;
    private static final int PLACES = 1 << 16;
    private static final int ROW = 64;

    private IndexCases() {}

    static List<Case> all() {
        return List.of(
                index("gather_1M", "2²⁰ numbers from random places among as many", v -> v.get(0).gather(0, v.get(1)), MILLION, MILLION, MILLION),
                index("scatter_add_1M", "2²⁰ numbers added at random places among 2¹⁶", v -> v.get(0).scatterAdd(v.get(1), PLACES), PLACES, MILLION, MILLION),
                index("gather_rows_64Kx64", "2¹⁶ rows of 64 from random places among as many", v -> v.get(0).gather(0, v.get(1)), PLACES, PLACES, PLACES, ROW),
                index("scatter_add_rows_64Kx64", "2¹⁶ rows of 64 added at random places among as many", v -> v.get(0).scatterAdd(v.get(1), PLACES),
                        PLACES, PLACES, PLACES, ROW));
    }

    private static Case index(String name, String about, Function<List<Tensor>, Tensor> f, int bound, int count, int... dims) {
        return Case.of(name, about, RUNS, Expressions.of(f, () -> List.of(normal(1, dims), Expressions.evaluated(Key.of(2).integers(bound, count)))));
    }
}
