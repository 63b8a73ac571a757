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

/// Emits [ConvTile]s as hidden classes.
///
/// A tile keeps `rows × vectors` accumulators in registers over all stretches of `A`. Per step it loads one row of `B`, broadcasts
/// one element of `A` per row, and does one fused multiply-add per accumulator; `C` is touched before and after only, which is what
/// counts where stretches are short (few channels).
///
/// @param doubles whether elements are doubles (else floats)
/// @param bits    vector width: 128, 256 or 512
/// @param rows    rows of the tile
/// @param vectors columns of the tile, in vectors
/// @param walk    where `A` lies; along rows, the rows of `B` are adjacent and `bStep` is not looked at
/// @param unroll  steps in one turn of the loop
record ConvEmitter(boolean doubles, int bits, int rows, int vectors, GemmEmitter.Walk walk, int unroll) {
    private static final String VECTOR_PACKAGE = "jdk.incubator.vector";
    private static final ClassDesc SPECIES = ClassDesc.of(VECTOR_PACKAGE, "VectorSpecies");
    private static final ClassDesc ANY_VECTOR = ClassDesc.of(VECTOR_PACKAGE, "Vector");
    private static final ClassDesc TILE = ClassDesc.of("org.cosmograd.autodiff.kernel", "ConvTile");
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(CD_void, CD_int, CD_int.arrayType(), CD_int, CD_Object, CD_int, CD_int,
            CD_Object, CD_int, CD_int, CD_Object, CD_int, CD_int, CD_boolean);

    // Slots of the parameters of ConvTile.run
    private static final int STRETCHES = 1;
    private static final int STARTS = 2;
    private static final int K = 3;
    private static final int A = 4;
    private static final int A_AT = 5;
    private static final int A_STEP = 6;
    private static final int B = 7;
    private static final int B_AT = 8;
    private static final int B_STEP = 9;
    private static final int C = 10;
    private static final int C_AT = 11;
    private static final int C_STEP = 12;
    private static final int ACCUMULATE = 13;
    // Slots of the tile's own variables
    private static final int P = 14;
    private static final int STRETCH = 15;
    private static final int FROM = 16;
    private static final int FIRST_ROW = 17;

    private ClassDesc vector() {
        return ClassDesc.of(VECTOR_PACKAGE, doubles ? "DoubleVector" : "FloatVector");
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

    private int operand(int u, int v) {
        return sum(rows, u * vectors + v);
    }

    private int broadcast() {
        return operand(unroll, 0);
    }

    ConvTile emit() {
        byte[] bytes = ClassFile.of().build(ClassDesc.of(TILE.packageName(), "ConvTile" + rows + "x" + vectors), type -> type
                .withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
                .withInterfaceSymbols(TILE)
                .withMethodBody(INIT_NAME, MTD_void, 0, code -> code
                        .aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).return_())
                .withMethodBody("run", RUN, ClassFile.ACC_PUBLIC, this::body));
        try {
            return (ConvTile) Emitted.define(bytes).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError("convolution: a tile just emitted cannot be loaded", impossible);
        }
    }

    private void body(CodeBuilder code) {
        Label work = code.newLabel();
        code.iload(STRETCHES).ifge(work).return_().labelBinding(work);
        for (int array : new int[] {A, B, C}) {
            code.aload(array).checkcast(element().arrayType()).astore(array);
        }
        begin(code);
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(STRETCH);
        code.labelBinding(loop).iload(STRETCH).iload(STRETCHES).if_icmpge(end);
        code.iload(A_AT).aload(STARTS).iload(STRETCH).iaload().iadd().istore(FROM);
        if (walk == GemmEmitter.Walk.ALONG_ROWS) {
            code.iload(FROM).istore(row(0));
            for (int i = 1; i < rows; i++) {
                code.iload(row(i - 1)).iload(A_STEP).iadd().istore(row(i));
            }
        }
        code.iconst_0().istore(P);
        if (unroll > 1) {
            steps(code, unroll);
        }
        steps(code, 1);
        if (walk == GemmEmitter.Walk.ALONG_ROWS) {
            code.iload(B_AT).iload(K).loadConstant(vectors * lanes()).imul().iadd().istore(B_AT);
        }
        code.iinc(STRETCH, 1).goto_(loop).labelBinding(end);
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

    /// Sums from the old `C` or from zero.
    private void begin(CodeBuilder code) {
        Label fresh = code.newLabel();
        Label ready = code.newLabel();
        code.iload(ACCUMULATE).ifeq(fresh);
        eachSum(code, (i, v) -> {
            species(code);
            atC(code, i, v);
            load(code).astore(sum(i, v));
        });
        code.goto_(ready).labelBinding(fresh);
        eachSum(code, (i, v) -> {
            species(code);
            code.invokestatic(vector(), "zero", MethodTypeDesc.of(vector(), SPECIES)).astore(sum(i, v));
        });
        code.labelBinding(ready);
    }

    /// Steps of `p`, `turn` at a time, while that many are left.
    private void steps(CodeBuilder code, int turn) {
        boolean along = walk == GemmEmitter.Walk.ALONG_ROWS;
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.labelBinding(loop).iload(P).iload(K).loadConstant(turn - 1).isub().if_icmpge(end);
        for (int u = 0; u < turn; u++) {
            for (int v = 0; v < vectors; v++) {
                species(code);
                code.aload(B).iload(B_AT);
                if (along) {
                    code.iload(P).loadConstant(vectors * lanes()).imul().iadd().loadConstant((u * vectors + v) * lanes()).iadd();
                } else {
                    code.loadConstant(v * lanes()).iadd();
                }
                load(code).astore(operand(u, v));
            }
            if (!along) {
                code.iload(B_AT).iload(B_STEP).iadd().istore(B_AT);
            }
        }
        for (int i = 0; i < rows; i++) {
            for (int u = 0; u < turn; u++) {
                species(code);
                code.aload(A);
                if (along) {
                    code.iload(row(i)).iload(P).iadd().loadConstant(u).iadd();
                } else {
                    code.iload(FROM).iload(A_STEP).loadConstant(u).imul().iadd().loadConstant(i).iadd();
                }
                code.arrayLoad(TypeKind.from(element()))
                        .invokestatic(vector(), "broadcast", MethodTypeDesc.of(vector(), SPECIES, element())).astore(broadcast());
                for (int v = 0; v < vectors; v++) {
                    code.aload(broadcast()).aload(operand(u, v)).aload(sum(i, v))
                            .invokevirtual(vector(), "fma", MethodTypeDesc.of(vector(), ANY_VECTOR, ANY_VECTOR)).astore(sum(i, v));
                }
            }
        }
        if (!along) {
            code.iload(FROM).iload(A_STEP).loadConstant(turn).imul().iadd().istore(FROM);
        }
        code.iinc(P, turn).goto_(loop).labelBinding(end);
    }

    private void species(CodeBuilder code) {
        code.getstatic(vector(), "SPECIES_" + bits, SPECIES);
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
