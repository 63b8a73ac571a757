package org.cosmograd.autodiff.kernel;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;
import static org.cosmograd.autodiff.kernel.LoopFrame.N;
import static org.cosmograd.autodiff.kernel.LoopFrame.ROW;
import static org.cosmograd.autodiff.kernel.LoopFrame.ROW_END;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Optional;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopGraph.Level;
import org.cosmograd.autodiff.kernel.LoopGraph.Op;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;

/// Turns a [LoopSpec] into bytecode: a hidden class with one method, which holds a loop over rows and in it a loop over elements.
///
/// The *scalar* twin handles one element per turn ([ScalarSteps]). The *SIMD* twin handles vectors and the rest of the row under a mask
/// ([VectorSteps]); it exists where all values are of one floating type and no step is a [Lanes#call]. Both do the same operations in
/// the same order, so their bits agree (but for the payload of a NaN). What depends on no element is computed before the loop.
///
///     run(arrays, geometry, rowBegin, rowEnd, n):
///         if (rowBegin >= rowEnd) return        // an empty call is cheap even when interpreted: warming up relies on it
///         locals for arrays, offsets, strides; constants
///         for each row
///             SPLAT operands and what depends on them only
///             for (i = 0; i < n & -(turns · lanes); i += turns · lanes) body, `turns` times
///             for (; i < n & -lanes; i += lanes) body
///             if (i < n) body, masked
///             row results; offsets += row strides
///
/// Where [Lanes#rarely] is used, the SIMD twin is a [GuardedLoop] of three: a loop that only asks whether it is needed, one without it,
/// and the scalar twin.
///
/// Several turns per round keep the arithmetic units busy where one turn is a chain of dependent operations. In a SIMD loop whose
/// length is known and short, all turns stand one after the other: the loop over rows is then the innermost.
///
/// A sink may lie exactly on a source (same offset, same strides), since all values of a turn are computed before any is stored;
/// overlaps of any other kind are errors of the caller.
final class LoopEmitter {
    /// HotSpot never compiles a method of more than 8000 bytes; groups should stay below this by [#cost].
    static final int BYTE_LIMIT = 6000;

    /// Bytes that turns written out one after the other may take.
    private static final int STRAIGHT_BYTES = 3000;
    /// Bytes that an unrolled round may take: with more than a few operations C2 does it better by itself.
    private static final int ROUND_BYTES = 600;
    private static final int MOST_TURNS = 4;
    /// The same for rows that stand for several: the more, the less often a partial row is loaded and stored.
    private static final int DEEP_BYTES = 700;
    private static final int MOST_DEPTH = 8;
    private static final int MOST_VECTORS = 8;

    private static final ClassDesc CD_KERNEL = ClassDesc.of(LoopFrame.PACKAGE + "LoopKernel");
    private static final ClassDesc CD_GUARD = ClassDesc.of(LoopFrame.PACKAGE + "LoopGuard");
    private static final MethodTypeDesc MTD_RUN =
            MethodTypeDesc.of(CD_void, CD_Object.arrayType(), CD_int.arrayType(), CD_int, CD_int, CD_int);
    private static final MethodTypeDesc MTD_GUARD = MTD_RUN.changeReturnType(CD_boolean);

    /// The scalar twin; for rows that stand for one row only.
    static LoopKernel scalar(LoopSpec spec) {
        return define(spec, 0);
    }

    /// The SIMD twin, for the vector width of [Simd]; empty where none exists. Call only where the incubator module can be read.
    static Optional<LoopKernel> simd(LoopSpec spec) {
        LoopGraph graph = new LoopGraph(spec);
        if (!vectorizable(spec, graph)) {
            return Optional.empty();
        }
        LoopKernel simd = define(spec, VectorWidth.bits());
        boolean wholeRows = spec.length() > 0 || spec.reducesRows();
        return Optional.of(graph.rareMasks().isEmpty() ? simd : new GuardedLoop(guard(spec), simd, scalar(spec.ofLength(0)), wholeRows));
    }

    /// Whether a SIMD twin looks through elements first ([GuardedLoop]).
    static boolean isGuarded(LoopSpec spec) {
        return !new LoopGraph(spec).rareMasks().isEmpty();
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
        return one && spec.sinks().stream().allMatch(s -> s.mode().isRow() || s.access() != Access.SPLAT);
    }

    /// Whether a SIMD twin for rows of this length and no other is better: the row is short and the body small.
    static boolean prefersLength(LoopSpec spec, int n) {
        LoopGraph graph = new LoopGraph(spec);
        if (!Loops.SIMD || n == 0 || !vectorizable(spec, graph)) {
            return false;
        }
        int lanes = VectorWidth.bits() / (8 * spec.type(spec.sinks().getFirst().value()).bytes());
        int vectors = (n + lanes - 1) / lanes;
        return vectors <= MOST_VECTORS && vectors * turnBytes(spec, graph, 9) <= STRAIGHT_BYTES;
    }

    /// Rows that a row may stand for ([LoopSpec#depth]) where sums run along the rows: as many as fit in a short round; one where elements
    /// are looked through first ([GuardedLoop]).
    static int depth(LoopSpec spec) {
        LoopGraph graph = new LoopGraph(spec);
        int rows = spec.partialRows();
        boolean possible = Loops.SIMD && rows > 0 && vectorizable(spec, graph) && graph.rareMasks().isEmpty()
                && spec.sources().stream().noneMatch(s -> s.access() == Access.SPLAT)
                && spec.sinks().stream().allMatch(s -> !s.mode().isRow() && (!s.mode().isColumn() || s.mode().partials() == rows));
        int depth = possible ? MOST_DEPTH : 1;
        while (depth > 1 && depth * turnBytes(spec, graph, 9) > DEEP_BYTES) {
            depth /= 2;
        }
        return depth;
    }

    /// An estimate of the bytes of bytecode of the longer twin, to be kept below [#BYTE_LIMIT]. Turns are repeated only within it.
    static int cost(LoopSpec spec) {
        LoopGraph graph = new LoopGraph(spec);
        boolean simd = vectorizable(spec, graph);
        int once = onceBytes(spec, graph);
        return simd ? Math.max(once + 2 * turnBytes(spec, graph, 9), once + turnBytes(spec, graph, 22)) : once + turnBytes(spec, graph, 22);
    }

    private static int onceBytes(LoopSpec spec, LoopGraph graph) {
        boolean[] needed = graph.needed();
        int bytes = 120 + 60 * spec.indexed().size() + 48 * (spec.sources().size() + spec.sinks().size()); // to bind an operand
        for (int i = 0; i < needed.length; i++) {
            bytes += needed[i] && graph.level(i) != Level.ELEMENT ? 14 : 0;
        }
        for (LoopSpec.Sink s : spec.sinks()) {
            bytes += s.mode().isRow() ? 250 : 0;
        }
        return bytes;
    }

    /// An estimate of the bytes of bytecode of one turn for vectors.
    static int turnBytes(LoopSpec spec) {
        return turnBytes(spec, new LoopGraph(spec), 9);
    }

    private static int turnBytes(LoopSpec spec, LoopGraph graph, int select) {
        boolean[] needed = graph.needed();
        int bytes = 50 * spec.sinks().size();
        for (int i = 0; i < needed.length; i++) {
            if (needed[i] && graph.level(i) == Level.ELEMENT) {
                bytes += switch (graph.step(i).op()) {
                    case SELECT, RARELY -> select;
                    case SOURCE -> 22;
                    default -> 9;
                };
            }
        }
        return bytes * spec.depth();
    }

    /// Single operations per element: what an element costs, roughly.
    static int operations(LoopSpec spec) {
        LoopGraph graph = new LoopGraph(spec);
        boolean[] needed = graph.needed();
        int count = 0;
        for (int i = 0; i < needed.length; i++) {
            count += needed[i] && graph.level(i) == Level.ELEMENT ? 1 : 0;
        }
        return (count + spec.sinks().size()) * spec.depth();
    }

    private static LoopGuard guard(LoopSpec spec) {
        return (LoopGuard) define(spec, bytes("SimdGuard", CD_GUARD, "isNeeded", MTD_GUARD, spec, VectorWidth.bits()));
    }

    private static LoopKernel define(LoopSpec spec, int bits) {
        return (LoopKernel) define(spec, bytes(spec, bits));
    }

    private static Object define(LoopSpec spec, byte[] bytes) {
        try {
            return Emitted.define(bytes).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("LoopEmitter: the generated class could not be defined for " + spec, e);
        }
    }

    /// The class file; `bits` is the vector width, 0 for the scalar twin.
    static byte[] bytes(LoopSpec spec, int bits) {
        return bytes(bits == 0 ? "ScalarLoop" : "SimdLoop", CD_KERNEL, "run", MTD_RUN, spec, bits);
    }

    private static byte[] bytes(String name, ClassDesc face, String method, MethodTypeDesc type, LoopSpec spec, int bits) {
        return ClassFile.of().build(ClassDesc.of(LoopFrame.PACKAGE + name), c -> c.withFlags(ACC_FINAL | ACC_SYNTHETIC)
                .withInterfaceSymbols(face)
                .withMethodBody(INIT_NAME, MTD_void, ACC_PUBLIC, code -> code.aload(0)
                        .invokespecial(CD_Object, INIT_NAME, MTD_void)
                        .return_())
                .withMethodBody(method, type, ACC_PUBLIC, code -> {
                    boolean guard = face.equals(CD_GUARD);
                    LoopEmitter emitter = new LoopEmitter(new LoopFrame(spec, code, bits, guard));
                    if (guard) {
                        emitter.emitGuard();
                    } else {
                        emitter.emit();
                    }
                }));
    }

    private final LoopFrame frame;
    private final LoopSteps steps;
    private final CodeBuilder code;
    private final int lanes;

    private LoopEmitter(LoopFrame frame) {
        this.frame = frame;
        this.steps = frame.steps();
        this.code = frame.code;
        this.lanes = frame.lanes;
    }

    private void emit() {
        Label work = code.newLabel();
        code.iload(ROW).iload(ROW_END).if_icmplt(work).return_().labelBinding(work);
        frame.bindOperands();
        frame.markHoisted();
        frame.hoist(Level.ONCE);
        if (frame.simd && frame.spec.length() > 0) {
            straight(frame.spec.length());
        } else {
            looped();
        }
        code.return_();
    }

    // ---- whether a Rare function is needed

    /// Leaves 1 in the lanes of a vector that need one: a mask carried round the loop would be an object.
    private void emitGuard() {
        ClassDesc v = VectorSteps.vector(frame.type);
        Label work = code.newLabel();
        code.iload(ROW).iload(ROW_END).if_icmplt(work).iconst_0().ireturn().labelBinding(work);
        frame.bindOperands();
        frame.markHoisted();
        frame.hoist(Level.ONCE);
        int bound = bound(lanes);
        int round = bound(MOST_TURNS * lanes);
        int any = code.allocateLocal(TypeKind.REFERENCE);
        int one = code.allocateLocal(TypeKind.REFERENCE);
        int restMask = frame.newLocal(LoopFrame.Storage.MASK);
        species();
        code.invokestatic(v, "zero", MethodTypeDesc.of(v, VectorSteps.CD_SPECIES)).astore(any);
        species();
        code.lconst_1().invokestatic(v, "broadcast", MethodTypeDesc.of(v, VectorSteps.CD_SPECIES, CD_long)).astore(one);
        int i = code.allocateLocal(TypeKind.INT);
        Label rows = code.newBoundLabel();
        frame.hoist(Level.ROW);
        code.iconst_0().istore(i);
        Label done = code.newLabel();
        frame.index = i;
        MethodTypeDesc blend = MethodTypeDesc.of(v, VectorSteps.CD_VECTOR, VectorSteps.CD_MASK);
        for (int turns : new int[] {MOST_TURNS, 1}) {
            int limit = turns > 1 ? round : bound;
            Label begin = code.newLabel();
            Label end = code.newLabel();
            code.iload(i).iload(limit).if_icmpge(end).labelBinding(begin);
            for (int t = 0; t < turns; t++) {
                frame.shift = t * lanes;
                code.aload(any).aload(one);
                frame.rareBody();
                code.invokevirtual(v, "blend", blend).astore(any);
            }
            frame.shift = 0;
            code.iinc(i, turns * lanes).iload(i).iload(limit).if_icmplt(begin).labelBinding(end);
        }
        code.iload(i).iload(N).if_icmpge(done);
        restMask(restMask, i);
        frame.mask = restMask;
        code.aload(any).aload(one);
        frame.rareBody();
        frame.mask = -1;
        code.aload(restMask).invokevirtual(VectorSteps.CD_MASK, "and", VectorSteps.MTD_MASKS);
        code.invokevirtual(v, "blend", blend).astore(any);
        code.labelBinding(done).iinc(ROW, 1);
        frame.nextRow();
        code.iload(ROW).iload(ROW_END).if_icmplt(rows);
        code.aload(any).aload(one).invokevirtual(v, "eq", MethodTypeDesc.of(VectorSteps.CD_MASK, VectorSteps.CD_VECTOR));
        code.invokevirtual(VectorSteps.CD_MASK, "anyTrue", MethodTypeDesc.of(CD_boolean)).ireturn();
    }

    private void species() {
        code.getstatic(VectorSteps.CD_SIMD, frame.type == DType.F64 ? "F64" : "F32", VectorSteps.CD_SPECIES);
    }

    private void restMask(int local, int index) {
        mask(local, () -> code.loadConstant(-1L).iload(index).iload(N).isub().lushr()); // -1 >>> (64 - count); a shift takes its distance modulo 64
    }

    // ---- rows of one known length

    private void straight(int n) {
        int restMask = -1;
        if (n % lanes > 0) {
            restMask = frame.newLocal(LoopFrame.Storage.MASK);
            mask(restMask, () -> code.loadConstant((1L << n % lanes) - 1));
        }
        Label rows = code.newBoundLabel();
        frame.enterRow();
        frame.hoist(Level.ROW);
        steps.beginRow();
        for (int i = 0; i < n; i += lanes) {
            frame.shift = i;
            if (i + lanes > n) {
                frame.mask = restMask;
                frame.rest = n - i;
            }
            turn();
        }
        endRow(rows);
    }

    /// The mask whose bits `bits` leaves on the stack; `indexInRange` holds calls that C2 does not always inline.
    private void mask(int local, Runnable bits) {
        species();
        bits.run();
        code.invokestatic(VectorSteps.CD_MASK, "fromLong", MethodTypeDesc.of(VectorSteps.CD_MASK, VectorSteps.CD_SPECIES, CD_long)).astore(local);
    }

    private void turn() {
        layers();
        steps.turned();
    }

    private void layers() {
        for (frame.layer = 0; frame.layer < frame.spec.depth(); frame.layer++) {
            frame.body();
        }
        frame.layer = 0;
    }

    private void endRow(Label rows) {
        steps.endRow();
        code.iinc(ROW, 1);
        frame.nextRow();
        code.iload(ROW).iload(ROW_END).if_icmplt(rows);
    }

    // ---- rows of any length

    /// Turns per round: as many as hide the latency of a turn's chain, within bounds.
    private int turns() {
        if (!frame.simd) {
            return 1;
        }
        int bytes = turnBytes(frame.spec, frame.graph, 9);
        int turns = MOST_TURNS;
        while (turns > 1 && (turns * bytes > ROUND_BYTES || onceBytes(frame.spec, frame.graph) + (turns + 2) * bytes > BYTE_LIMIT)) {
            turns /= 2;
        }
        return turns;
    }

    private void looped() {
        int turns = turns();
        int round = -1;
        int bound = N;
        int restMask = -1;
        if (frame.simd) {
            bound = bound(lanes);
            round = turns > 1 ? bound(turns * lanes) : -1;
            restMask = frame.newLocal(LoopFrame.Storage.MASK);
        }
        int first = code.allocateLocal(TypeKind.INT);
        int second = turns > 1 ? code.allocateLocal(TypeKind.INT) : first;
        int last = frame.simd ? code.allocateLocal(TypeKind.INT) : first;
        Label rows = code.newBoundLabel();
        frame.enterRow();
        frame.hoist(Level.ROW);
        steps.beginRow();
        if (turns > 1) {
            code.iconst_0().istore(first);
            loop(first, round, turns);
            code.iload(round).istore(second);
        } else {
            code.iconst_0().istore(second);
        }
        loop(second, bound, 1);
        if (frame.simd) {
            Label done = code.newLabel();
            frame.index = last;
            code.iload(bound).iload(N).if_icmpge(done).iload(bound).istore(last);
            restMask(restMask, last);
            frame.mask = restMask;
            layers();
            frame.mask = -1;
            code.labelBinding(done);
        }
        endRow(rows);
    }

    /// A local that holds the largest multiple of `step` not above `n`.
    private int bound(int step) {
        int local = code.allocateLocal(TypeKind.INT);
        code.iload(N).loadConstant(-step).iand().istore(local);
        return local;
    }

    /// Tested at its end, and the loops with indices of their own: C2 makes 1.3 to 3 times slower code of the usual form.
    private void loop(int index, int bound, int turns) {
        Label begin = code.newLabel();
        Label end = code.newLabel();
        frame.index = index;
        code.iload(index).iload(bound).if_icmpge(end).labelBinding(begin);
        for (int t = 0; t < turns; t++) {
            frame.shift = t * lanes;
            turn();
        }
        frame.shift = 0;
        steps.rotate();
        code.iinc(index, turns * lanes).iload(index).iload(bound).if_icmplt(begin).labelBinding(end);
    }
}
