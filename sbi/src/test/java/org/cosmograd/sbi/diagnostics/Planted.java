package org.cosmograd.sbi.diagnostics;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Philox;

/// Posteriors of two parameters with a known error, around a random centre for each pair.
///
/// The right posterior is a Gaussian with correlation 0.8, or for [#DROPPED_MODE] an even mixture of two at ±2.
enum Planted {
    NONE, SHIFT, TOO_NARROW, TOO_WIDE, WRONG_CORRELATION, TWO_MODES, DROPPED_MODE;

    private static final double RHO = 0.8;

    /// Pairs: truths `[n, 2]`, draws `[n, L, 2]`, and their log-probabilities under the claimed posterior, `[n]` and `[n, L]`.
    record Pairs(Tensor truth, Tensor draws, Tensor logTruth, Tensor logDraws) {}

    Pairs pairs(int n, int l, long seed) {
        Philox chance = Key.of(seed).stream();
        double[] truth = new double[2 * n];
        double[] draws = new double[2 * n * l];
        double[] logTruth = new double[n];
        double[] logDraws = new double[n * l];
        for (int i = 0; i < n; i++) {
            double a = 3 * chance.normal();
            double b = 3 * chance.normal();
            double[] t = right(chance);
            truth[2 * i] = a + t[0];
            truth[2 * i + 1] = b + t[1];
            logTruth[i] = logClaimed(t);
            for (int j = 0; j < l; j++) {
                double[] s = claimed(chance);
                draws[2 * (i * l + j)] = a + s[0];
                draws[2 * (i * l + j) + 1] = b + s[1];
                logDraws[i * l + j] = logClaimed(s);
            }
        }
        return new Pairs(
                Tensor.of(Shape.of(n, 2), truth), Tensor.of(Shape.of(n, l, 2), draws), Tensor.of(logTruth),
                Tensor.of(Shape.of(n, l), logDraws));
    }

    /// Draws of one posterior, right or claimed, `[n, 2]`.
    Tensor draws(boolean claimed, int n, long seed) {
        Philox chance = Key.of(seed).stream();
        double[] out = new double[2 * n];
        for (int i = 0; i < n; i++) {
            double[] s = claimed ? claimed(chance) : right(chance);
            out[2 * i] = s[0];
            out[2 * i + 1] = s[1];
        }
        return Tensor.of(Shape.of(n, 2), out);
    }

    private boolean modes() {
        return this == TWO_MODES || this == DROPPED_MODE;
    }

    private double[] right(Philox chance) {
        double[] s = gaussian(chance, RHO);
        double side = chance.uniform() < 0.5 ? -2 : 2;
        return modes() ? new double[] {s[0] + side, s[1]} : s;
    }

    private double[] claimed(Philox chance) {
        double scale = this == TOO_NARROW ? 0.75 : this == TOO_WIDE ? 1.35 : 1;
        double shift = this == SHIFT ? 0.35 : 0;
        double[] s = gaussian(chance, this == WRONG_CORRELATION ? 0 : RHO);
        double side = chance.uniform() < 0.5 && this == TWO_MODES ? -2 : modes() ? 2 : 0;
        return new double[] {side + shift + scale * s[0], shift + scale * s[1]};
    }

    private double logClaimed(double[] s) {
        double scale = this == TOO_NARROW ? 0.75 : this == TOO_WIDE ? 1.35 : 1;
        double shift = this == SHIFT ? 0.35 : 0;
        double rho = this == WRONG_CORRELATION ? 0 : RHO;
        double y = (s[1] - shift) / scale;
        double low = logGaussian((s[0] + 2 - shift) / scale, y, rho);
        double high = logGaussian((s[0] - 2 - shift) / scale, y, rho);
        return switch (this) {
            case TWO_MODES -> Math.log(Math.exp(low) + Math.exp(high) + 1e-300);
            case DROPPED_MODE -> high;
            default -> logGaussian((s[0] - shift) / scale, y, rho);
        };
    }

    private static double logGaussian(double x, double y, double rho) {
        return -(x * x - 2 * rho * x * y + y * y) / (2 * (1 - rho * rho));
    }

    private static double[] gaussian(Philox chance, double rho) {
        double a = chance.normal();
        double b = chance.normal();
        return new double[] {a, rho * a + Math.sqrt(1 - rho * rho) * b};
    }
}
