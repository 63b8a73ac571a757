package org.cosmograd.autodiff.kernel;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopGraph.Kind;
import org.cosmograd.autodiff.kernel.LoopGraph.Level;
import org.cosmograd.autodiff.kernel.LoopGraph.Op;
import org.cosmograd.autodiff.kernel.LoopGraph.Step;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// Turns a [LoopSpec] into bytecode: a hidden class with one method, which holds a loop over rows and in it a loop over elements.
///
/// The *scalar* twin handles one element per turn. The *SIMD* twin handles one vector per turn and the rest of the row under a mask;
/// it exists where all values are of one floating type and no step is a [Lanes#call]. Both do the same operations in the same order,
/// so their bits agree (but for the payload of a NaN). What depends on no element is computed before the loop.
///
///     run(arrays, geometry, rowBegin, rowEnd, n):
///         if (rowBegin >= rowEnd) return        // an empty call is cheap even when interpreted: warming up relies on it
///         locals for arrays, offsets, strides; constants
///         for each row
///             SPLAT operands and what depends on them only
///             for (i = 0; i < n & -lanes; i += lanes) body
///             if (i < n) body, masked
///             row results; offsets += row strides
///
/// A sink may lie exactly on a source (same offset, same strides), since all values of a turn are computed before any is stored;
/// overlaps of any other kind are errors of the caller.
final class LoopEmitter {
    /// HotSpot never compiles a method of more than 8000 bytes; groups should stay below this by [#cost].
    static final int BYTE_LIMIT = 7000;

    private static final String PACKAGE = "org.cosmograd.autodiff.kernel.";
    private static final String VECTOR = "jdk.incubator.vector.";
    private static final ClassDesc CD_VECTOR = ClassDesc.of(VECTOR + "Vector");
    private static final ClassDesc CD_MASK = ClassDesc.of(VECTOR + "VectorMask");
    private static final ClassDesc CD_SPECIES = ClassDesc.of(VECTOR + "VectorSpecies");
    private static final ClassDesc CD_OPERATORS = ClassDesc.of(VECTOR + "VectorOperators");
    private static final ClassDesc CD_BINARY = CD_OPERATORS.nested("Binary");
    private static final ClassDesc CD_ASSOCIATIVE = CD_OPERATORS.nested("Associative");
    private static final ClassDesc CD_COMPARISON = CD_OPERATORS.nested("Comparison");
    private static final ClassDesc CD_SIMD = ClassDesc.of(PACKAGE + "Simd");
    private static final ClassDesc CD_SCRATCH = ClassDesc.of(PACKAGE + "LoopScratch");
    private static final ClassDesc CD_SPECIAL = ClassDesc.of(PACKAGE + "Special");
    private static final ClassDesc CD_KERNEL = ClassDesc.of(PACKAGE + "LoopKernel");
    private static final ClassDesc CD_MATH = ClassDesc.of("java.lang.Math");
    private static final MethodTypeDesc MTD_RUN =
            MethodTypeDesc.of(CD_void, CD_Object.arrayType(), CD_int.arrayType(), CD_int, CD_int, CD_int);

    private static final int ARRAYS = 1;
    private static final int GEOMETRY = 2;
    private static final int ROW = 3;
    private static final int ROW_END = 4;
    private static final int N = 5;

    /// The scalar twin.
    static LoopKernel scalar(LoopSpec spec) {
        return define(spec, 0);
    }

    /// The SIMD twin, for the vector width of [Simd]; empty where none exists. Call only where the incubator module can be read.
    static Optional<LoopKernel> simd(LoopSpec spec) {
        return vectorizable(spec) ? Optional.of(define(spec, Simd.bits())) : Optional.empty();
    }

    /// Whether a SIMD twin exists.
    static boolean vectorizable(LoopSpec spec) {
        return vectorizable(spec, new LoopGraph(spec));
    }

    private static boolean vectorizable(LoopSpec spec, LoopGraph graph) {
        DType type = spec.sinks().isEmpty() ? DType.I32 : spec.type(spec.sinks().getFirst().value());
        boolean one = type.isFloating() && spec.sources().stream().allMatch(s -> s.type() == type);
        for (int i = 0; i < graph.size() && one; i++) {
            one = graph.step(i).type() == type && graph.step(i).op() != Op.CALL;
        }
        return one && spec.sinks().stream().allMatch(s -> ofRow(s) || s.access() != Access.SPLAT);
    }

    /// An estimate of the bytes of bytecode of the longer twin, to be kept below [#BYTE_LIMIT].
    static int cost(LoopSpec spec) {
        LoopGraph graph = new LoopGraph(spec);
        boolean[] needed = graph.needed();
        int copies = vectorizable(spec, graph) ? 2 : 1;
        int bytes = 80 + 40 * (spec.sources().size() + spec.sinks().size()) + 60 * copies * spec.sinks().size();
        for (int i = 0; i < needed.length; i++) {
            if (needed[i]) {
                int step = graph.step(i).op() == Op.SELECT && copies == 1 ? 22 : graph.step(i).op() == Op.SOURCE ? 14 : 9;
                bytes += graph.level(i) == Level.ELEMENT ? step * copies : step + 2;
            }
        }
        return bytes;
    }

    /// Single operations per element: what an element costs, roughly.
    static int operations(LoopSpec spec) {
        LoopGraph graph = new LoopGraph(spec);
        boolean[] needed = graph.needed();
        int count = 0;
        for (int i = 0; i < needed.length; i++) {
            count += needed[i] && graph.level(i) == Level.ELEMENT ? 1 : 0;
        }
        return count + spec.sinks().size();
    }

    static boolean ofRow(LoopSpec.Sink sink) {
        return sink.mode() == Mode.ROW_SUM || sink.mode() == Mode.ROW_MAX;
    }

    private static LoopKernel define(LoopSpec spec, int bits) {
        try {
            return (LoopKernel) Emitted.define(bytes(spec, bits)).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("LoopEmitter: the generated class could not be defined for " + spec, e);
        }
    }

    /// The class file; `bits` is the vector width, 0 for the scalar twin.
    static byte[] bytes(LoopSpec spec, int bits) {
        String name = PACKAGE + (bits == 0 ? "ScalarLoop" : "SimdLoop");
        return ClassFile.of().build(ClassDesc.of(name), c -> c.withFlags(ACC_FINAL | ACC_SYNTHETIC)
                .withInterfaceSymbols(CD_KERNEL)
                .withMethodBody(INIT_NAME, MTD_void, ACC_PUBLIC, code -> code.aload(0)
                        .invokespecial(CD_Object, INIT_NAME, MTD_void)
                        .return_())
                .withMethodBody("run", MTD_RUN, ACC_PUBLIC, code -> new LoopEmitter(spec, code, bits).emit()));
    }

    private final LoopSpec spec;
    private final LoopGraph graph;
    private final CodeBuilder code;
    private final boolean simd;
    private final DType simdType;
    private final int lanes;

    private final int operands;
    private final int[] array;
    private final int[] offset;
    private final int[] stride;
    private final int[] accumulator; // scalar: ROW_MAX; SIMD: first of `groups`
    private final int[] slot; // region of the scratch array, in units of LoopScratch.SLOT
    private int scratchFloats = -1;
    private int scratchDoubles = -1;
    private int index;
    private int mask = -1; // the mask of the rest of a row, while the masked body is emitted

    /// Locals of steps, -1 while not computed; `uses` counts what is still to come in the present copy of the body.
    private final int[] local;
    private final int[] uses;
    private final boolean[] hoisted;
    private final Map<Storage, Deque<Integer>> free = new EnumMap<>(Storage.class);

    /// What a local may hold; a slot is used again only for the same, so that the types agree where paths meet.
    private enum Storage {
        INT(TypeKind.INT), LONG(TypeKind.LONG), FLOAT(TypeKind.FLOAT), DOUBLE(TypeKind.DOUBLE),
        FLOATS(TypeKind.REFERENCE), DOUBLES(TypeKind.REFERENCE), INTS(TypeKind.REFERENCE), LONGS(TypeKind.REFERENCE),
        MASK(TypeKind.REFERENCE);

        final TypeKind kind;

        Storage(TypeKind kind) {
            this.kind = kind;
        }
    }

    private LoopEmitter(LoopSpec spec, CodeBuilder code, int bits) {
        this.spec = spec;
        this.code = code;
        this.simd = bits > 0;
        this.graph = new LoopGraph(spec);
        this.simdType = spec.type(spec.sinks().getFirst().value());
        this.lanes = simd ? bits / (8 * simdType.bytes()) : 1;
        this.operands = spec.sources().size() + spec.sinks().size();
        this.array = new int[operands];
        this.offset = new int[operands];
        this.stride = new int[operands];
        this.accumulator = new int[operands];
        this.slot = new int[operands];
        this.local = new int[graph.size()];
        Arrays.fill(local, -1);
        this.uses = new int[graph.size()];
        this.hoisted = new boolean[graph.size()];
    }

    // ---- operands

    private DType type(int operand) {
        int sources = spec.sources().size();
        return operand < sources ? spec.sources().get(operand).type() : spec.type(spec.sinks().get(operand - sources).value());
    }

    private Access access(int operand) {
        int sources = spec.sources().size();
        return operand < sources ? spec.sources().get(operand).access() : spec.sinks().get(operand - sources).access();
    }

    private int operandOfSink(int k) {
        return spec.sources().size() + k;
    }

    private static ClassDesc primitive(DType type) {
        return switch (type) {
            case F32 -> CD_float;
            case F64 -> CD_double;
            case I32 -> CD_int;
        };
    }

    private static TypeKind kind(DType type) {
        return switch (type) {
            case F32 -> TypeKind.FLOAT;
            case F64 -> TypeKind.DOUBLE;
            case I32 -> TypeKind.INT;
        };
    }

    private static Storage storage(DType type) {
        return switch (type) {
            case F32 -> Storage.FLOAT;
            case F64 -> Storage.DOUBLE;
            case I32 -> Storage.INT;
        };
    }

    private Storage storage(Step step) {
        boolean wide = step.type() == DType.F64;
        return switch (step.kind()) {
            case MASK -> simd ? Storage.MASK : Storage.INT;
            case BITS -> simd ? (wide ? Storage.LONGS : Storage.INTS) : wide ? Storage.LONG : Storage.INT;
            case VALUE -> simd ? (wide ? Storage.DOUBLES : Storage.FLOATS) : storage(step.type());
        };
    }

    private int newLocal(Storage storage) {
        Deque<Integer> released = free.computeIfAbsent(storage, s -> new ArrayDeque<>());
        return released.isEmpty() ? code.allocateLocal(storage.kind) : released.pop();
    }

    private void release(Storage storage, int local) {
        free.computeIfAbsent(storage, s -> new ArrayDeque<>()).push(local);
    }

    // ---- the skeleton

    private void emit() {
        Label work = code.newLabel();
        code.iload(ROW).iload(ROW_END).if_icmplt(work).return_().labelBinding(work);
        bindOperands();
        markHoisted();
        hoist(Level.ONCE);
        index = code.allocateLocal(TypeKind.INT);
        int bound = -1;
        int restMask = -1;
        int vectors = -1;
        if (simd) {
            bound = code.allocateLocal(TypeKind.INT);
            code.iload(N).loadConstant(-lanes).iand().istore(bound);
            restMask = newLocal(Storage.MASK);
            vectors = code.allocateLocal(TypeKind.INT); // vectors per row, including the masked one
            code.iload(N).loadConstant(lanes - 1).iadd().loadConstant(Integer.numberOfTrailingZeros(lanes)).ishr().istore(vectors);
        }
        Label rows = code.newBoundLabel();
        hoist(Level.ROW);
        beginRowResults();
        code.iconst_0().istore(index);
        Label elements = code.newLabel();
        Label rest = code.newLabel();
        // tested at its end, and the rest with an index of its own: C2 makes 1.3 to 3 times slower code of the usual form
        code.iload(index).iload(simd ? bound : N).if_icmpge(rest).labelBinding(elements);
        body();
        code.iinc(index, lanes).iload(index).iload(simd ? bound : N).if_icmplt(elements).labelBinding(rest);
        if (simd) {
            Label done = code.newLabel();
            index = code.allocateLocal(TypeKind.INT);
            code.iload(bound).iload(N).if_icmpge(done).iload(bound).istore(index);
            species(simdType).iload(index).iload(N);
            code.invokeinterface(CD_SPECIES, "indexInRange", MethodTypeDesc.of(CD_MASK, CD_int, CD_int)).astore(restMask);
            mask = restMask;
            body();
            mask = -1;
            code.labelBinding(done);
        }
        endRowResults(vectors);
        for (int k = 0; k < operands; k++) {
            geometry(k, 1);
            code.iload(offset[k]).iadd().istore(offset[k]);
        }
        code.iinc(ROW, 1).iload(ROW).iload(ROW_END).if_icmplt(rows).return_();
    }

    private void geometry(int operand, int which) {
        code.aload(GEOMETRY).loadConstant(3 * operand + which).iaload();
    }

    private void bindOperands() {
        int floats = 0;
        int doubles = 0;
        for (int k = 0; k < operands; k++) {
            array[k] = code.allocateLocal(TypeKind.REFERENCE);
            code.aload(ARRAYS).loadConstant(k).aaload().checkcast(primitive(type(k)).arrayType()).astore(array[k]);
            offset[k] = code.allocateLocal(TypeKind.INT);
            geometry(k, 0);
            geometry(k, 1);
            code.iload(ROW).imul().iadd().istore(offset[k]);
            if (access(k) == Access.STRIDED) {
                stride[k] = code.allocateLocal(TypeKind.INT);
                geometry(k, 2);
                code.istore(stride[k]);
            }
            boolean rowSum = k >= spec.sources().size() && ofRow(spec.sinks().get(k - spec.sources().size()));
            if (type(k).isFloating() && (rowSum || simd && access(k) == Access.STRIDED)) {
                slot[k] = type(k) == DType.F32 ? floats++ : doubles++;
            }
        }
        if (floats > 0) {
            scratchFloats = code.allocateLocal(TypeKind.REFERENCE);
            code.loadConstant(floats)
                    .invokestatic(CD_SCRATCH, "floats", MethodTypeDesc.of(CD_float.arrayType(), CD_int))
                    .astore(scratchFloats);
        }
        if (doubles > 0) {
            scratchDoubles = code.allocateLocal(TypeKind.REFERENCE);
            code.loadConstant(doubles)
                    .invokestatic(CD_SCRATCH, "doubles", MethodTypeDesc.of(CD_double.arrayType(), CD_int))
                    .astore(scratchDoubles);
        }
    }

    /// A step is hoisted where a step of a quicker level, or a sink, uses it. In scalar code constants are operands of instructions.
    private void markHoisted() {
        boolean[] needed = graph.needed();
        for (int i = 0; i < graph.size(); i++) {
            for (int a : graph.step(i).arguments()) {
                hoisted[a] |= needed[i] && graph.level(a).compareTo(graph.level(i)) < 0;
            }
        }
        for (int k = 0; k < spec.sinks().size(); k++) {
            hoisted[graph.sink(k)] |= graph.level(graph.sink(k)) != Level.ELEMENT;
        }
        for (int i = 0; i < graph.size(); i++) {
            hoisted[i] &= simd || graph.step(i).op() != Op.CONSTANT;
        }
    }

    private void hoist(Level level) {
        countUses(level);
        for (int i = 0; i < graph.size(); i++) {
            if (hoisted[i] && graph.level(i) == level) {
                if (local[i] < 0) {
                    evaluate(i);
                    local[i] = newLocal(storage(graph.step(i)));
                    store(i);
                }
            }
        }
    }

    /// Counts, for the steps of one level, how often each is used by that level.
    private void countUses(Level level) {
        boolean[] needed = graph.needed();
        for (int i = 0; i < graph.size(); i++) {
            if (graph.level(i) == level) {
                uses[i] = 0;
            }
        }
        for (int i = 0; i < graph.size(); i++) {
            if (needed[i] && graph.level(i) == level) {
                for (int a : graph.step(i).arguments()) {
                    uses[a]++;
                }
            }
        }
        if (level == Level.ELEMENT) {
            for (int k = 0; k < spec.sinks().size(); k++) {
                uses[graph.sink(k)]++;
            }
        }
    }

    // ---- one turn of the inner loop

    private void body() {
        for (int i = 0; i < local.length; i++) {
            if (graph.level(i) == Level.ELEMENT) {
                local[i] = -1;
            }
        }
        countUses(Level.ELEMENT);
        List<LoopSpec.Sink> sinks = spec.sinks();
        int[] ready = new int[sinks.size()];
        // with more than one sink, all values first: a sink may lie on a source
        if (sinks.size() > 1) {
            for (int k = 0; k < ready.length; k++) {
                push(graph.sink(k));
                ready[k] = newLocal(storage(graph.step(graph.sink(k))));
                code.storeLocal(storage(graph.step(graph.sink(k))).kind, ready[k]);
            }
        }
        for (int k = 0; k < ready.length; k++) {
            Runnable value;
            int step = graph.sink(k);
            int at = ready[k];
            if (sinks.size() > 1) {
                value = () -> code.loadLocal(storage(graph.step(step)).kind, at);
            } else {
                value = () -> push(step);
            }
            if (simd) {
                vectorSink(k, value);
            } else {
                scalarSink(k, value);
            }
            if (sinks.size() > 1) {
                release(storage(graph.step(step)), at);
            }
        }
    }

    /// Leaves the value of a step on the stack, and keeps it in a local if it is needed again.
    private void push(int id) {
        Storage storage = storage(graph.step(id));
        if (local[id] >= 0) {
            code.loadLocal(storage.kind, local[id]);
            if (!hoisted[id] && --uses[id] == 0) {
                release(storage, local[id]);
            }
            return;
        }
        evaluate(id);
        boolean immediate = !simd && graph.step(id).op() == Op.CONSTANT;
        if (!immediate && --uses[id] > 0) {
            if (storage.kind.slotSize() == 2) {
                code.dup2();
            } else {
                code.dup();
            }
            local[id] = newLocal(storage);
            store(id);
        }
    }

    private void store(int id) {
        code.storeLocal(storage(graph.step(id)).kind, local[id]);
    }

    private void evaluate(int id) {
        if (simd) {
            vectorStep(graph.step(id));
        } else {
            scalarStep(id);
        }
    }

    private void pushAll(Step step) {
        step.arguments().forEach(this::push);
    }

    // ---- scalar code

    private void address(int operand) {
        code.aload(array[operand]).iload(offset[operand]);
        switch (access(operand)) {
            case UNIT -> code.iload(index).iadd();
            case SPLAT -> {}
            case STRIDED -> code.iload(index).iload(stride[operand]).imul().iadd();
        }
    }

    private void scalarStep(int id) {
        Step step = graph.step(id);
        DType type = step.type();
        ClassDesc p = primitive(type);
        boolean wide = type == DType.F64;
        if (step.kind() == Kind.MASK) {
            Label isFalse = code.newLabel();
            Label end = code.newLabel();
            jumpIfFalse(step, isFalse);
            code.iconst_1().goto_(end).labelBinding(isFalse).iconst_0().labelBinding(end);
            return;
        }
        if (step.kind() == Kind.BITS) {
            scalarBits(step, wide);
            return;
        }
        switch (step.op()) {
            case SOURCE -> {
                address((int) step.constant());
                code.arrayLoad(kind(type));
            }
            case CONSTANT -> {
                switch (type) {
                    case F32 -> code.loadConstant(Float.intBitsToFloat((int) step.constant()));
                    case F64 -> code.loadConstant(Double.longBitsToDouble(step.constant()));
                    case I32 -> code.loadConstant((int) step.constant());
                }
            }
            case ADD, SUB, MUL, DIV, NEG -> {
                pushAll(step);
                arithmetic(step.op(), type);
            }
            case ABS -> {
                pushAll(step);
                code.invokestatic(CD_MATH, "abs", MethodTypeDesc.of(p, p));
            }
            case MIN, MAX -> {
                pushAll(step);
                code.invokestatic(CD_MATH, step.op().name().toLowerCase(), MethodTypeDesc.of(p, p, p));
            }
            case FMA -> {
                pushAll(step);
                code.invokestatic(CD_MATH, "fma", MethodTypeDesc.of(p, p, p, p));
            }
            case SQRT -> {
                pushAll(step);
                widen(type);
                code.invokestatic(CD_MATH, "sqrt", MethodTypeDesc.of(CD_double, CD_double));
                narrow(type);
            }
            case SELECT -> scalarSelect(step, wide);
            case FROM_BITS -> {
                pushAll(step);
                switch (type) {
                    case F32 -> code.invokestatic(ClassDesc.of("java.lang.Float"), "intBitsToFloat", MethodTypeDesc.of(CD_float, CD_int));
                    case F64 -> code.invokestatic(ClassDesc.of("java.lang.Double"), "longBitsToDouble", MethodTypeDesc.of(CD_double, CD_long));
                    case I32 -> {}
                }
            }
            case CAST -> {
                pushAll(step);
                code.conversion(kind(graph.step(step.arguments().getFirst()).type()), kind(type));
            }
            case CALL -> {
                for (int a : step.arguments()) {
                    push(a);
                    widen(type);
                }
                ClassDesc[] parameters = new ClassDesc[step.arguments().size()];
                Arrays.fill(parameters, CD_double);
                code.invokestatic(CD_SPECIAL, step.name(), MethodTypeDesc.of(CD_double, parameters));
                narrow(type);
            }
            default -> throw new IllegalStateException("LoopEmitter: no scalar form of " + step);
        }
    }

    private void widen(DType type) {
        if (type != DType.F64) {
            code.conversion(kind(type), TypeKind.DOUBLE);
        }
    }

    private void narrow(DType type) {
        if (type != DType.F64) {
            code.conversion(TypeKind.DOUBLE, kind(type));
        }
    }

    private void arithmetic(Op op, DType type) {
        switch (type) {
            case F32 -> {
                switch (op) {
                    case ADD -> code.fadd();
                    case SUB -> code.fsub();
                    case MUL -> code.fmul();
                    case DIV -> code.fdiv();
                    default -> code.fneg();
                }
            }
            case F64 -> {
                switch (op) {
                    case ADD -> code.dadd();
                    case SUB -> code.dsub();
                    case MUL -> code.dmul();
                    case DIV -> code.ddiv();
                    default -> code.dneg();
                }
            }
            case I32 -> {
                switch (op) {
                    case ADD -> code.iadd();
                    case SUB -> code.isub();
                    case MUL -> code.imul();
                    default -> code.ineg();
                }
            }
        }
    }

    private void scalarBits(Step step, boolean wide) {
        if (step.op() == Op.CONSTANT) {
            if (wide) {
                code.loadConstant(step.constant());
            } else {
                code.loadConstant((int) step.constant());
            }
            return;
        }
        pushAll(step);
        switch (step.op()) {
            case BITS -> {
                switch (step.type()) {
                    case F32 -> code.invokestatic(ClassDesc.of("java.lang.Float"), "floatToRawIntBits", MethodTypeDesc.of(CD_int, CD_float));
                    case F64 -> code.invokestatic(ClassDesc.of("java.lang.Double"), "doubleToRawLongBits", MethodTypeDesc.of(CD_long, CD_double));
                    case I32 -> {}
                }
            }
            case ADD -> choose(wide, code::ladd, code::iadd);
            case SUB -> choose(wide, code::lsub, code::isub);
            case AND -> choose(wide, code::land, code::iand);
            case OR -> choose(wide, code::lor, code::ior);
            case XOR -> choose(wide, code::lxor, code::ixor);
            case SHIFT_LEFT -> {
                code.loadConstant((int) step.constant());
                choose(wide, code::lshl, code::ishl);
            }
            case SHIFT_RIGHT -> {
                code.loadConstant((int) step.constant());
                choose(wide, code::lshr, code::ishr);
            }
            default -> throw new IllegalStateException("LoopEmitter: no scalar form of " + step);
        }
    }

    private static void choose(boolean wide, Runnable ifLong, Runnable ifInt) {
        (wide ? ifLong : ifInt).run();
    }

    /// Both values first, then the jump: a step that is kept in a local must have been computed on either path.
    private void scalarSelect(Step step, boolean wide) {
        int condition = step.arguments().get(0);
        push(step.arguments().get(1));
        push(step.arguments().get(2));
        Label second = code.newLabel();
        Label end = code.newLabel();
        if (local[condition] < 0 && uses[condition] == 1) {
            jumpIfFalse(graph.step(condition), second);
        } else {
            push(condition);
            code.ifeq(second);
        }
        if (wide) {
            code.pop2().goto_(end).labelBinding(second).dup2_x2().pop2().pop2();
        } else {
            code.pop().goto_(end).labelBinding(second).swap().pop();
        }
        code.labelBinding(end);
    }

    private void jumpIfFalse(Step step, Label target) {
        pushAll(step);
        switch (step.type()) {
            case F32 -> choose(step.op() == Op.EQUAL, code::fcmpl, code::fcmpg); // so that NaN is false
            case F64 -> choose(step.op() == Op.EQUAL, code::dcmpl, code::dcmpg);
            case I32 -> {
                switch (step.op()) {
                    case LESS -> code.if_icmpge(target);
                    case LESS_EQUAL -> code.if_icmpgt(target);
                    default -> code.if_icmpne(target);
                }
                return;
            }
        }
        switch (step.op()) {
            case LESS -> code.ifge(target);
            case LESS_EQUAL -> code.ifgt(target);
            default -> code.ifne(target);
        }
    }

    private int scratch(DType type) {
        return type == DType.F32 ? scratchFloats : scratchDoubles;
    }

    private void scalarSink(int k, Runnable value) {
        int operand = operandOfSink(k);
        DType type = type(operand);
        ClassDesc p = primitive(type);
        switch (spec.sinks().get(k).mode()) {
            case STORE -> {
                address(operand);
                value.run();
                code.arrayStore(kind(type));
            }
            case ADD -> {
                address(operand);
                code.dup2().arrayLoad(kind(type));
                value.run();
                arithmetic(Op.ADD, type);
                code.arrayStore(kind(type));
            }
            case MAX -> {
                address(operand);
                code.dup2().arrayLoad(kind(type));
                value.run();
                code.invokestatic(CD_MATH, "max", MethodTypeDesc.of(p, p, p)).arrayStore(kind(type));
            }
            case ROW_SUM -> {
                if (type == DType.I32) {
                    code.iload(accumulator[k]);
                    value.run();
                    code.iadd().istore(accumulator[k]);
                } else {
                    code.aload(scratch(type)).iload(index).loadConstant(15).iand();
                    code.loadConstant(slot[operand] * LoopScratch.SLOT).iadd().dup2().arrayLoad(kind(type));
                    value.run();
                    arithmetic(Op.ADD, type);
                    code.arrayStore(kind(type));
                }
            }
            case ROW_MAX -> {
                code.loadLocal(kind(type), accumulator[k]);
                value.run();
                code.invokestatic(CD_MATH, "max", MethodTypeDesc.of(p, p, p)).storeLocal(kind(type), accumulator[k]);
            }
        }
    }

    // ---- row results

    private int groups() {
        return LoopScratch.SLOT / lanes;
    }

    private void beginRowResults() {
        for (int k = 0; k < spec.sinks().size(); k++) {
            LoopSpec.Sink sink = spec.sinks().get(k);
            DType type = spec.type(sink.value());
            if (!ofRow(sink)) {
                continue;
            }
            boolean sum = sink.mode() == Mode.ROW_SUM;
            if (simd) {
                int count = sum ? groups() : 1;
                boolean fresh = accumulator[k] == 0;
                for (int g = 0; g < count; g++) {
                    species(type);
                    number(type, sum ? 0 : Double.NEGATIVE_INFINITY);
                    code.invokestatic(vector(type), "broadcast", MethodTypeDesc.of(vector(type), CD_SPECIES, primitive(type)));
                    int at = fresh ? code.allocateLocal(TypeKind.REFERENCE) : accumulator[k] + g;
                    accumulator[k] = g == 0 ? at : accumulator[k];
                    code.astore(at);
                }
            } else if (sum && type.isFloating()) {
                code.aload(scratch(type)).loadConstant(slot[operandOfSink(k)] * LoopScratch.SLOT)
                        .invokestatic(CD_SCRATCH, "clear", MethodTypeDesc.of(CD_void, primitive(type).arrayType(), CD_int));
            } else {
                accumulator[k] = code.allocateLocal(kind(type));
                if (type == DType.I32) {
                    code.loadConstant(sum ? 0 : Integer.MIN_VALUE);
                } else {
                    number(type, Double.NEGATIVE_INFINITY);
                }
                code.storeLocal(kind(type), accumulator[k]);
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

    private void endRowResults(int vectors) {
        for (int k = 0; k < spec.sinks().size(); k++) {
            LoopSpec.Sink sink = spec.sinks().get(k);
            if (!ofRow(sink)) {
                continue;
            }
            int operand = operandOfSink(k);
            DType type = type(operand);
            ClassDesc arrayType = primitive(type).arrayType();
            boolean sum = sink.mode() == Mode.ROW_SUM;
            int base = slot[operand] * LoopScratch.SLOT;
            if (simd) {
                // after `vectors` rotations accumulator g holds the partial sums of group (vectors + g) mod groups
                int count = sum ? groups() : 1;
                for (int g = 0; g < count; g++) {
                    code.aload(accumulator[k] + g).aload(scratch(type)).loadConstant(base);
                    if (count > 1) {
                        code.iload(vectors).loadConstant(g).iadd().loadConstant(count - 1).iand().loadConstant(lanes).imul().iadd();
                    }
                    code.invokevirtual(vector(type), "intoArray", MethodTypeDesc.of(CD_void, arrayType, CD_int));
                }
            }
            code.aload(array[operand]).iload(offset[operand]);
            if (sum && type.isFloating()) {
                code.aload(scratch(type)).loadConstant(base)
                        .invokestatic(CD_SCRATCH, "sum", MethodTypeDesc.of(primitive(type), arrayType, CD_int));
            } else if (simd) {
                code.aload(scratch(type)).loadConstant(base).loadConstant(lanes)
                        .invokestatic(CD_SCRATCH, "max", MethodTypeDesc.of(primitive(type), arrayType, CD_int, CD_int));
            } else {
                code.loadLocal(kind(type), accumulator[k]);
            }
            code.arrayStore(kind(type));
        }
    }

    // ---- SIMD code

    private static ClassDesc vector(DType type) {
        return ClassDesc.of(VECTOR + (type == DType.F64 ? "DoubleVector" : "FloatVector"));
    }

    private static ClassDesc bitsVector(DType type) {
        return ClassDesc.of(VECTOR + (type == DType.F64 ? "LongVector" : "IntVector"));
    }

    private CodeBuilder species(DType type) {
        return code.getstatic(CD_SIMD, type == DType.F64 ? "F64" : "F32", CD_SPECIES);
    }

    private void vectorStep(Step step) {
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
                pushAll(step);
                code.invokevirtual(v, step.op().name().toLowerCase(), MethodTypeDesc.of(v, CD_VECTOR));
            }
            case NEG, ABS, SQRT -> {
                pushAll(step);
                code.invokevirtual(v, step.op().name().toLowerCase(), MethodTypeDesc.of(v));
            }
            case FMA -> {
                pushAll(step);
                code.invokevirtual(v, "fma", MethodTypeDesc.of(v, CD_VECTOR, CD_VECTOR));
            }
            case LESS, LESS_EQUAL, EQUAL -> {
                push(step.arguments().get(0));
                code.getstatic(CD_OPERATORS, step.op() == Op.LESS ? "LT" : step.op() == Op.EQUAL ? "EQ" : "LE", CD_COMPARISON);
                push(step.arguments().get(1));
                code.invokevirtual(v, "compare", MethodTypeDesc.of(CD_MASK, CD_COMPARISON, CD_VECTOR));
            }
            case SELECT -> {
                push(step.arguments().get(2));
                push(step.arguments().get(1));
                push(step.arguments().get(0));
                code.invokevirtual(v, "blend", MethodTypeDesc.of(v, CD_VECTOR, CD_MASK));
            }
            case FROM_BITS -> {
                pushAll(step);
                code.invokevirtual(CD_VECTOR, wide ? "reinterpretAsDoubles" : "reinterpretAsFloats", MethodTypeDesc.of(v));
            }
            default -> throw new IllegalStateException("LoopEmitter: no SIMD form of " + step);
        }
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
                pushAll(step);
                code.invokevirtual(CD_VECTOR, wide ? "reinterpretAsLongs" : "reinterpretAsInts", MethodTypeDesc.of(b));
            }
            case ADD, SUB, AND, OR -> {
                pushAll(step);
                code.invokevirtual(b, step.op().name().toLowerCase(), MethodTypeDesc.of(b, CD_VECTOR));
            }
            case XOR -> {
                push(step.arguments().get(0));
                code.getstatic(CD_OPERATORS, "XOR", CD_ASSOCIATIVE);
                push(step.arguments().get(1));
                code.invokevirtual(b, "lanewise", MethodTypeDesc.of(b, CD_BINARY, CD_VECTOR));
            }
            case SHIFT_LEFT, SHIFT_RIGHT -> {
                pushAll(step);
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
        DType type = type(operand);
        ClassDesc v = vector(type);
        ClassDesc arrayType = primitive(type).arrayType();
        species(type);
        switch (access(operand)) {
            case SPLAT -> {
                code.aload(array[operand]).iload(offset[operand]).arrayLoad(kind(type));
                code.invokestatic(v, "broadcast", MethodTypeDesc.of(v, CD_SPECIES, primitive(type)));
            }
            case UNIT -> {
                address(operand);
                fromArray(type);
            }
            case STRIDED -> {
                strided("load", operand);
                code.aload(scratch(type)).loadConstant(slot[operand] * LoopScratch.SLOT)
                        .invokestatic(v, "fromArray", MethodTypeDesc.of(v, CD_SPECIES, arrayType, CD_int));
            }
        }
    }

    /// `species array index` → vector, under the mask of the rest if there is one.
    private void fromArray(DType type) {
        ClassDesc v = vector(type);
        ClassDesc arrayType = primitive(type).arrayType();
        if (mask < 0) {
            code.invokestatic(v, "fromArray", MethodTypeDesc.of(v, CD_SPECIES, arrayType, CD_int));
        } else {
            code.aload(mask).invokestatic(v, "fromArray", MethodTypeDesc.of(v, CD_SPECIES, arrayType, CD_int, CD_MASK));
        }
    }

    private void strided(String name, int operand) {
        DType type = type(operand);
        ClassDesc arrayType = primitive(type).arrayType();
        address(operand);
        code.iload(stride[operand]);
        if (mask < 0) {
            code.loadConstant(lanes);
        } else {
            code.iload(N).iload(index).isub();
        }
        code.aload(scratch(type)).loadConstant(slot[operand] * LoopScratch.SLOT)
                .invokestatic(CD_SCRATCH, name, MethodTypeDesc.of(CD_void, arrayType, CD_int, CD_int, CD_int, arrayType, CD_int));
    }

    private void vectorSink(int k, Runnable value) {
        int operand = operandOfSink(k);
        DType type = type(operand);
        ClassDesc v = vector(type);
        ClassDesc arrayType = primitive(type).arrayType();
        LoopSpec.Sink sink = spec.sinks().get(k);
        switch (sink.mode()) {
            case ROW_SUM -> {
                code.aload(accumulator[k]);
                value.run();
                if (mask < 0) {
                    code.invokevirtual(v, "add", MethodTypeDesc.of(v, CD_VECTOR));
                } else {
                    code.aload(mask).invokevirtual(v, "add", MethodTypeDesc.of(v, CD_VECTOR, CD_MASK));
                }
                // rotate: the next vector belongs to the next accumulator
                for (int g = 1; g < groups(); g++) {
                    code.aload(accumulator[k] + g).astore(accumulator[k] + g - 1);
                }
                code.astore(accumulator[k] + groups() - 1);
            }
            case ROW_MAX -> {
                code.aload(accumulator[k]);
                if (mask >= 0) {
                    code.dup();
                }
                value.run();
                if (mask >= 0) {
                    code.aload(mask).invokevirtual(v, "blend", MethodTypeDesc.of(v, CD_VECTOR, CD_MASK));
                }
                code.invokevirtual(v, "max", MethodTypeDesc.of(v, CD_VECTOR)).astore(accumulator[k]);
            }
            case STORE, ADD, MAX -> {
                boolean strided = sink.access() == Access.STRIDED;
                if (sink.mode() == Mode.STORE) {
                    value.run();
                } else {
                    species(type);
                    if (strided) {
                        strided("load", operand);
                        code.aload(scratch(type)).loadConstant(slot[operand] * LoopScratch.SLOT)
                                .invokestatic(v, "fromArray", MethodTypeDesc.of(v, CD_SPECIES, arrayType, CD_int));
                    } else {
                        address(operand);
                        fromArray(type);
                    }
                    value.run();
                    code.invokevirtual(v, sink.mode() == Mode.ADD ? "add" : "max", MethodTypeDesc.of(v, CD_VECTOR));
                }
                if (strided) {
                    code.aload(scratch(type)).loadConstant(slot[operand] * LoopScratch.SLOT)
                            .invokevirtual(v, "intoArray", MethodTypeDesc.of(CD_void, arrayType, CD_int));
                    strided("store", operand);
                } else {
                    address(operand);
                    if (mask < 0) {
                        code.invokevirtual(v, "intoArray", MethodTypeDesc.of(CD_void, arrayType, CD_int));
                    } else {
                        code.aload(mask).invokevirtual(v, "intoArray", MethodTypeDesc.of(CD_void, arrayType, CD_int, CD_MASK));
                    }
                }
            }
        }
    }
}
