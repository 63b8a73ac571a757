package org.cosmograd.autodiff.kernel;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static org.cosmograd.autodiff.kernel.LoopFrame.CD_SCRATCH;
import static org.cosmograd.autodiff.kernel.LoopFrame.kind;
import static org.cosmograd.autodiff.kernel.LoopFrame.primitive;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopGraph.Kind;
import org.cosmograd.autodiff.kernel.LoopGraph.Op;
import org.cosmograd.autodiff.kernel.LoopGraph.Step;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// Scalar code: one element per turn. Partial sums of a row rest in a scratch array of the thread.
final class ScalarSteps implements LoopSteps {
    private static final ClassDesc CD_SPECIAL = ClassDesc.of(LoopFrame.PACKAGE + "Special");
    private static final ClassDesc CD_MATH = ClassDesc.of("java.lang.Math");

    private final LoopFrame frame;
    private final CodeBuilder code;
    private final int[] accumulator;

    ScalarSteps(LoopFrame frame) {
        this.frame = frame;
        this.code = frame.code;
        this.accumulator = new int[frame.spec.sinks().size()];
    }

    @Override
    public void step(int id) {
        Step step = frame.graph.step(id);
        DType type = step.type();
        ClassDesc p = primitive(type);
        boolean wide = type == DType.F64;
        if (step.kind() == Kind.MASK) {
            Label isFalse = code.newLabel();
            Label end = code.newLabel();
            jumpIfFalse(step, isFalse);
            code.iconst_1().goto_(end).labelBinding(isFalse).iconst_0().labelBinding(end);
            return;
        }
        if (step.kind() == Kind.BITS) {
            scalarBits(step, wide);
            return;
        }
        switch (step.op()) {
            case SOURCE -> {
                frame.address((int) step.constant());
                code.arrayLoad(kind(type));
            }
            case CONSTANT -> {
                switch (type) {
                    case F32 -> code.loadConstant(Float.intBitsToFloat((int) step.constant()));
                    case F64 -> code.loadConstant(Double.longBitsToDouble(step.constant()));
                    case I32 -> code.loadConstant((int) step.constant());
                }
            }
            case ADD, SUB, MUL, DIV, NEG -> {
                frame.pushAll(step);
                arithmetic(step.op(), type);
            }
            case ABS -> {
                frame.pushAll(step);
                code.invokestatic(CD_MATH, "abs", MethodTypeDesc.of(p, p));
            }
            case MIN, MAX -> {
                frame.pushAll(step);
                code.invokestatic(CD_MATH, step.op().name().toLowerCase(), MethodTypeDesc.of(p, p, p));
            }
            case FMA -> {
                frame.pushAll(step);
                code.invokestatic(CD_MATH, "fma", MethodTypeDesc.of(p, p, p, p));
            }
            case SQRT -> {
                frame.pushAll(step);
                widen(type);
                code.invokestatic(CD_MATH, "sqrt", MethodTypeDesc.of(CD_double, CD_double));
                narrow(type);
            }
            case SELECT -> scalarSelect(step, wide);
            case FROM_BITS -> {
                frame.pushAll(step);
                switch (type) {
                    case F32 -> code.invokestatic(ClassDesc.of("java.lang.Float"), "intBitsToFloat", MethodTypeDesc.of(CD_float, CD_int));
                    case F64 -> code.invokestatic(ClassDesc.of("java.lang.Double"), "longBitsToDouble", MethodTypeDesc.of(CD_double, CD_long));
                    case I32 -> {}
                }
            }
            case CAST -> {
                frame.pushAll(step);
                code.conversion(kind(frame.graph.step(step.arguments().getFirst()).type()), kind(type));
            }
            case RARELY -> rarely(step);
            case CALL -> {
                for (int a : step.arguments()) {
                    frame.push(a);
                    widen(type);
                }
                ClassDesc[] parameters = new ClassDesc[step.arguments().size()];
                Arrays.fill(parameters, CD_double);
                code.invokestatic(CD_SPECIAL, step.name(), MethodTypeDesc.of(CD_double, parameters));
                narrow(type);
            }
            default -> throw new IllegalStateException("ScalarSteps: no scalar form of " + step);
        }
    }

    private void widen(DType type) {
        if (type != DType.F64) {
            code.conversion(kind(type), TypeKind.DOUBLE);
        }
    }

    private void narrow(DType type) {
        if (type != DType.F64) {
            code.conversion(TypeKind.DOUBLE, kind(type));
        }
    }

    private void arithmetic(Op op, DType type) {
        switch (type) {
            case F32 -> {
                switch (op) {
                    case ADD -> code.fadd();
                    case SUB -> code.fsub();
                    case MUL -> code.fmul();
                    case DIV -> code.fdiv();
                    default -> code.fneg();
                }
            }
            case F64 -> {
                switch (op) {
                    case ADD -> code.dadd();
                    case SUB -> code.dsub();
                    case MUL -> code.dmul();
                    case DIV -> code.ddiv();
                    default -> code.dneg();
                }
            }
            case I32 -> {
                switch (op) {
                    case ADD -> code.iadd();
                    case SUB -> code.isub();
                    case MUL -> code.imul();
                    default -> code.ineg();
                }
            }
        }
    }

    private void scalarBits(Step step, boolean wide) {
        if (step.op() == Op.CONSTANT) {
            if (wide) {
                code.loadConstant(step.constant());
            } else {
                code.loadConstant((int) step.constant());
            }
            return;
        }
        frame.pushAll(step);
        switch (step.op()) {
            case BITS -> {
                switch (step.type()) {
                    case F32 -> code.invokestatic(ClassDesc.of("java.lang.Float"), "floatToRawIntBits", MethodTypeDesc.of(CD_int, CD_float));
                    case F64 -> code.invokestatic(ClassDesc.of("java.lang.Double"), "doubleToRawLongBits", MethodTypeDesc.of(CD_long, CD_double));
                    case I32 -> {}
                }
            }
            case ADD -> choose(wide, code::ladd, code::iadd);
            case SUB -> choose(wide, code::lsub, code::isub);
            case AND -> choose(wide, code::land, code::iand);
            case OR -> choose(wide, code::lor, code::ior);
            case XOR -> choose(wide, code::lxor, code::ixor);
            case SHIFT_LEFT -> {
                code.loadConstant((int) step.constant());
                choose(wide, code::lshl, code::ishl);
            }
            case SHIFT_RIGHT -> {
                code.loadConstant((int) step.constant());
                choose(wide, code::lshr, code::ishr);
            }
            default -> throw new IllegalStateException("ScalarSteps: no scalar form of " + step);
        }
    }

    private static void choose(boolean wide, Runnable ifLong, Runnable ifInt) {
        (wide ? ifLong : ifInt).run();
    }

    /// Both values first, then the jump: a step that is kept in a local must have been computed on either path.
    private void scalarSelect(Step step, boolean wide) {
        int condition = step.arguments().get(0);
        frame.push(step.arguments().get(1));
        frame.push(step.arguments().get(2));
        Label second = code.newLabel();
        Label end = code.newLabel();
        if (frame.isUsedOnce(condition)) {
            jumpIfFalse(frame.graph.step(condition), second);
        } else {
            frame.push(condition);
            code.ifeq(second);
        }
        if (wide) {
            code.pop2().goto_(end).labelBinding(second).dup2_x2().pop2().pop2();
        } else {
            code.pop().goto_(end).labelBinding(second).swap().pop();
        }
        code.labelBinding(end);
    }

    private void rarely(Step step) {
        int when = step.arguments().get(0);
        frame.push(step.arguments().get(1));
        code.getstatic(LoopFrame.CD_RARE, step.name(), LoopFrame.CD_RARE);
        frame.push(step.arguments().get(2));
        widen(step.type());
        Label usual = code.newLabel();
        Label end = code.newLabel();
        if (frame.isUsedOnce(when)) {
            jumpIfFalse(frame.graph.step(when), usual);
        } else {
            frame.push(when);
            code.ifeq(usual);
        }
        code.invokevirtual(LoopFrame.CD_RARE, "value", MethodTypeDesc.of(CD_double, CD_double));
        narrow(step.type());
        if (step.type() == DType.F64) {
            code.dup2_x2().pop2().pop2();
        } else {
            code.swap().pop();
        }
        code.goto_(end).labelBinding(usual).pop2().pop().labelBinding(end);
    }

    private void jumpIfFalse(Step step, Label target) {
        frame.pushAll(step);
        switch (step.type()) {
            case F32 -> choose(step.op() == Op.EQUAL, code::fcmpl, code::fcmpg); // so that NaN is false
            case F64 -> choose(step.op() == Op.EQUAL, code::dcmpl, code::dcmpg);
            case I32 -> {
                switch (step.op()) {
                    case LESS -> code.if_icmpge(target);
                    case LESS_EQUAL -> code.if_icmpgt(target);
                    default -> code.if_icmpne(target);
                }
                return;
            }
        }
        switch (step.op()) {
            case LESS -> code.ifge(target);
            case LESS_EQUAL -> code.ifgt(target);
            default -> code.ifne(target);
        }
    }

    @Override
    public void sink(int k, Runnable value) {
        int operand = frame.operandOfSink(k);
        DType type = frame.type(operand);
        ClassDesc p = primitive(type);
        switch (frame.spec.sinks().get(k).mode()) {
            case STORE -> {
                frame.address(operand);
                value.run();
                code.arrayStore(kind(type));
            }
            case ADD, LONG_ADD -> {
                frame.address(operand);
                code.dup2().arrayLoad(kind(type));
                value.run();
                arithmetic(Op.ADD, type);
                code.arrayStore(kind(type));
            }
            case MAX -> {
                frame.address(operand);
                code.dup2().arrayLoad(kind(type));
                value.run();
                code.invokestatic(CD_MATH, "max", MethodTypeDesc.of(p, p, p)).arrayStore(kind(type));
            }
            case ROW_SUM, LONG_ROW_SUM -> {
                if (type == DType.I32) {
                    code.iload(accumulator[k]);
                    value.run();
                    code.iadd().istore(accumulator[k]);
                } else {
                    code.aload(frame.scratch(type));
                    frame.element();
                    code.loadConstant(frame.spec.sinks().get(k).mode().partials() - 1).iand();
                    code.loadConstant(frame.slot[operand]).iadd().dup2().arrayLoad(kind(type));
                    value.run();
                    arithmetic(Op.ADD, type);
                    code.arrayStore(kind(type));
                }
            }
            case ROW_MAX -> {
                code.loadLocal(kind(type), accumulator[k]);
                value.run();
                code.invokestatic(CD_MATH, "max", MethodTypeDesc.of(p, p, p)).storeLocal(kind(type), accumulator[k]);
            }
        }
    }

    @Override
    public void beginRow() {
        for (int k = 0; k < accumulator.length; k++) {
            Mode mode = frame.spec.sinks().get(k).mode();
            int operand = frame.operandOfSink(k);
            DType type = frame.type(operand);
            if (mode.isRowSum() && type.isFloating()) {
                code.aload(frame.scratch(type)).loadConstant(frame.slot[operand]).loadConstant(mode.partials())
                        .invokestatic(CD_SCRATCH, "clear", MethodTypeDesc.of(CD_void, primitive(type).arrayType(), CD_int, CD_int));
            } else if (mode.isRow()) {
                accumulator[k] = code.allocateLocal(kind(type));
                switch (type) {
                    case I32 -> code.loadConstant(mode.isRowSum() ? 0 : Integer.MIN_VALUE);
                    case F32 -> code.loadConstant(Float.NEGATIVE_INFINITY);
                    case F64 -> code.loadConstant(Double.NEGATIVE_INFINITY);
                }
                code.storeLocal(kind(type), accumulator[k]);
            }
        }
    }

    @Override
    public void turned() {}

    @Override
    public void rotate() {}

    @Override
    public void endRow() {
        for (int k = 0; k < accumulator.length; k++) {
            Mode mode = frame.spec.sinks().get(k).mode();
            int operand = frame.operandOfSink(k);
            DType type = frame.type(operand);
            if (!mode.isRow()) {
                continue;
            }
            code.aload(frame.array[operand]).iload(frame.offset[operand]);
            if (mode.isRowSum() && type.isFloating()) {
                code.aload(frame.scratch(type)).loadConstant(frame.slot[operand]).loadConstant(mode.partials())
                        .invokestatic(CD_SCRATCH, "sum", MethodTypeDesc.of(primitive(type), primitive(type).arrayType(), CD_int, CD_int));
            } else {
                code.loadLocal(kind(type), accumulator[k]);
            }
            code.arrayStore(kind(type));
        }
    }
}
