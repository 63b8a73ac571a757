package org.cosmograd.autodiff.kernel;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;

/// [Lanes] by direct evaluation of one element: slow, plain, and independent of the emitter. It serves constant folding and tests.
///
/// @param type in which type it computes
public record ScalarLanes(DType type) implements Lanes {

    /// A number; every float and int is a double without loss.
    public record Number(double value) implements Lane {}

    private record Truth(boolean value) implements Mask {}

    private record Word(long value) implements Bits {}

    /// `f(x)` in type `type`.
    public static double evaluate(ElementFunction f, DType type, double... x) {
        List<Lane> arguments = new ArrayList<>();
        for (double v : x) {
            arguments.add(new Number(v));
        }
        return value(f.value(new ScalarLanes(type), arguments));
    }

    /// The number in a lane made here.
    public static double value(Lane a) {
        return ((Number) a).value;
    }

    private static int integer(Lane a) {
        return (int) value(a);
    }

    private static float single(Lane a) {
        return (float) value(a);
    }

    private static boolean truth(Mask m) {
        return ((Truth) m).value;
    }

    private static long word(Bits b) {
        return ((Word) b).value;
    }

    /// Rounds an exactly or doubly computed result to the type. For `+ - * /` and the square root, rounding a double result to
    /// float gives what float arithmetic gives.
    private Lane number(double v) {
        return new Number(type == DType.F32 ? (float) v : v);
    }

    private Bits word(long v) {
        return new Word(type == DType.F64 ? v : (int) v);
    }

    private boolean isInt() {
        return type == DType.I32;
    }

    @Override
    public Lane constant(double value) {
        return isInt() ? new Number((int) value) : number(value);
    }

    @Override
    public Lane add(Lane a, Lane b) {
        return isInt() ? new Number(integer(a) + integer(b)) : number(value(a) + value(b));
    }

    @Override
    public Lane sub(Lane a, Lane b) {
        return isInt() ? new Number(integer(a) - integer(b)) : number(value(a) - value(b));
    }

    @Override
    public Lane mul(Lane a, Lane b) {
        return isInt() ? new Number(integer(a) * integer(b)) : number(value(a) * value(b));
    }

    @Override
    public Lane div(Lane a, Lane b) {
        return number(value(a) / value(b));
    }

    @Override
    public Lane neg(Lane a) {
        return isInt() ? new Number(-integer(a)) : number(-value(a));
    }

    @Override
    public Lane abs(Lane a) {
        return isInt() ? new Number(Math.abs(integer(a))) : number(Math.abs(value(a)));
    }

    @Override
    public Lane sqrt(Lane a) {
        return number(Math.sqrt(value(a)));
    }

    @Override
    public Lane fma(Lane a, Lane b, Lane c) {
        return new Number(type == DType.F32 ? Math.fma(single(a), single(b), single(c)) : Math.fma(value(a), value(b), value(c)));
    }

    @Override
    public Lane min(Lane a, Lane b) {
        return isInt() ? new Number(Math.min(integer(a), integer(b))) : number(Math.min(value(a), value(b)));
    }

    @Override
    public Lane max(Lane a, Lane b) {
        return isInt() ? new Number(Math.max(integer(a), integer(b))) : number(Math.max(value(a), value(b)));
    }

    @Override
    public Mask less(Lane a, Lane b) {
        return new Truth(value(a) < value(b));
    }

    @Override
    public Mask lessEqual(Lane a, Lane b) {
        return new Truth(value(a) <= value(b));
    }

    @Override
    public Mask equal(Lane a, Lane b) {
        return new Truth(value(a) == value(b));
    }

    @Override
    public Lane select(Mask m, Lane a, Lane b) {
        return truth(m) ? a : b;
    }

    @Override
    public Bits bits(Lane a) {
        return switch (type) {
            case F32 -> word(Float.floatToRawIntBits(single(a)));
            case F64 -> word(Double.doubleToRawLongBits(value(a)));
            case I32 -> word(integer(a));
        };
    }

    @Override
    public Lane fromBits(Bits b) {
        return new Number(switch (type) {
            case F32 -> Float.intBitsToFloat((int) word(b));
            case F64 -> Double.longBitsToDouble(word(b));
            case I32 -> (int) word(b);
        });
    }

    @Override
    public Bits bitsConstant(long value) {
        return word(value);
    }

    @Override
    public Bits add(Bits a, Bits b) {
        return word(word(a) + word(b));
    }

    @Override
    public Bits sub(Bits a, Bits b) {
        return word(word(a) - word(b));
    }

    @Override
    public Bits and(Bits a, Bits b) {
        return word(word(a) & word(b));
    }

    @Override
    public Bits or(Bits a, Bits b) {
        return word(word(a) | word(b));
    }

    @Override
    public Bits xor(Bits a, Bits b) {
        return word(word(a) ^ word(b));
    }

    @Override
    public Bits shiftLeft(Bits a, int by) {
        return word(word(a) << by);
    }

    @Override
    public Bits shiftRight(Bits a, int by) {
        return word(word(a) >> by);
    }

    @Override
    public Lane cast(Lane a, DType from) {
        return isInt() ? new Number(integer(a)) : number(value(a));
    }

    @Override
    public Lane rarely(Mask when, Lane usual, Rare f, Lane x) {
        return truth(when) ? number(f.value(value(x))) : usual;
    }

    @Override
    public Lane call(String name, Lane... x) {
        try {
            MethodType signature = MethodType.methodType(double.class, java.util.Collections.nCopies(x.length, double.class));
            MethodHandle f = MethodHandles.lookup().findStatic(Special.class, name, signature);
            Object[] arguments = new Object[x.length];
            for (int i = 0; i < x.length; i++) {
                arguments[i] = value(x[i]);
            }
            return number((double) f.invokeWithArguments(arguments));
        } catch (Throwable e) {
            throw new IllegalArgumentException("call: Special has no method double " + name + " of " + x.length + " doubles", e);
        }
    }
}
