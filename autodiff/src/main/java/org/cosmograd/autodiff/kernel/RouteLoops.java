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
    /// Operands of a loop, so that its bytecode stays short enough.
    private static final int MOST_SOURCES = 25;
    private static final int MOST_TOGETHER = 3;
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
                Lanes.Lane part = l.select(l.equal(x.get(2 * k), l.constant(numbers.get(k))), x.get(2 * k + 1), l.constant(0));
                sum = k == 0 ? part : l.add(sum, part);
            }
            return sum;
        }
    }

    /// A call of a kernel.
    ///
    /// @param sources number of operands that are read
    /// @param places where operands lie behind the beginnings of their arrays, those that are read first
    private record Run(LoopKernel kernel, int rows, int sources, int[] places) {}

    private final DType type;
    private final int n;
    private final Axis[] axes;
    private final int channels;
    /// Elements of all windows of an image.
    private final int windows;
    /// Kernels by the numbers of the elements a window has, and of the places in the windows an element asks.
    private final Map<List<Integer>, LoopKernel> largest = new HashMap<>();
    private final Map<LoopSpec, LoopKernel> chosen = new HashMap<>();
    private final Workers.Task images = this::image;
    private final List<Run> marks = new ArrayList<>();
    private final List<Run> sums = new ArrayList<>();
    private Object[] arrays = {};
    private int[] bases = {};

    private RouteLoops(DType type, int n, Axis[] axes, int channels) {
        this.type = type;
        this.n = n;
        this.axes = axes;
        this.channels = channels;
        this.windows = window(axes[0].all(), 0, 0);
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
                // elements with all remainders together where there are as many of each
                int stride = Math.min(axes[2].stride, axes[2].in);
                int together = axes[2].in % stride == 0 && stride <= MOST_TOGETHER ? stride : 1;
                for (int k = 0; k < stride; k += together) {
                    ask(i, j, k, k + together);
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
            // elements of all remainders along the last axis ask one window more
            windows *= (size[a] + stride[a] - 1) / stride[a] + a / (AXES - 1);
        }
        boolean suits = channels >= FEWEST_CHANNELS && elements <= MOST_SOURCES && 2 * windows <= MOST_SOURCES;
        return suits ? Optional.of(new RouteLoops(type, n, axes, channels)) : Optional.empty();
    }

    private int window(int i, int j, int k) {
        return ((i * axes[1].all() + j) * axes[2].all() + k) * channels;
    }

    private int element(int i, int j, int k) {
        return ((i * axes[1].in + j) * axes[2].in + k) * channels;
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
        List<Integer> all = IntStream.range(0, numbers.size()).boxed().toList();
        LoopSpec spec = spec(all.size(), List.of(new LoopSpec.Instruction(new FirstLargest(numbers), type, all)));
        LoopKernel kernel = largest.computeIfAbsent(numbers, x -> Loops.kernel(spec, rows, channels));
        marks.add(new Run(kernel, rows, all.size(), ints(places)));
    }

    private void ask(int i, int j, int from, int to) {
        List<Integer> places = new ArrayList<>();
        List<LoopSpec.Instruction> body = new ArrayList<>();
        for (int k = from; k < to; k++) {
            List<Integer> numbers = new ArrayList<>();
            List<Integer> arguments = new ArrayList<>();
            for (int[] a : axes[0].asked(i)) {
                for (int[] b : axes[1].asked(j)) {
                    for (int[] c : axes[2].asked(k)) {
                        numbers.add((a[1] * axes[1].size + b[1]) * axes[2].size + c[1]);
                        int at = window(a[0], b[0], c[0]);
                        arguments.add(number(places, at));
                        arguments.add(number(places, windows + at));
                    }
                }
            }
            body.add(new LoopSpec.Instruction(new Chosen(numbers), type, arguments));
        }
        int sources = places.size();
        for (int k = from; k < to; k++) {
            places.add(element(i, j, k));
        }
        int rows = (axes[2].in - from + axes[2].stride - 1) / axes[2].stride;
        LoopKernel kernel = chosen.computeIfAbsent(spec(sources, body), x -> Loops.kernel(x, rows, channels));
        sums.add(new Run(kernel, rows, sources, ints(places)));
    }

    private static int number(List<Integer> places, int place) {
        if (!places.contains(place)) {
            places.add(place);
        }
        return places.indexOf(place);
    }

    /// A loop over channels that stores the value of each instruction.
    private LoopSpec spec(int sources, List<LoopSpec.Instruction> body) {
        return new LoopSpec(
                IntStream.range(0, sources).mapToObj(k -> new LoopSpec.Source(type, Access.UNIT)).toList(),
                body,
                IntStream.range(0, body.size()).mapToObj(k -> new LoopSpec.Sink(sources + k, Access.UNIT, Mode.STORE)).toList());
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public void run(Object[] arrays, int[] bases) {
        this.arrays = arrays;
        this.bases = bases;
        Workers.run(n, images);
    }

    private void image(int image) {
        Object room = type == DType.F32 ? DenseScratch.floats(2 * windows) : DenseScratch.doubles(2 * windows);
        int elements = axes[0].in * axes[1].in * axes[2].in * channels;
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
        int apart = axes[2].stride * channels;
        run(marks, arrays[0], bases[0] + image * elements, apart, room, 0, channels);
        run(sums, room, 0, channels, arrays[2], bases[2] + image * elements, apart);
    }

    /// All calls of a round, with sources in one array and sinks in another.
    ///
    /// @param readStep from one row of a source to the next
    /// @param writeStep from one row of a sink to the next
    private void run(List<Run> runs, Object read, int readAt, int readStep, Object written, int writtenAt, int writeStep) {
        Object[] operands = DenseScratch.operands();
        int[] g = LoopScratch.geometry(3 * DenseScratch.MOST_OPERANDS);
        for (int r = 0; r < runs.size(); r++) {
            Run run = runs.get(r);
            for (int k = 0; k < run.places.length; k++) {
                boolean source = k < run.sources;
                operands[k] = source ? read : written;
                g[3 * k] = run.places[k] + (source ? readAt : writtenAt);
                g[3 * k + 1] = source ? readStep : writeStep;
                g[3 * k + 2] = 1;
            }
            run.kernel.run(operands, g, 0, run.rows, channels);
        }
        Arrays.fill(operands, this); // keeps no array alive
    }
}
