package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// A box in `ℝᵈ`, closed: `lowerᵢ ≤ xᵢ ≤ upperᵢ`. Bounds may be infinite.
///
/// @param lower one bound per dimension
/// @param upper one bound per dimension, above `lower`
public record Support(List<Double> lower, List<Double> upper) {
    /// Checks the bounds.
    public Support {
        lower = List.copyOf(lower);
        upper = List.copyOf(upper);
        if (lower.size() != upper.size()) {
            throw new ShapeException("Support: " + lower.size() + " lower bounds and " + upper.size() + " upper bounds");
        }
        for (int i = 0; i < lower.size(); i++) {
            if (!(lower.get(i) < upper.get(i))) {
                throw new IllegalArgumentException("Support: the lower bound must be below the upper one, got " + lower.get(i) + " and "
                        + upper.get(i) + " in dimension " + i);
            }
        }
    }

    /// The box between two corners.
    public static Support of(double[] lower, double[] upper) {
        return new Support(
                Arrays.stream(lower).boxed().toList(), Arrays.stream(upper).boxed().toList());
    }

    /// All of `ℝᵈ`.
    public static Support real(int dimension) {
        return new Support(
                Collections.nCopies(dimension, Double.NEGATIVE_INFINITY), Collections.nCopies(dimension, Double.POSITIVE_INFINITY));
    }

    /// All positive `x`.
    public static Support positive(int dimension) {
        return new Support(Collections.nCopies(dimension, 0.0), Collections.nCopies(dimension, Double.POSITIVE_INFINITY));
    }

    /// The product of boxes: their dimensions one after the other.
    public static Support product(List<Support> parts) {
        List<Double> low = new ArrayList<>();
        List<Double> high = new ArrayList<>();
        for (Support s : parts) {
            low.addAll(s.lower);
            high.addAll(s.upper);
        }
        return new Support(low, high);
    }

    /// The number of dimensions.
    public int dimension() {
        return lower.size();
    }

    /// Whether no bound is finite.
    public boolean isReal() {
        return lower.stream().noneMatch(Double::isFinite) && upper.stream().noneMatch(Double::isFinite);
    }

    /// Whether all bounds are finite.
    public boolean isBounded() {
        return lower.stream().allMatch(Double::isFinite) && upper.stream().allMatch(Double::isFinite);
    }

    /// The volume of the box.
    public double volume() {
        double v = 1;
        for (int i = 0; i < dimension(); i++) {
            v *= upper.get(i) - lower.get(i);
        }
        return v;
    }

    /// The lower corner `[d]`, rounded inwards.
    public Tensor low(DType dtype) {
        return corner(lower, dtype, 1);
    }

    /// The upper corner `[d]`, rounded inwards.
    public Tensor high(DType dtype) {
        return corner(upper, dtype, -1);
    }

    private static Tensor corner(List<Double> bounds, DType dtype, int inwards) {
        double[] v = bounds.stream().mapToDouble(Double::doubleValue).toArray();
        if (dtype == DType.F64) {
            return Tensor.of(v);
        }
        float[] f = new float[v.length];
        for (int i = 0; i < v.length; i++) {
            f[i] = (float) v[i];
            if (inwards > 0 && f[i] < v[i]) {
                f[i] = Math.nextUp(f[i]);
            } else if (inwards < 0 && f[i] > v[i]) {
                f[i] = Math.nextDown(f[i]);
            }
        }
        return Tensor.of(Shape.of(f.length), f);
    }

    /// 1 for rows of `x[n, d]` inside the box, else 0: `[n]`. NaN is outside.
    public Tensor contains(Tensor x) {
        check("Support.contains", dimension(), x);
        return x.greaterEqual(low(x.dtype())).mul(x.lessEqual(high(x.dtype()))).sum(-1).equal(dimension());
    }

    /// The nearest point of the box for each row of `x[n, d]`.
    public Tensor clip(Tensor x) {
        return isReal() ? x : x.max(low(x.dtype())).min(high(x.dtype()));
    }

    /// The closest box within which both boxes lie.
    Support hull(Support other) {
        List<Double> low = new ArrayList<>();
        List<Double> high = new ArrayList<>();
        for (int i = 0; i < dimension(); i++) {
            low.add(Math.min(lower.get(i), other.lower.get(i)));
            high.add(Math.max(upper.get(i), other.upper.get(i)));
        }
        return new Support(low, high);
    }

    static void check(String operation, int dimension, Tensor x) {
        if (x.shape().rank() != 2 || x.dim(1) != dimension) {
            throw new ShapeException(operation + ": needs rows [n, " + dimension + "], got " + x.type());
        }
    }

    @Override
    public String toString() {
        StringBuilder s = new StringBuilder("Support(");
        for (int i = 0; i < dimension(); i++) {
            s.append(i == 0 ? "" : " x ").append('[').append(lower.get(i)).append(", ").append(upper.get(i)).append(']');
        }
        return s.append(')').toString();
    }
}
