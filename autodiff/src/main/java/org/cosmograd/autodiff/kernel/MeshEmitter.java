package org.cosmograd.autodiff.kernel;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.cosmograd.autodiff.DType;

/// Turns a [MeshSpec] into a hidden class. The sizes of the mesh are constants of its code: a particle whose cloud stays inside the
/// box then costs one index and constant distances from it, and C2 checks the bounds of all its cells together. The few particles
/// whose cloud wraps go through a second body with an index for each cell. Both do the same arithmetic in the same order.
///
/// The sum over cells is done axis by axis, so a derivative shares with the others what they have in common.
final class MeshEmitter {
    private static final ClassDesc KERNEL = ClassDesc.of("org.cosmograd.autodiff.kernel", "MeshKernel");
    private static final ClassDesc PERIODIC = ClassDesc.of("org.cosmograd.autodiff.kernel", "Periodic");
    private static final ClassDesc SELF = ClassDesc.of("org.cosmograd.autodiff.kernel", "MeshLoop");
    private static final ClassDesc MATH = ClassDesc.of("java.lang.Math");
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(
            CD_void, CD_Object, CD_int, CD_int, CD_Object, CD_int, CD_int, CD_Object, CD_int, CD_int, CD_int);

    // slots of the parameters
    private static final int X = 1;
    private static final int X_AT = 2;
    private static final int X_STEP = 3;
    private static final int V = 4;
    private static final int V_AT = 5;
    private static final int V_STEP = 6;
    private static final int MESH = 7;
    private static final int MESH_AT = 8;
    private static final int FROM = 9;
    private static final int TO = 10;

    /// HotSpot does not compile methods of more than 8000 bytes.
    private static final int BYTES = 6000;

    /// Each keeps its sums in registers while it is at work.
    private static final int MOST_CHANNELS = 4;

    private static final int LATEST = 256;
    private static final Map<MeshSpec, MeshKernel> KNOWN = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<MeshSpec, MeshKernel> eldest) {
            return size() > LATEST;
        }
    };

    /// A factor: a local variable, or a number known here.
    private sealed interface Factor {
        record Local(int slot) implements Factor {}

        record Number(double value) implements Factor {}
    }

    private final MeshSpec spec;
    private final CodeBuilder code;
    private final TypeKind kind;
    private final ClassDesc element;
    /// Whether the second body is being emitted.
    private boolean wrapping;

    private int top = 11;

    /// Where the first cell of the cloud lies, or (for a cloud that wraps) by how much each cell is displaced along each axis.
    private int corner;
    private final int[][] shifts;
    private final List<Map<Integer, Factor[]>> weights = new ArrayList<>();

    private MeshEmitter(MeshSpec spec, CodeBuilder code) {
        this.spec = spec;
        this.code = code;
        this.element = spec.type() == DType.F32 ? CD_float : CD_double;
        this.kind = TypeKind.from(element);
        this.shifts = new int[spec.axes()][spec.support()];
    }

    /// The kernel of a spec.
    static MeshKernel kernel(MeshSpec spec) {
        synchronized (KNOWN) {
            return KNOWN.computeIfAbsent(spec, MeshEmitter::define);
        }
    }

    /// How many meshes one kernel can serve.
    static int channels(MeshSpec spec) {
        if (spec.channels() < 2) {
            return 1;
        }
        int one = bytes(spec.channels(1)).length;
        int more = bytes(spec.channels(2)).length - one;
        return Math.clamp((BYTES - one) / more + 1, 1, Math.min(spec.channels(), MOST_CHANNELS));
    }

    private static MeshKernel define(MeshSpec spec) {
        byte[] bytes = bytes(spec);
        try {
            MethodHandles.Lookup hidden = MethodHandles.lookup().defineHiddenClass(bytes, true);
            return (MeshKernel) hidden.lookupClass().getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError("mesh: a loop just emitted cannot be loaded", impossible);
        }
    }

    static byte[] bytes(MeshSpec spec) {
        return ClassFile.of().build(SELF, type -> type
                .withFlags(ACC_FINAL | ACC_SYNTHETIC)
                .withInterfaceSymbols(KERNEL)
                .withMethodBody(INIT_NAME, MTD_void, ACC_PUBLIC, code -> code
                        .aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).return_())
                .withMethodBody("run", RUN, ACC_PUBLIC, code -> new MeshEmitter(spec, code).loop()));
    }

    // ------------------------------------------------------------------------------------------------- one particle

    private void loop() {
        for (int a : new int[] {X, V, MESH}) {
            code.aload(a).checkcast(element.arrayType()).astore(a);
        }
        code.iload(X_AT).iload(FROM).iload(X_STEP).imul().iadd().istore(X_AT);
        code.iload(V_AT).iload(FROM).iload(V_STEP).imul().iadd().istore(V_AT);
        Label next = code.newLabel();
        Label wraps = code.newLabel();
        Label done = code.newLabel();
        Label end = code.newLabel();
        code.labelBinding(next).iload(FROM).iload(TO).if_icmpge(end);
        weigh(inside(wraps));
        body();
        code.goto_(done).labelBinding(wraps);
        wrapping = true;
        weigh(wrapped());
        body();
        code.labelBinding(done);
        code.iload(X_AT).iload(X_STEP).iadd().istore(X_AT);
        code.iload(V_AT).iload(V_STEP).iadd().istore(V_AT);
        code.iinc(FROM, 1).goto_(next).labelBinding(end).return_();
    }

    /// Coordinates relative to the mesh points of a particle whose cloud does not wrap, and its corner; jumps away if it does.
    private int[] inside(Label wraps) {
        int d = spec.axes();
        boolean nearest = spec.support() == 3;
        int[] coordinate = new int[d];
        int[] cell = new int[d];
        int[] beyond = new int[d];
        for (int a = 0; a < d; a++) {
            coordinate[a] = coordinate(a);
            cell[a] = integer();
            point(coordinate[a]).istore(cell[a]);
        }
        for (int a = 0; a < d; a++) {
            if (nearest) {
                code.iload(cell[a]).iconst_1().if_icmplt(wraps);
            } else {
                code.loadLocal(kind, coordinate[a]);
                number(0);
                compare().iflt(wraps);
            }
            int last = Math.min(spec.dims().dim(a) - 1, Periodic.EXACT_FLOATS);
            code.iload(cell[a]).loadConstant(last).if_icmpge(wraps);
        }
        corner = integer();
        code.iload(cell[0]);
        for (int a = 1; a < d; a++) {
            code.loadConstant(spec.dims().dim(a)).imul().iload(cell[a]).iadd();
        }
        code.iload(MESH_AT).iadd().istore(corner);
        for (int a = 0; a < d; a++) {
            beyond[a] = local();
            code.loadLocal(kind, coordinate[a]).iload(cell[a]);
            fromInt();
            sub().storeLocal(kind, beyond[a]);
        }
        return beyond;
    }

    /// Coordinates relative to the mesh points of any particle, and the displacements of its cells.
    private int[] wrapped() {
        int d = spec.axes();
        int[] beyond = new int[d];
        for (int a = 0; a < d; a++) {
            int n = spec.dims().dim(a);
            int stride = spec.stride(a);
            int cell = integer();
            beyond[a] = local();
            Label outside = code.newLabel();
            Label found = code.newLabel();
            int coordinate = coordinate(a);
            point(coordinate).istore(cell);
            code.loadLocal(kind, coordinate);
            number(0);
            compare().iflt(outside);
            code.iload(cell).loadConstant(Math.min(n, Periodic.EXACT_FLOATS)).if_icmpge(outside);
            code.loadLocal(kind, coordinate).iload(cell);
            fromInt();
            sub().storeLocal(kind, beyond[a]);
            code.goto_(found).labelBinding(outside);
            code.loadLocal(kind, coordinate).loadConstant(spec.support()).loadConstant(n)
                    .invokestatic(PERIODIC, "cell", MethodTypeDesc.of(CD_int, element, CD_int, CD_int)).istore(cell);
            code.loadLocal(kind, coordinate).loadConstant(spec.support())
                    .invokestatic(PERIODIC, "beyond", MethodTypeDesc.of(element, element, CD_int)).storeLocal(kind, beyond[a]);
            code.labelBinding(found);
            for (int u = 0; u < spec.support(); u++) {
                int displaced = u - (spec.support() - 2);
                Label inside = code.newLabel();
                int shift = integer();
                shifts[a][u] = shift;
                code.iload(cell).loadConstant(displaced).iadd().istore(shift);
                if (displaced < 0) {
                    code.iload(shift).ifge(inside).iload(shift).loadConstant(n).iadd().istore(shift);
                } else if (displaced > 0) {
                    code.iload(shift).loadConstant(n).if_icmplt(inside).iload(shift).loadConstant(n).isub().istore(shift);
                }
                code.labelBinding(inside).iload(shift).loadConstant(stride).imul().istore(shift);
            }
        }
        return beyond;
    }

    /// A new variable with a coordinate of the particle.
    private int coordinate(int a) {
        int slot = local();
        code.aload(X).iload(X_AT).loadConstant(a).iadd().arrayLoad(kind).storeLocal(kind, slot);
        return slot;
    }

    /// Pushes the mesh point of a coordinate that is not negative.
    private CodeBuilder point(int coordinate) {
        code.loadLocal(kind, coordinate);
        if (spec.support() == 3) {
            number(0.5);
            add();
        }
        return toInt();
    }

    // ------------------------------------------------------------------------------------------------- weights

    /// `W⁽ᵏ⁾` at the cells of the cloud, for every axis and every order that occurs.
    private void weigh(int[] beyond) {
        weights.clear();
        for (int a = 0; a < spec.axes(); a++) {
            int axis = a;
            Map<Integer, Factor[]> of = new LinkedHashMap<>();
            for (int k : new LinkedHashSet<>(spec.orders().stream().map(o -> o.get(axis)).toList())) {
                of.put(k, spec.support() == 2 ? cloudInCell(k, beyond[a]) : triangular(k, beyond[a]));
            }
            weights.add(of);
        }
    }

    /// `1 - f, f` at distance `f` beyond the lower mesh point.
    private Factor[] cloudInCell(int order, int f) {
        if (order == 1) {
            return new Factor[] {new Factor.Number(-1), new Factor.Number(1)};
        }
        int below = local();
        number(1);
        code.loadLocal(kind, f);
        sub().storeLocal(kind, below);
        return new Factor[] {new Factor.Local(below), new Factor.Local(f)};
    }

    /// `½(½ - f)², ¾ - f², ½(½ + f)²` at distance `f` beyond the nearest mesh point.
    private Factor[] triangular(int order, int f) {
        if (order == 2) {
            return new Factor[] {new Factor.Number(1), new Factor.Number(-2), new Factor.Number(1)};
        }
        int low = local();
        int middle = local();
        int high = local();
        number(0.5);
        code.loadLocal(kind, f);
        add().storeLocal(kind, high);
        if (order == 1) {
            code.loadLocal(kind, f);
            number(0.5);
            sub().storeLocal(kind, low);
            number(-2);
            code.loadLocal(kind, f);
            mul().storeLocal(kind, middle);
        } else {
            number(0.5);
            code.loadLocal(kind, f);
            sub().storeLocal(kind, low);
            halfSquare(low);
            halfSquare(high);
            number(0.75);
            code.loadLocal(kind, f).loadLocal(kind, f);
            mul();
            sub().storeLocal(kind, middle);
        }
        return new Factor[] {new Factor.Local(low), new Factor.Local(middle), new Factor.Local(high)};
    }

    private void halfSquare(int slot) {
        code.loadLocal(kind, slot).loadLocal(kind, slot);
        mul();
        number(0.5);
        mul().storeLocal(kind, slot);
    }

    // ------------------------------------------------------------------------------------------------- sums

    private void body() {
        for (int ch = 0; ch < spec.channels(); ch++) {
            int before = top;
            if (spec.paint()) {
                Map<List<Integer>, Factor> values = new LinkedHashMap<>();
                for (int q = 0; q < spec.orders().size(); q++) {
                    values.put(spec.orders().get(q), spec.weighted() ? value(ch, q) : new Factor.Number(1));
                }
                paint(0, values, new int[spec.axes()], ch);
            } else {
                Map<List<Integer>, Integer> sums = read(0, new LinkedHashSet<>(spec.orders()), new int[spec.axes()], ch);
                for (int q = 0; q < spec.orders().size(); q++) {
                    atValue(ch, q);
                    code.loadLocal(kind, Objects.requireNonNull(sums.get(spec.orders().get(q)))).arrayStore(kind);
                }
            }
            top = before;
        }
    }

    private Factor value(int ch, int q) {
        int slot = local();
        atValue(ch, q);
        code.arrayLoad(kind).storeLocal(kind, slot);
        return new Factor.Local(slot);
    }

    private void atValue(int ch, int q) {
        code.aload(V).iload(V_AT).loadConstant(ch * spec.orders().size() + q).iadd();
    }

    /// Spreads the values, given by the orders of the axes from `axis` on, over the cells `at` these axes.
    private void paint(int axis, Map<List<Integer>, Factor> values, int[] at, int ch) {
        for (int u = 0; u < spec.support(); u++) {
            at[axis] = u;
            if (axis == spec.axes() - 1) {
                code.aload(MESH);
                cell(at, ch);
                values.forEach((orders, value) -> prepare(value, weight(axis, orders.getFirst(), at[axis])));
                code.aload(MESH);
                cell(at, ch);
                code.arrayLoad(kind);
                List.copyOf(values.entrySet()).reversed().forEach(e -> add(e.getValue(), weight(axis, e.getKey().getFirst(), at[axis])));
                code.arrayStore(kind);
                continue;
            }
            int before = top;
            Map<List<Integer>, Factor> tails = new LinkedHashMap<>();
            for (Map.Entry<List<Integer>, Factor> e : values.entrySet()) {
                List<Integer> tail = e.getKey().subList(1, e.getKey().size());
                Factor w = weight(axis, e.getKey().getFirst(), u);
                if (tails.get(tail) instanceof Factor.Local sum) {
                    prepare(e.getValue(), w);
                    code.loadLocal(kind, sum.slot());
                    add(e.getValue(), w);
                    code.storeLocal(kind, sum.slot());
                } else {
                    int sum = local();
                    product(e.getValue(), w);
                    code.storeLocal(kind, sum);
                    tails.put(tail, new Factor.Local(sum));
                }
            }
            paint(axis + 1, tails, at, ch);
            top = before;
        }
    }

    /// Sums over the cells `at` the axes from `axis` on, one for each of the orders of these axes that are wanted.
    private Map<List<Integer>, Integer> read(int axis, Set<List<Integer>> wanted, int[] at, int ch) {
        Map<List<Integer>, Integer> sums = new LinkedHashMap<>();
        for (List<Integer> orders : wanted) {
            sums.put(orders, local());
        }
        if (axis == spec.axes()) {
            code.aload(MESH);
            cell(at, ch);
            code.arrayLoad(kind).storeLocal(kind, sums.values().iterator().next());
            return sums;
        }
        Set<List<Integer>> tails = new LinkedHashSet<>();
        wanted.forEach(orders -> tails.add(orders.subList(1, orders.size())));
        for (int u = 0; u < spec.support(); u++) {
            at[axis] = u;
            int before = top;
            Map<List<Integer>, Integer> inner = read(axis + 1, tails, at, ch);
            for (Map.Entry<List<Integer>, Integer> e : sums.entrySet()) {
                Factor part = new Factor.Local(Objects.requireNonNull(inner.get(e.getKey().subList(1, e.getKey().size()))));
                Factor w = weight(axis, e.getKey().getFirst(), u);
                if (u == 0) {
                    product(part, w);
                } else {
                    prepare(part, w);
                    code.loadLocal(kind, e.getValue());
                    add(part, w);
                }
                code.storeLocal(kind, e.getValue());
            }
            top = before;
        }
        return sums;
    }

    private Factor weight(int axis, int order, int u) {
        return Objects.requireNonNull(weights.get(axis).get(order))[u];
    }

    /// Pushes the index of a cell.
    private void cell(int[] at, int ch) {
        if (wrapping) {
            code.iload(MESH_AT).loadConstant(ch * spec.cells()).iadd();
            for (int a = 0; a < at.length; a++) {
                code.iload(shifts[a][at[a]]).iadd();
            }
            return;
        }
        int distance = ch * spec.cells();
        for (int a = 0; a < at.length; a++) {
            distance += (at[a] - (spec.support() - 2)) * spec.stride(a);
        }
        code.iload(corner).loadConstant(distance).iadd();
    }

    // ------------------------------------------------------------------------------------------------- arithmetic

    private int local() {
        int slot = top;
        top += kind.slotSize();
        return slot;
    }

    private int integer() {
        return top++;
    }

    private void push(Factor f) {
        switch (f) {
            case Factor.Local l -> code.loadLocal(kind, l.slot());
            case Factor.Number n -> number(n.value());
        }
    }

    /// Pushes `a·w`.
    private void product(Factor a, Factor w) {
        if (a instanceof Factor.Number n && n.value() == 1) {
            push(w);
        } else if (w instanceof Factor.Number n && Math.abs(n.value()) == 1) {
            push(a);
            if (n.value() < 0) {
                neg();
            }
        } else {
            push(a);
            push(w);
            mul();
        }
    }

    /// Pushes what a later [#add(Factor, Factor)] needs below the sum that it adds `a·w` to.
    private void prepare(Factor a, Factor w) {
        if (isOne(a) || isOne(w)) {
            product(a, w);
        } else {
            push(a);
            push(w);
        }
    }

    /// Adds `a·w` to the sum on top of the stack, rounding once.
    private void add(Factor a, Factor w) {
        if (isOne(a) || isOne(w)) {
            add();
        } else {
            code.invokestatic(MATH, "fma", MethodTypeDesc.of(element, element, element, element));
        }
    }

    private static boolean isOne(Factor f) {
        return f instanceof Factor.Number n && Math.abs(n.value()) == 1;
    }

    private void number(double value) {
        if (kind == TypeKind.FLOAT) {
            code.loadConstant((float) value);
        } else {
            code.loadConstant(value);
        }
    }

    private CodeBuilder add() {
        return kind == TypeKind.FLOAT ? code.fadd() : code.dadd();
    }

    private CodeBuilder sub() {
        return kind == TypeKind.FLOAT ? code.fsub() : code.dsub();
    }

    private CodeBuilder mul() {
        return kind == TypeKind.FLOAT ? code.fmul() : code.dmul();
    }

    private void neg() {
        if (kind == TypeKind.FLOAT) {
            code.fneg();
        } else {
            code.dneg();
        }
    }

    private CodeBuilder toInt() {
        return kind == TypeKind.FLOAT ? code.f2i() : code.d2i();
    }

    private void fromInt() {
        if (kind == TypeKind.FLOAT) {
            code.i2f();
        } else {
            code.i2d();
        }
    }

    private CodeBuilder compare() {
        return kind == TypeKind.FLOAT ? code.fcmpg() : code.dcmpg();
    }
}
