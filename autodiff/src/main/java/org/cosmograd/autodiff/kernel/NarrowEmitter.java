package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/// Emits [NarrowTile]s: the product of a row-major `A` and a `B` of few columns, put in a column-major `C`.
///
/// The lanes of the sums are rows. A turn of the loop over `p` takes a strip of `A`, half as many columns as a vector has lanes, transposes it in
/// registers and multiplies it at once. A vector is put together from halves of two rows when it is loaded, which is the first round of the
/// transposition; for the others see [GemmMover]. The transposed strip goes through a first-cache buffer, or C2 would run out of registers.
///
/// @param doubles whether elements are doubles (else floats)
/// @param bits    vector width: 256
/// @param sets    rows of a block, in vectors
/// @param columns columns of `B`
/// @param aRow    elements from a row of `A` to the next
/// @param bRow    elements from a row of `B` to the next
/// @param bColumn elements from a column of `B` to the next
record NarrowEmitter(boolean doubles, int bits, int sets, int columns, int aRow, int bRow, int bColumn) {
    /// Width of a vector. Wider ones have more rounds, and permutations that cost twice as much.
    static final int BITS = 256;

    private static final String PACKAGE = "org.cosmograd.autodiff.kernel";
    private static final ClassDesc MASK = ClassDesc.of(GemmEmitter.VECTOR_PACKAGE, "VectorMask");
    private static final ClassDesc SHUFFLE = ClassDesc.of(GemmEmitter.VECTOR_PACKAGE, "VectorShuffle");
    private static final ClassDesc SWAPS = ClassDesc.of(PACKAGE, "NarrowSwaps");
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(CD_void, CD_int, CD_int, CD_int, CD_int, CD_int, CD_int, CD_Object, CD_Object,
            CD_Object, CD_Object, CD_int, CD_int);
    // Slots of the parameters of NarrowTile.run
    private static final int A_AT = 1;
    private static final int B_AT = 2;
    private static final int X_AT = 3;
    private static final int ALL = 4;
    private static final int BLOCKS = 5;
    private static final int K = 6;
    private static final int A = 7;
    private static final int B = 8;
    private static final int X = 9;
    private static final int C = 10;
    private static final int C_AT = 11;
    private static final int C_STEP = 12;
    // Slots of the tile's own variables
    private static final int BLOCK = 13;
    private static final int P = 14;
    private static final int NOTHING = 15;
    private static final int A_NOW = 16;
    private static final int B_NOW = 17;
    private static final int X_NOW = 18;
    private static final int TEMPORARY = 19;
    private static final int FIRST_SUM = 20;

    int lanes() {
        return bits / (doubles ? 64 : 32);
    }

    /// Columns of a strip of `A`.
    int strip() {
        return lanes() / 2;
    }

    /// Rows of a block.
    int rows() {
        return sets * lanes();
    }

    /// Elements of the buffer.
    int buffered() {
        return rows() * strip();
    }

    private ClassDesc element() {
        return doubles ? CD_double : CD_float;
    }

    private ClassDesc vector() {
        return GemmEmitter.vector(doubles);
    }

    private int sum(int set, int j) {
        return FIRST_SUM + set * columns + j;
    }

    private int strip(int i) {
        return FIRST_SUM + sets * columns + i;
    }

    private int operand(int set) {
        return strip(0) + set;
    }

    NarrowTile emit() {
        return GemmEmitter.define(NarrowTile.class, ClassDesc.of(PACKAGE, "NarrowTile"), RUN, "NarrowTile" + sets + "x" + columns, K, this::body);
    }

    private void body(CodeBuilder code) {
        for (int array : new int[] {A, B, X, C}) {
            code.aload(array).checkcast(element().arrayType()).astore(array);
        }
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(BLOCK).labelBinding(loop).iload(BLOCK).iload(BLOCKS).if_icmpge(end);
        block(code);
        code.iload(A_AT).loadConstant(rows() * aRow).iadd().istore(A_AT);
        code.iinc(C_AT, rows()).iinc(BLOCK, 1).goto_(loop).labelBinding(end).return_();
    }

    private void block(CodeBuilder code) {
        // From an array, as in FittedEmitter.
        GemmEmitter.species(code, doubles, bits);
        code.getstatic(ClassDesc.of(PACKAGE, "FittedEmitter"), doubles ? "ZERO_DOUBLES" : "ZERO_FLOATS", element().arrayType()).iconst_0();
        broadcast(code);
        code.astore(TEMPORARY);
        for (int i = 0; i < sets * columns; i++) {
            code.aload(TEMPORARY).astore(FIRST_SUM + i);
        }
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(P).labelBinding(loop).iload(P).iload(K).if_icmpge(end);
        positions(code);
        for (int set = 0; set < sets; set++) {
            transpose(code, set);
        }
        multiply(code);
        code.iinc(P, strip()).goto_(loop).labelBinding(end);
        for (int j = 0; j < columns; j++) {
            for (int set = 0; set < sets; set++) {
                code.aload(sum(set, j)).aload(C).iload(C_AT).iload(C_STEP).loadConstant(j).imul().iadd().loadConstant(set * lanes()).iadd();
                store(code);
            }
        }
    }

    /// Where the strip of `A`, the rows of `B` and the buffer begin. Were they functions of `p` to C2, it would check each of a hundred positions before
    /// the loop. As it is, the checks stay in the loop, and the first and the last position of each array imply the others.
    private void positions(CodeBuilder code) {
        code.iload(P).iload(ALL).iand().iload(P).isub().istore(NOTHING);
        code.iload(A_AT).iload(P).iadd().iload(NOTHING).iadd().istore(A_NOW);
        code.iload(B_AT).iload(P).loadConstant(bRow).imul().iadd().iload(NOTHING).iadd().istore(B_NOW);
        code.iload(X_AT).iload(NOTHING).iadd().istore(X_NOW);
        for (int at : new int[] {0, (rows() - 1) * aRow - strip()}) {
            load(code, A, A_NOW, at);
            code.pop();
        }
        for (int at : new int[] {0, buffered() - lanes()}) {
            load(code, X, X_NOW, at);
            code.pop();
        }
        for (int at : new int[] {0, (strip() - 1) * bRow + (columns - 1) * bColumn}) {
            code.aload(B).iload(B_NOW).loadConstant(at).iadd().arrayLoad(TypeKind.from(element()));
            if (doubles) {
                code.pop2();
            } else {
                code.pop();
            }
        }
    }

    private void transpose(CodeBuilder code, int set) {
        MethodTypeDesc rearrange = MethodTypeDesc.of(vector(), SHUFFLE);
        int n = strip();
        for (int i = 0; i < n; i++) {
            int row = (set * lanes() + i) * aRow;
            load(code, A, A_NOW, row);
            load(code, A, A_NOW, row + n * aRow - n);
            blend(code, n);
            code.astore(strip(i));
        }
        for (int d = n / 2; d > 0; d /= 2) {
            for (int i = 0; i < n; i++) {
                if ((i & d) == 0) {
                    int a = strip(i);
                    int b = strip(i + d);
                    code.aload(a).aload(b).getstatic(SWAPS, constant("SWAP", d), SHUFFLE).invokevirtual(vector(), "rearrange", rearrange);
                    blend(code, d);
                    code.astore(TEMPORARY);
                    code.aload(a).getstatic(SWAPS, constant("SWAP", d), SHUFFLE).invokevirtual(vector(), "rearrange", rearrange).aload(b);
                    blend(code, d);
                    code.astore(b).aload(TEMPORARY).astore(a);
                }
            }
        }
        for (int i = 0; i < n; i++) {
            code.aload(strip(i)).aload(X).iload(X_NOW).loadConstant((i * sets + set) * lanes()).iadd();
            store(code);
        }
    }

    private void multiply(CodeBuilder code) {
        MethodTypeDesc fma = MethodTypeDesc.of(vector(), GemmEmitter.ANY_VECTOR, GemmEmitter.ANY_VECTOR);
        for (int i = 0; i < strip(); i++) {
            for (int set = 0; set < sets; set++) {
                load(code, X, X_NOW, (i * sets + set) * lanes());
                code.astore(operand(set));
            }
            for (int j = 0; j < columns; j++) {
                GemmEmitter.species(code, doubles, bits);
                code.aload(B).iload(B_NOW).loadConstant(i * bRow + j * bColumn).iadd();
                broadcast(code);
                code.astore(TEMPORARY);
                for (int set = 0; set < sets; set++) {
                    code.aload(operand(set)).aload(TEMPORARY).aload(sum(set, j)).invokevirtual(vector(), "fma", fma).astore(sum(set, j));
                }
            }
        }
    }

    private String constant(String name, int d) {
        return name + (doubles ? "_DOUBLES_" : "_FLOATS_") + d;
    }

    /// Of the two vectors on the stack, the lanes of the second where bit `d` is set.
    private void blend(CodeBuilder code, int d) {
        code.getstatic(SWAPS, constant("ODD", d), MASK).invokevirtual(vector(), "blend", MethodTypeDesc.of(vector(), GemmEmitter.ANY_VECTOR, MASK));
    }

    /// Of an element, from species, array and index on the stack.
    private void broadcast(CodeBuilder code) {
        code.arrayLoad(TypeKind.from(element()))
                .invokestatic(vector(), "broadcast", MethodTypeDesc.of(vector(), GemmEmitter.SPECIES, element()));
    }

    private void load(CodeBuilder code, int array, int at, int shift) {
        GemmEmitter.species(code, doubles, bits);
        code.aload(array).iload(at).loadConstant(shift).iadd()
                .invokestatic(vector(), "fromArray", MethodTypeDesc.of(vector(), GemmEmitter.SPECIES, element().arrayType(), CD_int));
    }

    /// Vector, array and index are on the stack.
    private void store(CodeBuilder code) {
        code.invokevirtual(vector(), "intoArray", MethodTypeDesc.of(CD_void, element().arrayType(), CD_int));
    }
}
