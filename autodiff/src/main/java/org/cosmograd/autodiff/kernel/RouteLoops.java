package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;

/// `y[i, c] = Σ g[o, c]` over the windows `o` whose largest element is `x[i, c]`, by emitted loops over channels.
///
/// For one image after the other, a first round of loops writes down for each window which of its elements is largest. In a second
/// round each element asks the windows that it may lie in, in their order; these are the same places of a window for all elements with
/// the same remainder after division by the stride. Around the windows there are some that choose nothing, so that elements at the edges
/// ask as many. Windows that reach over an edge have a loop of their own, over the elements they have.
final class RouteLoops implements DenseTask.Work {
    /// Fewer channels leave most lanes empty.
    private static final int FEWEST_CHANNELS = 8;
    private static final int AXES = 3;

    /// An axis of images.
    ///
    /// @param in     elements
    /// @param out    windows
    /// @param size   elements of a window
    /// @param stride from one window to the next
    /// @param low    how far the first window reaches over the beginning
    private record Axis(int in, int out, int size, int stride, int low) {
        int first(int o) {
            return Math.max(0, low - o * stride);
        }

        int end(int o) {
            return Math.min(size, in + low - o * stride);
        }

        /// Windows before the first that an element may ask.
        int before() {
            return Math.max(0, Math.floorDiv(size - 1 - low, stride));
        }

        int behind() {
            return Math.max(0, (in - 1 + low) / stride - (out - 1));
        }

        int all() {
            return before() + out + behind();
        }

        /// The windows, among all, that an element asks, in their order, each with its place in them.
        List<int[]> asked(int i) {
            List<int[]> out = new ArrayList<>();
            for (int k = (i + low) % stride; k < size; k += stride) {
                out.addFirst(new int[] {(i + low - k) / stride + before(), k});
            }
            return out;
        }
    }

    /// The number of the first largest of some values, among other numbers.
    private record FirstLargest(List<Integer> numbers) implements ElementFunction {
        @Override
        public Lanes.Lane value(Lanes l, List<Lanes.Lane> x) {
            Lanes.Lane best = x.getFirst();
            Lanes.Lane number = l.constant(numbers.getFirst());
            for (int k = 1; k < x.size(); k++) {
                Lanes.Mask larger = l.less(best, x.get(k));
                number = l.select(larger, l.constant(numbers.get(k)), number);
                best = l.select(larger, x.get(k), best);
            }
            return number;
        }
    }

    /// The sum of every second value whose predecessor is the number that it should be.
    private record Chosen(List<Integer> numbers) implements ElementFunction {
        @Override
        public Lanes.Lane value(Lanes l, List<Lanes.Lane> x) {
            Lanes.Lane sum = l.constant(0);
            for (int k = 0; k < numbers.size(); k++) {
                sum = l.add(sum, l.select(l.equal(x.get(2 * k), l.constant(numbers.get(k))), x.get(2 * k + 1), l.constant(0)));
            }
            return sum;
        }
    }

    private final DType type;
    private final int n;
    private final Axis[] axes;
    private final int channels;
    /// Kernels by the numbers of the elements a window has, and of the places in the windows an element asks.
    private final Map<List<Integer>, LoopKernel> largest = new HashMap<>();
    private final Map<List<Integer>, LoopKernel> chosen = new HashMap<>();
    private final Workers.Task images = this::image;
    private final List<Run> marks = new ArrayList<>();
    private final List<Run> sums = new ArrayList<>();
    private final List<int[]> empty = new ArrayList<>();
    private Object[] arrays = {};
    private int[] bases = {};

    /// A call of a kernel: operands lie at these places behind the beginnings of their arrays for the first image.
    ///
    /// @param places of the sources and then of the sink, in elements
    private record Run(LoopKernel kernel, int rows, int[] places) {}

    private RouteLoops(DType type, int n, Axis[] axes, int channels) {
        this.type = type;
        this.n = n;
        this.axes = axes;
        this.channels = channels;
        for (int i = 0; i < axes[0].out; i++) {
            for (int j = 0; j < axes[1].out; j++) {
                for (int from = 0, to; from < axes[2].out; from = to) {
                    to = from + 1;
                    while (to < axes[2].out && axes[2].first(to) == axes[2].first(from) && axes[2].end(to) == axes[2].end(from)) {
                        to++;
                    }
                    mark(i, j, from, to - from);
                }
            }
        }
        for (int i = 0; i < axes[0].in; i++) {
            for (int j = 0; j < axes[1].in; j++) {
                for (int k = 0; k < Math.min(axes[2].stride, axes[2].in); k++) {
                    ask(i, j, k);
                }
            }
        }
    }

    /// The work of [LargestPlaces#route] where this form of it is better.
    static Optional<DenseTask.Work> of(DType type, int n, int[] input, int[] output, int channels, int[] size, int[] stride, int[] low) {
        Axis[] axes = new Axis[AXES];
        int elements = 1;
        int windows = 1;
        for (int a = 0; a < AXES; a++) {
            axes[a] = new Axis(input[a], output[a], size[a], stride[a], low[a]);
            elements *= size[a];
            windows *= (size[a] + stride[a] - 1) / stride[a];
        }
        boolean suits = channels >= FEWEST_CHANNELS && elements + 1 <= DenseScratch.MOST_OPERANDS && 2 * windows + 1 <= DenseScratch.MOST_OPERANDS;
        return suits ? Optional.of(new RouteLoops(type, n, axes, channels)) : Optional.empty();
    }

    private int window(int i, int j, int k) {
        return ((i * axes[1].all() + j) * axes[2].all() + k) * channels;
    }

    private int element(int i, int j, int k) {
        return ((i * axes[1].in + j) * axes[2].in + k) * channels;
    }

    private LoopKernel kernel(ElementFunction f, int sources, int rows) {
        LoopSpec spec = new LoopSpec(
                IntStream.range(0, sources).mapToObj(k -> new LoopSpec.Source(type, Access.UNIT)).toList(),
                List.of(new LoopSpec.Instruction(f, type, IntStream.range(0, sources).boxed().toList())),
                List.of(new LoopSpec.Sink(sources, Access.UNIT, Mode.STORE)));
        return Loops.kernel(spec, rows, channels);
    }

    private void mark(int i, int j, int k, int rows) {
        List<Integer> numbers = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        for (int a = axes[0].first(i); a < axes[0].end(i); a++) {
            for (int b = axes[1].first(j); b < axes[1].end(j); b++) {
                for (int c = axes[2].first(k); c < axes[2].end(k); c++) {
                    numbers.add((a * axes[1].size + b) * axes[2].size + c);
                    places.add(element(i * axes[0].stride - axes[0].low + a, j * axes[1].stride - axes[1].low + b, k * axes[2].stride - axes[2].low + c));
                }
            }
        }
        places.add(window(i + axes[0].before(), j + axes[1].before(), k + axes[2].before()));
        LoopKernel kernel = largest.computeIfAbsent(numbers, x -> kernel(new FirstLargest(numbers), numbers.size(), rows));
        marks.add(new Run(kernel, rows, places.stream().mapToInt(Integer::intValue).toArray()));
    }

    private void ask(int i, int j, int k) {
        List<Integer> numbers = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        for (int[] a : axes[0].asked(i)) {
            for (int[] b : axes[1].asked(j)) {
                for (int[] c : axes[2].asked(k)) {
                    numbers.add((a[1] * axes[1].size + b[1]) * axes[2].size + c[1]);
                    places.add(window(a[0], b[0], c[0]));
                    places.add(window(a[0], b[0], c[0]));
                }
            }
        }
        int rows = (axes[2].in - k + axes[2].stride - 1) / axes[2].stride;
        places.add(element(i, j, k));
        if (numbers.isEmpty()) {
            empty.add(new int[] {element(i, j, k), rows});
            return;
        }
        LoopKernel kernel = chosen.computeIfAbsent(numbers, x -> kernel(new Chosen(numbers), 2 * numbers.size(), rows));
        sums.add(new Run(kernel, rows, places.stream().mapToInt(Integer::intValue).toArray()));
    }

    @Override
    public void run(Object[] arrays, int[] bases) {
        this.arrays = arrays;
        this.bases = bases;
        Workers.run(n, images);
    }

    private void image(int image) {
        int windows = axes[0].all() * axes[1].all() * axes[2].all() * channels;
        Object room = type == DType.F32 ? DenseScratch.floats(2 * windows) : DenseScratch.doubles(2 * windows);
        int elements = axes[0].in * axes[1].in * axes[2].in * channels;
        int x = bases[0] + image * elements;
        int y = bases[2] + image * elements;
        if (room instanceof float[] r) {
            Arrays.fill(r, 0, windows, -1);
            Arrays.fill(r, windows, 2 * windows, 0);
        } else {
            Arrays.fill((double[]) room, 0, windows, -1);
            Arrays.fill((double[]) room, windows, 2 * windows, 0);
        }
        int row = axes[2].out * channels;
        int from = bases[1] + image * axes[0].out * axes[1].out * row;
        for (int i = 0; i < axes[0].out; i++) {
            for (int j = 0; j < axes[1].out; j++) {
                System.arraycopy(arrays[1], from, room, windows + window(i + axes[0].before(), j + axes[1].before(), axes[2].before()), row);
                from += row;
            }
        }
        Object[] operands = DenseScratch.operands();
        int[] g = LoopScratch.geometry(3 * DenseScratch.MOST_OPERANDS);
        Arrays.fill(operands, arrays[0]);
        for (int r = 0; r < marks.size(); r++) {
            Run run = marks.get(r);
            int last = run.places.length - 1;
            for (int k = 0; k <= last; k++) {
                g[3 * k] = run.places[k] + (k < last ? x : 0);
                g[3 * k + 1] = k < last ? axes[2].stride * channels : channels;
                g[3 * k + 2] = 1;
            }
            operands[last] = room;
            run.kernel.run(operands, g, 0, run.rows, channels);
            operands[last] = arrays[0];
        }
        Arrays.fill(operands, room);
        for (int r = 0; r < sums.size(); r++) {
            Run run = sums.get(r);
            int last = run.places.length - 1;
            for (int k = 0; k <= last; k++) {
                g[3 * k] = run.places[k] + (k == last ? y : k % 2 == 1 ? windows : 0);
                g[3 * k + 1] = k < last ? channels : axes[2].stride * channels;
                g[3 * k + 2] = 1;
            }
            operands[last] = arrays[2];
            run.kernel.run(operands, g, 0, run.rows, channels);
            operands[last] = room;
        }
        Arrays.fill(operands, this); // keeps no array alive
        for (int r = 0; r < empty.size(); r++) {
            for (int k = 0; k < empty.get(r)[1]; k++) {
                Storage.zero(arrays[2], y + empty.get(r)[0] + k * axes[2].stride * channels, channels);
            }
        }
    }
}
