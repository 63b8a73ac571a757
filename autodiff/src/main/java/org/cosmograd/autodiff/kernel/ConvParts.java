package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// Sums that threads take over parts of the images, and their sum: one after the other in groups of eight, then the groups likewise.
final class ConvParts {
    private static final int MOST_PARTS = 32;
    private static final int LEAST_PARTS = 8;
    private static final int GROUP = 8;
    /// Elements that all parts together may take before there are fewer of them.
    private static final long ALL = 1 << 21;

    final int parts;
    final int length;
    private final LoopKernel within;
    private final LoopKernel between;

    ConvParts(boolean isDouble, int parts, int length, int region) {
        this.parts = parts;
        this.length = length;
        this.within = sum(isDouble, Math.min(parts, GROUP), region);
        this.between = sum(isDouble, Math.max(1, parts / GROUP), region);
    }

    /// How many parts `units` blocks are divided into: a power of two, which most numbers of threads share evenly.
    static int count(int units, ConvShape s) {
        long length = (long) s.kernel()[0] * s.kernel()[1] * s.kernel()[2] * (s.c() / s.groups()) * s.q();
        long most = Math.clamp(ALL / Math.max(1, length), LEAST_PARTS, MOST_PARTS);
        return Integer.highestOneBit((int) Math.min(most, Math.max(1, units)));
    }

    private static LoopKernel sum(boolean isDouble, int count, int n) {
        DType type = isDouble ? DType.F64 : DType.F32;
        List<LoopSpec.Source> sources = new ArrayList<>();
        List<LoopSpec.Instruction> body = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sources.add(new LoopSpec.Source(type, Access.UNIT));
            if (i > 0) {
                body.add(new LoopSpec.Instruction(
                        new Winograd.Combination(List.of(1.0, 1.0)), type, List.of(i == 1 ? 0 : count + i - 2, i)));
            }
        }
        int result = count == 1 ? 0 : 2 * count - 2;
        return Loops.kernel(new LoopSpec(sources, body, List.of(new LoopSpec.Sink(result, Access.UNIT, Mode.STORE))), 1, n);
    }

    /// Adds the parts' elements `from … from + count - 1`, into the first part.
    void add(Object array, int base, int from, int count) {
        ConvScratch mine = ConvScratch.mine();
        int group = Math.min(parts, GROUP);
        for (int p = 0; p < parts && parts > 1; p += group) {
            for (int i = 0; i < group; i++) {
                mine.operand(i, array, base + (p + i) * length + from, 0);
            }
            mine.operand(group, array, base + p * length + from, 0);
            within.run(mine.arrays, mine.geometry, 0, 1, count);
        }
        int groups = parts / GROUP;
        if (groups > 1) {
            for (int i = 0; i < groups; i++) {
                mine.operand(i, array, base + i * GROUP * length + from, 0);
            }
            mine.operand(groups, array, base + from, 0);
            between.run(mine.arrays, mine.geometry, 0, 1, count);
        }
        mine.forget();
    }
}
