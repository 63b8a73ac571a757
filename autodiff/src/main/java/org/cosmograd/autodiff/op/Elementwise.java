package org.cosmograd.autodiff.op;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.kernel.ElementFunction;
import org.cosmograd.autodiff.kernel.Elementary;
import org.cosmograd.autodiff.kernel.Lanes;
import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// Functions of single elements: each states its value (for one lane) and its slopes (as tensors) side by side.
///
/// Operands have equal shapes and types; broadcasting is a node of its own, put in by the methods of [Tensor].
public sealed interface Elementwise extends Op, ElementFunction {

    /// `∂y/∂x_i`, for operands `x` and result `y`.
    Tensor slope(int i, List<Tensor> x, Tensor y);

    @Override
    default TensorType infer(List<Tensor> x) {
        TensorType first = x.getFirst().type();
        for (Tensor t : x) {
            if (!t.type().equals(first)) {
                throw new ShapeException(name() + ": operands differ: " + first + " and " + t.type() + "; broadcastTo() or cast() one of them");
            }
        }
        return first;
    }

    @Override
    default List<Tensor> vjp(Tensor y, Tensor g) {
        List<Tensor> out = new ArrayList<>();
        for (int i = 0; i < y.operands().size(); i++) {
            out.add(slope(i, y.operands(), y).mul(g));
        }
        return out;
    }

    @Override
    default Tensor jvp(Tensor y, List<Tensor> t) {
        Tensor sum = Tensor.zeros(y.type());
        for (int i = 0; i < t.size(); i++) {
            if (!t.get(i).isZero()) {
                sum = sum.plus(slope(i, y.operands(), y).mul(t.get(i)));
            }
        }
        return sum;
    }

    /// A function of one operand.
    sealed interface Unary extends Elementwise {
        /// The value for one lane.
        Lane value(Lanes l, Lane x);

        /// `dy/dx`
        Tensor slope(Tensor x, Tensor y);

        @Override
        default Lane value(Lanes l, List<Lane> x) {
            return value(l, x.getFirst());
        }

        @Override
        default Tensor slope(int i, List<Tensor> x, Tensor y) {
            return slope(x.getFirst(), y);
        }

        @Override
        default TensorType infer(List<Tensor> x) {
            TensorType type = x.getFirst().type();
            if (!type.dtype().isFloating() && !(this instanceof Neg || this instanceof Abs || this instanceof Sign)) {
                throw new ShapeException(name() + ": needs floating-point elements, got " + type + "; cast() it first");
            }
            return type;
        }
    }

    /// A function of two operands.
    sealed interface Binary extends Elementwise {
        /// The value for one lane.
        Lane value(Lanes l, Lane a, Lane b);

        @Override
        default Lane value(Lanes l, List<Lane> x) {
            return value(l, x.get(0), x.get(1));
        }
    }

    /// `-x`
    record Neg() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return l.neg(x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.like(-1);
        }
    }

    /// `|x|`; slope 0 at 0
    record Abs() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return l.abs(x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.sign();
        }
    }

    /// `-1`, `0` or `1` with the sign of `x`
    record Sign() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.sign(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.like(0);
        }
    }

    /// `⌊x⌋`
    record Floor() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.floor(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.like(0);
        }
    }

    /// `√x`, correctly rounded
    record Sqrt() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return l.sqrt(x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return y.reciprocal().mul(0.5);
        }
    }

    /// `1/x`, correctly rounded
    record Reciprocal() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return l.div(l.constant(1), x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return y.mul(y).neg();
        }
    }

    /// `eˣ`; errors up to 0.90 ulp (f32), 0.8 ulp (f64)
    record Exp() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.exp(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return y;
        }
    }

    /// `eˣ - 1`, exact near 0; errors up to 1.44 ulp (f32), 1.7 ulp (f64)
    record Expm1() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.expm1(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return y.add(1);
        }
    }

    /// `ln x`; errors up to 0.89 ulp (f32), 1.0 ulp (f64)
    record Log() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.log(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.reciprocal();
        }
    }

    /// `ln(1 + x)`, exact near 0; errors up to 1.45 ulp (f32), 1.2 ulp (f64)
    record Log1p() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.log1p(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.add(1).reciprocal();
        }
    }

    /// `sin x` for any `x`; errors up to 1.73 ulp (f32), 1.5 ulp (f64)
    record Sin() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.sin(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.cos();
        }
    }

    /// `cos x` for any `x`; errors up to 1.82 ulp (f32), 1.5 ulp (f64)
    record Cos() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.cos(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.sin().neg();
        }
    }

    /// `tanh x`; errors up to 1.37 ulp (f32), 1.3 ulp (f64)
    record Tanh() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.tanh(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return y.like(1).sub(y.mul(y));
        }
    }

    /// `erf x = 2/√π ∫₀ˣ e^(-t²) dt`; errors up to 1.29 ulp (f32), 1.0 ulp (f64)
    record Erf() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.erf(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.mul(x).neg().exp().mul(2 / Math.sqrt(Math.PI));
        }
    }

    /// `1 / (1 + e⁻ˣ)`; errors up to 1.26 ulp (f32), 1.3 ulp (f64)
    record Logistic() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.logistic(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return y.sub(y.mul(y));
        }
    }

    /// `ln(1 + eˣ)`; errors up to 1.75 ulp (f32), 1.9 ulp (f64)
    record Softplus() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.softplus(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.logistic();
        }
    }

    /// `ln |Γ(x)|` for any `x`, also next to zeros; errors up to 1.49 ulp (f32), 1.5 ulp (f64; 2.0 of negative `x`)
    record Lgamma() implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.lgamma(l, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.polygamma(0);
        }
    }

    /// `ψ⁽ⁿ⁾(x)`, the derivative of order `n + 1` of `ln Γ`; `n = 0` is the digamma function. For positive `x`, digamma with errors up to
    /// 1.10 ulp (f32), 1.5 ulp (f64), trigamma with errors up to 0.94 ulp (f32), 0.9 ulp (f64). For negative `x` the error is a few ulp of
    /// the larger term of the reflection formula. From `n = 2` on everything is computed one element at a time.
    record Polygamma(int n) implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            return Elementary.polygamma(l, n, x);
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return x.polygamma(n + 1);
        }
    }

    /// Conversion to another element type. Derivatives pass between floating types.
    record Cast(DType to) implements Unary {
        @Override
        public Lane value(Lanes l, Lane x) {
            throw new IllegalStateException("cast: the source type is needed");
        }

        /// The value, from an element of type `from`.
        public Lane value(Lanes l, Lane x, DType from) {
            return l.cast(x, from);
        }

        @Override
        public TensorType infer(List<Tensor> x) {
            return new TensorType(to, x.getFirst().shape());
        }

        @Override
        public Tensor slope(Tensor x, Tensor y) {
            return y.like(1);
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor x = y.operands().getFirst();
            return List.of(x.dtype().isFloating() && to.isFloating() ? g.cast(x.dtype()) : Tensor.zeros(x.type()));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().dtype().isFloating() && to.isFloating() ? t.getFirst().cast(to) : Tensor.zeros(y.type());
        }
    }

    /// `a + b`
    record Add() implements Binary {
        @Override
        public Lane value(Lanes l, Lane a, Lane b) {
            return l.add(a, b);
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            return y.like(1);
        }
    }

    /// `a - b`
    record Sub() implements Binary {
        @Override
        public Lane value(Lanes l, Lane a, Lane b) {
            return l.sub(a, b);
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            return y.like(i == 0 ? 1 : -1);
        }
    }

    /// `a · b`
    record Mul() implements Binary {
        @Override
        public Lane value(Lanes l, Lane a, Lane b) {
            return l.mul(a, b);
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            return x.get(1 - i);
        }
    }

    /// `a / b`
    record Div() implements Binary {
        @Override
        public Lane value(Lanes l, Lane a, Lane b) {
            return l.div(a, b);
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            Tensor inverse = x.get(1).reciprocal();
            return i == 0 ? inverse : y.mul(inverse).neg();
        }
    }

    /// `aᵇ` for `a > 0`, or for any `a` where `b` is a whole number; errors up to 0.85 ulp (f32), 0.9 ulp (f64)
    record Pow() implements Binary {
        @Override
        public Lane value(Lanes l, Lane a, Lane b) {
            return Elementary.pow(l, a, b);
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            return i == 0 ? x.get(1).mul(x.get(0).pow(x.get(1).sub(1))) : y.mul(x.get(0).log());
        }
    }

    /// The larger of both; a tie counts as the first.
    record Max() implements Binary {
        @Override
        public Lane value(Lanes l, Lane a, Lane b) {
            return l.max(a, b);
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            return i == 0 ? x.get(1).lessEqual(x.get(0)) : x.get(0).less(x.get(1));
        }
    }

    /// The smaller of both; a tie counts as the first.
    record Min() implements Binary {
        @Override
        public Lane value(Lanes l, Lane a, Lane b) {
            return l.min(a, b);
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            return i == 0 ? x.get(0).lessEqual(x.get(1)) : x.get(1).less(x.get(0));
        }
    }

    /// How two elements are compared.
    enum Relation {
        /// `a < b`
        LESS,
        /// `a <= b`
        LESS_EQUAL,
        /// `a == b`
        EQUAL
    }

    /// 1 where the relation holds, else 0, in the operands' type; 0 where either is NaN.
    record Compare(Relation relation) implements Binary {
        /// The truth value for one lane.
        public Lanes.Mask mask(Lanes l, Lane a, Lane b) {
            return switch (relation) {
                case LESS -> l.less(a, b);
                case LESS_EQUAL -> l.lessEqual(a, b);
                case EQUAL -> l.equal(a, b);
            };
        }

        @Override
        public Lane value(Lanes l, Lane a, Lane b) {
            return l.select(mask(l, a, b), l.constant(1), l.constant(0));
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            return y.like(0);
        }
    }

    /// `c ≠ 0 ? a : b`
    record Select() implements Elementwise {
        @Override
        public Lane value(Lanes l, List<Lane> x) {
            return l.select(l.equal(x.get(0), l.constant(0)), x.get(2), x.get(1));
        }

        @Override
        public Tensor slope(int i, List<Tensor> x, Tensor y) {
            Tensor one = y.like(1);
            Tensor zero = y.like(0);
            return switch (i) {
                case 0 -> zero;
                case 1 -> x.getFirst().where(one, zero);
                default -> x.getFirst().where(zero, one);
            };
        }

        // a product with a slope of 0 would let an infinite or NaN cotangent through from the branch not taken
        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Tensor c = y.operands().getFirst();
            Tensor zero = y.like(0);
            return List.of(Tensor.zeros(c.type()), c.where(g, zero), c.where(zero, g));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return y.operands().getFirst().where(t.get(1), t.get(2));
        }
    }
}
