package org.cosmograd.autodiff.kernel;

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
import java.util.Arrays;
import java.util.List;

/// Emits [FftLoop]s as hidden classes: float or double, scalar or SIMD, from one description of the arithmetic ([FftButterflies]).
///
/// @param doubles whether elements are doubles (else floats)
/// @param bits    vector width, or 0 for scalar loops
/// @param kind    what the loop does
/// @param radix   number of legs of a butterfly, or 0
record FftEmitter(boolean doubles, int bits, Kind kind, int radix) {
    /// What a loop does.
    enum Kind {
        /// Butterflies whose legs are multiplied by twiddle factors afterwards; `inner` is one vector. `w` holds `radix - 1` factors as
        /// `(re, im, -im)` for each `o`.
        FIRST,
        /// The same with any number of vectors in `inner`.
        MIDDLE,
        /// Butterflies without factors; `inner` is one vector.
        LAST,
        /// Half-length transform to spectrum of real numbers. Leg 0 is row `o`, leg 1 row `m - o`; `w` holds the scales of the edges
        /// and of the rest, then a factor for each `o ≥ 1`.
        UNPACK,
        /// Spectrum of real numbers to half-length transform; as `UNPACK`.
        PACK,
        /// Rows times `w[o]`.
        SCALE,
        /// Rows become columns: leg `j` of the source has elements `i`, leg `i` of the result elements `j`. SIMD loops move as many
        /// blocks as `outer` says, each of as many legs as a vector has lanes; the scalar loop moves `inner` legs.
        TRANSPOSE
    }

    private static final ClassDesc MASK = ClassDesc.of(GemmEmitter.VECTOR_PACKAGE, "VectorMask");
    private static final ClassDesc SHUFFLE = ClassDesc.of(GemmEmitter.VECTOR_PACKAGE, "VectorShuffle");
    private static final ClassDesc SWAPS = ClassDesc.of("org.cosmograd.autodiff.kernel", "GemmSwaps");
    private static final ClassDesc LOOP = ClassDesc.of("org.cosmograd.autodiff.kernel", "FftLoop");
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(CD_void, List.of(CD_Object, CD_int, CD_int, CD_int, CD_int, CD_Object,
            CD_int, CD_int, CD_int, CD_int, CD_Object, CD_int, CD_int, CD_int));

    // Slots of the parameters of FftLoop.run, then the loops' own
    private static final int X = 1;
    private static final int X_RE = 2;
    private static final int X_IM = 3;
    private static final int X_OUTER = 4;
    private static final int X_LEG = 5;
    private static final int Y = 6;
    private static final int Y_RE = 7;
    private static final int Y_IM = 8;
    private static final int Y_OUTER = 9;
    private static final int Y_LEG = 10;
    private static final int W = 11;
    private static final int W_AT = 12;
    private static final int OUTER = 13;
    private static final int INNER = 14;
    private static final int O = 15;
    private static final int I = 16;
    private static final int FIRST_FREE = 17;

    /// More twiddle factors than these are not kept in registers during the inner loop.
    private static final int FEW_FACTORS = 9;

    FftLoop emit() {
        byte[] bytes = ClassFile.of().build(ClassDesc.of(LOOP.packageName(), "Fft" + kind + radix), type -> type
                .withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
                .withInterfaceSymbols(LOOP)
                .withMethodBody(INIT_NAME, MTD_void, 0, code -> code
                        .aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).return_())
                .withMethodBody("run", RUN, ClassFile.ACC_PUBLIC, code -> new Body(code).emit()));
        try {
            return (FftLoop) Emitted.define(bytes).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError("fft: a loop just emitted cannot be loaded", impossible);
        }
    }

    /// The method under construction. Values are numbers of local variables.
    final class Body {
        private final CodeBuilder code;
        private final boolean vectors = bits > 0;
        private final ClassDesc element = doubles ? CD_double : CD_float;
        private final ClassDesc array = element.arrayType();
        private final ClassDesc vector = GemmEmitter.vector(doubles);
        private final int lanes = vectors ? bits / (doubles ? 64 : 32) : 1;
        private final boolean nested = !vectors || kind == Kind.MIDDLE;
        private int free = FIRST_FREE;

        Body(CodeBuilder code) {
            this.code = code;
        }

        void emit() {
            Label work = code.newLabel();
            code.iload(OUTER).ifge(work).return_().labelBinding(work);
            for (int a : new int[] {X, Y, W}) {
                code.aload(a).checkcast(array).astore(a);
            }
            FftButterflies make = new FftButterflies(this);
            switch (kind) {
                case FIRST, MIDDLE -> {
                    int[] constants = make.constants(radix);
                    outer(() -> {
                        int count = 3 * (radix - 1);
                        int[] kept = new int[nested && count <= FEW_FACTORS ? count : 0];
                        Arrays.setAll(kept, this::factor);
                        inner(() -> make.butterfly(radix, constants, k -> kept.length > 0 ? kept[k] : factor(k)));
                        code.iinc(W_AT, count);
                    });
                }
                case LAST -> {
                    int[] constants = make.constants(radix);
                    outer(() -> inner(() -> make.butterfly(radix, constants)));
                }
                case UNPACK, PACK -> {
                    int edge = factor(0);
                    int rest = factor(1);
                    code.iinc(W_AT, 2);
                    inner(() -> {
                        if (kind == Kind.UNPACK) {
                            make.unpackEdges(edge);
                        } else {
                            make.packEdges(edge);
                        }
                    });
                    advance();
                    approach();
                    outer(() -> {
                        inner(() -> {
                            if (kind == Kind.UNPACK) {
                                make.unpack(rest, factor(0), factor(1), factor(2));
                            } else {
                                make.pack(rest, factor(0), factor(1));
                            }
                        });
                        code.iinc(W_AT, 3);
                        approach();
                    });
                }
                case SCALE -> outer(() -> {
                    int scale = factor(0);
                    inner(() -> {
                        store(mul(scale, re(0)), false, 0);
                        store(mul(scale, im(0)), true, 0);
                    });
                    code.iinc(W_AT, 1);
                });
                case TRANSPOSE -> {
                    if (vectors) {
                        outer(this::transposeBlock);
                    } else {
                        outer(() -> loop(I, INNER, 1, this::copy));
                    }
                }
            }
            code.return_();
        }

        // --------------------------------------------------------------------------------------------- loops

        private void loop(int counter, int limit, int step, Runnable body) {
            Label again = code.newLabel();
            Label end = code.newLabel();
            code.iconst_0().istore(counter).labelBinding(again).iload(counter).iload(limit).if_icmpge(end);
            int before = free;
            body.run();
            free = before;
            code.iinc(counter, step).goto_(again).labelBinding(end);
        }

        private void outer(Runnable body) {
            loop(O, OUTER, 1, () -> {
                body.run();
                advance();
            });
        }

        private void inner(Runnable body) {
            if (nested) {
                loop(I, INNER, lanes, body);
            } else {
                body.run();
            }
        }

        private void advance() {
            for (int at : new int[] {X_RE, X_IM}) {
                code.iload(at).iload(X_OUTER).iadd().istore(at);
            }
            for (int at : new int[] {Y_RE, Y_IM}) {
                code.iload(at).iload(Y_OUTER).iadd().istore(at);
            }
        }

        /// Leg 1 comes from the other end.
        private void approach() {
            code.iload(X_LEG).iload(X_OUTER).isub().iload(X_OUTER).isub().istore(X_LEG);
            code.iload(Y_LEG).iload(Y_OUTER).isub().iload(Y_OUTER).isub().istore(Y_LEG);
        }

        // --------------------------------------------------------------------------------------------- memory

        private void index(int base, int leg, int j) {
            code.iload(base);
            if (j > 0) {
                code.iload(leg);
                if (j > 1) {
                    code.loadConstant(j).imul();
                }
                code.iadd();
            }
            if (nested) {
                code.iload(I).iadd();
            }
        }

        /// The real part of leg `j`.
        int re(int j) {
            return load(X_RE, j);
        }

        /// The imaginary part of leg `j`.
        int im(int j) {
            return load(X_IM, j);
        }

        private int load(int base, int j) {
            if (vectors) {
                GemmEmitter.species(code, doubles, bits);
                code.aload(X);
                index(base, X_LEG, j);
                code.invokestatic(vector, "fromArray", MethodTypeDesc.of(vector, GemmEmitter.SPECIES, array, CD_int));
            } else {
                code.aload(X);
                index(base, X_LEG, j);
                code.arrayLoad(TypeKind.from(element));
            }
            return keep();
        }

        /// Writes leg `j` of the result.
        void store(int value, boolean imaginary, int j) {
            int base = imaginary ? Y_IM : Y_RE;
            if (vectors) {
                code.aload(value).aload(Y);
                index(base, Y_LEG, j);
                code.invokevirtual(vector, "intoArray", MethodTypeDesc.of(CD_void, array, CD_int));
            } else {
                code.aload(Y);
                index(base, Y_LEG, j);
                push(value);
                code.arrayStore(TypeKind.from(element));
            }
        }

        /// `w[wAt + k]` in all lanes.
        private int factor(int k) {
            if (vectors) {
                GemmEmitter.species(code, doubles, bits);
            }
            code.aload(W).iload(W_AT).loadConstant(k).iadd().arrayLoad(TypeKind.from(element));
            return broadcast();
        }

        /// The constant in all lanes.
        int constant(double value) {
            if (vectors) {
                GemmEmitter.species(code, doubles, bits);
            }
            if (doubles) {
                code.loadConstant(value);
            } else {
                code.loadConstant((float) value);
            }
            return broadcast();
        }

        private int broadcast() {
            if (vectors) {
                code.invokestatic(vector, "broadcast", MethodTypeDesc.of(vector, GemmEmitter.SPECIES, element));
            }
            return keep();
        }

        // --------------------------------------------------------------------------------------------- arithmetic

        private int keep() {
            int v = free;
            if (vectors) {
                code.astore(v);
            } else {
                code.storeLocal(TypeKind.from(element), v);
            }
            free += !vectors && doubles ? 2 : 1;
            return v;
        }

        private void push(int value) {
            if (vectors) {
                code.aload(value);
            } else {
                code.loadLocal(TypeKind.from(element), value);
            }
        }

        private int binary(String name, int a, int b) {
            push(a);
            push(b);
            if (vectors) {
                code.invokevirtual(vector, name, MethodTypeDesc.of(vector, GemmEmitter.ANY_VECTOR));
            } else if (doubles) {
                switch (name) {
                    case "add" -> code.dadd();
                    case "sub" -> code.dsub();
                    default -> code.dmul();
                }
            } else {
                switch (name) {
                    case "add" -> code.fadd();
                    case "sub" -> code.fsub();
                    default -> code.fmul();
                }
            }
            return keep();
        }

        int add(int a, int b) {
            return binary("add", a, b);
        }

        int sub(int a, int b) {
            return binary("sub", a, b);
        }

        int mul(int a, int b) {
            return binary("mul", a, b);
        }

        /// `a·b + c`, rounded once.
        int fma(int a, int b, int c) {
            push(a);
            push(b);
            push(c);
            if (vectors) {
                code.invokevirtual(vector, "fma", MethodTypeDesc.of(vector, GemmEmitter.ANY_VECTOR, GemmEmitter.ANY_VECTOR));
            } else {
                code.invokestatic(ClassDesc.of("java.lang.Math"), "fma", MethodTypeDesc.of(element, element, element, element));
            }
            return keep();
        }

        // --------------------------------------------------------------------------------------------- transposition

        private void copy() {
            code.aload(Y).iload(Y_RE).iload(I).iload(Y_LEG).imul().iadd();
            code.aload(X).iload(X_RE).iload(I).iload(X_LEG).imul().iadd();
            code.arrayLoad(TypeKind.from(element)).arrayStore(TypeKind.from(element));
        }

        /// In the round of distance `d`, lanes with bit `d` set swap with lanes without, between vectors `i` and `i + d`.
        private void transposeBlock() {
            int[] rows = new int[lanes];
            Arrays.setAll(rows, this::re);
            MethodTypeDesc rearrange = MethodTypeDesc.of(vector, SHUFFLE);
            for (int d = 1; d < lanes; d *= 2) {
                String of = (doubles ? "DOUBLES_" : "FLOATS_") + d;
                for (int i = 0; i < lanes; i++) {
                    if ((i & d) == 0) {
                        int a = rows[i];
                        int b = rows[i + d];
                        // All that moves passes through one vector: a single shuffle.
                        blend(b, a, of);
                        code.getstatic(SWAPS, "SWAP_" + of, SHUFFLE).invokevirtual(vector, "rearrange", rearrange);
                        int moved = keep();
                        blend(a, moved, of);
                        code.astore(a);
                        blend(moved, b, of);
                        code.astore(b);
                    }
                }
            }
            for (int i = 0; i < lanes; i++) {
                store(rows[i], false, i);
            }
        }

        /// `a`, and `b` in the lanes with the bit set.
        private void blend(int a, int b, String of) {
            code.aload(a).aload(b).getstatic(SWAPS, "ODD_" + of, MASK)
                    .invokevirtual(vector, "blend", MethodTypeDesc.of(vector, GemmEmitter.ANY_VECTOR, MASK));
        }
    }
}
