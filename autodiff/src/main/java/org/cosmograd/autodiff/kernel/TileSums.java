package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/// The accumulators of a register tile as code: `rows × vectors` local variables and what is done with them, alike in the tiles of
/// matrix products ([GemmEmitter]) and of convolutions ([ConvEmitter]). The operands of a step and the broadcast element of `A` lie in
/// the variables behind the accumulators.
///
/// @param doubles whether elements are doubles (else floats)
/// @param bits    vector width: 128, 256 or 512
/// @param rows    rows of the tile
/// @param vectors columns of the tile, in vectors
/// @param first   slot of the first accumulator
/// @param unroll  steps that have operands of their own
record TileSums(boolean doubles, int bits, int rows, int vectors, int first, int unroll) {

    /// Pushes an array and the index of the vector `(i, v)` of the tile.
    interface Place {
        void push(int i, int v);
    }

    private ClassDesc vector() {
        return GemmEmitter.vector(doubles);
    }

    ClassDesc element() {
        return doubles ? CD_double : CD_float;
    }

    int lanes() {
        return bits / (doubles ? 64 : 32);
    }

    /// Slot of a sum.
    int sum(int i, int v) {
        return first + i * vectors + v;
    }

    private int operand(int u, int v) {
        return sum(rows, u * vectors + v);
    }

    private int broadcast() {
        return operand(unroll, 0);
    }

    /// The last slot that is used.
    int end() {
        return broadcast();
    }

    /// From an array and an index on the stack, which `place` pushes.
    private void load(CodeBuilder code, Runnable place, int to) {
        GemmEmitter.species(code, doubles, bits);
        place.run();
        code.invokestatic(vector(), "fromArray", MethodTypeDesc.of(vector(), GemmEmitter.SPECIES, element().arrayType(), CD_int)).astore(to);
    }

    /// Casts arguments to arrays of the element type.
    void cast(CodeBuilder code, int... arrays) {
        for (int array : arrays) {
            code.aload(array).checkcast(element().arrayType()).astore(array);
        }
    }

    void zero(CodeBuilder code) {
        for (int i = 0; i < rows * vectors; i++) {
            GemmEmitter.species(code, doubles, bits);
            code.invokestatic(vector(), "zero", MethodTypeDesc.of(vector(), GemmEmitter.SPECIES)).astore(first + i);
        }
    }

    void loadRow(CodeBuilder code, int i, Place at) {
        for (int v = 0; v < vectors; v++) {
            int vector = v;
            load(code, () -> at.push(i, vector), sum(i, v));
        }
    }

    void store(CodeBuilder code, Place at) {
        for (int i = 0; i < rows; i++) {
            for (int v = 0; v < vectors; v++) {
                code.aload(sum(i, v));
                at.push(i, v);
                code.invokevirtual(vector(), "intoArray", MethodTypeDesc.of(CD_void, element().arrayType(), CD_int));
            }
        }
    }

    /// A row of `B` becomes the operands of step `u` of a turn.
    ///
    /// @param at pushes an array and the index of vector `v` of the row
    void loadOperands(CodeBuilder code, int u, Place at) {
        for (int v = 0; v < vectors; v++) {
            int vector = v;
            load(code, () -> at.push(u, vector), operand(u, v));
        }
    }

    /// `cᵢ ← fma(aᵢ, b, cᵢ)` for step `u` of a turn.
    ///
    /// @param element pushes an array and the index of the element of `A`
    void multiplyAdd(CodeBuilder code, int i, int u, Runnable element) {
        GemmEmitter.species(code, doubles, bits);
        element.run();
        code.arrayLoad(TypeKind.from(element()))
                .invokestatic(vector(), "broadcast", MethodTypeDesc.of(vector(), GemmEmitter.SPECIES, element())).astore(broadcast());
        for (int v = 0; v < vectors; v++) {
            code.aload(broadcast()).aload(operand(u, v)).aload(sum(i, v))
                    .invokevirtual(vector(), "fma", MethodTypeDesc.of(vector(), GemmEmitter.ANY_VECTOR, GemmEmitter.ANY_VECTOR))
                    .astore(sum(i, v));
        }
    }
}
