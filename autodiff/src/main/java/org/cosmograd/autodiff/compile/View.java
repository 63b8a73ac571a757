package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.kernel.Operand;
import org.cosmograd.autodiff.op.Movement;

/// A tensor's elements inside a buffer: element `(i, j, …)` lies at `offset + i·strides[0] + j·strides[1] + …`.
record View(int buffer, int offset, int[] strides, Shape shape) {

    /// A whole buffer whose axes lie in memory in the given order, outermost first.
    static View of(int buffer, Shape shape, List<Integer> order) {
        int[] strides = new int[shape.rank()];
        int step = 1;
        for (int axis : order.reversed()) {
            strides[axis] = step;
            step *= shape.dim(axis);
        }
        return new View(buffer, 0, strides, shape);
    }

    /// A whole buffer whose elements are in row-major order.
    static View dense(int buffer, Shape shape) {
        return new View(buffer, 0, shape.strides(), shape);
    }

    /// Whether the elements lie in row-major order without gaps.
    boolean isDense() {
        int[] dense = shape.strides();
        for (int i = 0; i < strides.length; i++) {
            if (shape.dim(i) != 1 && strides[i] != dense[i]) {
                return false;
            }
        }
        return true;
    }

    /// Whether two views, of different buffers perhaps, have each element at the same place.
    boolean sameElements(View other) {
        boolean same = offset == other.offset && shape.equals(other.shape);
        for (int i = 0; i < strides.length && same; i++) {
            same = shape.dim(i) == 1 || strides[i] == other.strides[i];
        }
        return same;
    }

    /// The number of different elements that are shown, at most.
    long distinct() {
        long count = 1;
        for (int i = 0; i < strides.length; i++) {
            count *= strides[i] == 0 ? Math.min(1, shape.dim(i)) : shape.dim(i);
        }
        return count;
    }

    /// The axes by how far apart neighbours lie, outermost first.
    List<Integer> byStride() {
        List<Integer> axes = new ArrayList<>(Layout.rowMajor(shape));
        axes.sort((a, b) -> Integer.compare(Math.abs(strides[b]), Math.abs(strides[a])));
        return axes;
    }

    Operand operand(List<Integer> order) {
        int[] s = new int[order.size()];
        for (int i = 0; i < s.length; i++) {
            s[i] = strides[order.get(i)];
        }
        return new Operand(buffer, offset, s);
    }

    Operand operand() {
        return new Operand(buffer, offset, strides);
    }

    /// The view that a movement makes of this, unless its elements would not be evenly spaced.
    Optional<View> move(Movement m) {
        return switch (m) {
            case Movement.Reshape r -> reshape(r.to());
            case Movement.Broadcast b -> Optional.of(broadcast(b.to()));
            case Movement.Permute p -> {
                yield Optional.of(new View(buffer, offset, operand(p.order()).strides(), Shape.of(Layout.dims(shape, p.order()))));
            }
            case Movement.Slice c -> {
                int at = offset;
                int[] s = strides.clone();
                int[] dims = new int[s.length];
                for (int i = 0; i < s.length; i++) {
                    at += c.start().get(i) * strides[i];
                    s[i] *= c.step().get(i);
                    dims[i] = (c.stop().get(i) - c.start().get(i) + c.step().get(i) - 1) / c.step().get(i);
                }
                yield Optional.of(new View(buffer, at, s, Shape.of(dims)));
            }
            case Movement.Flip f -> {
                int at = offset;
                int[] s = strides.clone();
                for (int axis : f.axes()) {
                    at += Math.max(0, shape.dim(axis) - 1) * strides[axis];
                    s[axis] = -strides[axis];
                }
                yield Optional.of(new View(buffer, at, s, shape));
            }
            case Movement.Pad p -> Optional.empty();
            case Movement.Concat c -> Optional.empty();
        };
    }

    private View broadcast(Shape to) {
        int[] s = new int[to.rank()];
        int lead = to.rank() - shape.rank();
        for (int i = lead; i < s.length; i++) {
            s[i] = shape.dim(i - lead) == to.dim(i) ? strides[i - lead] : 0;
        }
        return new View(buffer, offset, s, to);
    }

    /// Groups axes of both shapes with equal products; within a group the old axes must advance evenly.
    private Optional<View> reshape(Shape to) {
        if (shape.size() == 0) {
            return Optional.of(new View(buffer, offset, to.strides(), to));
        }
        List<int[]> old = new ArrayList<>();
        for (int i = 0; i < strides.length; i++) {
            if (shape.dim(i) != 1) {
                old.add(new int[] {shape.dim(i), strides[i]});
            }
        }
        int[] s = new int[to.rank()];
        int o = 0;
        int n = 0;
        while (n < s.length) {
            if (to.dim(n) == 1) {
                n++;
                continue;
            }
            long have = old.get(o)[0];
            long want = to.dim(n);
            int from = n;
            int first = o;
            while (have != want) {
                if (have < want) {
                    o++;
                    have *= old.get(o)[0];
                } else {
                    n++;
                    want *= to.dim(n);
                }
            }
            for (int i = first; i < o; i++) {
                if (old.get(i)[1] != old.get(i + 1)[0] * old.get(i + 1)[1]) {
                    return Optional.empty();
                }
            }
            int step = old.get(o)[1];
            for (int i = n; i >= from; i--) {
                s[i] = step;
                step *= to.dim(i);
            }
            o++;
            n++;
        }
        return Optional.of(new View(buffer, offset, s, to));
    }
}
