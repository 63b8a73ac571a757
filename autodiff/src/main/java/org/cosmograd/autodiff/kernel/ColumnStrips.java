package org.cosmograd.autodiff.kernel;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// Emits sums along rows with the partial rows in registers: strips of one vector's width run down the rows, so many at a time as
/// there are partial rows. Row by row, every element would read and write its partial sum in memory. Each element meets the same partial
/// sum in the same order either way.
///
///     for (i = 0; i < n & -lanes; i += lanes)
///         for (first = 0; first < partials; first += height)
///             sums = elements i … of the partial rows first …
///             for (r = rowBegin + first; r < end; r += partials)
///                 rows r … r + height - 1: body, sums += values
///             partial rows = sums
final class ColumnStrips {
    private ColumnStrips() {}

    /// Rows of a step; 0 where a loop has no such form.
    ///
    /// @param turnBytes bytes of bytecode of one turn
    /// @param room      bytes that the strips may take
    static int height(LoopSpec spec, int lanes, int turnBytes, int room) {
        long sums = spec.sinks().stream().filter(s -> s.mode() == Mode.ADD || s.mode() == Mode.LONG_ADD).count();
        boolean plain = spec.sources().stream().allMatch(s -> s.access() == Access.UNIT)
                && spec.sinks().stream().allMatch(s -> s.access() == Access.UNIT && s.mode() != Mode.MAX && !s.mode().isRow());
        if (sums != 1 || !plain || spec.length() < lanes) {
            return 0;
        }
        int height = VectorWidth.manyRegisters() ? 16 : 8;
        int row = turnBytes + 12 * (spec.sources().size() + spec.sinks().size());
        while (height >= 4 && height * row > room) {
            height /= 2;
        }
        return height < 4 ? 0 : height;
    }

    /// Emits the strips for the rows from the present one to that which is left in the local `end`: whole rounds of partial rows, none if
    /// the present row is not the first of a round.
    static void emit(LoopFrame frame, VectorSteps steps, int height, int end) {
        CodeBuilder code = frame.code;
        int sum = 0;
        while (frame.spec.sinks().get(sum).mode() == Mode.STORE) {
            sum++;
        }
        int partials = frame.spec.sinks().get(sum).mode().partials();
        int begin = code.allocateLocal(TypeKind.INT);
        int i = code.allocateLocal(TypeKind.INT);
        int first = code.allocateLocal(TypeKind.INT);
        Label aligned = code.newLabel();
        Label counted = code.newLabel();
        code.iload(LoopFrame.ROW).istore(begin);
        code.iload(begin).loadConstant(partials - 1).iand().ifeq(aligned);
        code.iload(begin).istore(end).goto_(counted);
        code.labelBinding(aligned);
        code.iload(begin).iload(LoopFrame.ROW_END).iload(begin).isub().loadConstant(-partials).iand().iadd().istore(end);
        code.labelBinding(counted);

        Label done = code.newLabel();
        Label strip = code.newLabel();
        Label group = code.newLabel();
        Label round = code.newLabel();
        Label summed = code.newLabel();
        code.iload(begin).iload(end).if_icmpge(done);
        code.iconst_0().istore(i);
        frame.index = i;
        code.labelBinding(strip).iconst_0().istore(first).labelBinding(group);
        steps.loadPartials(sum, height, first);
        code.iload(begin).iload(first).iadd().istore(LoopFrame.ROW);
        code.labelBinding(round).iload(LoopFrame.ROW).iload(end).if_icmpge(summed);
        frame.toRow();
        for (int j = 0; j < height; j++) {
            steps.partial(j);
            frame.body();
            code.iinc(LoopFrame.ROW, 1);
            if (j + 1 < height) {
                frame.nextWholeRow();
            }
        }
        steps.partial(-1);
        code.iinc(LoopFrame.ROW, partials - height).goto_(round).labelBinding(summed);
        steps.storePartials(sum, first);
        code.iinc(first, height).iload(first).loadConstant(partials).if_icmplt(group);
        code.iinc(i, frame.lanes).iload(i).loadConstant(frame.spec.length() / frame.lanes * frame.lanes).if_icmplt(strip);
        code.labelBinding(done).iload(begin).istore(LoopFrame.ROW);
        frame.index = -1;
    }
}
