package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static org.cosmograd.autodiff.kernel.LoopFrame.CD_SCRATCH;
import static org.cosmograd.autodiff.kernel.LoopFrame.kind;
import static org.cosmograd.autodiff.kernel.LoopFrame.primitive;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.Map;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopGraph.Kind;
import org.cosmograd.autodiff.kernel.LoopGraph.Op;
import org.cosmograd.autodiff.kernel.LoopGraph.Step;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// SIMD code: one vector per turn.
///
/// A reduction of a row has several accumulators, which take turns: vector `t` goes to accumulator `t mod count`. They are renamed
/// rather than indexed, and since the tree that combines them is the same after a rotation, nobody needs to know how far they have
/// turned.
///
/// A largest element is found among the bits of the elements, taken as integers, for a maximum of floating-point numbers that minds NaN and
/// the sign of zero takes six instructions and these three: the largest signed number is the answer unless all elements are negative; then it is the
/// smallest, and a NaN shows as too large a number, signed or unsigned.
final class VectorSteps implements LoopSteps {
    private static final String VECTOR = "jdk.incubator.vector.";
    static final ClassDesc CD_VECTOR = ClassDesc.of(VECTOR + "Vector");
    static final ClassDesc CD_MASK = ClassDesc.of(VECTOR + "VectorMask");
    static final MethodTypeDesc MTD_MASKS = MethodTypeDesc.of(CD_MASK, CD_MASK);
    static final ClassDesc CD_SPECIES = ClassDesc.of(VECTOR + "VectorSpecies");
    private static final ClassDesc CD_SHUFFLE = ClassDesc.of(VECTOR + "VectorShuffle");
    private static final ClassDesc CD_OPERATORS = ClassDesc.of(VECTOR + "VectorOperators");
    private static final ClassDesc CD_BINARY = CD_OPERATORS.nested("Binary");
    private static final ClassDesc CD_ASSOCIATIVE = CD_OPERATORS.nested("Associative");
    private static final ClassDesc CD_COMPARISON = CD_OPERATORS.nested("Comparison");
    static final ClassDesc CD_SIMD = ClassDesc.of(LoopFrame.PACKAGE + "Simd");

    /// Accumulators of a largest element: the largest and the smallest signed number, and the largest unsigned one.
    private static final int MAXIMA = 3;

    private final LoopFrame frame;
    private final CodeBuilder code;
    private final int[][] accumulator;

    VectorSteps(LoopFrame frame) {
        this.frame = frame;
        this.code = frame.code;
        this.accumulator = new int[frame.spec.sinks().size()][];
    }

    /// Accumulators of a sink: what the canonical order asks for, as far as a row of known length reaches.
    private int count(Mode mode) {
        if (!mode.isRowSum()) {
            return MAXIMA;
        }
        int all = Math.max(1, mode.partials() / frame.lanes);
        int vectors = (frame.spec.length() + frame.lanes - 1) / frame.lanes;
        return vectors == 0 ? all : Math.min(all, Integer.highestOneBit(Math.max(1, 2 * vectors - 1)));
    }

    static ClassDesc vector(DType type) {
        return ClassDesc.of(VECTOR + (type == DType.F64 ? "DoubleVector" : "FloatVector"));
    }

    private static ClassDesc bitsVector(DType type) {
        return ClassDesc.of(VECTOR + (type == DType.F64 ? "LongVector" : "IntVector"));
    }

    private CodeBuilder species(DType type) {
        return code.getstatic(CD_SIMD, type == DType.F64 ? "F64" : "F32", CD_SPECIES);
    }

    @Override
    public void step(int id) {
        Step step = frame.graph.step(id);
        DType type = step.type();
        boolean wide = type == DType.F64;
        ClassDesc v = vector(type);
        if (step.kind() == Kind.BITS) {
            vectorBits(step, wide);
            return;
        }
        switch (step.op()) {
            case SOURCE -> vectorSource((int) step.constant());
            case CONSTANT -> {
                species(type);
                if (wide) {
                    code.loadConstant(Double.longBitsToDouble(step.constant()));
                } else {
                    code.loadConstant(Float.intBitsToFloat((int) step.constant()));
                }
                code.invokestatic(v, "broadcast", MethodTypeDesc.of(v, CD_SPECIES, primitive(type)));
            }
            case ADD, SUB, MUL, DIV, MIN, MAX -> {
                int bound = boundOf(step);
                if (bound >= 0) {
                    clamp(step, bound, v);
                    return;
                }
                frame.pushAll(step);
                code.invokevirtual(v, step.op().name().toLowerCase(), MethodTypeDesc.of(v, CD_VECTOR));
            }
            case NEG, ABS, SQRT -> {
                frame.pushAll(step);
                code.invokevirtual(v, step.op().name().toLowerCase(), MethodTypeDesc.of(v));
            }
            case FMA -> {
                frame.pushAll(step);
                code.invokevirtual(v, "fma", MethodTypeDesc.of(v, CD_VECTOR, CD_VECTOR));
            }
            case LESS, LESS_EQUAL, EQUAL -> {
                frame.push(step.arguments().get(0));
                code.getstatic(CD_OPERATORS, step.op() == Op.LESS ? "LT" : step.op() == Op.EQUAL ? "EQ" : "LE", CD_COMPARISON);
                frame.push(step.arguments().get(1));
                code.invokevirtual(v, "compare", MethodTypeDesc.of(CD_MASK, CD_COMPARISON, CD_VECTOR));
            }
            case SELECT -> {
                frame.push(step.arguments().get(2));
                frame.push(step.arguments().get(1));
                frame.push(step.arguments().get(0));
                code.invokevirtual(v, "blend", MethodTypeDesc.of(v, CD_VECTOR, CD_MASK));
            }
            case FROM_BITS -> {
                frame.pushAll(step);
                code.invokevirtual(CD_VECTOR, wide ? "reinterpretAsDoubles" : "reinterpretAsFloats", MethodTypeDesc.of(v));
            }
            case RARELY -> frame.push(step.arguments().get(1));
            default -> throw new IllegalStateException("LoopEmitter: no SIMD form of " + step);
        }
    }

    /// Which argument of a minimum or a maximum is a constant at hand for which a comparison decides; -1 if none. It must not be NaN, nor the
    /// zero that would lose against the other.
    private int boundOf(Step step) {
        for (int k = 0; k < 2 && (step.op() == Op.MIN || step.op() == Op.MAX); k++) {
            int id = step.arguments().get(k);
            Step c = frame.graph.step(id);
            if (c.op() == Op.CONSTANT && frame.isHoisted(id)) {
                double value = c.type() == DType.F64 ? Double.longBitsToDouble(c.constant()) : Float.intBitsToFloat((int) c.constant());
                boolean wins = step.op() == Op.MAX ? Double.compare(value, -0.0) != 0 : Double.compare(value, 0.0) != 0;
                return wins && !Double.isNaN(value) ? k : -1;
            }
        }
        return -1;
    }

    /// `max(x, c) = x <= c ? c : x`: two instructions, where Java's maximum, which minds NaN and the sign of zero, takes half a dozen.
    private void clamp(Step step, int bound, ClassDesc v) {
        int c = step.arguments().get(bound);
        frame.push(step.arguments().get(1 - bound));
        code.dup().getstatic(CD_OPERATORS, step.op() == Op.MAX ? "LE" : "GE", CD_COMPARISON);
        frame.push(c);
        code.invokevirtual(v, "compare", MethodTypeDesc.of(CD_MASK, CD_COMPARISON, CD_VECTOR));
        frame.push(c);
        code.swap().invokevirtual(v, "blend", MethodTypeDesc.of(v, CD_VECTOR, CD_MASK));
    }

    private void vectorBits(Step step, boolean wide) {
        ClassDesc b = bitsVector(step.type());
        switch (step.op()) {
            case CONSTANT -> {
                code.getstatic(CD_SIMD, wide ? "BITS64" : "BITS32", CD_SPECIES);
                if (wide) {
                    code.loadConstant(step.constant());
                } else {
                    code.loadConstant((int) step.constant());
                }
                code.invokestatic(b, "broadcast", MethodTypeDesc.of(b, CD_SPECIES, wide ? CD_long : CD_int));
            }
            case BITS -> {
                frame.pushAll(step);
                code.invokevirtual(CD_VECTOR, wide ? "reinterpretAsLongs" : "reinterpretAsInts", MethodTypeDesc.of(b));
            }
            case ADD, SUB, AND, OR -> {
                frame.pushAll(step);
                code.invokevirtual(b, step.op().name().toLowerCase(), MethodTypeDesc.of(b, CD_VECTOR));
            }
            case XOR -> {
                frame.push(step.arguments().get(0));
                code.getstatic(CD_OPERATORS, "XOR", CD_ASSOCIATIVE);
                frame.push(step.arguments().get(1));
                code.invokevirtual(b, "lanewise", MethodTypeDesc.of(b, CD_BINARY, CD_VECTOR));
            }
            case SHIFT_LEFT, SHIFT_RIGHT -> {
                frame.pushAll(step);
                code.getstatic(CD_OPERATORS, step.op() == Op.SHIFT_LEFT ? "LSHL" : "ASHR", CD_BINARY);
                if (wide) {
                    code.loadConstant(step.constant());
                } else {
                    code.loadConstant((int) step.constant());
                }
                code.invokevirtual(b, "lanewise", MethodTypeDesc.of(b, CD_BINARY, wide ? CD_long : CD_int));
            }
            default -> throw new IllegalStateException("LoopEmitter: no SIMD form of " + step);
        }
    }

    private void vectorSource(int operand) {
        if (frame.register(operand) >= 0) {
            code.aload(frame.register(operand));
            return;
        }
        DType type = frame.type(operand);
        ClassDesc v = vector(type);
        ClassDesc arrayType = primitive(type).arrayType();
        species(type);
        switch (frame.access(operand)) {
            case SPLAT -> {
                code.aload(frame.array[operand]).iload(frame.offset[operand]).arrayLoad(kind(type));
                code.invokestatic(v, "broadcast", MethodTypeDesc.of(v, CD_SPECIES, primitive(type)));
            }
            case UNIT -> fromArray(operand);
            case STRIDED -> {
                strided("load", operand);
                code.aload(frame.scratch(type)).loadConstant(frame.slot[operand])
                        .invokestatic(v, "fromArray", MethodTypeDesc.of(v, CD_SPECIES, arrayType, CD_int));
            }
        }
    }

    /// `species` → vector. The rest of a row is read as a whole vector: there is room behind it ([Storage#ROOM]), and what is computed of
    /// what lies there is not kept.
    private void fromArray(int operand) {
        DType type = frame.type(operand);
        ClassDesc v = vector(type);
        frame.address(operand);
        code.invokestatic(v, "fromArray", MethodTypeDesc.of(v, CD_SPECIES, primitive(type).arrayType(), CD_int));
    }

    private void intoArray(int operand) {
        DType type = frame.type(operand);
        ClassDesc v = vector(type);
        ClassDesc arrayType = primitive(type).arrayType();
        frame.address(operand);
        if (frame.mask < 0) {
            code.invokevirtual(v, "intoArray", MethodTypeDesc.of(CD_void, arrayType, CD_int));
        } else {
            checkRoom();
            code.aload(frame.mask).invokevirtual(v, "intoArray", MethodTypeDesc.of(CD_void, arrayType, CD_int, CD_MASK));
        }
    }

    /// `array index` → the same, if there is room for a whole vector. The Vector API asks the same in the same words, and has a way for vectors
    /// that leave the array, lane by lane, with calls. C2 leaves it out when it knows the answer, or if a profile says that it is never
    /// taken; the first kernels of a virtual machine mostly have no such profile. Around a call no vector stays in a register, and a long
    /// loop would fetch every constant anew in each turn.
    private void checkRoom() {
        if (at < 0) {
            at = code.allocateLocal(TypeKind.INT);
            size = code.allocateLocal(TypeKind.INT);
        }
        Label fits = code.newLabel();
        Label leaves = code.newLabel();
        code.istore(at).dup().arraylength().istore(size).iload(at);
        code.iload(at).i2l().lconst_0().lcmp().iflt(leaves);
        code.iload(at).i2l().iload(size).i2l().loadConstant((long) frame.lanes).lsub().lcmp().ifle(fits);
        code.labelBinding(leaves).invokestatic(CD_SCRATCH, "noRoom", MethodTypeDesc.of(ClassDesc.of("java.lang.IllegalStateException"))).athrow().labelBinding(fits);
    }

    /// Local variables of [#checkRoom].
    private int at = -1;
    private int size = -1;

    /// Elements of the present turn.
    private void count() {
        if (frame.mask < 0) {
            code.loadConstant(frame.lanes);
        } else if (frame.rest > 0) {
            code.loadConstant(frame.rest);
        } else {
            code.iload(LoopFrame.N).iload(frame.index).isub();
        }
    }

    private void strided(String name, int operand) {
        DType type = frame.type(operand);
        ClassDesc arrayType = primitive(type).arrayType();
        frame.address(operand);
        code.iload(frame.stride[operand]);
        count();
        code.aload(frame.scratch(type)).loadConstant(frame.slot[operand])
                .invokestatic(CD_SCRATCH, name, MethodTypeDesc.of(CD_void, arrayType, CD_int, CD_int, CD_int, arrayType, CD_int));
    }

    @Override
    public void sink(int k, Runnable value) {
        int operand = frame.operandOfSink(k);
        DType type = frame.type(operand);
        ClassDesc v = vector(type);
        ClassDesc arrayType = primitive(type).arrayType();
        LoopSpec.Sink sink = frame.spec.sinks().get(k);
        switch (sink.mode()) {
            case ROW_SUM, LONG_ROW_SUM -> {
                int at = accumulator[k][turn % accumulator[k].length];
                code.aload(at);
                value.run();
                if (frame.mask < 0) {
                    code.invokevirtual(v, "add", MethodTypeDesc.of(v, CD_VECTOR));
                } else {
                    code.aload(frame.mask).invokevirtual(v, "add", MethodTypeDesc.of(v, CD_VECTOR, CD_MASK));
                }
                code.astore(at);
            }
            case ROW_MAX -> {
                ClassDesc b = bitsVector(type);
                if (frame.mask >= 0) {
                    species(type);
                    number(type, Double.NEGATIVE_INFINITY);
                    code.invokestatic(v, "broadcast", MethodTypeDesc.of(v, CD_SPECIES, primitive(type)));
                }
                value.run();
                if (frame.mask >= 0) {
                    code.aload(frame.mask).invokevirtual(v, "blend", MethodTypeDesc.of(v, CD_VECTOR, CD_MASK));
                }
                int bits = bits();
                code.invokevirtual(CD_VECTOR, type == DType.F64 ? "reinterpretAsLongs" : "reinterpretAsInts", MethodTypeDesc.of(b)).astore(bits);
                int[] all = accumulator[k];
                code.aload(all[0]).aload(bits).invokevirtual(b, "max", MethodTypeDesc.of(b, CD_VECTOR)).astore(all[0]);
                code.aload(all[1]).aload(bits).invokevirtual(b, "min", MethodTypeDesc.of(b, CD_VECTOR)).astore(all[1]);
                code.aload(all[2]).getstatic(CD_OPERATORS, "UMAX", CD_ASSOCIATIVE).aload(bits)
                        .invokevirtual(b, "lanewise", MethodTypeDesc.of(b, CD_BINARY, CD_VECTOR)).astore(all[2]);
            }
            case STORE, ADD, LONG_ADD, MAX -> {
                boolean strided = sink.access() == Access.STRIDED;
                if (sink.mode() == Mode.STORE) {
                    value.run();
                } else {
                    if (frame.layer > 0) {
                        code.aload(partial(k));
                    } else if (strided) {
                        species(type);
                        strided("load", operand);
                        code.aload(frame.scratch(type)).loadConstant(frame.slot[operand])
                                .invokestatic(v, "fromArray", MethodTypeDesc.of(v, CD_SPECIES, arrayType, CD_int));
                    } else {
                        species(type);
                        fromArray(operand);
                    }
                    value.run();
                    code.invokevirtual(v, sink.mode() == Mode.MAX ? "max" : "add", MethodTypeDesc.of(v, CD_VECTOR));
                    if (frame.layer < frame.spec.depth() - 1) {
                        code.astore(partial(k));
                        return;
                    }
                }
                if (strided) {
                    code.aload(frame.scratch(type)).loadConstant(frame.slot[operand])
                            .invokevirtual(v, "intoArray", MethodTypeDesc.of(CD_void, arrayType, CD_int));
                    strided("store", operand);
                } else {
                    intoArray(operand);
                }
            }
        }
    }

    private final Map<Integer, Integer> partials = new HashMap<>();

    /// The local that holds a vector of a partial row while layers are added to it.
    private int partial(int sink) {
        return partials.computeIfAbsent(sink, k -> code.allocateLocal(TypeKind.REFERENCE));
    }

    // ---- row results

    private int turn;
    private int bits = -1;

    /// A local for the bits of a vector.
    private int bits() {
        bits = bits < 0 ? code.allocateLocal(TypeKind.REFERENCE) : bits;
        return bits;
    }

    @Override
    public void beginRow() {
        turn = 0;
        for (int k = 0; k < accumulator.length; k++) {
            Mode mode = frame.spec.sinks().get(k).mode();
            DType type = frame.type(frame.operandOfSink(k));
            if (!mode.isRow()) {
                continue;
            }
            if (accumulator[k] == null) {
                accumulator[k] = new int[count(mode)];
                for (int g = 0; g < accumulator[k].length; g++) {
                    accumulator[k][g] = code.allocateLocal(TypeKind.REFERENCE);
                }
            }
            for (int at : accumulator[k]) {
                species(type);
                number(type, mode.isRowSum() ? 0 : Double.NEGATIVE_INFINITY);
                code.invokestatic(vector(type), "broadcast", MethodTypeDesc.of(vector(type), CD_SPECIES, primitive(type)));
                if (!mode.isRowSum()) {
                    code.invokevirtual(CD_VECTOR, type == DType.F64 ? "reinterpretAsLongs" : "reinterpretAsInts", MethodTypeDesc.of(bitsVector(type)));
                }
                code.astore(at);
            }
        }
    }

    private void number(DType type, double v) {
        if (type == DType.F32) {
            code.loadConstant((float) v);
        } else {
            code.loadConstant(v);
        }
    }

    @Override
    public void turned() {
        turn++;
    }

    /// Renames the accumulators so that the next turn begins with the first.
    @Override
    public void rotate() {
        for (int k = 0; k < accumulator.length; k++) {
            int[] all = accumulator[k];
            int by = all == null || !frame.spec.sinks().get(k).mode().isRowSum() ? 0 : turn % all.length;
            for (int r = 0; all != null && r < by; r++) {
                code.aload(all[0]);
                for (int g = 1; g < all.length; g++) {
                    code.aload(all[g]).astore(all[g - 1]);
                }
                code.astore(all[all.length - 1]);
            }
        }
        turn = 0;
    }

    @Override
    public void endRow() {
        for (int k = 0; k < accumulator.length; k++) {
            Mode mode = frame.spec.sinks().get(k).mode();
            int operand = frame.operandOfSink(k);
            DType type = frame.type(operand);
            ClassDesc v = vector(type);
            if (!mode.isRow()) {
                continue;
            }
            int[] all = accumulator[k];
            if (!mode.isRowSum()) {
                largest(operand, all);
                continue;
            }
            for (int half = all.length / 2; half > 0; half /= 2) {
                for (int g = 0; g < half; g++) {
                    code.aload(all[g]).aload(all[g + half]).invokevirtual(v, "add", MethodTypeDesc.of(v, CD_VECTOR)).astore(all[g]);
                }
            }
            code.aload(frame.array[operand]).iload(frame.offset[operand]).aload(all[0]);
            for (int half = frame.lanes / 2; half > 0; half /= 2) {
                code.dup().getstatic(CD_SIMD, "SWAP_" + type.name() + "_" + half, CD_SHUFFLE)
                        .invokevirtual(v, "rearrange", MethodTypeDesc.of(v, CD_SHUFFLE))
                        .invokevirtual(v, "add", MethodTypeDesc.of(v, CD_VECTOR));
            }
            code.iconst_0().invokevirtual(v, "lane", MethodTypeDesc.of(primitive(type), CD_int)).arrayStore(kind(type));
        }
    }

    /// Stores the largest element of a row from the extremes of bits; reducing integers is exact in any order of lanes.
    private void largest(int operand, int[] all) {
        DType type = frame.type(operand);
        boolean wide = type == DType.F64;
        TypeKind kind = wide ? TypeKind.LONG : TypeKind.INT;
        ClassDesc whole = wide ? CD_long : CD_int;
        ClassDesc b = bitsVector(type);
        int high = code.allocateLocal(kind);
        int low = code.allocateLocal(kind);
        code.aload(all[0]);
        lane("MAX", b, whole);
        code.storeLocal(kind, high).aload(all[1]);
        lane("MIN", b, whole);
        // with the sign bit turned, unsigned numbers compare as signed ones
        code.storeLocal(kind, low).aload(all[2]).getstatic(CD_OPERATORS, "XOR", CD_ASSOCIATIVE);
        whole(wide, Long.MIN_VALUE, Integer.MIN_VALUE);
        code.invokevirtual(b, "lanewise", MethodTypeDesc.of(b, CD_BINARY, whole));
        lane("MAX", b, whole);
        code.loadLocal(kind, high).invokestatic(ClassDesc.of("java.lang.Math"), "max", MethodTypeDesc.of(whole, whole, whole));
        whole(wide, Double.doubleToRawLongBits(Double.POSITIVE_INFINITY), Float.floatToRawIntBits(Float.POSITIVE_INFINITY));
        Label number = code.newLabel();
        Label negative = code.newLabel();
        Label done = code.newLabel();
        int result = code.allocateLocal(kind);
        if (wide) {
            code.lcmp().ifle(number);
        } else {
            code.if_icmple(number);
        }
        whole(wide, Double.doubleToRawLongBits(Double.NaN), Float.floatToRawIntBits(Float.NaN));
        code.storeLocal(kind, result).goto_(done).labelBinding(number).loadLocal(kind, high);
        if (wide) {
            code.lconst_0().lcmp();
        }
        code.iflt(negative).loadLocal(kind, high).storeLocal(kind, result).goto_(done);
        code.labelBinding(negative).loadLocal(kind, low).storeLocal(kind, result).labelBinding(done);
        code.aload(frame.array[operand]).iload(frame.offset[operand]).loadLocal(kind, result);
        if (wide) {
            code.invokestatic(ClassDesc.of("java.lang.Double"), "longBitsToDouble", MethodTypeDesc.of(CD_double, CD_long)).dastore();
        } else {
            code.invokestatic(ClassDesc.of("java.lang.Float"), "intBitsToFloat", MethodTypeDesc.of(CD_float, CD_int)).fastore();
        }
    }

    private void lane(String operator, ClassDesc b, ClassDesc whole) {
        code.getstatic(CD_OPERATORS, operator, CD_ASSOCIATIVE).invokevirtual(b, "reduceLanes", MethodTypeDesc.of(whole, CD_ASSOCIATIVE));
    }

    private void whole(boolean wide, long longValue, int intValue) {
        if (wide) {
            code.loadConstant(longValue);
        } else {
            code.loadConstant(intValue);
        }
    }
}
