package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.cosmograd.autodiff.DType;

/// The operations of a [LoopSpec], flattened to single steps of [Lanes] in an order of evaluation, each different step once.
final class LoopGraph {
    enum Op {
        SOURCE, CONSTANT, ADD, SUB, MUL, DIV, NEG, ABS, SQRT, FMA, MIN, MAX, LESS, LESS_EQUAL, EQUAL, SELECT,
        BITS, FROM_BITS, AND, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT, CAST, RARELY, CALL
    }

    enum Kind { VALUE, BITS, MASK }

    /// How often a step changes.
    enum Level { ONCE, ROW, ELEMENT }

    /// One step.
    ///
    /// @param type type of the value; of the arguments if it is a mask; of the same width if it is bits
    /// @param constant number of the source, raw bits of the constant, or the shift
    /// @param name method of [Special] for `CALL`, name of the [Rare] function for `RARELY`
    record Step(Op op, Kind kind, DType type, List<Integer> arguments, long constant, String name) {}

    private record Ref(int id) implements Lanes.Lane, Lanes.Mask, Lanes.Bits {}

    private final List<Step> steps = new ArrayList<>();
    private final List<Level> levels = new ArrayList<>();
    private final Map<Step, Integer> numbers = new HashMap<>();
    private final LoopSpec spec;
    private final List<Integer> sinks = new ArrayList<>();
    private final List<Integer> roots;

    LoopGraph(LoopSpec spec) {
        this(spec, false);
    }

    /// The steps of a loop, or of its [LoopGuard] alone.
    LoopGraph(LoopSpec spec, boolean guard) {
        this.spec = spec;
        List<Integer> values = new ArrayList<>();
        for (int k = 0; k < spec.sources().size(); k++) {
            values.add(number(new Step(Op.SOURCE, Kind.VALUE, spec.sources().get(k).type(), List.of(), k, "")));
        }
        for (LoopSpec.Instruction instruction : spec.body()) {
            List<Lanes.Lane> arguments = new ArrayList<>();
            instruction.arguments().forEach(a -> arguments.add(new Ref(values.get(a))));
            values.add(id(instruction.function().value(new Recorder(instruction.type()), arguments)));
        }
        spec.sinks().forEach(s -> sinks.add(values.get(s.value())));
        roots = guard ? rareMasks() : sinks;
    }

    int size() {
        return steps.size();
    }

    Step step(int id) {
        return steps.get(id);
    }

    Level level(int id) {
        return levels.get(id);
    }

    /// The steps that everything is for: those that make the values of the sinks, or the masks of the guard.
    List<Integer> roots() {
        return roots;
    }

    /// Step that makes the value of sink `k`.
    int sink(int k) {
        return sinks.get(k);
    }

    /// Which steps the sinks need, or the guard.
    boolean[] needed() {
        return needed(roots);
    }

    private boolean[] needed(List<Integer> roots) {
        boolean[] needed = new boolean[steps.size()];
        roots.forEach(s -> needed[s] = true);
        for (int i = needed.length - 1; i >= 0; i--) {
            if (needed[i]) {
                steps.get(i).arguments().forEach(a -> needed[a] = true);
            }
        }
        return needed;
    }

    /// The masks that say where a [Rare] function is needed.
    List<Integer> rareMasks() {
        boolean[] needed = needed(sinks);
        List<Integer> masks = new ArrayList<>();
        for (int i = 0; i < needed.length; i++) {
            if (needed[i] && steps.get(i).op == Op.RARELY) {
                masks.add(steps.get(i).arguments.getFirst());
            }
        }
        return masks.stream().distinct().toList();
    }

    private static int id(Object ref) {
        return ((Ref) ref).id;
    }

    private int number(Step step) {
        Integer known = numbers.get(step);
        if (known != null) {
            return known;
        }
        Level level = switch (step.op) {
            case CONSTANT -> Level.ONCE;
            case SOURCE -> spec.sources().get((int) step.constant).access() == LoopSpec.Access.SPLAT ? Level.ROW : Level.ELEMENT;
            default -> Level.ONCE;
        };
        for (int a : step.arguments) {
            level = level.compareTo(levels.get(a)) < 0 ? levels.get(a) : level;
        }
        steps.add(step);
        levels.add(level);
        numbers.put(step, steps.size() - 1);
        return steps.size() - 1;
    }

    /// Writes down what a function does.
    private final class Recorder implements Lanes {
        private final DType type;

        Recorder(DType type) {
            this.type = type;
        }

        @Override
        public DType type() {
            return type;
        }

        private Ref step(Op op, Kind kind, long constant, Object... arguments) {
            List<Integer> ids = new ArrayList<>();
            for (Object a : arguments) {
                ids.add(id(a));
            }
            return new Ref(number(new Step(op, kind, type, List.copyOf(ids), constant, "")));
        }

        private Ref value(Op op, Object... arguments) {
            return step(op, Kind.VALUE, 0, arguments);
        }

        private Ref floating(Op op, Object... arguments) {
            if (!type.isFloating()) {
                throw new IllegalArgumentException(op.name().toLowerCase() + ": not defined for " + type + "; cast first");
            }
            return value(op, arguments);
        }

        @Override
        public Lane constant(double value) {
            return step(Op.CONSTANT, Kind.VALUE, switch (type) {
                case F32 -> Float.floatToRawIntBits((float) value);
                case F64 -> Double.doubleToRawLongBits(value);
                case I32 -> (int) value;
            });
        }

        @Override
        public Lane add(Lane a, Lane b) {
            return value(Op.ADD, a, b);
        }

        @Override
        public Lane sub(Lane a, Lane b) {
            return value(Op.SUB, a, b);
        }

        @Override
        public Lane mul(Lane a, Lane b) {
            return value(Op.MUL, a, b);
        }

        @Override
        public Lane div(Lane a, Lane b) {
            return floating(Op.DIV, a, b);
        }

        @Override
        public Lane neg(Lane a) {
            return value(Op.NEG, a);
        }

        @Override
        public Lane abs(Lane a) {
            return value(Op.ABS, a);
        }

        @Override
        public Lane sqrt(Lane a) {
            return floating(Op.SQRT, a);
        }

        @Override
        public Lane fma(Lane a, Lane b, Lane c) {
            return floating(Op.FMA, a, b, c);
        }

        @Override
        public Lane min(Lane a, Lane b) {
            return value(Op.MIN, a, b);
        }

        @Override
        public Lane max(Lane a, Lane b) {
            return value(Op.MAX, a, b);
        }

        @Override
        public Mask less(Lane a, Lane b) {
            return step(Op.LESS, Kind.MASK, 0, a, b);
        }

        @Override
        public Mask lessEqual(Lane a, Lane b) {
            return step(Op.LESS_EQUAL, Kind.MASK, 0, a, b);
        }

        @Override
        public Mask equal(Lane a, Lane b) {
            return step(Op.EQUAL, Kind.MASK, 0, a, b);
        }

        @Override
        public Lane select(Mask m, Lane a, Lane b) {
            return a.equals(b) ? a : value(Op.SELECT, m, a, b);
        }

        @Override
        public Bits bits(Lane a) {
            Step s = steps.get(id(a));
            return switch (s.op) {
                case FROM_BITS -> new Ref(s.arguments.getFirst());
                case CONSTANT -> bitsConstant(s.constant);
                default -> step(Op.BITS, Kind.BITS, 0, a);
            };
        }

        @Override
        public Lane fromBits(Bits b) {
            Step s = steps.get(id(b));
            return s.op == Op.BITS ? new Ref(s.arguments.getFirst()) : step(Op.FROM_BITS, Kind.VALUE, 0, b);
        }

        @Override
        public Bits bitsConstant(long value) {
            return step(Op.CONSTANT, Kind.BITS, type == DType.F64 ? value : (int) value);
        }

        @Override
        public Bits add(Bits a, Bits b) {
            return step(Op.ADD, Kind.BITS, 0, a, b);
        }

        @Override
        public Bits sub(Bits a, Bits b) {
            return step(Op.SUB, Kind.BITS, 0, a, b);
        }

        @Override
        public Bits and(Bits a, Bits b) {
            return step(Op.AND, Kind.BITS, 0, a, b);
        }

        @Override
        public Bits or(Bits a, Bits b) {
            return step(Op.OR, Kind.BITS, 0, a, b);
        }

        @Override
        public Bits xor(Bits a, Bits b) {
            return step(Op.XOR, Kind.BITS, 0, a, b);
        }

        @Override
        public Bits shiftLeft(Bits a, int by) {
            return step(Op.SHIFT_LEFT, Kind.BITS, by, a);
        }

        @Override
        public Bits shiftRight(Bits a, int by) {
            return step(Op.SHIFT_RIGHT, Kind.BITS, by, a);
        }

        @Override
        public Lane cast(Lane a, DType from) {
            return from == type ? a : step(Op.CAST, Kind.VALUE, 0, a);
        }

        @Override
        public Lane rarely(Mask when, Lane usual, Rare f, Lane x) {
            return new Ref(number(new Step(Op.RARELY, Kind.VALUE, type, List.of(id(when), id(usual), id(x)), 0, f.name())));
        }

        @Override
        public Lane call(String name, Lane... x) {
            List<Integer> ids = new ArrayList<>();
            for (Lane a : x) {
                ids.add(id(a));
            }
            return new Ref(number(new Step(Op.CALL, Kind.VALUE, type, List.copyOf(ids), 0, name)));
        }
    }
}
