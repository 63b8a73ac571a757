package org.cosmograd.nn;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.Resampling;
import org.cosmograd.autodiff.Tensor;

/// Images made larger by whole factors without parameters: `x[B, …, n] → y[B, …, n]`. With a [Conv] behind it, the up-convolution that
/// leaves no pattern of squares; Odena et al. 2016, doi:10.23915/distill.00003.
///
/// @param kind how pixels come between pixels
/// @param factors one for each axis
public record Upsample(Kind kind, List<Integer> factors) implements Layer {
    /// Copies the list.
    public Upsample {
        factors = List.copyOf(factors);
    }

    /// How pixels come between pixels.
    public enum Kind {
        /// each repeated
        NEAREST,
        /// by linear interpolation, constant beyond the outermost pixels
        LINEAR
    }

    /// Each pixel repeated; a factor for each axis.
    public static Upsample nearest(int... factors) {
        return new Upsample(Kind.NEAREST, Arrays.stream(factors).boxed().toList());
    }

    /// Linear interpolation; a factor for each axis.
    public static Upsample linear(int... factors) {
        return new Upsample(Kind.LINEAR, Arrays.stream(factors).boxed().toList());
    }

    @Override
    public Tensor apply(Tensor x) {
        Conv.check("Upsample", x, factors.size());
        int[] f = factors.stream().mapToInt(i -> i).toArray();
        return kind == Kind.NEAREST ? Resampling.nearest(x, f) : Resampling.linear(x, f);
    }

    @Override
    public String toString() {
        return "Upsample(" + kind + ", " + factors.stream().map(String::valueOf).collect(Collectors.joining("x")) + ")";
    }
}
