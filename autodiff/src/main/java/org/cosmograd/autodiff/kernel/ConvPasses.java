package org.cosmograd.autodiff.kernel;

import java.util.List;
import java.util.function.ToLongFunction;

/// All passes of a convolution or of its input gradient; their blocks are numbered through.
///
/// @param shape       sizes of the convolution
/// @param gradient    whether this is its input gradient
/// @param list        the passes
/// @param unitsBefore blocks of earlier passes, for each pass; then blocks in all
record ConvPasses(ConvShape shape, boolean gradient, List<ConvPass> list, int[] unitsBefore) {

    /// @param copies whether the source must not be read where it is
    static ConvPasses of(ConvShape shape, boolean gradient, boolean copies) {
        List<ConvPass> list = gradient ? ConvPass.inputGradient(shape, copies) : List.of(ConvPass.forward(shape, copies));
        return new ConvPasses(shape, gradient, list, before(list, p -> p.units));
    }

    private static int[] before(List<ConvPass> list, ToLongFunction<ConvPass> length) {
        int[] before = new int[list.size() + 1];
        for (int i = 0; i < list.size(); i++) {
            before[i + 1] = Math.toIntExact(before[i] + length.applyAsLong(list.get(i)));
        }
        return before;
    }

    /// Elements of earlier passes, for each pass, then of all, if a pass has so many.
    ///
    /// @throws ArithmeticException if they are too many
    int[] before(ToLongFunction<ConvPass> length) {
        return before(list, length);
    }

    int count() {
        return list.size();
    }

    /// Blocks in all.
    int units() {
        return unitsBefore[list.size()];
    }

    /// The pass that block `number` belongs to.
    int pass(int number) {
        int pass = 0;
        while (unitsBefore[pass + 1] <= number) {
            pass++;
        }
        return pass;
    }

    /// Source channels of a group.
    int sources() {
        return (gradient ? shape.q() : shape.c()) / shape.groups();
    }

    /// Target channels of a group.
    int targets() {
        return (gradient ? shape.c() : shape.q()) / shape.groups();
    }

    @Override
    public String toString() {
        return (gradient ? "input gradient of " : "") + shape;
    }
}
