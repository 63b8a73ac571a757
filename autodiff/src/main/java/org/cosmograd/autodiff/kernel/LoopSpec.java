package org.cosmograd.autodiff.kernel;

import java.util.List;
import org.cosmograd.autodiff.DType;

/// What a generated loop computes: for each row and each `i` in `0…n-1` it reads one element of every source, runs the body,
/// and hands values to the sinks. Sizes, offsets and strides are arguments of the call, so one kernel serves all shapes.
///
/// Values are numbered: the sources first, then the instructions in order.
///
/// @param sources what is read
/// @param body the computation, each instruction after its arguments
/// @param sinks what is done with the results
/// @param length the only number of elements that rows may have, or 0 for any
/// @param depth how many rows a row stands for, if sums run along the rows: rows `r`, `r + P`, `r + 2P`, … where `P` is the number of
///     partial rows, one after the other, so that all of them go into the same one while it is in registers
/// @param indexed operands whose rows are named by a table: row `r` is row `table[r]`, and a sum adds to that row alone. The tables
///     (`int[]`) follow the operands of a call in the order given here
public record LoopSpec(List<Source> sources, List<Instruction> body, List<Sink> sinks, int length, int depth, List<Integer> indexed) {
    /// A loop over rows of any length.
    public LoopSpec(List<Source> sources, List<Instruction> body, List<Sink> sinks) {
        this(sources, body, sinks, 0);
    }

    /// A loop over rows of `length` elements, or any number if that is 0.
    public LoopSpec(List<Source> sources, List<Instruction> body, List<Sink> sinks, int length) {
        this(sources, body, sinks, length, 1, List.of());
    }

    /// How an operand advances along the inner loop.
    public enum Access {
        /// By one element.
        UNIT,
        /// Not at all: one element for the whole row.
        SPLAT,
        /// By a stride given with the call (it may be negative).
        STRIDED
    }

    /// What a sink does with a value.
    public enum Mode {
        /// `out[i] = v`
        STORE,
        /// `out[row mod 16][i] = out[row mod 16][i] + v`: the partial rows of a sum along the rows
        ADD,
        /// The same with 64 partial rows.
        LONG_ADD,
        /// `out[row mod 16][i] = max(out[row mod 16][i], v)`
        MAX,
        /// `out[row] = Σ_i v_i` in the canonical order (access is SPLAT): sixteen partial sums, each starting at +0 and
        /// taking every sixteenth element, `s_j = ((0 + v_j) + v_{j+16}) + …`, then combined as
        /// `s_j += s_{j+8}`, `s_j += s_{j+4}`, `s_j += s_{j+2}`, `s_0 + s_1`.
        ROW_SUM,
        /// The same with 64 partial sums: the canonical order of at least [#LONG] elements.
        LONG_ROW_SUM,
        /// `out[row] = max_i v_i` (access is SPLAT), -∞ for an empty row.
        ROW_MAX;

        /// From so many elements on a sum has 64 partial sums: several vectors of them, which hide the latency of an addition.
        public static final int LONG = 1024;

        /// The sum of a row of `n` elements.
        public static Mode rowSum(int n) {
            return n < LONG ? ROW_SUM : LONG_ROW_SUM;
        }

        /// The sum along `n` rows.
        public static Mode columnSum(int n) {
            return n < LONG ? ADD : LONG_ADD;
        }

        /// Whether there is one result for each row.
        public boolean isRow() {
            return isRowSum() || this == ROW_MAX;
        }

        /// Whether the elements of a row are summed.
        public boolean isRowSum() {
            return this == ROW_SUM || this == LONG_ROW_SUM;
        }

        /// Whether rows are combined element by element.
        public boolean isColumn() {
            return this == ADD || this == LONG_ADD || this == MAX;
        }

        /// Partial results, if any.
        public int partials() {
            return this == LONG_ROW_SUM || this == LONG_ADD ? 64 : 16;
        }
    }

    /// One input operand.
    ///
    /// @param type element type
    /// @param access how it advances along the inner loop
    public record Source(DType type, Access access) {}

    /// One step of the body.
    ///
    /// @param function what it computes
    /// @param type in which type, which is also the type of its result
    /// @param arguments numbers of earlier values
    public record Instruction(ElementFunction function, DType type, List<Integer> arguments) {}

    /// One output operand.
    ///
    /// @param value number of the value that goes there
    /// @param access how it advances along the inner loop
    /// @param mode what is done with the value
    public record Sink(int value, Access access, Mode mode) {}

    /// The same loop for rows of `n` elements only, or of any number if `n` is 0.
    LoopSpec ofLength(int n) {
        return new LoopSpec(sources, body, sinks, n, depth, indexed);
    }

    /// The same loop with another depth.
    LoopSpec ofDepth(int d) {
        return new LoopSpec(sources, body, sinks, length, d, indexed);
    }

    /// The same loop with rows of some operands named by tables.
    LoopSpec byIndex(Integer... operands) {
        return new LoopSpec(sources, body, sinks, length, depth, List.of(operands));
    }

    /// The number of partial rows, if rows are combined; else 0.
    int partialRows() {
        return sinks.stream().filter(s -> s.mode().isColumn()).mapToInt(s -> s.mode().partials()).findFirst().orElse(0);
    }

    /// Whether a sink has one result for each row.
    boolean reducesRows() {
        for (Sink s : sinks) {
            if (s.mode().isRow()) {
                return true;
            }
        }
        return false;
    }

    /// Whether a sink combines rows.
    boolean reducesColumns() {
        for (Sink s : sinks) {
            if (s.mode().isColumn()) {
                return true;
            }
        }
        return false;
    }

    /// The element type of a value.
    public DType type(int value) {
        return value < sources.size() ? sources.get(value).type() : body.get(value - sources.size()).type();
    }
}
