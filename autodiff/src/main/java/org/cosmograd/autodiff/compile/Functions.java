package org.cosmograd.autodiff.compile;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.ElementFunction;
import org.cosmograd.autodiff.kernel.Lanes;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.cosmograd.autodiff.op.Elementwise;

/// Element functions that only compiled loops need.
sealed interface Functions extends ElementFunction {

    /// A number.
    record Constant(double value) implements Functions {
        @Override
        public Lane value(Lanes l, List<Lane> x) {
            return l.constant(value);
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Constant c && Double.doubleToLongBits(value) == Double.doubleToLongBits(c.value);
        }

        @Override
        public int hashCode() {
            return Double.hashCode(value);
        }
    }

    /// A conversion whose source type is known.
    record Convert(DType from) implements Functions {
        @Override
        public Lane value(Lanes l, List<Lane> x) {
            return l.cast(x.getFirst(), from);
        }
    }

    /// A choice by a comparison of the first two operands, without the detour over 1 and 0.
    record Choose(Elementwise.Compare compare) implements Functions {
        @Override
        public Lane value(Lanes l, List<Lane> x) {
            return l.select(compare.mask(l, x.get(0), x.get(1)), x.get(2), x.get(3));
        }
    }
}
