package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopGraph.Level;
import org.cosmograd.autodiff.kernel.LoopGraph.Op;
import org.cosmograd.autodiff.kernel.LoopGraph.Step;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// What an emitted loop has in its local variables: operands with their offsets and strides, the index, the mask of the rest of a row,
/// and the values of steps for as long as they are needed again.
final class LoopFrame {
    static final String PACKAGE = "org.cosmograd.autodiff.kernel.";
    static final ClassDesc CD_SCRATCH = ClassDesc.of(PACKAGE + "LoopScratch");
    static final ClassDesc CD_RARE = ClassDesc.of(PACKAGE + "Rare");

    private static final int ARRAYS = 1;
    private static final int GEOMETRY = 2;
    static final int ROW = 3;
    static final int ROW_END = 4;
    static final int N = 5;

    final LoopSpec spec;
    final LoopGraph graph;
    final CodeBuilder code;
    final boolean simd;
    /// Element type of a SIMD loop.
    final DType type;
    /// Elements per turn.
    final int lanes;
    final int operands;
    final int[] array;
    final int[] offset;
    final int[] stride;
    /// What leads from a layer to the next, for operands that are not partial rows of a deep loop.
    private final int[] skip;
    /// Locals with the tables that name rows, and where in them the first row is named.
    private final int[] table;
    private final int[] tableAt;
    /// Locals that hold the present vector of a source, -1 where it is to be loaded.
    private final int[] register;
    /// Place of an operand's region in the scratch array.
    final int[] slot;

    /// The local that holds the index of the element, -1 where the index is `shift` itself.
    int index = -1;
    /// Which of the rows that a row stands for is computed.
    int layer;
    /// What is added to the index: turns of an unrolled loop.
    int shift;
    /// The local that holds the mask of the rest of a row, -1 while a whole vector is computed.
    int mask = -1;
    /// Elements of the rest of a row, where they are known.
    int rest;

    private final LoopSteps steps;
    private int scratchFloats = -1;
    private int scratchDoubles = -1;

    /// Locals of steps, -1 while not computed; `uses` counts what is still to come in the present copy of the body.
    private final int[] local;
    private final int[] uses;
    private final boolean[] hoisted;
    private final Map<Storage, Deque<Integer>> free = new EnumMap<>(Storage.class);

    /// What a local may hold; a slot is used again only for the same, so that the types agree where paths meet.
    enum Storage {
        INT(TypeKind.INT), LONG(TypeKind.LONG), FLOAT(TypeKind.FLOAT), DOUBLE(TypeKind.DOUBLE),
        FLOATS(TypeKind.REFERENCE), DOUBLES(TypeKind.REFERENCE), INTS(TypeKind.REFERENCE), LONGS(TypeKind.REFERENCE),
        MASK(TypeKind.REFERENCE);

        final TypeKind kind;

        Storage(TypeKind kind) {
            this.kind = kind;
        }
    }

    /// The frame of the twin of `bits` vector width, 0 for the scalar twin, or of a guard.
    LoopFrame(LoopSpec spec, CodeBuilder code, int bits, boolean guard) {
        this.spec = spec;
        this.code = code;
        this.simd = bits > 0;
        this.graph = new LoopGraph(spec, guard);
        this.type = spec.type(spec.sinks().getFirst().value());
        this.lanes = simd ? bits / (8 * type.bytes()) : 1;
        this.operands = spec.sources().size() + spec.sinks().size();
        this.array = new int[operands];
        this.offset = new int[operands];
        this.stride = new int[operands];
        this.slot = new int[operands];
        this.skip = new int[operands];
        this.table = new int[operands];
        this.tableAt = new int[operands];
        this.register = new int[operands];
        Arrays.fill(register, -1);
        this.local = new int[graph.size()];
        Arrays.fill(local, -1);
        this.uses = new int[graph.size()];
        this.hoisted = new boolean[graph.size()];
        this.steps = simd ? new VectorSteps(this) : new ScalarSteps(this);
    }

    LoopSteps steps() {
        return steps;
    }

    // ---- operands

    DType type(int operand) {
        int sources = spec.sources().size();
        return operand < sources ? spec.sources().get(operand).type() : spec.type(spec.sinks().get(operand - sources).value());
    }

    Access access(int operand) {
        int sources = spec.sources().size();
        return operand < sources ? spec.sources().get(operand).access() : spec.sinks().get(operand - sources).access();
    }

    int operandOfSink(int k) {
        return spec.sources().size() + k;
    }

    static ClassDesc primitive(DType type) {
        return switch (type) {
            case F32 -> CD_float;
            case F64 -> CD_double;
            case I32 -> CD_int;
        };
    }

    static TypeKind kind(DType type) {
        return switch (type) {
            case F32 -> TypeKind.FLOAT;
            case F64 -> TypeKind.DOUBLE;
            case I32 -> TypeKind.INT;
        };
    }

    /// Loads arrays, offsets and strides, and the scratch arrays if any are used.
    void bindOperands() {
        int floats = 0;
        int doubles = 0;
        for (int k = 0; k < operands; k++) {
            array[k] = code.allocateLocal(TypeKind.REFERENCE);
            code.aload(ARRAYS).loadConstant(k).aaload().checkcast(primitive(type(k)).arrayType()).astore(array[k]);
            offset[k] = code.allocateLocal(TypeKind.INT);
            if (isIndexed(k)) {
                int t = operands + spec.indexed().indexOf(k);
                table[k] = code.allocateLocal(TypeKind.REFERENCE);
                tableAt[k] = code.allocateLocal(TypeKind.INT);
                code.aload(ARRAYS).loadConstant(t).aaload().checkcast(CD_int.arrayType()).astore(table[k]);
                geometry(t, 0);
                code.istore(tableAt[k]).iconst_0().istore(offset[k]);
            } else {
                geometry(k, 0);
                geometry(k, 1);
                code.iload(ROW);
                cycle(k);
                code.imul().iadd().istore(offset[k]);
            }
            if (access(k) == Access.STRIDED) {
                stride[k] = code.allocateLocal(TypeKind.INT);
                geometry(k, 2);
                code.istore(stride[k]);
            }
            if (spec.depth() > 1 && partials(k) == 0) {
                skip[k] = code.allocateLocal(TypeKind.INT);
                geometry(k, 1);
                code.loadConstant(spec.partialRows()).imul().istore(skip[k]);
            }
            boolean rowSum = !simd && k >= spec.sources().size() && spec.sinks().get(k - spec.sources().size()).mode().isRowSum();
            boolean passes = rowSum || simd && access(k) == Access.STRIDED;
            if (type(k).isFloating() && passes) {
                slot[k] = (type(k) == DType.F32 ? floats++ : doubles++) * LoopScratch.SLOT;
            }
        }
        scratchFloats = scratch(DType.F32, floats);
        scratchDoubles = scratch(DType.F64, doubles);
    }

    /// A local with the thread's scratch array.
    private int scratch(DType type, int slots) {
        if (slots == 0) {
            return -1;
        }
        int local = code.allocateLocal(TypeKind.REFERENCE);
        code.loadConstant(slots)
                .invokestatic(CD_SCRATCH, type == DType.F32 ? "floats" : "doubles", MethodTypeDesc.of(primitive(type).arrayType(), CD_int))
                .astore(local);
        return local;
    }

    private void geometry(int operand, int which) {
        code.aload(GEOMETRY).loadConstant(3 * operand + which).iaload();
    }

    private boolean isIndexed(int operand) {
        return spec.indexed().contains(operand);
    }

    private int partials(int operand) {
        int sources = spec.sources().size();
        Mode mode = operand < sources ? Mode.STORE : spec.sinks().get(operand - sources).mode();
        return mode.isColumn() ? mode.partials() : 0;
    }

    /// A row number on the stack becomes that of the partial row it belongs to.
    private void cycle(int operand) {
        if (partials(operand) > 0) {
            code.loadConstant(partials(operand) - 1).iand();
        }
    }

    /// Says which local holds the present vector of a source.
    void inRegister(int operand, int local) {
        register[operand] = local;
    }

    /// Which local holds the present vector of a source; -1 if it is to be loaded.
    int register(int operand) {
        return register[operand];
    }

    /// Finds where the present row of operands lies whose rows are named by tables.
    void enterRow() {
        for (int k = 0; k < operands; k++) {
            if (isIndexed(k)) {
                geometry(k, 0);
                geometry(k, 1);
                code.aload(table[k]).iload(tableAt[k]).iload(ROW).iadd().iaload().imul().iadd().istore(offset[k]);
            }
        }
    }

    /// Moves the offsets to the next row; the row number has been advanced.
    void nextRow() {
        for (int k = 0; k < operands; k++) {
            if (isIndexed(k)) {
                continue;
            }
            if (partials(k) > 0) {
                geometry(k, 0);
                geometry(k, 1);
                code.iload(ROW);
                cycle(k);
                code.imul();
            } else {
                geometry(k, 1);
                code.iload(offset[k]);
            }
            code.iadd().istore(offset[k]);
        }
    }

    /// Array and index of the operand's present element.
    void address(int operand) {
        code.aload(array[operand]).iload(offset[operand]);
        for (int d = 0; d < layer && partials(operand) == 0; d++) {
            code.iload(skip[operand]).iadd();
        }
        switch (access(operand)) {
            case UNIT -> {
                if (index >= 0) {
                    code.iload(index).iadd();
                }
                if (shift > 0) {
                    code.loadConstant(shift).iadd();
                }
            }
            case SPLAT -> {}
            case STRIDED -> {
                element();
                code.iload(stride[operand]).imul().iadd();
            }
        }
    }

    /// The index of the present element.
    void element() {
        if (index < 0) {
            code.loadConstant(shift);
        } else {
            code.iload(index);
            if (shift > 0) {
                code.loadConstant(shift).iadd();
            }
        }
    }

    int scratch(DType type) {
        return type == DType.F32 ? scratchFloats : scratchDoubles;
    }

    // ---- values

    private static Storage storage(DType type) {
        return switch (type) {
            case F32 -> Storage.FLOAT;
            case F64 -> Storage.DOUBLE;
            case I32 -> Storage.INT;
        };
    }

    Storage storage(Step step) {
        boolean wide = step.type() == DType.F64;
        return switch (step.kind()) {
            case MASK -> simd ? Storage.MASK : Storage.INT;
            case BITS -> simd ? (wide ? Storage.LONGS : Storage.INTS) : wide ? Storage.LONG : Storage.INT;
            case VALUE -> simd ? (wide ? Storage.DOUBLES : Storage.FLOATS) : storage(step.type());
        };
    }

    int newLocal(Storage storage) {
        Deque<Integer> released = free.computeIfAbsent(storage, s -> new ArrayDeque<>());
        return released.isEmpty() ? code.allocateLocal(storage.kind) : released.pop();
    }

    private void release(Storage storage, int local) {
        free.computeIfAbsent(storage, s -> new ArrayDeque<>()).push(local);
    }

    /// A step is hoisted where a step of a quicker level, or a sink, uses it. In scalar code constants are operands of instructions.
    void markHoisted() {
        boolean[] needed = graph.needed();
        for (int i = 0; i < graph.size(); i++) {
            for (int a : graph.step(i).arguments()) {
                hoisted[a] |= needed[i] && graph.level(a).compareTo(graph.level(i)) < 0;
            }
        }
        for (int root : graph.roots()) {
            hoisted[root] |= graph.level(root) != Level.ELEMENT;
        }
        for (int i = 0; i < graph.size(); i++) {
            hoisted[i] &= simd || graph.step(i).op() != Op.CONSTANT;
        }
    }

    void hoist(Level level) {
        countUses(level);
        for (int i = 0; i < graph.size(); i++) {
            if (hoisted[i] && graph.level(i) == level && local[i] < 0) {
                steps.step(i);
                local[i] = newLocal(storage(graph.step(i)));
                store(i);
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
                for (int a : arguments(graph.step(i))) {
                    uses[a]++;
                }
            }
        }
        if (level == Level.ELEMENT) {
            graph.roots().forEach(r -> uses[r]++);
        }
    }

    /// The arguments that a step's code needs. A SIMD loop never needs a [Rare] function: a [LoopGuard] sees to that.
    private List<Integer> arguments(Step step) {
        return simd && step.op() == Op.RARELY ? step.arguments().subList(1, 2) : step.arguments();
    }

    private void begin() {
        for (int i = 0; i < local.length; i++) {
            if (graph.level(i) == Level.ELEMENT) {
                local[i] = -1;
            }
        }
        countUses(Level.ELEMENT);
    }

    /// One turn of a guard: leaves a mask on the stack.
    void rareBody() {
        begin();
        List<Integer> masks = graph.roots();
        push(masks.getFirst());
        for (int mask : masks.subList(1, masks.size())) {
            push(mask);
            code.invokevirtual(VectorSteps.CD_MASK, "or", VectorSteps.MTD_MASKS);
        }
    }

    /// One turn of the inner loop.
    void body() {
        if (spec.sinks().size() == 1) {
            begin();
            steps.sink(0, () -> push(graph.sink(0)));
            return;
        }
        // with more than one sink, all values first: a sink may lie on a source
        int[] ready = values();
        for (int k = 0; k < ready.length; k++) {
            Storage storage = storage(graph.step(graph.sink(k)));
            int at = ready[k];
            steps.sink(k, () -> code.loadLocal(storage.kind, at));
            release(storage, at);
        }
    }

    /// One turn without its sinks: the locals that hold their values, until [#releaseValues].
    int[] values() {
        begin();
        int[] ready = new int[spec.sinks().size()];
        for (int k = 0; k < ready.length; k++) {
            Storage storage = storage(graph.step(graph.sink(k)));
            push(graph.sink(k));
            ready[k] = newLocal(storage);
            code.storeLocal(storage.kind, ready[k]);
        }
        return ready;
    }

    /// Says that the values of a turn are not needed any more.
    void releaseValues(int[] locals) {
        for (int k = 0; k < locals.length; k++) {
            release(storage(graph.step(graph.sink(k))), locals[k]);
        }
    }

    /// Whether a step's value is computed where it is used, and only there.
    boolean isUsedOnce(int id) {
        return local[id] < 0 && uses[id] == 1;
    }

    /// Whether a step's value is computed before the loop, for any number of uses.
    boolean isHoisted(int id) {
        return hoisted[id] && local[id] >= 0;
    }

    /// Leaves the value of a step on the stack, and keeps it in a local if it is needed again.
    void push(int id) {
        Storage storage = storage(graph.step(id));
        if (local[id] >= 0) {
            code.loadLocal(storage.kind, local[id]);
            if (!hoisted[id] && --uses[id] == 0) {
                release(storage, local[id]);
            }
            return;
        }
        steps.step(id);
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

    void pushAll(Step step) {
        step.arguments().forEach(this::push);
    }
}
