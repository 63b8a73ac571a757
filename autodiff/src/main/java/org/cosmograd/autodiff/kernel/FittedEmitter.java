package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.List;

/// Emits [FittedTile]s: a register tile of a matrix product, and in place of its stores the steps of a loop, vector by vector.
///
/// How far the rows of all matrices are apart is written into the code: so all rows are reached from one position, and neither positions nor checks of
/// them take registers that the sums and their loop need.
///
/// @param doubles whether elements are doubles (else floats)
/// @param bits    vector width: 128, 256 or 512
/// @param rows    rows of the tile
/// @param deep    how many of them go into the same partial rows, if the loop sums along the rows: these are as far apart as there are partial rows
/// @param vectors columns of the tile, in vectors
/// @param aRow    elements from a row of `A` to the next
/// @param aColumn elements from a column of `A` to the next
/// @param bRow    elements from a row of `B` to the next
/// @param step    the same of the other matrices and of partial rows
/// @param loop    what becomes of the sums: sources and sinks advance by one element
/// @param sums    which source the sums are
/// @param places  how operands lie, sources and then sinks
record FittedEmitter(boolean doubles, int bits, int rows, int deep, int vectors, int aRow, int aColumn, int bRow, int step, LoopSpec loop, int sums, List<Place> places) {
    /// How an operand lies.
    enum Place {
        /// Row after row, like the product.
        MATRIX,
        /// One row for all.
        ROW,
        /// Partial rows of a sum along the rows.
        PARTIAL
    }

    /// Where the sums begin. Were it a constant, C2 would keep it in a register through the loop for the sake of steps that need the same.
    static final float[] ZERO_FLOATS = {0};

    static final double[] ZERO_DOUBLES = {0};

    private static final String PACKAGE = "org.cosmograd.autodiff.kernel";
    private static final ClassDesc TILE = ClassDesc.of(PACKAGE, "FittedTile");
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(CD_void, CD_int, CD_int, CD_int, CD_int, CD_int, CD_int, CD_Object, CD_Object,
            CD_Object.arrayType(), CD_int.arrayType(), CD_int, CD_int);
    // Slots of the parameters of FittedTile.run
    private static final int A_AT = 1;
    private static final int B_AT = 2;
    private static final int K = 6;
    private static final int A = 7;
    private static final int B = 8;
    private static final int ARRAYS = 9;
    private static final int GEOMETRY = 10;
    private static final int ROW = 11;
    private static final int COLUMN = 12;
    // Slots of the tile's own variables
    private static final int P = 13;
    private static final int ZERO = 14;
    private static final int FIRST_SUM = 15;

    /// An estimate of the bytes of bytecode of a tile.
    static int cost(int rows, int vectors, LoopSpec loop) {
        return 300 + rows * vectors * (20 + LoopEmitter.turnBytes(loop));
    }

    /// The same of another height, of rows one after the other.
    FittedEmitter withRows(int count) {
        return new FittedEmitter(doubles, bits, count, 1, vectors, aRow, aColumn, bRow, step, loop, sums, places);
    }

    /// Rows one after the other.
    int run() {
        return rows / deep;
    }

    /// Which row of the matrices row `i` of the tile is, counted from its first.
    private int row(int i) {
        return i % run() + i / run() * Math.max(1, loop.partialRows());
    }

    FittedTile emit() {
        return GemmEmitter.define(FittedTile.class, TILE, RUN, "FittedTile" + rows + "x" + vectors, K, code -> new Body(this, code).emit());
    }

    /// The code of one tile.
    private static final class Body {
        private final FittedEmitter tile;
        private final CodeBuilder code;
        private final LoopSpec loop;
        private final TileSums sums;
        private final ClassDesc vector;
        private final int sources;
        /// Locals of each operand: its array, the place of its present row, and its vectors if there is one row for all.
        private final int[] array;
        private final int[] at;
        private final int[][] only;
        /// For sums along the rows: a vector of the present partial row, and where it begins.
        private final int[] partial;
        private final int[] partialAt;

        Body(FittedEmitter tile, CodeBuilder code) {
            this.tile = tile;
            this.code = code;
            this.loop = tile.loop;
            this.sums = new TileSums(tile.doubles, tile.bits, tile.rows, tile.vectors, FIRST_SUM, 1);
            this.vector = GemmEmitter.vector(tile.doubles);
            this.sources = loop.sources().size();
            int operands = sources + loop.sinks().size();
            this.array = new int[operands];
            this.at = new int[operands];
            this.only = new int[operands][];
            this.partial = new int[operands];
            this.partialAt = new int[operands];
        }

        void emit() {
            multiply();
            while (code.allocateLocal(TypeKind.REFERENCE) < sums.end()) {
                // up to here they are the tile's
            }
            LoopFrame frame = new LoopFrame(loop, code, tile.bits, false);
            frame.markHoisted();
            frame.hoist(LoopGraph.Level.ONCE);
            // Only now, so that the operands of the loop are not in the way of the product's.
            bind();
            int[] loaded = new int[sources];
            for (int k = 0; k < sources; k++) {
                loaded[k] = code.allocateLocal(TypeKind.REFERENCE);
            }
            for (int i = 0; i < tile.run(); i++) {
                for (int v = 0; v < tile.vectors; v++) {
                    beginPartials(i, v);
                    for (int d = 0; d < tile.deep; d++) {
                        int row = i + d * tile.run();
                        load(frame, row, v, loaded);
                        int[] values = frame.values();
                        for (int k = 0; k < values.length; k++) {
                            store(k, row, v, values[k]);
                        }
                        frame.releaseValues(values);
                    }
                    endPartials(v);
                }
            }
            code.return_();
        }

        private void multiply() {
            sums.cast(code, A, B);
            GemmEmitter.species(code, tile.doubles, tile.bits);
            ClassDesc element = sums.element();
            code.getstatic(ClassDesc.of(PACKAGE, "FittedEmitter"), tile.doubles ? "ZERO_DOUBLES" : "ZERO_FLOATS", element.arrayType())
                    .iconst_0().arrayLoad(TypeKind.from(element))
                    .invokestatic(vector, "broadcast", MethodTypeDesc.of(vector, GemmEmitter.SPECIES, element)).astore(ZERO);
            for (int i = 0; i < tile.rows; i++) {
                for (int v = 0; v < tile.vectors; v++) {
                    code.aload(ZERO).astore(sums.sum(i, v));
                }
            }
            Label loop = code.newLabel();
            Label end = code.newLabel();
            code.iconst_0().istore(P).labelBinding(loop).iload(P).iload(K).if_icmpge(end);
            sums.loadOperands(code, 0, (u, v) -> code.aload(B).iload(B_AT).loadConstant(v * sums.lanes()).iadd());
            for (int i = 0; i < tile.rows; i++) {
                int down = tile.row(i) * tile.aRow;
                sums.multiplyAdd(code, i, 0, () -> code.aload(A).iload(A_AT).loadConstant(down).iadd());
            }
            code.iload(A_AT).loadConstant(tile.aColumn).iadd().istore(A_AT);
            code.iload(B_AT).loadConstant(tile.bRow).iadd().istore(B_AT).iinc(P, 1).goto_(loop).labelBinding(end);
        }

        /// Finds where operands begin.
        private void bind() {
            for (int k = 0; k < array.length; k++) {
                if (k == tile.sums) {
                    continue;
                }
                array[k] = code.allocateLocal(TypeKind.REFERENCE);
                at[k] = code.allocateLocal(TypeKind.INT);
                code.aload(ARRAYS).loadConstant(k).aaload().checkcast(sums.element().arrayType()).astore(array[k]);
                geometry(k, 0);
                code.iload(COLUMN).iadd();
                if (tile.places.get(k) == Place.MATRIX) {
                    code.iload(ROW).loadConstant(tile.step).imul().iadd();
                }
                code.istore(at[k]);
                if (tile.places.get(k) == Place.PARTIAL) {
                    partial[k] = code.allocateLocal(TypeKind.REFERENCE);
                    partialAt[k] = code.allocateLocal(TypeKind.INT);
                } else if (tile.places.get(k) == Place.ROW) {
                    only[k] = new int[tile.vectors];
                    for (int v = 0; v < tile.vectors; v++) {
                        only[k][v] = code.allocateLocal(TypeKind.REFERENCE);
                        load(k, at[k], v * sums.lanes());
                        code.astore(only[k][v]);
                    }
                }
            }
        }

        /// Says where the sources of vector `(i, v)` are.
        private void load(LoopFrame frame, int i, int v, int[] loaded) {
            for (int k = 0; k < sources; k++) {
                if (k == tile.sums) {
                    frame.inRegister(k, sums.sum(i, v));
                } else if (tile.places.get(k) == Place.ROW) {
                    frame.inRegister(k, only[k][v]);
                } else {
                    load(k, at[k], tile.row(i) * tile.step + v * sums.lanes());
                    code.astore(loaded[k]);
                    frame.inRegister(k, loaded[k]);
                }
            }
        }

        /// Hands a value to a sink.
        private void store(int sink, int i, int v, int value) {
            int k = sources + sink;
            if (tile.places.get(k) == Place.PARTIAL) {
                code.aload(partial[k]).aload(value).invokevirtual(vector, "add", MethodTypeDesc.of(vector, GemmEmitter.ANY_VECTOR)).astore(partial[k]);
            } else {
                code.aload(value);
                store(k, at[k], tile.row(i) * tile.step + v * sums.lanes());
            }
        }

        /// Loads vector `v` of the partial rows that row `i` goes into.
        private void beginPartials(int i, int v) {
            for (int k = sources; k < array.length; k++) {
                if (tile.places.get(k) != Place.PARTIAL) {
                    continue;
                }
                if (v == 0) {
                    code.iload(ROW).loadConstant(i).iadd().loadConstant(loop.partialRows() - 1).iand().loadConstant(tile.step).imul()
                            .iload(at[k]).iadd().istore(partialAt[k]);
                }
                load(k, partialAt[k], v * sums.lanes());
                code.astore(partial[k]);
            }
        }

        private void endPartials(int v) {
            for (int k = sources; k < array.length; k++) {
                if (tile.places.get(k) == Place.PARTIAL) {
                    code.aload(partial[k]);
                    store(k, partialAt[k], v * sums.lanes());
                }
            }
        }

        private void geometry(int operand, int which) {
            code.aload(GEOMETRY).loadConstant(3 * operand + which).iaload();
        }

        private void address(int operand, int at, int shift) {
            code.aload(array[operand]).iload(at).loadConstant(shift).iadd();
        }

        /// A vector on the stack.
        private void store(int operand, int at, int shift) {
            address(operand, at, shift);
            code.invokevirtual(vector, "intoArray", MethodTypeDesc.of(CD_void, sums.element().arrayType(), CD_int));
        }

        private void load(int operand, int at, int shift) {
            GemmEmitter.species(code, tile.doubles, tile.bits);
            address(operand, at, shift);
            code.invokestatic(vector, "fromArray", MethodTypeDesc.of(vector, GemmEmitter.SPECIES, sums.element().arrayType(), CD_int));
        }
    }
}
