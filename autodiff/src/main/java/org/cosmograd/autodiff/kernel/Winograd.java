package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// Winograd's minimal filter `F(2, 3)`: two neighbouring places of a convolution with three taps in four multiplications instead of six.
///
///     y = Aᵀ [(G w) ∘ (Bᵀ x)]       x of 4 elements, w of 3, y of 2
///
/// Source: Winograd, Arithmetic Complexity of Computations (1980); Lavin and Gray 2016, arXiv:1509.09308, section 4.1. The sums over
/// channels and over the other axes of the kernel are taken between the transformations, as matrix products. Applied along one axis
/// only, with these coefficients, it rounds about as direct summation does: the transformations hold one or two additions each.
final class Winograd {
    private Winograd() {}

    /// Places that are computed together.
    static final int PLACES = 2;
    /// Taps.
    static final int TAPS = 3;
    /// Products.
    static final int POINTS = PLACES + TAPS - 1;

    /// `Bᵀ`
    private static final double[][] INPUT = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
    /// `Aᵀ`
    private static final double[][] OUTPUT = {{1, 1, 1, 0}, {0, 1, -1, -1}};

    /// Fewer channels than this on either side leave too little between the transformations.
    private static final int LEAST_CHANNELS = 16;

    /// Whether a convolution, or its gradient with respect to its input, is computed this way: decided by sizes alone.
    static boolean applies(ConvShape s, List<ConvPass> passes) {
        boolean fits = s.groups() == 1 && s.kernel()[2] == TAPS && s.c() >= LEAST_CHANNELS && s.q() >= LEAST_CHANNELS;
        for (ConvPass p : passes) {
            fits &= p.fused == TAPS && p.axes[2].pace() == 1 && p.axes[2].step() == 1 && p.axes[2].count() % PLACES == 0
                    && p.columns % PLACES == 0 && p.axes[2].count() > PLACES;
        }
        return fits;
    }

    /// `Σ_i factor_i x_i`, ascending, without those that are zero.
    record Combination(List<Double> factors) implements ElementFunction {
        @Override
        public Lane value(Lanes l, List<Lane> x) {
            Lane sum = l.constant(0);
            boolean begun = false;
            for (int i = 0; i < x.size(); i++) {
                double f = factors.get(i);
                if (f != 0 && !begun) {
                    sum = f == 1 ? x.get(i) : f == -1 ? l.neg(x.get(i)) : l.mul(l.constant(f), x.get(i));
                    begun = true;
                } else if (f != 0) {
                    sum = f == 1 ? l.add(sum, x.get(i)) : f == -1 ? l.sub(sum, x.get(i)) : l.fma(l.constant(f), x.get(i), sum);
                }
            }
            return sum;
        }
    }

    private static LoopKernel kernel(boolean isDouble, double[][] matrix, int rows, int n) {
        DType type = isDouble ? DType.F64 : DType.F32;
        int count = matrix[0].length;
        List<LoopSpec.Source> sources = new ArrayList<>();
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sources.add(new LoopSpec.Source(type, Access.UNIT));
            all.add(i);
        }
        List<LoopSpec.Instruction> body = new ArrayList<>();
        List<LoopSpec.Sink> sinks = new ArrayList<>();
        for (double[] row : matrix) {
            List<Double> factors = new ArrayList<>();
            for (double f : row) {
                factors.add(f);
            }
            sinks.add(new LoopSpec.Sink(count + body.size(), Access.UNIT, Mode.STORE));
            body.add(new LoopSpec.Instruction(new Combination(factors), type, all));
        }
        return Loops.kernel(new LoopSpec(sources, body, sinks), rows, n);
    }

    /// `Bᵀ x`: 4 rows to 4.
    static LoopKernel input(boolean isDouble, int rows, int n) {
        return kernel(isDouble, INPUT, rows, n);
    }

    /// `Aᵀ m`: 4 rows to 2.
    static LoopKernel output(boolean isDouble, int rows, int n) {
        return kernel(isDouble, OUTPUT, rows, n);
    }

    /// `A g`: 2 rows to 4.
    static LoopKernel cotangent(boolean isDouble, int rows, int n) {
        double[][] a = new double[POINTS][PLACES];
        for (int i = 0; i < POINTS; i++) {
            for (int j = 0; j < PLACES; j++) {
                a[i][j] = OUTPUT[j][i];
            }
        }
        return kernel(isDouble, a, rows, n);
    }

    /// `(G w)_p` of three taps.
    static double weight(int point, double w0, double w1, double w2) {
        return switch (point) {
            case 0 -> w0;
            case 1 -> 0.5 * (w0 + w2 + w1);
            case 2 -> 0.5 * (w0 + w2 - w1);
            default -> w2;
        };
    }

    /// `(G w)_p` of three taps.
    static float weight(int point, float w0, float w1, float w2) {
        return switch (point) {
            case 0 -> w0;
            case 1 -> 0.5f * (w0 + w2 + w1);
            case 2 -> 0.5f * (w0 + w2 - w1);
            default -> w2;
        };
    }

    /// `(Gᵀ u)_k`: what four points give to tap `k`.
    static double tap(int k, double u0, double u1, double u2, double u3) {
        return switch (k) {
            case 0 -> u0 + 0.5 * (u1 + u2);
            case 1 -> 0.5 * (u1 - u2);
            default -> 0.5 * (u1 + u2) + u3;
        };
    }

    /// `(Gᵀ u)_k`: what four points give to tap `k`.
    static float tap(int k, float u0, float u1, float u2, float u3) {
        return switch (k) {
            case 0 -> u0 + 0.5f * (u1 + u2);
            case 1 -> 0.5f * (u1 - u2);
            default -> 0.5f * (u1 + u2) + u3;
        };
    }

    /// Transforms what a block reads, row after row: point `k` of group `u` of row `r` goes to
    /// `to + k·pointStep + r·rowStep + u·groupStep`.
    static void transformBlock(LoopKernel kernel, ConvPass p, int used, int rows, Object own, int at, int to, int pointStep, int rowStep,
            int groupStep) {
        ConvScratch mine = ConvScratch.mine();
        int planes = p.axes[0].at().length;
        int planeRows = p.blockRows() / planes;
        for (int i = 0; i < planes; i++) {
            for (int j = 0; j < rows; j++) {
                int row = i * planeRows + j;
                for (int k = 0; k < POINTS; k++) {
                    mine.operand(k, own, at + (row * p.blockWidth() + k) * p.channels, PLACES * p.channels);
                    mine.operand(POINTS + k, own, to + k * pointStep + row * rowStep, groupStep);
                }
                kernel.run(mine.arrays, mine.geometry, 0, used, p.channels);
            }
        }
    }
}
