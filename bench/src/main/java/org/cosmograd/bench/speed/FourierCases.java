package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.List;
import java.util.stream.Stream;
import org.cosmograd.autodiff.Fourier;
import org.cosmograd.autodiff.Spectrum;
import org.cosmograd.autodiff.Tensor;

/// Real Fourier transforms: of a cube, back, and of 64 maps. `GFLOP/s` counts `2.5 N log₂ N`.
final class FourierCases {
    private static final int RUNS = 10;
    private static final int RUNS_OF_MAPS = 20;

    private FourierCases() {}

    static List<Case> all() {
        return Stream.concat(
                        Stream.concat(Stream.of(64, 128, 256).map(FourierCases::cube), Stream.of(64, 128, 256).map(FourierCases::back)),
                        Stream.of(Case.of("rfft2_64x128x128", "real Fourier transforms of 64 maps of 128 x 128", RUNS_OF_MAPS,
                                        Expressions.of(v -> Fourier.rfft(v.getFirst(), 2).planes(), () -> List.of(normal(1, 64, 128, 128))))
                                .flop(64 * flop(128 * 128))))
                .toList();
    }

    private static Case cube(int n) {
        return Case.of("rfftn_" + n, "real Fourier transform of a cube of %d³".formatted(n), RUNS,
                        Expressions.of(v -> Fourier.rfft(v.getFirst(), 3).planes(), () -> List.of(normal(1, n, n, n))))
                .flop(flop((long) n * n * n));
    }

    private static Case back(int n) {
        return Case.of("irfftn_" + n, "real field of %d³ of a half spectrum".formatted(n), RUNS, Expressions.of(
                        v -> new Spectrum(v.getFirst(), 3, n).inverse(),
                        () -> List.of(spectrum(n))))
                .flop(flop((long) n * n * n));
    }

    private static Tensor spectrum(int n) {
        return Expressions.evaluated(Fourier.rfft(normal(1, n, n, n), 3).planes());
    }

    private static double flop(long elements) {
        return 2.5 * elements * Math.log(elements) / Math.log(2);
    }
}
