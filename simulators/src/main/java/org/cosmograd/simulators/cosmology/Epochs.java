package org.cosmograd.simulators.cosmology;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;

/// Moments in the history of the universe, by `u = ln(1+z) = −ln a`, with the functions of them that `E` needs.
record Epochs(Constant log, Constant redshifted, Constant squared, Constant cubed, Constant fourth, Constant oneMinusA, Constant a) {
    static Epochs of(double[] u) {
        return new Epochs(
                Constant.of(u),
                map(u, Math::exp),
                map(u, x -> Math.exp(2 * x)),
                map(u, x -> Math.exp(3 * x)),
                map(u, x -> Math.exp(4 * x)),
                map(u, x -> -Math.expm1(-x)),
                map(u, x -> Math.exp(-x)));
    }

    private static Constant map(double[] u, DoubleUnaryOperator f) {
        return Constant.of(DoubleStream.of(u).map(f).toArray());
    }
}
