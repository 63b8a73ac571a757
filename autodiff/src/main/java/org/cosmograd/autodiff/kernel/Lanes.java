package org.cosmograd.autodiff.kernel;

import org.cosmograd.autodiff.DType;

/// The arithmetic of one lane: the vocabulary in which every elementwise function states its value, once.
///
/// The kernel emitter turns one such statement into scalar and SIMD code in float and double. Every operation is a single
/// correctly rounded IEEE 754 operation (or an exact bit operation), so all forms give the same bits.
public interface Lanes {
    /// A value: a float, a double or an int, by [#type()].
    interface Lane {}

    /// A truth value per lane.
    interface Mask {}

    /// The bits of a value as an integer of the same width (32 for `F32`, 64 for `F64`).
    interface Bits {}

    /// The type in which this computation runs.
    DType type();

    /// The constant `value`, rounded to [#type()].
    Lane constant(double value);

    /// `a + b`
    Lane add(Lane a, Lane b);

    /// `a - b`
    Lane sub(Lane a, Lane b);

    /// `a * b`
    Lane mul(Lane a, Lane b);

    /// `a / b` (floating types only)
    Lane div(Lane a, Lane b);

    /// `-a`
    Lane neg(Lane a);

    /// `|a|`
    Lane abs(Lane a);

    /// `√a`, correctly rounded (floating types only)
    Lane sqrt(Lane a);

    /// `a * b + c` rounded once (floating types only)
    Lane fma(Lane a, Lane b, Lane c);

    /// The smaller of both, as `Math.min` has it: NaN if either is NaN, -0 below +0.
    Lane min(Lane a, Lane b);

    /// The larger of both, as `Math.max` has it.
    Lane max(Lane a, Lane b);

    /// `a < b`; false if either is NaN.
    Mask less(Lane a, Lane b);

    /// `a <= b`; false if either is NaN.
    Mask lessEqual(Lane a, Lane b);

    /// `a == b`; false if either is NaN.
    Mask equal(Lane a, Lane b);

    /// `m ? a : b`
    Lane select(Mask m, Lane a, Lane b);

    /// The bits of a floating value.
    Bits bits(Lane a);

    /// The floating value that has these bits.
    Lane fromBits(Bits b);

    /// The constant `value` as bits (its low 32 or 64).
    Bits bitsConstant(long value);

    /// Integer sum, wrapping.
    Bits add(Bits a, Bits b);

    /// Integer difference, wrapping.
    Bits sub(Bits a, Bits b);

    /// Bitwise and.
    Bits and(Bits a, Bits b);

    /// Bitwise or.
    Bits or(Bits a, Bits b);

    /// Bitwise exclusive or.
    Bits xor(Bits a, Bits b);

    /// Shift left by a constant.
    Bits shiftLeft(Bits a, int by);

    /// Arithmetic shift right by a constant.
    Bits shiftRight(Bits a, int by);

    /// Conversion of a value of another type to [#type()]: int to floating, float to double, double to float (rounded),
    /// floating to int (towards zero, saturating, NaN to 0).
    Lane cast(Lane a, DType from);

    /// `when ? f(x) : usual`, where `when` is seldom true: `f` is computed in double and rounded once, one element at a time. Its rows
    /// are as slow as scalar code, all others nearly as fast as `usual` alone.
    Lane rarely(Mask when, Lane usual, Rare f, Lane x);

    /// The public static method `double name(double…)` of [Special], computed in double and rounded once. It exists in scalar
    /// form only: a kernel that holds one has no SIMD twin.
    Lane call(String name, Lane... x);
}
