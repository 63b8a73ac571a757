package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/// Emits loops that move rows of `B` or `C`; they share the signature, and so the warm-up, of [GemmTile].
///
/// Row `p` of `k` rows goes from `b`, at `bAt + p*bStep`, to `c`, at `cAt + p*cStep`.
///
/// @param doubles whether elements are doubles (else floats)
/// @param bits    vector width: 256 or 512
/// @param vectors length of a row, in vectors
/// @param kind    which elements are read and written
record GemmMover(boolean doubles, int bits, int vectors, Kind kind) {
    /// What is moved.
    enum Kind {
        /// All elements of a row, adjacent in memory.
        COPY,
        /// Of the last vector of a row only the first `aStep` lanes are read and written.
        PART,
        /// Element `j` of a row is read at `map[aAt + j]` beyond the row's position, rows being adjacent elements: a transposition.
        /// Moves `k` blocks of as many rows as a vector has lanes; `bStep` is not used, `vectors` is one.
        TRANSPOSE
    }

    private static final ClassDesc MASK = ClassDesc.of(GemmEmitter.VECTOR_PACKAGE, "VectorMask");
    private static final ClassDesc SHUFFLE = ClassDesc.of(GemmEmitter.VECTOR_PACKAGE, "VectorShuffle");
    private static final ClassDesc SWAPS = ClassDesc.of("org.cosmograd.autodiff.kernel", "GemmSwaps");
    private static final int P = 12;
    private static final int LANES_USED = 13;

    GemmTile emit() {
        return GemmEmitter.define(kind + "x" + vectors, this::body);
    }

    /// In the round of distance `d`, lanes with bit `d` set swap with lanes without, between vectors `i` and `i + d`.
    private void transpose(CodeBuilder code, ClassDesc vector, ClassDesc array, int lanes) {
        int temporary = LANES_USED + lanes;
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(P).labelBinding(loop).iload(P).iload(GemmEmitter.K).if_icmpge(end);
        for (int i = 0; i < lanes; i++) {
            GemmEmitter.species(code, doubles, bits);
            code.aload(GemmEmitter.B).iload(GemmEmitter.B_AT)
                    .aload(GemmEmitter.A).iload(GemmEmitter.A_AT).loadConstant(i).iadd().iaload().iadd()
                    .invokestatic(vector, "fromArray", MethodTypeDesc.of(vector, GemmEmitter.SPECIES, array, CD_int))
                    .astore(LANES_USED + i);
        }
        MethodTypeDesc rearrange = MethodTypeDesc.of(vector, SHUFFLE);
        MethodTypeDesc blend = MethodTypeDesc.of(vector, GemmEmitter.ANY_VECTOR, MASK);
        for (int d = 1; d < lanes; d *= 2) {
            String of = (doubles ? "DOUBLES_" : "FLOATS_") + d;
            for (int i = 0; i < lanes; i++) {
                if ((i & d) == 0) {
                    int a = LANES_USED + i;
                    int b = a + d;
                    code.aload(a).getstatic(SWAPS, "SWAP_" + of, SHUFFLE).invokevirtual(vector, "rearrange", rearrange)
                            .aload(b).getstatic(SWAPS, "ODD_" + of, MASK).invokevirtual(vector, "blend", blend).astore(temporary);
                    code.aload(a).aload(b).getstatic(SWAPS, "SWAP_" + of, SHUFFLE).invokevirtual(vector, "rearrange", rearrange)
                            .getstatic(SWAPS, "ODD_" + of, MASK).invokevirtual(vector, "blend", blend).astore(a);
                    code.aload(temporary).astore(b);
                }
            }
        }
        for (int i = 0; i < lanes; i++) {
            code.aload(LANES_USED + i).aload(GemmEmitter.C).iload(GemmEmitter.C_AT)
                    .invokevirtual(vector, "intoArray", MethodTypeDesc.of(CD_void, array, CD_int));
            code.iload(GemmEmitter.C_AT).iload(GemmEmitter.C_STEP).iadd().istore(GemmEmitter.C_AT);
        }
        code.iinc(GemmEmitter.B_AT, lanes).iinc(P, 1).goto_(loop).labelBinding(end).return_();
    }

    private void body(CodeBuilder code) {
        ClassDesc element = doubles ? CD_double : CD_float;
        ClassDesc array = element.arrayType();
        ClassDesc vector = GemmEmitter.vector(doubles);
        int lanes = bits / (doubles ? 64 : 32);
        code.aload(GemmEmitter.B).checkcast(array).astore(GemmEmitter.B);
        code.aload(GemmEmitter.C).checkcast(array).astore(GemmEmitter.C);
        if (kind == Kind.TRANSPOSE) {
            code.aload(GemmEmitter.A).checkcast(CD_int.arrayType()).astore(GemmEmitter.A);
            transpose(code, vector, array, lanes);
            return;
        }
        if (kind == Kind.PART) {
            GemmEmitter.species(code, doubles, bits);
            code.iconst_0().iload(GemmEmitter.A_STEP)
                    .invokeinterface(GemmEmitter.SPECIES, "indexInRange", MethodTypeDesc.of(MASK, CD_int, CD_int)).astore(LANES_USED);
        }
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(P).labelBinding(loop).iload(P).iload(GemmEmitter.K).if_icmpge(end);
        for (int v = 0; v < vectors; v++) {
            boolean masked = kind == Kind.PART && v == vectors - 1;
            GemmEmitter.species(code, doubles, bits);
            code.aload(GemmEmitter.B).iload(GemmEmitter.B_AT).loadConstant(v * lanes).iadd();
            if (masked) {
                code.aload(LANES_USED).invokestatic(vector, "fromArray",
                        MethodTypeDesc.of(vector, GemmEmitter.SPECIES, array, CD_int, MASK));
            } else {
                code.invokestatic(vector, "fromArray", MethodTypeDesc.of(vector, GemmEmitter.SPECIES, array, CD_int));
            }
            code.aload(GemmEmitter.C).iload(GemmEmitter.C_AT).loadConstant(v * lanes).iadd();
            if (masked) {
                code.aload(LANES_USED).invokevirtual(vector, "intoArray", MethodTypeDesc.of(CD_void, array, CD_int, MASK));
            } else {
                code.invokevirtual(vector, "intoArray", MethodTypeDesc.of(CD_void, array, CD_int));
            }
        }
        code.iload(GemmEmitter.B_AT).iload(GemmEmitter.B_STEP).iadd().istore(GemmEmitter.B_AT);
        code.iload(GemmEmitter.C_AT).iload(GemmEmitter.C_STEP).iadd().istore(GemmEmitter.C_AT);
        code.iinc(P, 1).goto_(loop).labelBinding(end).return_();
    }
}
