package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_boolean;
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
import java.util.function.Consumer;

/// Emits [GemmTile]s as hidden classes.
///
/// A tile keeps `rows × vectors` accumulators in registers. Per step of `p` it loads one row of `B`, broadcasts one element of
/// `A` per row, and does one fused multiply-add per accumulator; `C` is touched before and after the loop only. Written out for
/// each shape because C2 keeps vectors in registers only as plain local variables, and only with the species a constant.
///
/// @param doubles whether elements are doubles (else floats)
/// @param bits    vector width: 128, 256 or 512
/// @param rows    rows of the tile
/// @param vectors columns of the tile, in vectors
/// @param walk    where `A` lies
record GemmEmitter(boolean doubles, int bits, int rows, int vectors, Walk walk) {
    /// How a tile finds element `(i, p)` of `A`.
    enum Walk {
        /// `a[aAt + i*aStep + p]`: `A` is row-major.
        ALONG_ROWS,
        /// `a[aAt + i + p*aStep]`: `A` is column-major, or packed.
        ALONG_COLUMNS
    }

    static final String VECTOR_PACKAGE = "jdk.incubator.vector";
    static final ClassDesc SPECIES = ClassDesc.of(VECTOR_PACKAGE, "VectorSpecies");
    static final ClassDesc ANY_VECTOR = ClassDesc.of(VECTOR_PACKAGE, "Vector");
    private static final ClassDesc TILE = ClassDesc.of("org.cosmograd.autodiff.kernel", "GemmTile");
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(CD_void, CD_Object, CD_int, CD_int, CD_boolean, CD_int,
            CD_Object, CD_int, CD_int, CD_Object, CD_int, CD_int);

    // Slots of the parameters of GemmTile.run
    static final int C = 1;
    static final int C_AT = 2;
    static final int C_STEP = 3;
    private static final int ACCUMULATE = 4;
    static final int K = 5;
    static final int A = 6;
    static final int A_AT = 7;
    static final int A_STEP = 8;
    static final int B = 9;
    static final int B_AT = 10;
    static final int B_STEP = 11;
    // Slots of the tile's own variables
    private static final int P = 12;
    private static final int AT = 13;
    private static final int ONE = 14;
    private static final int FIRST_ROW = 15;

    static ClassDesc vector(boolean doubles) {
        return ClassDesc.of(VECTOR_PACKAGE, doubles ? "DoubleVector" : "FloatVector");
    }

    static void species(CodeBuilder code, boolean doubles, int bits) {
        code.getstatic(vector(doubles), "SPECIES_" + bits, SPECIES);
    }

    private ClassDesc vector() {
        return vector(doubles);
    }

    private ClassDesc element() {
        return doubles ? CD_double : CD_float;
    }

    private int lanes() {
        return bits / (doubles ? 64 : 32);
    }

    private int row(int i) {
        return FIRST_ROW + i;
    }

    private int sum(int i, int v) {
        return FIRST_ROW + rows + i * vectors + v;
    }

    private int operand(int v) {
        return sum(rows, v);
    }

    private int broadcast() {
        return operand(vectors);
    }

    GemmTile emit() {
        return define(rows + "x" + vectors, this::body);
    }

    /// A hidden class whose method `run` has this body, after a return for `k < 0`.
    static GemmTile define(String name, Consumer<CodeBuilder> body) {
        byte[] bytes = ClassFile.of().build(ClassDesc.of(TILE.packageName(), "GemmTile" + name), type -> type
                .withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
                .withInterfaceSymbols(TILE)
                .withMethodBody(INIT_NAME, MTD_void, 0, code -> code
                        .aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).return_())
                .withMethodBody("run", RUN, ClassFile.ACC_PUBLIC, code -> {
                    Label work = code.newLabel();
                    code.iload(K).ifge(work).return_().labelBinding(work);
                    body.accept(code);
                }));
        try {
            return (GemmTile) Emitted.define(bytes).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError("matmul: a tile just emitted cannot be loaded", impossible);
        }
    }

    private void body(CodeBuilder code) {
        for (int array : new int[] {A, B, C}) {
            code.aload(array).checkcast(element().arrayType()).astore(array);
        }
        begin(code);
        loop(code);
        eachSum(code, (i, v) -> {
            code.aload(sum(i, v));
            atC(code, i, v);
            code.invokevirtual(vector(), "intoArray", MethodTypeDesc.of(CD_void, element().arrayType(), CD_int));
        });
        code.return_();
    }

    private interface AtSum {
        void emit(int i, int v);
    }

    private void eachSum(CodeBuilder code, AtSum at) {
        for (int i = 0; i < rows; i++) {
            for (int v = 0; v < vectors; v++) {
                at.emit(i, v);
            }
        }
    }

    /// Sums from the old `C` or from zero; positions of the rows of `A`.
    private void begin(CodeBuilder code) {
        Label fresh = code.newLabel();
        Label ready = code.newLabel();
        code.iload(ACCUMULATE).ifeq(fresh);
        // Not the expressions of the last step: C2 would see they are the same and hold a dozen addresses through the loop, at the
        // cost of the registers that the loop needs.
        code.iload(C_AT).istore(AT);
        for (int i = 0; i < rows; i++) {
            for (int v = 0; v < vectors; v++) {
                species(code);
                code.aload(C).iload(AT).loadConstant(v * lanes()).iadd();
                load(code).astore(sum(i, v));
            }
            code.iload(AT).iload(C_STEP).iadd().istore(AT);
        }
        code.goto_(ready).labelBinding(fresh);
        eachSum(code, (i, v) -> {
            species(code);
            code.invokestatic(vector(), "zero", MethodTypeDesc.of(vector(), SPECIES)).astore(sum(i, v));
        });
        code.labelBinding(ready);
        if (walk == Walk.ALONG_ROWS) {
            for (int i = 0; i < rows; i++) {
                code.iload(A_AT).iload(A_STEP).loadConstant(i).imul().iadd().istore(row(i));
            }
        }
    }

    /// Along rows the loop counts by a constant, so that C2 takes the checks of all row positions out of it. Along columns the
    /// positions advance by a variable step and C2 could not; there it counts by a one that C2 does not know to be constant, or else
    /// the loop would be compiled three times, as prologue, body and epilogue.
    private void loop(CodeBuilder code) {
        Label loop = code.newLabel();
        Label end = code.newLabel();
        if (walk == Walk.ALONG_COLUMNS) {
            code.iload(K).iconst_1().ior().iload(K).loadConstant(-2).iand().isub().istore(ONE);
        }
        code.iconst_0().istore(P).labelBinding(loop).iload(P).iload(K).if_icmpge(end);
        for (int v = 0; v < vectors; v++) {
            species(code);
            code.aload(B).iload(B_AT).loadConstant(v * lanes()).iadd();
            load(code).astore(operand(v));
        }
        code.iload(B_AT).iload(B_STEP).iadd().istore(B_AT);
        for (int i = 0; i < rows; i++) {
            species(code);
            code.aload(A);
            switch (walk) {
                case ALONG_ROWS -> code.iload(row(i)).iload(P).iadd();
                case ALONG_COLUMNS -> code.iload(A_AT).loadConstant(i).iadd();
            }
            code.arrayLoad(TypeKind.from(element()))
                    .invokestatic(vector(), "broadcast", MethodTypeDesc.of(vector(), SPECIES, element())).astore(broadcast());
            for (int v = 0; v < vectors; v++) {
                code.aload(broadcast()).aload(operand(v)).aload(sum(i, v))
                        .invokevirtual(vector(), "fma", MethodTypeDesc.of(vector(), ANY_VECTOR, ANY_VECTOR)).astore(sum(i, v));
            }
        }
        switch (walk) {
            case ALONG_ROWS -> code.iinc(P, 1);
            case ALONG_COLUMNS -> code.iload(A_AT).iload(A_STEP).iadd().istore(A_AT).iload(P).iload(ONE).iadd().istore(P);
        }
        code.goto_(loop).labelBinding(end);
    }

    private void species(CodeBuilder code) {
        species(code, doubles, bits);
    }

    /// From a species, an array and an index on the stack.
    private CodeBuilder load(CodeBuilder code) {
        return code.invokestatic(vector(), "fromArray", MethodTypeDesc.of(vector(), SPECIES, element().arrayType(), CD_int));
    }

    /// Pushes `C` and the index of the vector `(i, v)` of the tile.
    private void atC(CodeBuilder code, int i, int v) {
        code.aload(C).iload(C_AT).iload(C_STEP).loadConstant(i).imul().iadd().loadConstant(v * lanes()).iadd();
    }
}
