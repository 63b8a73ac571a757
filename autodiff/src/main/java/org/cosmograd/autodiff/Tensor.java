package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.compile.Evaluator;
import org.cosmograd.autodiff.kernel.Prelude;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Identity;
import org.cosmograd.autodiff.op.Indexing;
import org.cosmograd.autodiff.op.Leaf;
import org.cosmograd.autodiff.op.LinearAlgebra;
import org.cosmograd.autodiff.op.MatMul;
import org.cosmograd.autodiff.op.Movement;
import org.cosmograd.autodiff.op.Op;
import org.cosmograd.autodiff.op.RandomDraw;
import org.cosmograd.autodiff.op.Reduction;
import org.jspecify.annotations.Nullable;

/// A node of an expression: an operation, its operands, and the type of the result. Methods build further nodes and compute
/// nothing; asking for a value ([#item()], [#toFloats()], printing) computes it, once.
///
///     Tensor x = Tensor.of(1f, 2f, 3f);
///     Tensor y = x.mul(x).sum();
///     Tensor g = Gradient.of(y, x);      // another expression: 2x
///
/// Binary operations broadcast by NumPy's rule; a `double` operand takes the element type of its partner, and comparisons give 1 and 0 in
/// that type. Outside their domain functions give NaN, as IEEE 754 has it, and NaN goes through sums, maxima and choices. Shapes and types
/// are checked when a node is made: a [ShapeException] points at the line that made it. An index outside its axis is found when the value
/// is computed, and is an [IndexOutOfBoundsException]. Axes may be named from the end: `-1` is the last. Instances are immutable and
/// thread-safe.
public final class Tensor {
    static {
        Prelude.begin(Rehearsal::run);
    }

    private final Op op;
    private final List<Tensor> operands;
    private final TensorType type;
    private volatile @Nullable Storage storage;

    private Tensor(Op op, List<Tensor> operands, TensorType type, @Nullable Storage storage) {
        this.op = op;
        this.operands = operands;
        this.type = type;
        this.storage = storage;
    }

    // ------------------------------------------------------------------------------------------------- making

    /// A vector of floats.
    public static Tensor of(float... values) {
        return of(Storage.of(values), DType.F32, Shape.of(values.length));
    }

    /// A vector of doubles.
    public static Tensor of(double... values) {
        return of(Storage.of(values), DType.F64, Shape.of(values.length));
    }

    /// A vector of integers.
    public static Tensor of(int... values) {
        return of(Storage.of(values), DType.I32, Shape.of(values.length));
    }

    /// A matrix of floats; rows must have equal lengths.
    public static Tensor of(float[][] rows) {
        int columns = rows.length == 0 ? 0 : rows[0].length;
        Storage flat = Storage.allocate(DType.F32, rows.length * columns);
        for (int i = 0; i < rows.length; i++) {
            checkRow(i, rows[i].length, columns);
            System.arraycopy(rows[i], 0, flat.array(), i * columns, columns);
        }
        return of(flat, DType.F32, Shape.of(rows.length, columns));
    }

    /// A matrix of doubles; rows must have equal lengths.
    public static Tensor of(double[][] rows) {
        int columns = rows.length == 0 ? 0 : rows[0].length;
        Storage flat = Storage.allocate(DType.F64, rows.length * columns);
        for (int i = 0; i < rows.length; i++) {
            checkRow(i, rows[i].length, columns);
            System.arraycopy(rows[i], 0, flat.array(), i * columns, columns);
        }
        return of(flat, DType.F64, Shape.of(rows.length, columns));
    }

    private static void checkRow(int i, int length, int columns) {
        if (length != columns) {
            throw new ShapeException("Tensor.of: row " + i + " has " + length + " elements, row 0 has " + columns);
        }
    }

    /// The given elements in row-major order under a shape.
    public static Tensor of(Shape shape, float... values) {
        checkSize(shape, values.length);
        return of(Storage.of(values), DType.F32, shape);
    }

    /// The given elements in row-major order under a shape.
    public static Tensor of(Shape shape, double... values) {
        checkSize(shape, values.length);
        return of(Storage.of(values), DType.F64, shape);
    }

    /// The given elements in row-major order under a shape.
    public static Tensor of(Shape shape, int... values) {
        checkSize(shape, values.length);
        return of(Storage.of(values), DType.I32, shape);
    }

    private static void checkSize(Shape shape, int length) {
        if (shape.size() != length) {
            throw new ShapeException("Tensor.of: " + length + " elements given, " + shape + " needs " + shape.size());
        }
    }

    private static Tensor of(Storage storage, DType dtype, Shape shape) {
        TensorType type = new TensorType(dtype, shape);
        return new Tensor(new Leaf.Data(type), List.of(), type, storage);
    }

    /// A tensor whose elements lie in `storage` in row-major order; for the evaluator, which makes values.
    public static Tensor of(TensorType type, Storage storage) {
        return new Tensor(new Leaf.Data(type), List.of(), type, storage);
    }

    /// A single number.
    public static Tensor scalar(double value, DType dtype) {
        TensorType type = new TensorType(dtype, Shape.SCALAR);
        return new Tensor(new Leaf.Literal(type, value), List.of(), type, null);
    }

    /// A tensor filled with one value.
    public static Tensor full(double value, DType dtype, int... dims) {
        return scalar(value, dtype).broadcastTo(Shape.of(dims));
    }

    /// A tensor of zeros.
    public static Tensor zeros(DType dtype, int... dims) {
        return full(0, dtype, dims);
    }

    /// A tensor of zeros.
    public static Tensor zeros(TensorType type) {
        return scalar(0, type.dtype()).broadcastTo(type.shape());
    }

    /// A tensor of ones.
    public static Tensor ones(DType dtype, int... dims) {
        return full(1, dtype, dims);
    }

    /// The integers `0 … n-1`.
    public static Tensor iota(int n) {
        return of(IntStream.range(0, n).toArray());
    }

    /// `n` evenly spaced doubles from `first` to `last`, both included.
    public static Tensor linspace(double first, double last, int n) {
        double[] v = new double[n];
        for (int i = 0; i < n; i++) {
            v[i] = n == 1 ? first : first + (last - first) * i / (n - 1);
        }
        return of(Storage.of(v), DType.F64, Shape.of(n));
    }

    /// The identity matrix.
    public static Tensor eye(int n, DType dtype) {
        double[][] m = new double[n][n];
        for (int i = 0; i < n; i++) {
            m[i][i] = 1;
        }
        return n == 0 ? zeros(dtype, 0, 0) : of(m).cast(dtype);
    }

    /// The argument number `index` of a program that is being traced.
    static Tensor input(TensorType type, int index) {
        return new Tensor(new Leaf.Input(type, index), List.of(), type, null);
    }

    /// A node of a primitive operation on this tensor and others.
    public Tensor apply(Op op, Tensor... others) {
        List<Tensor> x = new ArrayList<>(others.length + 1);
        x.add(this);
        x.addAll(Arrays.asList(others));
        return node(op, x);
    }

    /// A node of a primitive operation.
    public static Tensor node(Op op, List<Tensor> operands) {
        return new Tensor(op, List.copyOf(operands), op.infer(operands), null);
    }

    // ------------------------------------------------------------------------------------------------- looking

    /// The operation of this node.
    public Op op() {
        return op;
    }

    /// The operands of this node.
    public List<Tensor> operands() {
        return operands;
    }

    /// Element type and shape.
    public TensorType type() {
        return type;
    }

    /// The element type.
    public DType dtype() {
        return type.dtype();
    }

    /// The sizes of the axes.
    public Shape shape() {
        return type.shape();
    }

    /// The size of an axis; `-1` is the last.
    public int dim(int axis) {
        return shape().dim(shape().axis("dim", axis));
    }

    /// Whether this is known to be zero everywhere from its construction alone.
    public boolean isZero() {
        return isLiteral(0);
    }

    private boolean isLiteral(double value) {
        Tensor t = this;
        while (t.op instanceof Movement.Broadcast || t.op instanceof Movement.Reshape) {
            t = t.operands.getFirst();
        }
        return t.op instanceof Leaf.Literal l && l.value() == value;
    }

    /// Whether the value is there already.
    public boolean isEvaluated() {
        return storage != null;
    }

    /// The value alone, computed now, without the expression that led to it: no derivative passes, and its memory is free.
    public Tensor evaluated() {
        return of(type, storage());
    }

    /// The value's storage, computing it if need be: row-major elements.
    public Storage storage() {
        Storage s = storage;
        if (s == null) {
            s = Evaluator.evaluate(this);
        }
        return s;
    }

    /// Gives this node its value; for the evaluator, once.
    public void complete(Storage value) {
        storage = value;
    }

    /// The only element, as a double.
    public double item() {
        if (shape().size() != 1) {
            throw new ShapeException("item: needs exactly one element, got " + type + "; index it or reduce it first");
        }
        return storage().get(0);
    }

    /// One element, as a double.
    public double get(int... index) {
        if (index.length != shape().rank()) {
            throw new ShapeException("get: " + index.length + " indices given, " + type + " has " + shape().rank() + " axes");
        }
        int at = 0;
        int[] strides = shape().strides();
        for (int i = 0; i < index.length; i++) {
            if (index[i] < 0 || index[i] >= shape().dim(i)) {
                throw new ShapeException("get: index " + Arrays.toString(index) + " is outside " + type);
            }
            at += index[i] * strides[i];
        }
        return storage().get(at);
    }

    /// All elements as floats, in row-major order (a copy).
    public float[] toFloats() {
        return storage().toFloats();
    }

    /// All elements as doubles, in row-major order (a copy).
    public double[] toDoubles() {
        return storage().toDoubles();
    }

    /// All elements as integers, in row-major order (a copy).
    public int[] toInts() {
        return storage().toInts();
    }

    /// The rows of a matrix as doubles (a copy).
    public double[][] toRows() {
        if (shape().rank() != 2) {
            throw new ShapeException("toRows: needs a matrix, got " + type);
        }
        double[] flat = toDoubles();
        int n = dim(1);
        double[][] rows = new double[dim(0)][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(flat, i * n, (i + 1) * n);
        }
        return rows;
    }

    /// The type, and the elements: small tensors in aligned columns, large ones as mean, standard deviation and range.
    @Override
    public String toString() {
        return Printer.print(this);
    }

    // ------------------------------------------------------------------------------------------------- elementwise

    private static Tensor binary(Op op, Tensor a, Tensor b) {
        if (a.dtype() != b.dtype()) {
            throw new ShapeException(op.name() + ": element types differ: " + a.type + " and " + b.type + "; cast() one of them");
        }
        Shape s = Shape.broadcast(op.name(), a.shape(), b.shape());
        return node(op, List.of(a.broadcastTo(s), b.broadcastTo(s)));
    }

    private Tensor number(double value) {
        return scalar(value, dtype());
    }

    /// A tensor of this type filled with `value`.
    public Tensor like(double value) {
        return number(value).broadcastTo(shape());
    }

    /// `this + other`
    public Tensor add(Tensor other) {
        return binary(new Elementwise.Add(), this, other);
    }

    /// `this + other`, leaving out an operand known to be zero; for sums of derivatives.
    public Tensor plus(Tensor other) {
        return isZero() ? other : other.isZero() ? this : add(other);
    }

    /// `this + other`
    public Tensor add(double other) {
        return add(number(other));
    }

    /// `this - other`
    public Tensor sub(Tensor other) {
        return binary(new Elementwise.Sub(), this, other);
    }

    /// `this - other`
    public Tensor sub(double other) {
        return sub(number(other));
    }

    /// `this · other`, element by element
    public Tensor mul(Tensor other) {
        if (shape().equals(other.shape()) && dtype() == other.dtype()) {
            if (isLiteral(1)) {
                return other;
            } else if (other.isLiteral(1)) {
                return this;
            } else if (isLiteral(-1)) {
                return other.neg();
            } else if (other.isLiteral(-1)) {
                return neg();
            }
        }
        return binary(new Elementwise.Mul(), this, other);
    }

    /// `this · other`
    public Tensor mul(double other) {
        return mul(number(other));
    }

    /// `this / other`, element by element
    public Tensor div(Tensor other) {
        return binary(new Elementwise.Div(), this, other);
    }

    /// `this / other`
    public Tensor div(double other) {
        return div(number(other));
    }

    /// `thisᵒᵗʰᵉʳ`, for a positive base
    public Tensor pow(Tensor other) {
        return binary(new Elementwise.Pow(), this, other);
    }

    /// `thisᵉ`: whole exponents up to 4 by products, ½ as a root
    public Tensor pow(double exponent) {
        if (exponent == 0.5) {
            return sqrt();
        } else if (exponent == 1) {
            return this;
        } else if (exponent == 2) {
            return mul(this);
        } else if (exponent == 3) {
            return mul(this).mul(this);
        } else if (exponent == 4) {
            Tensor square = mul(this);
            return square.mul(square);
        } else if (exponent == -1) {
            return reciprocal();
        }
        return pow(number(exponent));
    }

    /// `this²`
    public Tensor square() {
        return mul(this);
    }

    /// The larger of both; a tie counts as this.
    public Tensor max(Tensor other) {
        return binary(new Elementwise.Max(), this, other);
    }

    /// The larger of both; a tie counts as this.
    public Tensor max(double other) {
        return max(number(other));
    }

    /// The smaller of both; a tie counts as this.
    public Tensor min(Tensor other) {
        return binary(new Elementwise.Min(), this, other);
    }

    /// The smaller of both; a tie counts as this.
    public Tensor min(double other) {
        return min(number(other));
    }

    /// This, limited to `[low, high]`.
    public Tensor clamp(double low, double high) {
        return max(low).min(high);
    }

    /// 1 where `this < other`, else 0
    public Tensor less(Tensor other) {
        return binary(new Elementwise.Compare(Elementwise.Relation.LESS), this, other);
    }

    /// 1 where `this < other`, else 0
    public Tensor less(double other) {
        return less(number(other));
    }

    /// 1 where `this <= other`, else 0
    public Tensor lessEqual(Tensor other) {
        return binary(new Elementwise.Compare(Elementwise.Relation.LESS_EQUAL), this, other);
    }

    /// 1 where `this <= other`, else 0
    public Tensor lessEqual(double other) {
        return lessEqual(number(other));
    }

    /// 1 where `this > other`, else 0
    public Tensor greater(Tensor other) {
        return other.less(this);
    }

    /// 1 where `this > other`, else 0
    public Tensor greater(double other) {
        return number(other).less(this);
    }

    /// 1 where `this >= other`, else 0
    public Tensor greaterEqual(Tensor other) {
        return other.lessEqual(this);
    }

    /// 1 where `this >= other`, else 0
    public Tensor greaterEqual(double other) {
        return number(other).lessEqual(this);
    }

    /// 1 where `this == other`, else 0
    public Tensor equal(Tensor other) {
        return binary(new Elementwise.Compare(Elementwise.Relation.EQUAL), this, other);
    }

    /// 1 where `this == other`, else 0
    public Tensor equal(double other) {
        return equal(number(other));
    }

    /// `this ≠ 0 ? yes : no`, element by element
    public Tensor where(Tensor yes, Tensor no) {
        if (yes.dtype() != no.dtype()) {
            throw new ShapeException("where: element types differ: " + yes.type + " and " + no.type + "; cast() one of them");
        }
        Shape s = Shape.broadcast("where", shape(), Shape.broadcast("where", yes.shape(), no.shape()));
        return node(
                new Elementwise.Select(),
                List.of(cast(yes.dtype()).broadcastTo(s), yes.broadcastTo(s), no.broadcastTo(s)));
    }

    /// `this ≠ 0 ? yes : no`
    public Tensor where(Tensor yes, double no) {
        return where(yes, yes.number(no));
    }

    /// `this ≠ 0 ? yes : no`
    public Tensor where(double yes, Tensor no) {
        return where(no.number(yes), no);
    }

    /// `-this`
    public Tensor neg() {
        return op instanceof Elementwise.Neg ? operands.getFirst() : apply(new Elementwise.Neg());
    }

    /// `|this|`
    public Tensor abs() {
        return apply(new Elementwise.Abs());
    }

    /// `-1`, `0` or `1`
    public Tensor sign() {
        return apply(new Elementwise.Sign());
    }

    /// `⌊this⌋`, the largest whole number that is not larger
    public Tensor floor() {
        return apply(new Elementwise.Floor());
    }

    /// `√x`, for `x ≥ 0`
    public Tensor sqrt() {
        return apply(new Elementwise.Sqrt());
    }

    /// `1/x`; infinite at 0
    public Tensor reciprocal() {
        return apply(new Elementwise.Reciprocal());
    }

    /// `eˣ`
    public Tensor exp() {
        return apply(new Elementwise.Exp());
    }

    /// `eˣ - 1`
    public Tensor expm1() {
        return apply(new Elementwise.Expm1());
    }

    /// `ln x`, for `x > 0`; `-∞` at 0
    public Tensor log() {
        return apply(new Elementwise.Log());
    }

    /// `ln(1 + x)`, for `x > -1`; `-∞` at -1
    public Tensor log1p() {
        return apply(new Elementwise.Log1p());
    }

    /// `sin x`, for any `x`
    public Tensor sin() {
        return apply(new Elementwise.Sin());
    }

    /// `cos x`, for any `x`
    public Tensor cos() {
        return apply(new Elementwise.Cos());
    }

    /// `tanh x`
    public Tensor tanh() {
        return apply(new Elementwise.Tanh());
    }

    /// The error function `2/√π ∫₀ˣ e^(-t²) dt`.
    public Tensor erf() {
        return apply(new Elementwise.Erf());
    }

    /// `1 / (1 + e⁻ˣ)`
    public Tensor logistic() {
        return apply(new Elementwise.Logistic());
    }

    /// `ln(1 + eˣ)`
    public Tensor softplus() {
        return apply(new Elementwise.Softplus());
    }

    /// `max(x, 0)`, with slope 0 at 0
    public Tensor relu() {
        return number(0).max(this);
    }

    /// `x · logistic(x)`
    public Tensor silu() {
        return mul(logistic());
    }

    /// `x Φ(x)` with the normal distribution function `Φ`
    public Tensor gelu() {
        return mul(mul(Math.sqrt(0.5)).erf().add(1).mul(0.5));
    }

    /// `ln |Γ(x)|`, for any `x`; infinite at 0, -1, -2, …
    public Tensor lgamma() {
        return apply(new Elementwise.Lgamma());
    }

    /// `ψ(x) = d ln Γ(x)/dx`; NaN at 0, -1, -2, …
    public Tensor digamma() {
        return polygamma(0);
    }

    /// The derivative of order `n + 1` of `ln Γ(x)`, `n ≥ 0`; fast for orders 1 and 2, one element at a time from 3 on.
    public Tensor polygamma(int n) {
        return apply(new Elementwise.Polygamma(n));
    }

    /// This in another element type; numbers become `i32` by leaving out the fraction, NaN becomes 0, and what is too large the nearest.
    public Tensor cast(DType to) {
        if (to == dtype()) {
            return this;
        } else if (op instanceof Leaf.Literal l && to.isFloating()) {
            return scalar(l.value(), to);
        }
        return apply(new Elementwise.Cast(to));
    }

    // ------------------------------------------------------------------------------------------------- reductions

    private List<Integer> axes(String operation, int... axes) {
        IntStream all = axes.length == 0 ? IntStream.range(0, shape().rank()) : Arrays.stream(axes).map(a -> shape().axis(operation, a));
        return all.sorted().distinct().boxed().toList();
    }

    /// The sum of all elements.
    public Tensor sum() {
        return shape().rank() == 0 ? this : apply(new Reduction.Sum(axes("sum")));
    }

    /// The sum over axes, which vanish; over no axis, this itself.
    public Tensor sum(int... axes) {
        return axes.length == 0 ? this : apply(new Reduction.Sum(axes("sum", axes)));
    }

    /// The mean of all elements; 0 if there are none.
    public Tensor mean() {
        return sum().div(Math.max(1, shape().size()));
    }

    /// The mean over axes, which vanish.
    public Tensor mean(int... axes) {
        Tensor s = sum(axes);
        return s.div(shape().size() / Math.max(1.0, s.shape().size()));
    }

    /// The largest element; there must be one.
    public Tensor max() {
        return shape().rank() == 0 ? this : apply(new Reduction.Max(axes("max")));
    }

    /// The largest elements over axes, which vanish; where several are equal they share the derivative.
    public Tensor maxOver(int... axes) {
        return axes.length == 0 ? this : apply(new Reduction.Max(axes("max", axes)));
    }

    /// The smallest elements over axes, which vanish.
    public Tensor minOver(int... axes) {
        return neg().maxOver(axes).neg();
    }

    /// The place of the first largest element along an axis, which vanishes, as `i32`; NaN counts as largest.
    public Tensor argMax(int axis) {
        return apply(new Reduction.ArgMax(shape().axis("argMax", axis)));
    }

    /// The running sum along an axis.
    public Tensor cumSum(int axis) {
        return apply(new Reduction.CumSum(shape().axis("cumSum", axis)));
    }

    /// `ln Σ eˣ` over one axis, which vanishes; safe for large elements. All elements `-∞` give `-∞`.
    public Tensor logSumExp(int axis) {
        int a = shape().axis("logSumExp", axis);
        Tensor top = maxOver(a).stopGradient();
        Tensor shift = top.abs().less(Double.POSITIVE_INFINITY).where(top, 0);
        return sub(shift.expand(a)).exp().sum(a).log().add(shift);
    }

    /// `x - ln Σ eˣ` over one axis.
    public Tensor logSoftmax(int axis) {
        int a = shape().axis("logSoftmax", axis);
        Tensor shifted = sub(maxOver(a).stopGradient().expand(a));
        return shifted.sub(shifted.exp().sum(a).log().expand(a));
    }

    /// `eˣ / Σ eˣ` over one axis.
    public Tensor softmax(int axis) {
        int a = shape().axis("softmax", axis);
        Tensor e = sub(maxOver(a).stopGradient().expand(a)).exp();
        return e.mul(e.sum(a).reciprocal().expand(a));
    }

    // ------------------------------------------------------------------------------------------------- movement

    /// The same elements under another shape; one size may be `-1` and follows from the others.
    public Tensor reshape(int... dims) {
        return reshape(Movement.Reshape.shape(type, dims));
    }

    /// The same elements under another shape.
    public Tensor reshape(Shape to) {
        return to.equals(shape()) ? this : apply(new Movement.Reshape(to));
    }

    /// This stretched along axes of size 1 and new axes in front.
    public Tensor broadcastTo(Shape to) {
        return to.equals(shape()) ? this : apply(new Movement.Broadcast(to));
    }

    /// This stretched along axes of size 1 and new axes in front.
    public Tensor broadcastTo(int... dims) {
        return broadcastTo(Shape.of(dims));
    }

    /// This with an axis of size 1 put in so that it becomes axis `axis` of the result.
    public Tensor expand(int axis) {
        int a = axis < 0 ? axis + shape().rank() + 1 : axis;
        if (a < 0 || a > shape().rank()) {
            throw new ShapeException("expand: axis " + axis + " does not fit " + type);
        }
        return reshape(shape().insert(a, 1));
    }

    /// This without an axis of size 1.
    public Tensor squeeze(int axis) {
        int a = shape().axis("squeeze", axis);
        if (shape().dim(a) != 1) {
            throw new ShapeException("squeeze: axis " + axis + " of " + type + " has size " + shape().dim(a) + ", not 1");
        }
        return reshape(shape().without(a));
    }

    /// Axes in another order: axis `i` of the result is axis `order[i]` of this.
    public Tensor permute(int... order) {
        List<Integer> o = Arrays.stream(order).boxed().toList();
        return o.equals(IntStream.range(0, shape().rank()).boxed().toList()) ? this : apply(new Movement.Permute(o));
    }

    /// The last two axes exchanged.
    public Tensor transpose() {
        int r = shape().rank();
        if (r < 2) {
            throw new ShapeException("transpose: needs at least two axes, got " + type);
        }
        int[] order = IntStream.range(0, r).toArray();
        order[r - 1] = r - 2;
        order[r - 2] = r - 1;
        return permute(order);
    }

    /// The elements `from` to `to - 1` along an axis; negative bounds count from the end.
    public Tensor slice(int axis, int from, int to) {
        return slice(axis, from, to, 1);
    }

    /// The elements `from, from + step, …` below `to` along an axis; negative bounds count from the end.
    public Tensor slice(int axis, int from, int to, int step) {
        Movement.Slice slice = Movement.Slice.along(shape(), axis, from, to, step);
        return slice.isWhole(shape()) ? this : apply(slice);
    }

    /// One element along an axis, which vanishes.
    public Tensor at(int axis, int index) {
        int a = shape().axis("at", axis);
        int i = index < 0 ? index + shape().dim(a) : index;
        return slice(a, i, i + 1).reshape(shape().without(a));
    }

    /// Zeros put before and after the elements along an axis.
    public Tensor pad(int axis, int before, int after) {
        return before == 0 && after == 0 ? this : apply(Movement.Pad.along(shape(), axis, before, after));
    }

    /// Tensors one after the other along an existing axis.
    public static Tensor concat(int axis, List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            throw new ShapeException("concat: needs at least one tensor");
        }
        int a = tensors.getFirst().shape().axis("concat", axis);
        return tensors.size() == 1 ? tensors.getFirst() : node(new Movement.Concat(a), tensors);
    }

    /// Tensors one after the other along an existing axis.
    public static Tensor concat(int axis, Tensor... tensors) {
        return concat(axis, List.of(tensors));
    }

    /// Tensors of one shape side by side along a new axis.
    public static Tensor stack(int axis, List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            throw new ShapeException("stack: needs at least one tensor");
        }
        int a = axis < 0 ? axis + tensors.getFirst().shape().rank() + 1 : axis;
        return concat(a, tensors.stream().map(t -> t.expand(a)).toList());
    }

    /// Tensors of one shape side by side along a new axis.
    public static Tensor stack(int axis, Tensor... tensors) {
        return stack(axis, List.of(tensors));
    }

    /// The order of elements reversed along axes.
    public Tensor flip(int... axes) {
        return apply(new Movement.Flip(axes("flip", axes)));
    }

    /// The matrix with zeros above the diagonal, in the last two axes.
    public Tensor lowerTriangle() {
        int rows = dim(-2);
        int columns = dim(-1);
        double[] mask = new double[rows * columns];
        for (int i = 0; i < rows; i++) {
            Arrays.fill(mask, i * columns, i * columns + Math.min(i + 1, columns), 1);
        }
        return of(Shape.of(rows, columns), mask).cast(dtype()).where(this, 0);
    }

    // ------------------------------------------------------------------------------------------------- indexing

    /// Elements along an axis chosen by `i32` indices, whose axes replace that axis: `x[a…, n, b…]` at `i[k…]` is `y[a…, k…, b…]`.
    public Tensor gather(int axis, Tensor index) {
        return Indexing.gather(this, axis, index);
    }

    /// For each index of the other axes its own choice along the last axis: `y[i…, j] = x[i…, index[i…, j]]`.
    public Tensor takeAlong(Tensor index) {
        return Indexing.takeAlong(this, index);
    }

    /// Rows added up by index: `y[r, :] = Σ_{i: index[i] = r} this[i…, :]`, in the order of `i`.
    public Tensor scatterAdd(Tensor index, int rows) {
        return apply(new Indexing.ScatterAdd(rows), index);
    }

    /// 1 at the indexed place of a new last axis of size `n`, else 0. This holds `i32` indices; one outside gives zeros only.
    public Tensor oneHot(int n, DType dtype) {
        return expand(-1).equal(iota(n)).cast(dtype);
    }

    /// The order that sorts the last axis upwards, stable, NaN last, as `i32` indices for [#takeAlong].
    public Tensor argSort() {
        return apply(new Indexing.ArgSort());
    }

    /// The last axis sorted upwards, NaN last.
    public Tensor sort() {
        return takeAlong(argSort());
    }

    // ------------------------------------------------------------------------------------------------- linear algebra

    /// The matrix product `[…, m, k] · […, k, n] → […, m, n]`, floating-point, summed over ascending `k` by fused multiply-adds. Leading axes
    /// broadcast; a vector on either side counts as a matrix of one row or column, which vanishes.
    public Tensor matmul(Tensor other) {
        return MatMul.of(this, other);
    }

    /// The lower triangular `L` with `L Lᵀ = (A + Aᵀ)/2` of matrices `[…, n, n]`. Not positive definite gives NaN.
    public Tensor cholesky() {
        return apply(new LinearAlgebra.Cholesky());
    }

    /// `L⁻¹ b`, or `L⁻ᵀ b` if `transpose`, of the lower triangle of this, `[…, n, n]`, for `b[…, n, k]`. Leading axes broadcast.
    public Tensor solveTriangular(Tensor b, boolean transpose) {
        return LinearAlgebra.TriangularSolve.of(this, b, transpose);
    }

    /// The diagonal of matrices: `[…, n, n] → […, n]`.
    public Tensor diagonal() {
        return mul(eye(dim(-1), dtype())).sum(-2);
    }

    /// `ln det` of symmetric positive definite matrices: `[…, n, n] → […]`.
    public Tensor logDet() {
        return cholesky().diagonal().log().sum(-1).mul(2);
    }

    /// Eigenvalues of symmetric matrices, upwards: `[…, n, n] → […, n]`.
    public Tensor symmetricEigenvalues() {
        return apply(new LinearAlgebra.SymmetricEigen()).at(-2, 0);
    }

    /// Orthonormal eigenvectors of symmetric matrices in columns, in the order of the eigenvalues: `[…, n, n] → […, n, n]`. In each the
    /// element of largest magnitude is positive.
    public Tensor symmetricEigenvectors() {
        return apply(new LinearAlgebra.SymmetricEigen()).slice(-2, 1, dim(-1) + 1);
    }

    // ------------------------------------------------------------------------------------------------- differentiation

    /// The derivative of this scalar with respect to `x`; see [Gradient].
    public Tensor gradient(Tensor x) {
        return Gradient.of(this, x);
    }

    /// The same value, through which no derivative passes.
    public Tensor stopGradient() {
        return apply(new Identity.StopGradient());
    }

    /// `f(this)`, whose intermediate values are computed again for the derivative instead of being kept.
    public Tensor checkpoint(UnaryOperator<Tensor> f) {
        return CustomRule.checkpoint(x -> f.apply(x.getFirst()), List.of(this));
    }

    /// A new key, number `index` of those that follow from this key; see [Key].
    Tensor foldKey(int index) {
        return apply(new RandomDraw.Fold(index));
    }
}
