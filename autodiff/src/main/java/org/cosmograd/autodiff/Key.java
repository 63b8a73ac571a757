package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.kernel.Philox;
import org.cosmograd.autodiff.op.RandomDraw;

/// The only source of randomness: a 64-bit key of a counter-based generator (Philox 4x32-10, Salmon et al. 2011,
/// "Parallel random numbers: as easy as 1, 2, 3"). The same key gives the same numbers, so use a key once and fold or split it
/// for more.
///
///     Key key = Key.of(1);
///     Tensor noise = key.fold(0).normal(DType.F32, 256, 4);
///
/// A key is a tree with one leaf, so it can be an argument of a [Program]. Numbers are expressions as any tensor is; element `i` depends on
/// the key, the element type and `i` alone, so a longer draw begins with the shorter one, on any number of threads.
///
/// @param bits the key as `i32[2]`
public record Key(Tensor bits) {

    /// The key of a seed.
    public static Key of(long seed) {
        return new Key(Tensor.of((int) seed, (int) (seed >>> 32)));
    }

    /// Key number `index` of those that follow from this one; different indices give independent numbers.
    public Key fold(int index) {
        if (bits.isEvaluated()) {
            return of(Philox.fold(seed(), index));
        }
        return new Key(bits.foldKey(index));
    }

    /// The first `n` keys that follow from this one.
    public List<Key> split(int n) {
        List<Key> keys = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            keys.add(fold(i));
        }
        return keys;
    }

    /// The key as a number; [#of(long)] gives the key back.
    public long seed() {
        int[] b = bits.toInts();
        return (b[0] & 0xffffffffL) | ((long) b[1] << 32);
    }

    /// Uniform numbers on (0, 1), neither end included.
    public Tensor uniform(DType dtype, int... dims) {
        return bits.apply(new RandomDraw.Uniform(dtype, Shape.of(dims)));
    }

    /// Standard normal numbers.
    public Tensor normal(DType dtype, int... dims) {
        return bits.apply(new RandomDraw.Normal(dtype, Shape.of(dims)));
    }

    /// Uniform integers in `0 … bound-1` as `i32`, by scaling (bias below `bound / 2³¹`).
    public Tensor integers(int bound, int... dims) {
        Tensor u = uniform(DType.F64, dims).mul(bound).floor();
        return u.cast(DType.I32);
    }

    /// A random order of `0 … n-1`, `i32[n]`.
    public Tensor permutation(int n) {
        return uniform(DType.F64, n).argSort();
    }

    /// A stream of numbers on the host for black-box code, starting where the key says.
    public Philox stream() {
        return new Philox(seed());
    }

    @Override
    public String toString() {
        return "Key[" + Long.toUnsignedString(seed(), 16) + "]";
    }
}
