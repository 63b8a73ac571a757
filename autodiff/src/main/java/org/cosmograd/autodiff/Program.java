package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.cosmograd.autodiff.compile.Compiler;
import org.cosmograd.autodiff.compile.Executable;
import org.cosmograd.autodiff.compile.Replay;
import org.cosmograd.autodiff.compile.Replicas;
import org.cosmograd.autodiff.kernel.Storage;

/// A function from trees of tensors to trees of tensors, traced once and compiled: scheduled, fused, planned in memory, turned
/// into kernels. Tensors that the function uses but does not receive are constants of the program.
///
///     record Fit(Tensor slope, Tensor offset) {}
///     var line = Program.of((Fit f, Tensor x) -> x.mul(f.slope()).add(f.offset()), fit, x);
///     Tensor y = line.run(fit, x);
///
/// All arguments must have the shapes and types of the examples. Thread-safe; runs follow one another.
///
/// @param <A> form of the argument
/// @param <R> form of the result
public final class Program<A, R> {
    private final Traced<R> traced;
    private final Executable executable;

    private Program(Traced<R> traced) {
        this.traced = traced;
        this.executable = traced.compiler.executable();
    }

    /// How programs are compiled: `Program.Options.DEFAULT.withMemory(64 << 20)`.
    ///
    /// @param memory the most bytes for intermediate results, arguments and results not counted. Where they do not fit, the compiler
    ///     computes cheap ones again instead of keeping them; the bits stay the same.
    public record Options(long memory) {
        /// Keeps whatever is needed again.
        public static final Options DEFAULT = new Options(Long.MAX_VALUE);

        /// With a memory limit.
        public Options withMemory(long bytes) {
            return new Options(bytes);
        }
    }

    /// The program of a function of one tree.
    public static <A, R> Program<A, R> of(Function<A, R> f, A example) {
        return of(f, example, Options.DEFAULT);
    }

    /// The program of a function of one tree, compiled in a certain way.
    public static <A, R> Program<A, R> of(Function<A, R> f, A example, Options options) {
        return new Program<>(new Traced<>(example, List.of(), (a, b) -> f.apply(a), options));
    }

    /// The program of a function of two trees.
    public static <A, B, R> Binary<A, B, R> of(BiFunction<A, B, R> f, A exampleA, B exampleB) {
        return of(f, exampleA, exampleB, Options.DEFAULT);
    }

    /// The program of a function of two trees, compiled in a certain way.
    public static <A, B, R> Binary<A, B, R> of(BiFunction<A, B, R> f, A exampleA, B exampleB, Options options) {
        return new Binary<>(new Traced<>(exampleA, exampleB, f, options));
    }

    /// A step that replaces a state, to be repeated in place without allocating.
    ///
    /// @param step from the state and a batch to the next state, of the same form
    public static <S, B> Loop<S, B> loop(BiFunction<S, B, S> step, S initial, B exampleBatch) {
        return loop(step, initial, exampleBatch, Options.DEFAULT);
    }

    /// A step that replaces a state, compiled in a certain way.
    ///
    /// @param step from the state and a batch to the next state, of the same form
    public static <S, B> Loop<S, B> loop(BiFunction<S, B, S> step, S initial, B exampleBatch, Options options) {
        Traced<S> traced = new Traced<>(initial, exampleBatch, step, options);
        return new Loop<>("Program.loop", traced, traced.compiler.executable(), initial, 0);
    }

    /// What a replica computes from the state, the whole batch, and its own number, a scalar `i32`.
    ///
    /// @param <S> form of the state
    /// @param <B> form of a batch
    /// @param <G> form of what is summed over replicas
    @FunctionalInterface
    public interface Part<S, B, G> {
        /// The gradient and whatever else is to be summed.
        G of(S state, B batch, Tensor number);
    }

    /// What follows when all replicas are done.
    ///
    /// @param <S> form of the state
    /// @param <B> form of a batch
    /// @param <G> form of what is summed over replicas
    @FunctionalInterface
    public interface Update<S, B, G> {
        /// The next state.
        S of(S state, B batch, G sum);
    }

    /// A step in data-parallel form, for batches too small to keep several threads busy inside each kernel: `count` replicas compute the
    /// gradient of one share of the batch each, at the same time if there are threads, and the update follows with their sum.
    ///
    ///     Program.replicated(4,
    ///             (s, b, i) -> gradient(s, b.gather(0, Tensor.iota(64).add(i.mul(64)))),
    ///             (s, b, sum) -> adam(s, sum.mul(0.25)),
    ///             start, example)
    ///
    /// The sum runs from replica 0 upwards, so the result is the same for any number of threads. It is not that of the undivided
    /// batch, whose sums run in another order.
    ///
    /// @param count a property of the computation; some multiple of the number of cores is a good choice
    public static <S, B, G> Loop<S, B> replicated(int count, Part<S, B, G> part, Update<S, B, G> update, S initial, B exampleBatch) {
        return replicated(count, part, update, initial, exampleBatch, Options.DEFAULT);
    }

    /// A step in data-parallel form, compiled in a certain way.
    public static <S, B, G> Loop<S, B> replicated(
            int count, Part<S, B, G> part, Update<S, B, G> update, S initial, B exampleBatch, Options options) {
        if (count < 1) {
            throw new IllegalArgumentException("Program.replicated: needs at least one replica, got " + count);
        }
        Numbered<B> numbered = new Numbered<>(exampleBatch, Tensor.zeros(Replicas.number()));
        Traced<G> share = new Traced<>(initial, numbered, (s, n) -> part.of(s, n.batch(), n.number()), options);
        Gathered<B, G> gathered = new Gathered<>(exampleBatch, Collections.nCopies(count, share.form));
        Traced<S> whole = new Traced<>(initial, gathered, (s, g) -> update.of(s, g.batch(), sum(g.parts())), options);
        Replicas replicas = Replicas.of(count, share.compiler, share.results, whole.compiler, whole.results);
        return new Loop<>("Program.replicated", whole, replicas, initial, count * share.results.size());
    }

    private record Numbered<B>(B batch, Tensor number) {}

    private record Gathered<B, G>(B batch, List<G> parts) {}

    private static <G> G sum(List<G> parts) {
        G sum = parts.getFirst();
        for (G g : parts.subList(1, parts.size())) {
            sum = Tree.map(sum, g, Tensor::add);
        }
        return sum;
    }

    /// The result for an argument.
    public synchronized R run(A argument) {
        return traced.run(executable, Tree.leaves(argument));
    }

    /// The schedule as text: each step with its fused operations, shapes, floating-point operations and bytes, and if it was
    /// [profiled][#profile], its times and rates.
    public String explain() {
        return executable.explain();
    }

    /// Begins to time every step, for some tens of nanoseconds each, or ends it. Times so far are forgotten.
    public synchronized void profile(boolean on) {
        executable.profile(on);
    }

    /// A program of two arguments.
    ///
    /// @param <A> form of the first argument
    /// @param <B> form of the second argument
    /// @param <R> form of the result
    public static final class Binary<A, B, R> {
        private final Traced<R> traced;
        private final Executable executable;

        private Binary(Traced<R> traced) {
            this.traced = traced;
            this.executable = traced.compiler.executable();
        }

        /// The result for two arguments.
        public synchronized R run(A a, B b) {
            List<Tensor> leaves = new ArrayList<>(Tree.leaves(a));
            leaves.addAll(Tree.leaves(b));
            return traced.run(executable, leaves);
        }

        /// The schedule as text, see [Program#explain].
        public String explain() {
            return executable.explain();
        }

        /// Begins or ends to time every step, see [Program#profile].
        public synchronized void profile(boolean on) {
            executable.profile(on);
        }
    }

    /// A repeated step on a state that lives in buffers of its own. A step with the same batch object allocates nothing.
    ///
    /// @param <S> form of the state
    /// @param <B> form of a batch
    public static final class Loop<S, B> {
        private final Traced<S> traced;
        private final List<TensorType> types;
        private final int extra;
        private final Replay[] turns = new Replay[2];
        private final List<List<Storage>> states = new ArrayList<>();
        private final List<S> trees = new ArrayList<>();
        private final Object[] bound = new Object[2];
        private int now;

        private Loop(String operation, Traced<S> traced, Replay replay, S initial, int extra) {
            this.extra = extra;
            this.traced = traced;
            List<Tensor> leaves = Tree.leaves(initial);
            this.types = leaves.stream().map(Tensor::type).toList();
            if (traced.results.size() != types.size()) {
                throw new ShapeException(operation + ": the step must return a state of the same form; it received " + types.size()
                        + " tensors and returned " + traced.results.size());
            }
            for (int i = 0; i < types.size(); i++) {
                TensorType made = traced.results.get(i);
                if (!made.equals(types.get(i))) {
                    throw new ShapeException(operation + ": the step must return a state of the same form; tensor " + i + " was " + types.get(i)
                            + " and became " + made);
                }
            }
            for (int t = 0; t < 2; t++) {
                List<Storage> state = Storage.together(types);
                states.add(state);
                List<Tensor> shown = new ArrayList<>();
                for (int i = 0; i < types.size(); i++) {
                    shown.add(Tensor.of(types.get(i), state.get(i)));
                }
                trees.add(Tree.rebuild(initial, shown));
                turns[t] = t == 0 ? replay : replay.twin();
                bound[t] = this;
            }
            reset(initial);
        }

        /// One step: the state becomes what the step makes of it and the batch.
        public synchronized void step(B batch) {
            if (bound[now] != batch) {
                List<Storage> in = new ArrayList<>(states.get(now));
                List<Tensor> given = Tree.leaves(batch);
                traced.check(types.size(), given, extra);
                given.forEach(x -> in.add(x.storage()));
                turns[now].bind(in, states.get(1 - now));
                bound[now] = batch;
            }
            turns[now].run();
            now = 1 - now;
        }

        /// The state as it is, for reading at once: the next steps overwrite it.
        public synchronized S live() {
            return trees.get(now);
        }

        /// A copy of the state.
        public synchronized S state() {
            return Tree.map(trees.get(now), x -> Tensor.of(x.type(), x.storage().copy()));
        }

        /// Puts another state of the same form in place.
        public synchronized void reset(S state) {
            List<Tensor> leaves = Tree.leaves(state);
            if (leaves.size() != types.size()) {
                throw new ShapeException(
                        "Program.loop: the state has " + leaves.size() + " tensors, the step was compiled for " + types.size());
            }
            for (int i = 0; i < types.size(); i++) {
                if (!leaves.get(i).type().equals(types.get(i))) {
                    throw new ShapeException("Program.loop: tensor " + i + " of the state is " + leaves.get(i).type()
                            + ", the step was compiled for " + types.get(i));
                }
            }
            for (int i = 0; i < types.size(); i++) {
                states.get(now).get(i).set(leaves.get(i).storage());
            }
            turns[now].changed();
        }

        /// The schedule as text, see [Program#explain].
        public String explain() {
            return turns[now].explain();
        }

        /// Begins or ends to time every step, see [Program#profile].
        public synchronized void profile(boolean on) {
            turns[0].profile(on);
        }
    }

    /// A traced function: argument types, the form of the result, and the compiled expressions.
    private static final class Traced<R> {
        final List<TensorType> arguments;
        final List<TensorType> results;
        final R form;
        final Compiler compiler;

        <A, B> Traced(A a, B b, BiFunction<A, B, R> f, Options options) {
            List<TensorType> types = new ArrayList<>();
            A x = Tree.map(a, t -> placeholder(t, types));
            B y = Tree.map(b, t -> placeholder(t, types));
            this.arguments = List.copyOf(types);
            this.form = f.apply(x, y);
            List<Tensor> out = Tree.leaves(form);
            this.results = out.stream().map(Tensor::type).toList();
            this.compiler = new Compiler(out, options.memory());
        }

        private static Tensor placeholder(Tensor t, List<TensorType> types) {
            types.add(t.type());
            return Tensor.input(t.type(), types.size() - 1);
        }

        /// Checks tensors given for the arguments from number `from` on, but for the last `inner` ones.
        void check(int from, List<Tensor> given, int inner) {
            if (from + given.size() != arguments.size() - inner) {
                throw new ShapeException(
                        "program: " + (from + given.size()) + " tensors given, it was compiled for " + (arguments.size() - inner));
            }
            for (int i = 0; i < given.size(); i++) {
                if (!given.get(i).type().equals(arguments.get(from + i))) {
                    throw new ShapeException("program: argument tensor " + (from + i) + " is " + given.get(i).type() + ", it was compiled for "
                            + arguments.get(from + i));
                }
            }
        }

        R run(Executable executable, List<Tensor> given) {
            check(0, given, 0);
            List<Storage> out = results.stream()
                    .map(t -> Storage.allocate(t.dtype(), t.shape().size()))
                    .toList();
            executable.bind(given.stream().map(Tensor::storage).toList(), out);
            executable.run();
            List<Tensor> tensors = new ArrayList<>();
            for (int i = 0; i < out.size(); i++) {
                tensors.add(Tensor.of(results.get(i), out.get(i)));
            }
            return Tree.rebuild(form, tensors);
        }
    }
}
