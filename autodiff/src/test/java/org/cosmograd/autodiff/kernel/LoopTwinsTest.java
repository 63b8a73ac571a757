package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Instruction;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;
import org.cosmograd.autodiff.kernel.LoopSpec.Sink;
import org.cosmograd.autodiff.kernel.LoopSpec.Source;
import org.junit.jupiter.api.Test;

/// Law: scalar twin = SIMD twin = direct evaluation, bit for bit (NaN for NaN), for every access, mode and size.
class LoopTwinsTest {
    private static final int[] SIZES = {0, 1, 3, 15, 16, 17, 31, 33, 1023, 4098};

    /// The functions a random body is made of.
    enum F implements ElementFunction {
        ADD, SUB, MUL, DIV, NEG, ABS, SQRT, FMA, MIN, MAX, LESS, LESS_EQUAL, EQUAL, XOR_BITS, EXP, EXPM1, LOG, LOG1P, SIN, COS, TANH,
        ERF, LOGISTIC, SOFTPLUS, FLOOR, SIGN, RECIPROCAL, HALF, NEG_ZERO, POW, LGAMMA, DIGAMMA, TRIGAMMA, ZERO, NAN;

        @Override
        public Lane value(Lanes l, List<Lane> x) {
            Lane a = x.get(0);
            Lane b = x.get(1);
            Lane c = x.get(2);
            return switch (this) {
                case ADD -> l.add(a, b);
                case SUB -> l.sub(a, b);
                case MUL -> l.mul(a, b);
                case DIV -> l.div(a, b);
                case NEG -> l.neg(a);
                case ABS -> l.abs(a);
                case SQRT -> l.sqrt(a);
                case FMA -> l.fma(a, b, c);
                case MIN -> l.min(a, b);
                case MAX -> l.max(a, b);
                case LESS -> l.select(l.less(a, b), b, c);
                case LESS_EQUAL -> {
                    Lanes.Mask m = l.lessEqual(a, b); // used twice, so kept in a local
                    yield l.add(l.select(m, b, c), l.select(m, a, b));
                }
                case EQUAL -> l.select(l.equal(a, b), c, a);
                case XOR_BITS -> l.fromBits(l.xor(l.bits(a), l.and(l.bits(b), l.shiftRight(l.bits(l.neg(c)), 3))));
                case EXP -> Elementary.exp(l, a);
                case EXPM1 -> Elementary.expm1(l, a);
                case LOG -> Elementary.log(l, a);
                case LOG1P -> Elementary.log1p(l, a);
                case SIN -> Elementary.sin(l, a);
                case COS -> Elementary.cos(l, a);
                case TANH -> Elementary.tanh(l, a);
                case ERF -> Elementary.erf(l, a);
                case LOGISTIC -> Elementary.logistic(l, a);
                case SOFTPLUS -> Elementary.softplus(l, a);
                case FLOOR -> Elementary.floor(l, a);
                case SIGN -> Elementary.sign(l, a);
                case RECIPROCAL -> Elementary.reciprocal(l, a);
                case HALF -> l.constant(0.5);
                case NEG_ZERO -> l.constant(-0.0);
                case POW -> Elementary.pow(l, a, b);
                case LGAMMA -> Elementary.lgamma(l, a);
                case DIGAMMA -> Elementary.digamma(l, a);
                case TRIGAMMA -> Elementary.trigamma(l, a);
                case ZERO -> l.constant(0);
                case NAN -> l.constant(Double.NaN);
            };
        }
    }

    private static LoopSpec random(Random random, DType type) {
        List<Source> sources = new ArrayList<>();
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            sources.add(new Source(type, Access.values()[random.nextInt(3)]));
        }
        List<Instruction> body = new ArrayList<>();
        int steps = 1 + random.nextInt(6);
        for (int i = 0; i < steps; i++) {
            int values = count + i;
            F f = F.values()[random.nextInt(F.POW.ordinal())]; // the long ones have a test of their own
            if (f == F.XOR_BITS && i > 0) {
                f = F.FMA; // the payload of a NaN may differ, so bits are taken of inputs only
            }
            body.add(new Instruction(f, type, List.of(random.nextInt(values), random.nextInt(values), random.nextInt(values))));
        }
        List<Sink> sinks = new ArrayList<>();
        int outputs = 1 + random.nextInt(2);
        for (int i = 0; i < outputs; i++) {
            Mode mode = Mode.values()[random.nextInt(Mode.values().length)];
            boolean row = mode.isRow();
            sinks.add(new Sink(i == 0 ? count + steps - 1 : random.nextInt(count + steps),
                    row ? Access.SPLAT : random.nextBoolean() ? Access.UNIT : Access.STRIDED, mode));
        }
        return new LoopSpec(sources, body, sinks);
    }

    /// Operands as arrays of double; converted for the kernels.
    private record Data(double[][] operands, int[] geometry) {}

    private static Data data(LoopSpec spec, Random random, int rows, int n) {
        int operands = spec.sources().size() + spec.sinks().size();
        double[][] arrays = new double[operands][];
        int[] geometry = new int[3 * operands];
        for (int k = 0; k < operands; k++) {
            boolean source = k < spec.sources().size();
            Access access = source ? spec.sources().get(k).access() : spec.sinks().get(k - spec.sources().size()).access();
            int step = access == Access.SPLAT ? 0 : access == Access.UNIT ? 1 : random.nextBoolean() ? 3 : -2;
            int rowLength = Math.abs(step) * n + 1 + random.nextInt(3);
            int slack = random.nextInt(3);
            arrays[k] = new double[rows * rowLength + slack + Storage.ROOM];
            geometry[3 * k] = slack + (step < 0 ? rowLength - 1 : 0);
            geometry[3 * k + 1] = rowLength;
            geometry[3 * k + 2] = step;
            for (int i = 0; i < arrays[k].length; i++) {
                arrays[k][i] = switch (random.nextInt(40)) {
                    case 0 -> 0.0;
                    case 1 -> -0.0;
                    case 2 -> Double.NaN;
                    case 3 -> Double.POSITIVE_INFINITY;
                    case 4 -> Double.NEGATIVE_INFINITY;
                    case 5 -> 1e-40;
                    case 6 -> 1e20 * random.nextGaussian();
                    case 7 -> random.nextInt(5) - 2;
                    default -> (float) (random.nextGaussian() * 3);
                };
            }
        }
        return new Data(arrays, geometry);
    }

    private static Object[] typed(double[][] operands, LoopSpec spec) {
        Object[] arrays = new Object[operands.length];
        for (int k = 0; k < operands.length; k++) {
            int sources = spec.sources().size();
            DType type = k < sources ? spec.sources().get(k).type() : spec.type(spec.sinks().get(k - sources).value());
            arrays[k] = switch (type) {
                case F64 -> operands[k].clone();
                case F32 -> {
                    float[] a = new float[operands[k].length];
                    for (int i = 0; i < a.length; i++) {
                        a[i] = (float) operands[k][i];
                    }
                    yield a;
                }
                case I32 -> Arrays.stream(operands[k]).mapToInt(v -> (int) v).toArray();
            };
        }
        return arrays;
    }

    private static double get(Object array, int i) {
        return switch (array) {
            case float[] a -> a[i];
            case double[] a -> a[i];
            default -> ((int[]) array)[i];
        };
    }

    private static void set(Object array, int i, double v) {
        switch (array) {
            case float[] a -> a[i] = (float) v;
            case double[] a -> a[i] = v;
            default -> ((int[]) array)[i] = (int) v;
        }
    }

    /// What a loop means, element by element.
    private static void reference(LoopSpec spec, Object[] arrays, int[] g, int rowBegin, int rowEnd, int n) {
        int sources = spec.sources().size();
        for (int r = rowBegin; r < rowEnd; r++) {
            double[][] partial = new double[spec.sinks().size()][64];
            double[] largest = new double[spec.sinks().size()];
            Arrays.fill(largest, Double.NEGATIVE_INFINITY);
            for (int i = 0; i < n; i++) {
                List<Double> values = new ArrayList<>();
                for (int k = 0; k < sources; k++) {
                    values.add(get(arrays[k], g[3 * k] + r * g[3 * k + 1] + i * g[3 * k + 2]));
                }
                for (Instruction step : spec.body()) {
                    double[] x = step.arguments().stream().mapToDouble(values::get).toArray();
                    values.add(ScalarLanes.evaluate(step.function(), step.type(), x));
                }
                for (int k = 0; k < spec.sinks().size(); k++) {
                    Sink sink = spec.sinks().get(k);
                    int o = sources + k;
                    int row = sink.mode().isColumn() ? r % sink.mode().partials() : r;
                    int at = g[3 * o] + row * g[3 * o + 1] + i * g[3 * o + 2];
                    double v = values.get(sink.value());
                    boolean f32 = spec.type(sink.value()) == DType.F32;
                    switch (sink.mode()) {
                        case STORE -> set(arrays[o], at, v);
                        case ADD, LONG_ADD -> set(arrays[o], at, get(arrays[o], at) + v);
                        case MAX -> set(arrays[o], at, Math.max(get(arrays[o], at), v));
                        case ROW_SUM, LONG_ROW_SUM -> {
                            int j = i % sink.mode().partials();
                            double sum = partial[k][j] + v;
                            partial[k][j] = spec.type(sink.value()) == DType.I32 ? (int) (long) sum : f32 ? (float) sum : sum;
                        }
                        case ROW_MAX -> largest[k] = Math.max(largest[k], v);
                    }
                }
            }
            for (int k = 0; k < spec.sinks().size(); k++) {
                int o = sources + k;
                int at = g[3 * o] + r * g[3 * o + 1];
                boolean f32 = spec.type(spec.sinks().get(k).value()) == DType.F32;
                if (spec.sinks().get(k).mode().isRowSum()) {
                    for (int half = spec.sinks().get(k).mode().partials() / 2; half > 0; half /= 2) {
                        for (int j = 0; j < half; j++) {
                            double s = partial[k][j] + partial[k][j + half];
                            partial[k][j] = f32 ? (float) s : spec.type(spec.sinks().get(k).value()) == DType.I32 ? (int) (long) s : s;
                        }
                    }
                    set(arrays[o], at, partial[k][0]);
                } else if (spec.sinks().get(k).mode() == Mode.ROW_MAX) {
                    set(arrays[o], at, largest[k]);
                }
            }
        }
    }

    private static void assertSame(Object[] expected, Object[] actual, String what) {
        for (int k = 0; k < expected.length; k++) {
            int length = java.lang.reflect.Array.getLength(expected[k]);
            for (int i = 0; i < length; i++) {
                // doubleToLongBits has one NaN, so payloads do not count
                if (Double.doubleToLongBits(get(expected[k], i)) != Double.doubleToLongBits(get(actual[k], i))) {
                    assertEquals(get(expected[k], i), get(actual[k], i), what + ": operand " + k + " at " + i);
                }
            }
        }
    }

    /// The SIMD twin as machine code.
    private static LoopKernel warm(LoopSpec spec) {
        Twins<LoopKernel> twins = new Twins<>(LoopEmitter.scalar(spec), new LoopTrial(spec, () -> 0));
        twins.want();
        assertTrue(WarmUp.await(java.time.Duration.ofSeconds(60)));
        assertTrue(twins.isSimd(), spec + " is not warm");
        return twins.now();
    }

    private static void check(LoopSpec spec, Random random, int[] sizes) {
        check(spec, random, sizes, false);
    }

    private static void check(LoopSpec spec, Random random, int[] sizes, boolean hot) {
        LoopKernel scalar = LoopEmitter.scalar(spec);
        boolean vectors = Loops.SIMD && LoopEmitter.vectorizable(spec);
        LoopKernel simd = !vectors ? scalar : hot ? warm(spec) : LoopEmitter.simd(spec).orElseThrow();
        if (hot) {
            int n = spec.length() > 0 ? spec.length() : 100;
            Data data = data(spec, random, 1, n);
            for (int i = 0; i < 3000; i++) {
                scalar.run(typed(data.operands, spec), data.geometry, 0, 1, n);
            }
        }
        for (int n : sizes) {
            int rows = n > 130 ? 1 : 1 + random.nextInt(3);
            check(spec, scalar, simd, random, rows, random.nextInt(2) == 0 ? 0 : rows - 1, n);
        }
    }

    private static void check(LoopSpec spec, Random random, int rows, int begin, int n) {
        LoopKernel scalar = LoopEmitter.scalar(spec);
        check(spec, scalar, Loops.SIMD ? LoopEmitter.simd(spec).orElseThrow() : scalar, random, rows, begin, n);
    }

    private static void check(LoopSpec spec, LoopKernel scalar, LoopKernel simd, Random random, int rows, int begin, int n) {
        Data data = data(spec, random, rows, n);
        Object[] expected = typed(data.operands, spec);
        Object[] byScalar = typed(data.operands, spec);
        Object[] bySimd = typed(data.operands, spec);
        reference(spec, expected, data.geometry, begin, rows, n);
        scalar.run(byScalar, data.geometry, begin, rows, n);
        simd.run(bySimd, data.geometry, begin, rows, n);
        assertSame(expected, byScalar, "scalar, n = " + n + ", " + spec);
        assertSame(expected, bySimd, "SIMD, n = " + n + ", " + spec);
        if (spec.body().size() > 1) {
            Object[] byTile = typed(data.operands, spec);
            new TileLoop(spec).run(byTile, data.geometry, begin, rows, n);
            assertSame(expected, byTile, "by single operations, n = " + n + ", " + spec);
        }
        scalar.run(byScalar, data.geometry, begin, begin, n); // no rows: nothing changes
        assertSame(bySimd, byScalar, "no rows, " + spec);
    }

    @Test
    void randomBodiesAgree() {
        Random random = new Random(7);
        for (int t = 0; t < 400; t++) {
            LoopSpec spec = random(random, t % 2 == 0 ? DType.F32 : DType.F64);
            check(spec, random, t < 40 ? SIZES : new int[] {SIZES[t % 8]});
        }
    }

    /// Kernels for one length only.
    @Test
    void knownLengthsAgree() {
        Random random = new Random(17);
        for (int n : new int[] {1, 3, 4, 8, 12, 16, 17, 31, 33, 64, 120}) {
            for (DType type : List.of(DType.F32, DType.F64)) {
                for (int t = 0; t < 3; t++) {
                    LoopSpec spec = random(random, type);
                    check(LoopEmitter.prefersLength(spec, n) ? spec.ofLength(n) : spec, random, new int[] {n, n});
                }
            }
        }
    }

    /// More rows than there are partial rows.
    @Test
    void rowsAreCombinedInTurn() {
        Random random = new Random(19);
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (Mode mode : List.of(Mode.ADD, Mode.LONG_ADD, Mode.MAX)) {
                for (int length : new int[] {0, 10}) {
                    LoopSpec spec = new LoopSpec(List.of(new Source(type, Access.UNIT)), List.of(new Instruction(F.NEG, type, List.of(0, 0, 0))),
                            List.of(new Sink(1, Access.UNIT, mode)), length);
                    check(spec, random, 150, 7, 10);
                }
            }
        }
    }

    /// Rows that stand for several: as many calls of the single kernel.
    @Test
    void deepRowsAgree() {
        Random random = new Random(23);
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (Mode mode : List.of(Mode.ADD, Mode.LONG_ADD, Mode.MAX)) {
                for (int n : new int[] {3, 10, 32, 40, 300}) {
                    LoopSpec single = new LoopSpec(List.of(new Source(type, Access.UNIT), new Source(type, Access.STRIDED)),
                            List.of(new Instruction(F.SUB, type, List.of(0, 1, 0)), new Instruction(F.ABS, type, List.of(0, 0, 0))),
                            List.of(new Sink(2, n == 10 ? Access.STRIDED : Access.UNIT, mode), new Sink(3, Access.UNIT, Mode.STORE),
                                    new Sink(3, Access.UNIT, mode)));
                    int depth = LoopEmitter.depth(single);
                    assertTrue(!Loops.SIMD || depth > 1, "depth of " + single);
                    LoopSpec deep = single.ofDepth(2);
                    LoopSpec fixed = LoopEmitter.prefersLength(deep, n) ? deep.ofLength(n) : deep;
                    int partials = mode.partials();
                    Data data = data(single, random, 2 * partials, n);
                    Object[] expected = typed(data.operands, single);
                    reference(single, expected, data.geometry, 0, 2 * partials, n);
                    List<LoopKernel> forms = new ArrayList<>(List.of(new LayerLoop(deep, LoopEmitter.scalar(single))));
                    if (Loops.SIMD) {
                        forms.add(LoopEmitter.simd(deep).orElseThrow());
                        forms.add(LoopEmitter.simd(fixed).orElseThrow());
                    }
                    for (LoopKernel form : forms) {
                        Object[] actual = typed(data.operands, single);
                        form.run(actual, data.geometry, 0, partials, n);
                        assertSame(expected, actual, "deep, n = " + n + ", " + fixed);
                    }
                }
            }
        }
    }

    /// Rows named by tables, some of them twice.
    @Test
    void rowsByIndexAgree() {
        Random random = new Random(29);
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (Mode mode : List.of(Mode.STORE, Mode.ADD)) {
                for (int n : new int[] {3, 16, 40, 300}) {
                    LoopSpec plain = new LoopSpec(List.of(new Source(type, Access.UNIT)), List.of(), List.of(new Sink(0, Access.UNIT, mode)));
                    Data data = data(plain, random, 12, n);
                    int[] g = Arrays.copyOf(data.geometry, 12);
                    int[] from = {9, 3, 0, 3, 11, 2};
                    int[] to = {77, 1, 10, 4, 4, 4, 0};
                    g[9] = 1;
                    Object[] expected = typed(data.operands, plain);
                    for (int r = 1; r < 6; r++) {
                        int[] one = {g[0] + from[r] * g[1], 0, 1, g[3] + to[r + 1] * g[4], 0, 1};
                        reference(plain, expected, one, 0, 1, n);
                    }
                    LoopSpec indexed = plain.byIndex(0, 1);
                    List<LoopKernel> forms = new ArrayList<>(List.of(LoopEmitter.scalar(indexed)));
                    if (Loops.SIMD) {
                        forms.add(LoopEmitter.simd(indexed).orElseThrow());
                        forms.add(LoopEmitter.simd(LoopEmitter.prefersLength(indexed, n) ? indexed.ofLength(n) : indexed).orElseThrow());
                    }
                    for (LoopKernel form : forms) {
                        Object[] actual = typed(data.operands, plain);
                        form.run(new Object[] {actual[0], actual[1], from, to}, g, 1, 6, n);
                        assertSame(expected, actual, "by index, n = " + n + ", " + mode);
                    }
                }
            }
        }
    }

    @Test
    void everyFunctionModeAndAccessAgrees() {
        Random random = new Random(11);
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (F f : F.values()) {
                Access access = Access.values()[f.ordinal() % 2 * 2]; // UNIT, STRIDED
                check(new LoopSpec(
                        List.of(new Source(type, access), new Source(type, Access.UNIT), new Source(type, Access.SPLAT)),
                        List.of(new Instruction(f, type, List.of(0, 1, 2))),
                        List.of(new Sink(3, access, Mode.STORE))), random, new int[] {0, 3, 17, 333});
            }
            for (Mode mode : Mode.values()) {
                for (Access access : Access.values()) {
                    boolean row = mode.isRow();
                    check(new LoopSpec(
                            List.of(new Source(type, access)),
                            List.of(new Instruction(F.EXP, type, List.of(0, 0, 0))),
                            List.of(new Sink(1, row ? Access.SPLAT : access, mode), new Sink(0, row ? Access.SPLAT : access, mode))),
                            random, SIZES);
                }
            }
        }
    }

    /// The compiled forms too: intrinsic minimum, maximum, comparison and fma have rules of their own.
    @Test
    void compiledFormsAgree() {
        Random random = new Random(13);
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (int first = 0; first < F.POW.ordinal(); first += 3) {
                List<Instruction> body = new ArrayList<>();
                List<Sink> sinks = new ArrayList<>();
                for (int f = first; f < Math.min(first + 3, F.POW.ordinal()); f++) {
                    sinks.add(new Sink(3 + body.size(), f % 3 == 0 ? Access.STRIDED : Access.UNIT, Mode.values()[f % 3]));
                    sinks.add(new Sink(3 + body.size(), Access.SPLAT, f % 2 == 0 ? Mode.ROW_SUM : Mode.ROW_MAX));
                    body.add(new Instruction(F.values()[f], type, List.of(0, 1, 2)));
                }
                LoopSpec spec = new LoopSpec(
                        List.of(new Source(type, Access.UNIT), new Source(type, Access.STRIDED), new Source(type, Access.SPLAT)), body, sinks);
                check(spec, random, SIZES, true);
                check(spec.ofLength(20), random, new int[] {20}, true);
            }
        }
    }

    /// A minimum or maximum with a constant, on either side: the zeros and NaN are what may go wrong.
    @Test
    void boundsAgree() {
        Random random = new Random(15);
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (F bound : List.of(F.ZERO, F.NEG_ZERO, F.HALF, F.NAN)) {
                List<Instruction> body = new ArrayList<>(List.of(new Instruction(bound, type, List.of(0, 0, 0))));
                List<Sink> sinks = new ArrayList<>();
                for (F f : List.of(F.MIN, F.MAX)) {
                    body.add(new Instruction(f, type, List.of(0, 1, 0)));
                    body.add(new Instruction(f, type, List.of(1, 0, 0)));
                }
                for (int k = 0; k < 4; k++) {
                    sinks.add(new Sink(2 + k, Access.UNIT, Mode.STORE));
                }
                LoopSpec spec = new LoopSpec(List.of(new Source(type, Access.UNIT)), body, sinks);
                check(spec, random, SIZES, true);
                check(spec.ofLength(60), random, new int[] {60, 60, 60}, true);
            }
        }
    }

    /// Functions of hundreds of operations, alone in their loop.
    @Test
    void longFunctionsAgree() {
        Random random = new Random(14);
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (F f : List.of(F.POW, F.LGAMMA, F.DIGAMMA, F.TRIGAMMA)) {
                for (Mode mode : List.of(Mode.STORE, Mode.ROW_SUM)) {
                    LoopSpec spec = new LoopSpec(
                            List.of(new Source(type, Access.UNIT), new Source(type, Access.STRIDED)),
                            List.of(new Instruction(f, type, List.of(0, 1, 0))),
                            List.of(new Sink(2, mode.isRow() ? Access.SPLAT : Access.UNIT, mode)));
                    assertTrue(LoopEmitter.vectorizable(spec), f + " has no SIMD twin");
                    assertTrue(LoopEmitter.cost(spec) <= LoopEmitter.BYTE_LIMIT, f + " " + type + ": " + LoopEmitter.cost(spec) + " bytes");
                    check(spec, random, SIZES, mode == Mode.STORE);
                }
            }
        }
    }

    /// Threads share the operands' places ([LoopKernel]), also where elements take the way around by [Lanes#rarely].
    @Test
    void threadsShareTheGeometry() {
        int rows = 600;
        int n = 200;
        LoopSpec spec = new LoopSpec(
                List.of(new Source(DType.F64, Access.UNIT)),
                List.of(new Instruction(F.SIN, DType.F64, List.of(0, 0, 0))),
                List.of(new Sink(1, Access.UNIT, Mode.STORE)));
        double[] x = new double[rows * n];
        for (int i = 0; i < x.length; i++) {
            x[i] = i % 37 == 0 ? i * 1e30 : i;
        }
        double[] expected = new double[x.length];
        LoopEmitter.scalar(spec).run(new Object[] {x, expected}, new int[] {0, n, 1, 0, n, 1}, 0, rows, n);
        LoopKernel kernel = Loops.SIMD ? warm(spec) : LoopEmitter.scalar(spec);
        int[] geometry = {0, n, 1, 0, n, 1};
        int before = Workers.threads();
        try {
            Workers.threads(3);
            for (int repeat = 0; repeat < 20; repeat++) {
                double[] actual = new double[x.length];
                Object[] arrays = {x, actual};
                Workers.run(rows / 10, chunk -> kernel.run(arrays, geometry, 10 * chunk, 10 * chunk + 10, n));
                assertSame(new Object[] {expected}, new Object[] {actual}, "on three threads");
            }
        } finally {
            Workers.threads(before);
        }
    }

    private enum Cast implements ElementFunction {
        TO_F64, TO_F32, TO_I32;

        @Override
        public Lane value(Lanes l, List<Lane> x) {
            return switch (this) {
                case TO_F64 -> l.cast(x.get(0), DType.F32);
                case TO_F32 -> l.add(l.cast(x.get(0), DType.F64), l.constant(1));
                case TO_I32 -> l.max(Elementary.sign(l, l.cast(x.get(0), DType.F32)), l.neg(l.cast(x.get(0), DType.F32)));
            };
        }
    }

    @Test
    void mixedTypesRunScalar() {
        LoopSpec spec = new LoopSpec(
                List.of(new Source(DType.F32, Access.UNIT), new Source(DType.I32, Access.UNIT)),
                List.of(new Instruction(Cast.TO_F64, DType.F64, List.of(0)), new Instruction(Cast.TO_F32, DType.F32, List.of(2)),
                        new Instruction(Cast.TO_I32, DType.I32, List.of(3)),
                        new Instruction(F.MAX, DType.I32, List.of(4, 1, 1))),
                List.of(new Sink(2, Access.UNIT, Mode.ADD), new Sink(3, Access.SPLAT, Mode.ROW_SUM), new Sink(5, Access.UNIT, Mode.STORE),
                        new Sink(4, Access.SPLAT, Mode.ROW_MAX), new Sink(1, Access.SPLAT, Mode.ROW_SUM)));
        assertFalse(LoopEmitter.vectorizable(spec));
        check(spec, new Random(3), new int[] {1, 17, 40});
    }

    @Test
    void aSinkMayLieOnASource() {
        LoopSpec spec = new LoopSpec(
                List.of(new Source(DType.F32, Access.UNIT), new Source(DType.F32, Access.UNIT)),
                List.of(new Instruction(F.ADD, DType.F32, List.of(0, 1, 1)), new Instruction(F.SUB, DType.F32, List.of(0, 1, 1))),
                List.of(new Sink(2, Access.UNIT, Mode.STORE), new Sink(3, Access.UNIT, Mode.STORE)));
        List<LoopKernel> forms = new ArrayList<>(List.of(LoopEmitter.scalar(spec), new TileLoop(spec)));
        if (Loops.SIMD) {
            forms.add(LoopEmitter.simd(spec).orElseThrow());
        }
        for (LoopKernel kernel : forms) {
            float[] a = Arrays.copyOf(new float[] {1, 2, 3}, 3 + Storage.ROOM);
            float[] b = Arrays.copyOf(new float[] {10, 20, 30}, 3 + Storage.ROOM);
            kernel.run(new Object[] {a, b, a, b}, new int[] {0, 3, 1, 0, 3, 1, 0, 3, 1, 0, 3, 1}, 0, 1, 3);
            assertEquals("[11.0, 22.0, 33.0, 0.0] [-9.0, -18.0, -27.0, 0.0]", Arrays.toString(Arrays.copyOf(a, 4)) + " " + Arrays.toString(Arrays.copyOf(b, 4)));
        }
    }

    @Test
    void theEstimateOfBytesIsNearTheTruth() {
        Random random = new Random(5);
        for (int t = 0; t < 100; t++) {
            LoopSpec spec = random(random, DType.F32);
            if (t % 2 == 1) {
                int n = 1 + random.nextInt(64);
                spec = LoopEmitter.prefersLength(spec, n) ? spec.ofLength(n) : spec;
            }
            int estimate = LoopEmitter.cost(spec);
            int scalar = codeLength(LoopEmitter.bytes(spec, 0));
            int simd = Loops.SIMD && LoopEmitter.vectorizable(spec) ? codeLength(LoopEmitter.bytes(spec, Simd.bits())) : 0;
            assertTrue(Math.max(scalar, simd) <= Math.max(LoopEmitter.BYTE_LIMIT, 1.1 * estimate), estimate + " < " + scalar + " or " + simd + ": " + spec);
        }
    }

    private static int codeLength(byte[] classFile) {
        return java.lang.classfile.ClassFile.of().parse(classFile).methods().stream()
                .filter(m -> m.methodName().equalsString("run"))
                .mapToInt(m -> ((java.lang.classfile.attribute.CodeAttribute) m.code().orElseThrow()).codeLength())
                .sum();
    }

    @Test
    void aHotKernelIsReplacedAndAllocatesNothing() {
        assumeTrue(Loops.SIMD);
        LoopSpec spec = new LoopSpec(
                List.of(new Source(DType.F32, Access.UNIT), new Source(DType.F32, Access.SPLAT)),
                List.of(new Instruction(F.TANH, DType.F32, List.of(0, 0, 0)), new Instruction(F.FMA, DType.F32, List.of(2, 1, 0))),
                List.of(new Sink(3, Access.UNIT, Mode.STORE), new Sink(3, Access.SPLAT, Mode.ROW_SUM)));
        Loops.Tiered kernel = (Loops.Tiered) Loops.kernel(spec);
        assertEquals(kernel, Loops.kernel(spec));
        Data data = data(spec, new Random(1), 3, 1000);
        Object[] before = typed(data.operands, spec);
        Object[] after = typed(data.operands, spec);
        kernel.run(before, data.geometry, 0, 3, 1000);
        assertFalse(kernel.isSimd());
        for (int i = 0; i < 300; i++) {
            kernel.run(after, data.geometry, 0, 3, 1000);
        }
        assertTrue(WarmUp.await(java.time.Duration.ofSeconds(60)));
        assertTrue(kernel.isSimd());
        kernel.run(after, data.geometry, 0, 3, 1000);
        assertSame(before, after, "after the change");
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            kernel.run(after, data.geometry, 0, 3, 37);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
            kernel.run(after, data.geometry, 0, 3, 37);
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
        assertTrue(allocated < 1000, allocated + " bytes in 1000 calls");
    }

}
