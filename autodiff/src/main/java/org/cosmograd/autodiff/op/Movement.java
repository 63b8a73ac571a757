package org.cosmograd.autodiff.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;

/// Elements change their places and nothing else; all are linear. Most become mere views in a compiled program.
public sealed interface Movement extends Op {

    /// The same elements in row-major order under another shape.
    record Reshape(Shape to) implements Movement {
        /// The shape of these sizes, of which one may be `-1` and follows from the others.
        public static Shape shape(TensorType from, int... dims) {
            int unknown = -1;
            long known = 1;
            for (int i = 0; i < dims.length; i++) {
                if (dims[i] != -1) {
                    known *= dims[i];
                } else if (unknown >= 0) {
                    throw new ShapeException("reshape: only one size can be -1, got " + Arrays.toString(dims));
                } else {
                    unknown = i;
                }
            }
            if (unknown < 0) {
                return Shape.of(dims);
            }
            int size = from.shape().size();
            if (known == 0 || size % known != 0) {
                throw new ShapeException("reshape: " + from + " does not divide into " + Arrays.toString(dims));
            }
            int[] all = dims.clone();
            all[unknown] = (int) (size / known);
            return Shape.of(all);
        }

        @Override
        public TensorType infer(List<Tensor> x) {
            if (x.getFirst().shape().size() != to.size()) {
                throw new ShapeException("reshape: " + x.getFirst().type() + " has " + x.getFirst().shape().size()
                        + " elements, " + to + " needs " + to.size());
            }
            return new TensorType(x.getFirst().dtype(), to);
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(g.reshape(y.operands().getFirst().shape()));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().reshape(to);
        }
    }

    /// Axes of size 1, and axes in front, stretched to `to`.
    record Broadcast(Shape to) implements Movement {
        @Override
        public TensorType infer(List<Tensor> x) {
            if (!Shape.broadcast("broadcastTo", x.getFirst().shape(), to).equals(to)) {
                throw new ShapeException("broadcastTo: " + x.getFirst().type() + " does not stretch to " + to);
            }
            return new TensorType(x.getFirst().dtype(), to);
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Shape from = y.operands().getFirst().shape();
            int lead = to.rank() - from.rank();
            int[] axes = IntStream.range(0, to.rank())
                    .filter(i -> i < lead || (from.dim(i - lead) == 1 && to.dim(i) != 1))
                    .toArray();
            return List.of(g.sum(axes).reshape(from));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().broadcastTo(to);
        }
    }

    /// Axis `i` of the result is axis `order[i]` of the operand.
    record Permute(List<Integer> order) implements Movement {
        @Override
        public TensorType infer(List<Tensor> x) {
            Shape s = x.getFirst().shape();
            List<Integer> sorted = new ArrayList<>(order);
            Collections.sort(sorted);
            if (!sorted.equals(IntStream.range(0, s.rank()).boxed().toList())) {
                throw new ShapeException("permute: " + order + " is not an order of the axes of " + x.getFirst().type());
            }
            return new TensorType(x.getFirst().dtype(), Shape.of(order.stream().map(s::dim).toList()));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            int[] inverse = new int[order.size()];
            for (int i = 0; i < inverse.length; i++) {
                inverse[order.get(i)] = i;
            }
            return List.of(g.permute(inverse));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().permute(order.stream().mapToInt(Integer::intValue).toArray());
        }
    }

    /// Along each axis the elements `start, start + step, …` below `stop`.
    record Slice(List<Integer> start, List<Integer> stop, List<Integer> step) implements Movement {
        /// A slice along one axis of `s`; negative bounds count from the end.
        public static Slice along(Shape s, int axis, int from, int to, int step) {
            int a = s.axis("slice", axis);
            int n = s.dim(a);
            List<Integer> start = onAxis(s.rank(), a, from < 0 ? from + n : from, 0);
            List<Integer> stop = new ArrayList<>(Arrays.stream(s.dims()).boxed().toList());
            stop.set(a, to < 0 ? to + n : to);
            return new Slice(start, stop, onAxis(s.rank(), a, step, 1));
        }

        /// Whether this takes everything of a tensor of shape `s`.
        public boolean isWhole(Shape s) {
            return IntStream.range(0, s.rank()).allMatch(i -> start.get(i) == 0 && stop.get(i) == s.dim(i) && step.get(i) == 1);
        }

        @Override
        public TensorType infer(List<Tensor> x) {
            Shape s = x.getFirst().shape();
            int[] dims = new int[s.rank()];
            if (start.size() != s.rank() || stop.size() != s.rank() || step.size() != s.rank()) {
                throw new ShapeException("slice: needs one start, stop and step for each axis of " + x.getFirst().type());
            }
            for (int i = 0; i < dims.length; i++) {
                if (start.get(i) < 0 || stop.get(i) > s.dim(i) || start.get(i) > stop.get(i) || step.get(i) < 1) {
                    throw new ShapeException("slice: " + start.get(i) + ":" + stop.get(i) + ":" + step.get(i)
                            + " does not fit axis " + i + " of " + x.getFirst().type());
                }
                dims[i] = (stop.get(i) - start.get(i) + step.get(i) - 1) / step.get(i);
            }
            return new TensorType(x.getFirst().dtype(), Shape.of(dims));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Shape from = y.operands().getFirst().shape();
            List<Integer> high = new ArrayList<>();
            List<Integer> interior = new ArrayList<>();
            for (int i = 0; i < from.rank(); i++) {
                int n = y.shape().dim(i);
                int end = n == 0 ? start.get(i) : start.get(i) + (n - 1) * step.get(i) + 1;
                high.add(from.dim(i) - end);
                interior.add(step.get(i) - 1);
            }
            return List.of(g.apply(new Pad(start, high, interior)));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().apply(this);
        }
    }

    /// Zeros before, after and between the elements along each axis.
    record Pad(List<Integer> low, List<Integer> high, List<Integer> interior) implements Movement {
        /// Zeros around the elements along one axis of `s`.
        public static Pad along(Shape s, int axis, int before, int after) {
            int a = s.axis("pad", axis);
            return new Pad(onAxis(s.rank(), a, before, 0), onAxis(s.rank(), a, after, 0), Collections.nCopies(s.rank(), 0));
        }

        @Override
        public TensorType infer(List<Tensor> x) {
            Shape s = x.getFirst().shape();
            if (low.size() != s.rank() || high.size() != s.rank() || interior.size() != s.rank()) {
                throw new ShapeException("pad: needs one amount for each axis of " + x.getFirst().type());
            }
            int[] dims = new int[s.rank()];
            for (int i = 0; i < dims.length; i++) {
                int n = s.dim(i);
                if (low.get(i) < 0 || high.get(i) < 0 || interior.get(i) < 0) {
                    throw new ShapeException("pad: amounts cannot be negative, got " + low + ", " + high + ", " + interior);
                }
                dims[i] = low.get(i) + n + Math.max(0, n - 1) * interior.get(i) + high.get(i);
            }
            return new TensorType(x.getFirst().dtype(), Shape.of(dims));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            Shape from = y.operands().getFirst().shape();
            List<Integer> stop = new ArrayList<>();
            List<Integer> step = new ArrayList<>();
            for (int i = 0; i < from.rank(); i++) {
                int n = from.dim(i);
                stop.add(n == 0 ? low.get(i) : low.get(i) + (n - 1) * (interior.get(i) + 1) + 1);
                step.add(interior.get(i) + 1);
            }
            return List.of(g.apply(new Slice(low, stop, step)));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().apply(this);
        }
    }

    /// Operands one after the other along an axis.
    record Concat(int axis) implements Movement {
        @Override
        public TensorType infer(List<Tensor> x) {
            Tensor first = x.getFirst();
            int total = 0;
            for (Tensor t : x) {
                if (t.dtype() != first.dtype()) {
                    throw new ShapeException(
                            "concat: element types differ: " + first.type() + " and " + t.type() + "; cast() one of them");
                }
                if (t.shape().rank() != first.shape().rank()
                        || !t.shape().with(axis, 0).equals(first.shape().with(axis, 0))) {
                    throw new ShapeException("concat: " + first.type() + " and " + t.type() + " differ outside axis " + axis);
                }
                total += t.shape().dim(axis);
            }
            return new TensorType(first.dtype(), first.shape().with(axis, total));
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            List<Tensor> out = new ArrayList<>();
            int at = 0;
            for (Tensor t : y.operands()) {
                int n = t.shape().dim(axis);
                out.add(g.slice(axis, at, at + n));
                at += n;
            }
            return out;
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return Tensor.concat(axis, t);
        }
    }

    /// The order of elements reversed along axes.
    record Flip(List<Integer> axes) implements Movement {
        @Override
        public TensorType infer(List<Tensor> x) {
            return x.getFirst().type();
        }

        @Override
        public List<Tensor> vjp(Tensor y, Tensor g) {
            return List.of(g.apply(this));
        }

        @Override
        public Tensor jvp(Tensor y, List<Tensor> t) {
            return t.getFirst().apply(this);
        }
    }

    private static List<Integer> onAxis(int rank, int axis, int value, int others) {
        return IntStream.range(0, rank).mapToObj(i -> i == axis ? value : others).toList();
    }
}
