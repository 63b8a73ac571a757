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
        /// `a[aAt + i + p*rows]`: `A` is packed, column after column; and so is `B`, row after row (`aStep` and `bStep` are not used).
        ALONG_COLUMNS,
        /// `a[aAt + i + p*aStep]`: `A` is column-major.
        DOWN_ROWS
    }

    static final String VECTOR_PACKAGE = "jdk.incubator.vector";
    static final ClassDesc SPECIES = ClassDesc.of(VECTOR_PACKAGE, "VectorSpecies");
    static final ClassDesc ANY_VECTOR = ClassDesc.of(VECTOR_PACKAGE, "Vector");
    private static final ClassDesc TILE = ClassDesc.of("org.cosmograd.autodiff.kernel", "GemmTile");
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(CD_void, CD_Object, CD_int, CD_int, CD_boolean, CD_int,
            CD_int, CD_Object, CD_int, CD_Object, CD_int, CD_int);

    // Slots of the parameters of GemmTile.run
    static final int C = 1;
    static final int C_AT = 2;
    static final int C_STEP = 3;
    private static final int ACCUMULATE = 4;
    static final int A_STEP = 5;
    static final int K = 6;
    static final int A = 7;
    static final int A_AT = 8;
    static final int B = 9;
    static final int B_AT = 10;
    static final int B_STEP = 11;
    // Slots of the tile's own variables
    private static final int P = 12;
    private static final int AT = 13;
    private static final int FIRST_ROW = 14;

    static ClassDesc vector(boolean doubles) {
        return ClassDesc.of(VECTOR_PACKAGE, doubles ? "DoubleVector" : "FloatVector");
    }

    static void species(CodeBuilder code, boolean doubles, int bits) {
        code.getstatic(vector(doubles), "SPECIES_" + bits, SPECIES);
    }

    private TileSums sums() {
        return new TileSums(doubles, bits, rows, vectors, FIRST_ROW + rows, 1);
    }

    private int row(int i) {
        return FIRST_ROW + i;
    }

    GemmTile emit() {
        return define(rows + "x" + vectors, this::body);
    }

    /// A hidden class whose method `run` has this body, after a return for `k < 0`.
    static GemmTile define(String name, Consumer<CodeBuilder> body) {
        return define(GemmTile.class, TILE, RUN, "GemmTile" + name, K, body);
    }

    /// The same for another interface; `k` is in this slot.
    static <T> T define(Class<T> type, ClassDesc description, MethodTypeDesc run, String name, int k, Consumer<CodeBuilder> body) {
        byte[] bytes = ClassFile.of().build(ClassDesc.of(TILE.packageName(), name), emitted -> emitted
                .withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
                .withInterfaceSymbols(description)
                .withMethodBody(INIT_NAME, MTD_void, 0, code -> code
                        .aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).return_())
                .withMethodBody("run", run, ClassFile.ACC_PUBLIC, code -> {
                    Label work = code.newLabel();
                    code.iload(k).ifge(work).return_().labelBinding(work);
                    body.accept(code);
                }));
        try {
            return type.cast(Emitted.define(bytes).getDeclaredConstructor().newInstance());
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError("matmul: a tile just emitted cannot be loaded", impossible);
        }
    }

    private void body(CodeBuilder code) {
        TileSums sums = sums();
        sums.cast(code, A, B, C);
        begin(code, sums);
        loop(code, sums);
        sums.store(code, (i, v) ->
                code.aload(C).iload(C_AT).iload(C_STEP).loadConstant(i).imul().iadd().loadConstant(v * sums.lanes()).iadd());
        code.return_();
    }

    /// Sums from the old `C` or from zero; positions of the rows of `A`.
    private void begin(CodeBuilder code, TileSums sums) {
        Label fresh = code.newLabel();
        Label ready = code.newLabel();
        code.iload(ACCUMULATE).ifeq(fresh);
        // Not the expressions of the last step: C2 would see they are the same and hold a dozen addresses through the loop, at the
        // cost of the registers that the loop needs.
        code.iload(C_AT).istore(AT);
        for (int i = 0; i < rows; i++) {
            sums.loadRow(code, i, (row, v) -> code.aload(C).iload(AT).loadConstant(v * sums.lanes()).iadd());
            code.iload(AT).iload(C_STEP).iadd().istore(AT);
        }
        code.goto_(ready).labelBinding(fresh);
        sums.zero(code);
        code.labelBinding(ready);
        if (walk == Walk.ALONG_ROWS) {
            for (int i = 0; i < rows; i++) {
                code.iload(A_AT).iload(A_STEP).loadConstant(i).imul().iadd().istore(row(i));
            }
        }
    }

    private void loop(CodeBuilder code, TileSums sums) {
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(P).labelBinding(loop).iload(P).iload(K).if_icmpge(end);
        sums.loadOperands(code, 0, (u, v) -> code.aload(B).iload(B_AT).loadConstant(v * sums.lanes()).iadd());
        for (int i = 0; i < rows; i++) {
            int row = i;
            sums.multiplyAdd(code, i, 0, () -> {
                code.aload(A);
                switch (walk) {
                    case ALONG_ROWS -> code.iload(row(row)).iload(P).iadd();
                    case ALONG_COLUMNS, DOWN_ROWS -> code.iload(A_AT).loadConstant(row).iadd();
                }
            });
        }
        // Steps known to C2 become functions of p, and the checks of positions leave the loop.
        switch (walk) {
            case ALONG_ROWS -> code.iload(B_AT).iload(B_STEP).iadd().istore(B_AT);
            case ALONG_COLUMNS -> code.iinc(A_AT, rows).iinc(B_AT, vectors * sums.lanes());
            case DOWN_ROWS -> code.iload(A_AT).iload(A_STEP).iadd().istore(A_AT).iload(B_AT).iload(B_STEP).iadd().istore(B_AT);
        }
        code.iinc(P, 1).goto_(loop).labelBinding(end);
    }
}
