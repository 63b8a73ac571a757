package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
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
/// @param nine    whether it is for three stretches of three elements only, which it takes without a loop; along rows
record ConvEmitter(boolean doubles, int bits, int rows, int vectors, GemmEmitter.Walk walk, int unroll, boolean nine) {
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

    private TileSums sums() {
        return new TileSums(doubles, bits, rows, vectors, FIRST_ROW + rows, unroll);
    }

    private int row(int i) {
        return FIRST_ROW + i;
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
        TileSums sums = sums();
        TileSums.Place c = (i, v) ->
                code.aload(C).iload(C_AT).iload(C_STEP).loadConstant(i).imul().iadd().loadConstant(v * sums.lanes()).iadd();
        sums.cast(code, A, B, C);
        begin(code, sums, c);
        if (nine) {
            nine(code, sums);
        } else {
            stretches(code, sums);
        }
        sums.store(code, c);
        code.return_();
    }

    private void stretches(CodeBuilder code, TileSums sums) {
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
            steps(code, sums, unroll);
        }
        steps(code, sums, 1);
        if (walk == GemmEmitter.Walk.ALONG_ROWS) {
            code.iload(B_AT).iload(K).loadConstant(vectors * sums.lanes()).imul().iadd().istore(B_AT);
        }
        code.iinc(STRETCH, 1).goto_(loop).labelBinding(end);
    }

    private void nine(CodeBuilder code, TileSums sums) {
        for (int stretch = 0; stretch < 3; stretch++) {
            int s = stretch;
            code.iload(A_AT).aload(STARTS).loadConstant(s).iaload().iadd().istore(row(0));
            for (int i = 1; i < rows; i++) {
                code.iload(row(i - 1)).iload(A_STEP).iadd().istore(row(i));
            }
            for (int element = 0; element < 3; element++) {
                int p = element;
                sums.loadOperands(code, 0, (u, v) -> code.aload(B).iload(B_AT).loadConstant(((s * 3 + p) * vectors + v) * sums.lanes()).iadd());
                for (int row = 0; row < rows; row++) {
                    int i = row;
                    sums.multiplyAdd(code, i, 0, () -> code.aload(A).iload(row(i)).loadConstant(p).iadd());
                }
            }
        }
    }

    /// Sums from the old `C` or from zero.
    private void begin(CodeBuilder code, TileSums sums, TileSums.Place c) {
        Label fresh = code.newLabel();
        Label ready = code.newLabel();
        code.iload(ACCUMULATE).ifeq(fresh);
        for (int i = 0; i < rows; i++) {
            sums.loadRow(code, i, c);
        }
        code.goto_(ready).labelBinding(fresh);
        sums.zero(code);
        code.labelBinding(ready);
    }

    /// Steps of `p`, `turn` at a time, while that many are left.
    private void steps(CodeBuilder code, TileSums sums, int turn) {
        boolean along = walk == GemmEmitter.Walk.ALONG_ROWS;
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.labelBinding(loop).iload(P).iload(K).loadConstant(turn - 1).isub().if_icmpge(end);
        for (int step = 0; step < turn; step++) {
            sums.loadOperands(code, step, (u, v) -> {
                code.aload(B).iload(B_AT);
                if (along) {
                    code.iload(P).loadConstant(vectors * sums.lanes()).imul().iadd().loadConstant((u * vectors + v) * sums.lanes()).iadd();
                } else {
                    code.loadConstant(v * sums.lanes()).iadd();
                }
            });
            if (!along) {
                code.iload(B_AT).iload(B_STEP).iadd().istore(B_AT);
            }
        }
        for (int row = 0; row < rows; row++) {
            for (int step = 0; step < turn; step++) {
                int i = row;
                int u = step;
                sums.multiplyAdd(code, i, u, () -> {
                    code.aload(A);
                    if (along) {
                        code.iload(row(i)).iload(P).iadd().loadConstant(u).iadd();
                    } else {
                        code.iload(FROM).iload(A_STEP).loadConstant(u).imul().iadd().loadConstant(i).iadd();
                    }
                });
            }
        }
        if (!along) {
            code.iload(FROM).iload(A_STEP).loadConstant(turn).imul().iadd().istore(FROM);
        }
        code.iinc(P, turn).goto_(loop).labelBinding(end);
    }
}
