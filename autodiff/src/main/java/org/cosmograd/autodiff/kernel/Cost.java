package org.cosmograd.autodiff.kernel;

import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// How many operations of [Lanes] a function takes for one element.
public final class Cost {
    /// What divisions and square roots cost in units of simple operations, and what calls cost.
    private static final int DIVISION = 4;

    private static final int CALL = 40;

    private static final Map<ElementFunction, Integer> KNOWN = new ConcurrentHashMap<>();

    private Cost() {}

    /// The number of operations of `f` on `arity` values, constants not counted.
    public static int of(ElementFunction f, int arity, DType type) {
        return KNOWN.computeIfAbsent(f, key -> {
            Counter counter = new Counter(type);
            key.value(counter, Collections.nCopies(arity, Counter.NOTHING));
            return counter.count;
        });
    }

    private record Nothing() implements Lane, Lanes.Mask, Lanes.Bits {}

    /// Computes nothing and counts.
    private static final class Counter implements Lanes {
        private static final Nothing NOTHING = new Nothing();

        private final DType type;
        private int count;

        Counter(DType type) {
            this.type = type;
        }

        private Nothing took(int operations) {
            count += operations;
            return NOTHING;
        }

        @Override
        public DType type() {
            return type;
        }

        @Override
        public Lane constant(double value) {
            return NOTHING;
        }

        @Override
        public Lane add(Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Lane sub(Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Lane mul(Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Lane div(Lane a, Lane b) {
            return took(DIVISION);
        }

        @Override
        public Lane neg(Lane a) {
            return took(1);
        }

        @Override
        public Lane abs(Lane a) {
            return took(1);
        }

        @Override
        public Lane sqrt(Lane a) {
            return took(DIVISION);
        }

        @Override
        public Lane fma(Lane a, Lane b, Lane c) {
            return took(1);
        }

        @Override
        public Lane min(Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Lane max(Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Mask less(Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Mask lessEqual(Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Mask equal(Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Lane select(Mask m, Lane a, Lane b) {
            return took(1);
        }

        @Override
        public Bits bits(Lane a) {
            return NOTHING;
        }

        @Override
        public Lane fromBits(Bits b) {
            return NOTHING;
        }

        @Override
        public Bits bitsConstant(long value) {
            return NOTHING;
        }

        @Override
        public Bits add(Bits a, Bits b) {
            return took(1);
        }

        @Override
        public Bits sub(Bits a, Bits b) {
            return took(1);
        }

        @Override
        public Bits and(Bits a, Bits b) {
            return took(1);
        }

        @Override
        public Bits or(Bits a, Bits b) {
            return took(1);
        }

        @Override
        public Bits xor(Bits a, Bits b) {
            return took(1);
        }

        @Override
        public Bits shiftLeft(Bits a, int by) {
            return took(1);
        }

        @Override
        public Bits shiftRight(Bits a, int by) {
            return took(1);
        }

        @Override
        public Lane cast(Lane a, DType from) {
            return took(1);
        }

        @Override
        public Lane rarely(Mask when, Lane usual, Rare f, Lane x) {
            return took(2);
        }

        @Override
        public Lane call(String name, Lane... x) {
            return took(CALL);
        }
    }
}
