package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;

/// Matrix products `A B` of `[m, k]` and `[k, n]`: square ones, and the skinny ones of small networks.
final class ProductCases {
    private static final int RUNS = 30;

    private ProductCases() {}

    static List<Case> all() {
        List<Case> all = new ArrayList<>();
        for (DType dtype : List.of(DType.F32, DType.F64)) {
            for (int n = 256; n <= 2048; n *= 2) {
                all.add(product(dtype, n, n, n));
            }
        }
        all.add(product(DType.F32, 200, 50, 50));
        all.add(product(DType.F32, 4096, 64, 64));
        all.add(product(DType.F32, 64, 4096, 64));
        return all;
    }

    private static Case product(DType dtype, int m, int k, int n) {
        String name = (dtype == DType.F32 ? "sgemm_" : "dgemm_") + m + "x" + k + "x" + n;
        String about = "matrix product [%d, %d] x [%d, %d], %s precision".formatted(m, k, k, n, dtype == DType.F32 ? "single" : "double");
        return Case.of(name, about, RUNS, Expressions.of(v -> v.get(0).matmul(v.get(1)), () -> List.of(normal(1, dtype, m, k), normal(2, dtype, k, n))))
                .flop(2.0 * m * k * n);
    }
}
