package org.cosmograd.autodiff.compile;

import java.util.List;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.op.Indexing;
import org.cosmograd.autodiff.op.LinearAlgebra;
import org.cosmograd.autodiff.op.Movement;
import org.cosmograd.autodiff.op.Op;
import org.cosmograd.autodiff.op.RandomDraw;
import org.cosmograd.autodiff.op.Reduction;

/// Floating-point operations of the steps that are neither loops nor matrix products, for the listing. Comparisons count; integer
/// arithmetic does not.
final class Flops {
    /// Logarithm, square root, sine and cosine of the Box-Muller transform, and the conversion of the bits.
    private static final int NORMAL = 40;

    private Flops() {}

    /// Those of an operation whose result and operands have these shapes.
    static double of(Op op, Shape to, List<Shape> in) {
        double size = to.size();
        return switch (op) {
            case Movement m -> 0;
            case Indexing.Gather g -> 0;
            case Indexing.ScatterAdd s -> in.getFirst().size();
            case Indexing.ArgSort s -> size * log2(to.dim(-1));
            case Reduction r -> in.getFirst().size();
            case LinearAlgebra.Cholesky c -> size * to.dim(-1) / 3;
            case LinearAlgebra.TriangularSolve t -> size * in.getFirst().dim(-1);
            // reduction to tridiagonal form and implicit QR steps with vectors: Golub & Van Loan, Matrix Computations, section 8.3
            case LinearAlgebra.SymmetricEigen e -> 9.0 * in.getFirst().size() * in.getFirst().dim(-1);
            case RandomDraw.Normal n -> NORMAL * size;
            case RandomDraw.Uniform u -> size;
            case RandomDraw d -> 0;
            default -> size;
        };
    }

    private static double log2(double x) {
        return x > 1 ? Math.log(x) / Math.log(2) : 0;
    }
}
