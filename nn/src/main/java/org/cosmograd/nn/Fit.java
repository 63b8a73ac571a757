package org.cosmograd.nn;

import static org.cosmograd.nn.FitListener.Epoch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;

/// Trains a model, any tree of tensors, by stochastic gradient descent on a loss: `min E[loss(model, batch)]`.
///
///     record Pairs(Tensor x, Tensor y) {}
///     Fit<Mlp, Pairs> fit = Fit.of((net, d) -> net.apply(d.x()).sub(d.y()).square().mean());
///     Mlp trained = fit.train(net, new Pairs(x, y), FitSettings.DEFAULT).model();
///
/// The data set is a tree whose tensors have one row per example, `[N, …]`; a batch is the same tree with rows `[B, …]`. A step is one
/// program: it draws its batch from the epoch's random order, moves the parameters and counts itself, so repeating it allocates
/// nothing. Rows left over at the end of an epoch are left out of it; validation covers all rows held out. The model with the lowest
/// validation loss is returned.
///
/// Layers that differ in training, such as [Dropout] and [BatchNorm], are trained by [#layer], or by [#passes] where the loss is not
/// just one of a layer's result. What a pass itself moves in the model, such as running averages, takes its place in the model after
/// the step; all else is moved by the optimiser. Validation is without such differences.
///
///     Fit<ResNet, Pairs> fit = Fit.layer(Pairs::x, (y, d) -> y.sub(d.y()).square().mean());
///
/// Batches too small to keep several threads busy can be cut into [replicas][FitSettings#replicas], which are differentiated at the same
/// time.
///
/// The numbers depend on the settings' key and replicas only: not on the number of threads, and not on whether the run was interrupted and went
/// on from a checkpoint. Only the time limit is outside this promise.
///
/// @param <M> the model
/// @param <D> the data set, and a batch of it
public final class Fit<M, D> {

    /// A loss with randomness of its own, such as added noise or dropout.
    ///
    /// @param <M> the model
    /// @param <D> a batch
    @FunctionalInterface
    public interface Loss<M, D> {
        /// A scalar, usually a mean over the batch.
        Tensor of(M model, D batch, Key key);
    }

    /// A loss whose pass through the model may move tensors in it.
    ///
    /// @param <M> the model
    /// @param <D> a batch
    @FunctionalInterface
    public interface Training<M, D> {
        /// A scalar, usually a mean over the batch, with the model after the pass.
        Pass<M> of(M model, D batch, Key key);
    }

    /// Why training stopped.
    public enum Stop {
        /// All epochs were done.
        EPOCHS,
        /// The validation loss did not fall for as many epochs as the patience says.
        PATIENCE,
        /// The time was up.
        TIME,
        /// The loss became infinite or NaN.
        NOT_FINITE
    }

    /// What came of a training.
    ///
    /// @param model the model with the lowest validation loss
    /// @param bestEpoch its epoch; -1 if no epoch gave a finite loss, and the model is the initial one
    /// @param bestLoss its validation loss
    /// @param epochs all epochs
    /// @param stop why training stopped
    /// @param why the same as a sentence
    /// @param <M> the model
    public record Result<M>(M model, int bestEpoch, double bestLoss, List<Epoch> epochs, Stop stop, String why) {}

    private record State<M>(M model, Optimiser.State<M> optimiser, Tensor position, Tensor loss, Key key) {}

    private record Feed<D>(D rows, Tensor order, Tensor rate) {}

    private record Held<D>(D rows, Key key) {}

    private final Training<M, D> training;
    private final Loss<M, D> loss;
    private final List<FitListener> listeners;
    private final Optional<Path> checkpoint;

    private Fit(Training<M, D> training, Loss<M, D> loss, List<FitListener> listeners, Optional<Path> checkpoint) {
        this.training = training;
        this.loss = loss;
        this.listeners = listeners;
        this.checkpoint = checkpoint;
    }

    /// A training by a loss without randomness.
    public static <M, D> Fit<M, D> of(BiFunction<M, D, Tensor> loss) {
        return random((model, batch, key) -> loss.apply(model, batch));
    }

    /// A training by a loss with randomness, a new key for each step and the same keys for each validation.
    public static <M, D> Fit<M, D> random(Loss<M, D> loss) {
        return new Fit<>((model, batch, key) -> new Pass<>(loss.of(model, batch, key), model), loss, List.of(), Optional.empty());
    }

    /// A training by a loss of a layer's result: of [Layer#train] in the steps, of [Layer#apply] in validation.
    ///
    /// @param input what of a batch the layer is applied to
    /// @param loss a scalar from the result and the batch
    @SuppressWarnings("unchecked") // a layer gives back one of its own kind
    public static <M extends Layer, D> Fit<M, D> layer(Function<D, Tensor> input, BiFunction<Tensor, D, Tensor> loss) {
        return passes(
                (model, batch, key) -> ((Pass<M>) model.train(input.apply(batch), key)).then(y -> loss.apply(y, batch)),
                (model, batch) -> loss.apply(model.apply(input.apply(batch)), batch));
    }

    /// A training by a loss that moves tensors of the model itself, or is another in training for another reason, such as
    /// augmentation; and the loss for validation.
    ///
    ///     Fit<ResNet, Pairs> fit = Fit.passes(
    ///             (net, d, key) -> net.train(Augmentation.dihedral(d.x(), key.fold(0)), key.fold(1)).then(y -> mse(y, d)),
    ///             (net, d) -> mse(net.apply(d.x()), d));
    public static <M, D> Fit<M, D> passes(Training<M, D> training, BiFunction<M, D, Tensor> validation) {
        return new Fit<>(training, (model, batch, key) -> validation.apply(model, batch), List.of(), Optional.empty());
    }

    /// With somebody who is told.
    public Fit<M, D> listener(FitListener listener) {
        List<FitListener> all = new ArrayList<>(listeners);
        all.add(listener);
        return new Fit<>(training, loss, List.copyOf(all), checkpoint);
    }

    /// With a file in which the state is kept: written now and then and at the end. If it exists when training begins, training goes
    /// on from there and ends with the same bits as if it had not stopped.
    public Fit<M, D> checkpoint(Path file) {
        return new Fit<>(training, loss, listeners, Optional.of(file));
    }

    /// Trains, with a random part of the rows held out for validation; more than one batch of them is rounded down to whole batches.
    public Result<M> train(M model, D data, FitSettings settings) {
        int n = rows(data);
        int held = (int) Math.round(n * settings.validation());
        held = settings.validation() > 0 && n > 1 ? Math.clamp(held, 1, n - 1) : 0;
        // whole batches need one program, a shorter last one would need another
        held -= held > settings.batch() ? held % settings.batch() : 0;
        Tensor order = settings.key().fold(0).permutation(n);
        D train = pick(data, order.slice(0, held, n));
        return run(model, train, held == 0 ? List.of() : pieces(pick(data, order.slice(0, 0, held)), settings.batch()), settings);
    }

    /// Trains, with rows for validation chosen by the caller.
    public Result<M> train(M model, D data, D validation, FitSettings settings) {
        rows(data);
        return run(model, data, pieces(validation, settings.batch()), settings);
    }

    private static int rows(Object data) {
        int n = -1;
        for (Map.Entry<String, Tensor> e : Tree.named(data).entrySet()) {
            Tensor t = e.getValue();
            if (t.shape().rank() == 0) {
                throw new IllegalArgumentException("Fit: " + label(e.getKey()) + " of the data set is a scalar; it needs rows");
            }
            if (n >= 0 && t.dim(0) != n) {
                throw new IllegalArgumentException("Fit: the data set has " + n + " rows, but " + label(e.getKey()) + " has " + t.dim(0));
            }
            n = t.dim(0);
        }
        if (n <= 0) {
            throw new IllegalArgumentException("Fit: the data set has no rows");
        }
        return n;
    }

    private static String label(String name) {
        return name.isEmpty() ? "the tensor" : name;
    }

    private static <D> D pick(D data, Tensor index) {
        return Tree.map(data, t -> t.gather(0, index).evaluated());
    }

    private static <D> List<D> pieces(D data, int size) {
        int n = rows(data);
        List<D> out = new ArrayList<>();
        for (int from = 0; from < n; from += size) {
            int start = from;
            out.add(Tree.map(data, t -> t.slice(0, start, Math.min(n, start + size)).evaluated()));
        }
        return out;
    }

    /// What some rows contribute to a step.
    ///
    /// @param moved what the pass itself put in another place, by its name in the model
    private record Share<M>(Tensor loss, M gradient, Map<String, Tensor> moved) {}

    /// The contribution of the rows `from`, `from + 1`, … of a batch.
    private Share<M> share(State<M> s, Feed<D> feed, int batch, Tensor from, int rows, Key key) {
        Tensor index = feed.order().gather(0, s.position().mul(batch).add(from).add(Tensor.iota(rows)));
        Pass<M> pass = training.of(s.model(), Tree.map(feed.rows(), t -> t.gather(0, index)), key);
        List<Tensor> gradient = Gradient.of(pass.y(), Tree.leaves(s.model()));
        return new Share<>(pass.y(), Tree.rebuild(s.model(), gradient), moved(s.model(), gradient, pass.layer()));
    }

    private Map<String, Tensor> moved(M before, List<Tensor> gradient, M passed) {
        List<Tensor> old = Tree.leaves(before);
        List<Tensor> own = Tree.leaves(passed);
        if (own.size() != old.size()) {
            throw new IllegalArgumentException("Fit: the training pass must give back a model of the same form; it received " + old.size()
                    + " tensors and returned " + own.size());
        }
        List<String> names = List.copyOf(Tree.named(before).keySet());
        Map<String, Tensor> moved = new LinkedHashMap<>();
        for (int i = 0; i < own.size(); i++) {
            if (own.get(i) != old.get(i)) {
                if (!gradient.get(i).isZero()) {
                    throw new IllegalArgumentException("Fit: the training pass moves " + label(names.get(i))
                            + ", on which its loss depends; use it behind stopGradient(), or leave it to the optimiser");
                }
                moved.put(names.get(i), own.get(i));
            }
        }
        return moved;
    }

    private State<M> update(State<M> s, Feed<D> feed, Share<M> all, int steps, FitSettings settings) {
        M gradient = all.gradient();
        if (settings.clip() < Double.POSITIVE_INFINITY) {
            gradient = Optimiser.clip(gradient, settings.clip());
        }
        Tensor rate = feed.rate().mul(settings.schedule().at(s.optimiser().step()));
        Optimiser.Update<M> next = settings.optimiser().step(s.model(), gradient, s.optimiser(), rate);
        Map<String, Tensor> model = new LinkedHashMap<>(Tree.named(next.parameters()));
        model.putAll(all.moved());
        Tensor first = s.position().equal(0);
        Tensor position = s.position().add(1);
        Tensor wide = all.loss().reshape().cast(DType.F64);
        return new State<>(
                Tree.rebuild(s.model(), List.copyOf(model.values())),
                next.state(),
                position.less(steps).where(position, 0),
                first.cast(DType.F64).where(wide, s.loss().add(wide)),
                s.key().fold(0));
    }

    private Program.Loop<State<M>, Feed<D>> loop(State<M> state, Feed<D> example, int batch, int steps, FitSettings settings) {
        int replicas = settings.replicas();
        if (replicas == 1) {
            Tensor zero = Tensor.scalar(0, DType.I32);
            return Program.loop((s, f) -> update(s, f, share(s, f, batch, zero, batch, s.key().fold(1)), steps, settings), state, example);
        } else if (batch % replicas != 0) {
            throw new IllegalArgumentException("Fit: a batch of " + batch + " rows cannot be cut into " + replicas
                    + " equal parts; choose a batch that is a multiple of the number of replicas");
        }
        int rows = batch / replicas;
        return Program.replicated(
                replicas,
                (s, f, number) -> share(s, f, batch, number.mul(rows), rows, own(s.key().fold(1), number, replicas)),
                (s, f, sum) -> update(s, f, Tree.map(sum, t -> mean(t, replicas)), steps, settings),
                state,
                example);
    }

    /// Of counters too, such as that of [BatchNorm].
    private static Tensor mean(Tensor sum, int n) {
        return sum.dtype().isFloating() ? sum.mul(1.0 / n) : sum.cast(DType.F64).div(n).cast(sum.dtype());
    }

    /// The key of a replica.
    private static Key own(Key key, Tensor number, int replicas) {
        Tensor[] bits = key.split(replicas).stream().map(k -> k.bits().reshape(1, 2)).toArray(Tensor[]::new);
        return new Key(Tensor.concat(0, bits).gather(0, number));
    }

    private Result<M> run(M model, D data, List<D> held, FitSettings settings) {
        int n = rows(data);
        int batch = Math.min(settings.batch(), n);
        int steps = n / batch;
        int heldRows = held.stream().mapToInt(Fit::rows).sum();
        long start = System.nanoTime();
        State<M> first = new State<>(
                model,
                settings.optimiser().start(model),
                Tensor.scalar(0, DType.I32),
                Tensor.scalar(0, DType.F64),
                settings.key().fold(1));
        Progress<M> progress = resume(new Progress<>(first, model, List.of()), n, settings);
        List<Epoch> epochs = new ArrayList<>(progress.epochs);
        double before = epochs.isEmpty() ? 0 : epochs.getLast().seconds();
        M best = progress.best;
        tell(l -> l.begin(new FitListener.Plan(settings.epochs(), steps, n, heldRows, Tree.size(model), epochs.size())));

        Feed<D> example = new Feed<>(data, settings.key().permutation(n), Tensor.scalar(1, DType.F32));
        Program.Loop<State<M>, Feed<D>> loop = loop(progress.state, example, batch, steps, settings);
        Validation<M, D> validation = new Validation<>(loss, model, held, settings.key().fold(2));

        double written = before;
        Track track = Track.of(epochs, settings);
        Stop stop = track.stop(settings);
        while (stop == Stop.EPOCHS && epochs.size() < settings.epochs()) {
            int e = epochs.size();
            double rate = settings.rate() * track.factor;
            Feed<D> feed = new Feed<>(data, settings.key().fold(3 + e).permutation(n).evaluated(), scalar(rate));
            int done = 0;
            boolean late = false;
            while (done < steps && !late) {
                loop.step(feed);
                for (FitListener l : listeners) {
                    l.step(e, done);
                }
                done++;
                late = before + (System.nanoTime() - start) * 1e-9 > settings.seconds();
            }
            double train = loop.live().loss().item() / done;
            double valid = held.isEmpty() ? train : validation.loss(loop.live().model());
            boolean better = valid < track.bestLoss && Double.isFinite(train);
            int made = loop.live().optimiser().step().toInts()[0];
            double last = rate * settings.schedule().at(Tensor.scalar(made - 1, DType.I32)).item();
            double seconds = before + (System.nanoTime() - start) * 1e-9;
            Epoch epoch = new Epoch(e, train, valid, last, better, seconds);
            epochs.add(epoch);
            if (better) {
                best = loop.state().model();
            }
            tell(l -> l.epoch(epoch));
            track = Track.of(epochs, settings);
            stop = late ? Stop.TIME : track.stop(settings);
            boolean finite = stop != Stop.NOT_FINITE;
            if (checkpoint.isPresent() && finite && !late && seconds - written > settings.checkpointSeconds()) {
                save(new Progress<>(loop.state(), best, epochs), n, settings);
                written = seconds;
            }
        }
        // a broken state, or one in the middle of an epoch, is nothing to go on from
        if (checkpoint.isPresent() && (stop == Stop.EPOCHS || stop == Stop.PATIENCE)) {
            save(new Progress<>(loop.state(), best, epochs), n, settings);
        }
        String why = track.why(stop, settings);
        tell(l -> l.end(why));
        return new Result<>(best, track.bestEpoch, track.bestLoss, List.copyOf(epochs), stop, why);
    }

    private static Tensor scalar(double value) {
        return Tensor.of((float) value).reshape();
    }

    private void tell(java.util.function.Consumer<FitListener> message) {
        listeners.forEach(message);
    }

    /// Everything that follows from the epochs so far, so that a resumed run needs no more than their list.
    private record Track(double bestLoss, int bestEpoch, double factor, int epochs, double train, double valid) {

        static Track of(List<Epoch> epochs, FitSettings settings) {
            double bestLoss = Double.POSITIVE_INFINITY;
            int bestEpoch = -1;
            int waited = 0;
            double factor = 1;
            for (Epoch e : epochs) {
                waited++;
                if (e.best()) {
                    bestLoss = e.validationLoss();
                    bestEpoch = e.epoch();
                    waited = 0;
                } else if (settings.plateau() > 0 && waited >= settings.plateau()) {
                    factor *= settings.plateauFactor();
                    waited = 0;
                }
            }
            double train = epochs.isEmpty() ? 0 : epochs.getLast().trainLoss();
            double valid = epochs.isEmpty() ? 0 : epochs.getLast().validationLoss();
            return new Track(bestLoss, bestEpoch, factor, epochs.size(), train, valid);
        }

        Stop stop(FitSettings settings) {
            if (!Double.isFinite(train) || Double.isNaN(valid)) {
                return Stop.NOT_FINITE;
            }
            return epochs - 1 - bestEpoch >= settings.patience() ? Stop.PATIENCE : Stop.EPOCHS;
        }

        String why(Stop stop, FitSettings settings) {
            String kept = bestEpoch < 0
                    ? "the initial weights are kept"
                    : String.format(Locale.ROOT, "the weights of epoch %d (validation loss %.6g) are kept", bestEpoch, bestLoss);
            return switch (stop) {
                case EPOCHS -> "Fit: all " + settings.epochs() + " epochs are done; " + kept;
                case PATIENCE -> "Fit: the validation loss did not fall for " + settings.patience() + " epochs; " + kept;
                case TIME -> String.format(Locale.ROOT, "Fit: the time limit of %g s is reached in epoch %d; %s", settings.seconds(), epochs - 1, kept);
                case NOT_FINITE -> "Fit: the loss became " + (Double.isFinite(train) ? valid : train) + " in epoch " + (epochs - 1) + "; "
                        + kept + "; look for NaN or huge numbers in the data, or lower the learning rate";
            };
        }
    }

    /// The mean loss over all rows held out, piece by piece; the last piece may be shorter and has a program of its own.
    private static final class Validation<M, D> {
        private final List<Held<D>> pieces = new ArrayList<>();
        private final List<Program.Binary<M, Held<D>, Tensor>> programs = new ArrayList<>();
        private final int[] sizes;

        Validation(Loss<M, D> loss, M model, List<D> held, Key key) {
            sizes = held.stream().mapToInt(Fit::rows).toArray();
            for (int i = 0; i < sizes.length; i++) {
                Held<D> piece = new Held<>(held.get(i), key.fold(i));
                pieces.add(piece);
                programs.add(
                        i > 0 && sizes[i] == sizes[0]
                                ? programs.getFirst()
                                : Program.of((m, h) -> loss.of(m, h.rows(), h.key()).reshape(), model, piece));
            }
        }

        double loss(M model) {
            double sum = 0;
            int rows = 0;
            for (int i = 0; i < sizes.length; i++) {
                sum += programs.get(i).run(model, pieces.get(i)).item() * sizes[i];
                rows += sizes[i];
            }
            return sum / rows;
        }
    }

    // ------------------------------------------------------------------------------------------------- checkpoints

    private record Progress<M>(State<M> state, M best, List<Epoch> epochs) {}

    private void save(Progress<M> progress, int rows, FitSettings settings) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Tree.named(progress.state).forEach((k, v) -> tensors.put("state." + k, v));
        Tree.named(progress.best).forEach((k, v) -> tensors.put("best." + k, v));
        double[][] table = progress.epochs.stream()
                .map(e -> new double[] {e.epoch(), e.trainLoss(), e.validationLoss(), e.rate(), e.best() ? 1 : 0, e.seconds()})
                .toArray(double[][]::new);
        tensors.put("epochs", table.length == 0 ? Tensor.zeros(DType.F64, 0, 6) : Tensor.of(table));
        Path file = checkpoint.orElseThrow();
        try {
            new Safetensors(tensors, metadata(rows, settings)).write(file);
        } catch (IOException e) {
            throw new UncheckedIOException("Fit: cannot write the checkpoint " + file.getFileName() + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, String> metadata(int rows, FitSettings settings) {
        return Map.of(
                "format", "cosmograd fit 1",
                "rows", Integer.toString(rows),
                "batch", Integer.toString(settings.batch()),
                "replicas", Integer.toString(settings.replicas()),
                "rate", Double.toString(settings.rate()),
                "optimiser", settings.optimiser().toString(),
                "key", Long.toUnsignedString(settings.key().seed(), 16));
    }

    private Progress<M> resume(Progress<M> fresh, int rows, FitSettings settings) {
        if (checkpoint.isEmpty() || !Files.exists(checkpoint.get())) {
            return fresh;
        }
        Path file = checkpoint.get();
        try {
            Safetensors saved = Safetensors.read(file);
            new java.util.TreeMap<>(metadata(rows, settings)).forEach((k, v) -> {
                String there = saved.metadata().getOrDefault(k, k.equals("replicas") ? "1" : "nothing");
                if (!there.equals(v)) {
                    throw new IllegalArgumentException("Fit: the checkpoint " + file.getFileName() + " belongs to another training: " + k
                            + " is " + there + " there and " + v + " here; remove the file to start anew");
                }
            });
            List<Epoch> epochs = new ArrayList<>();
            for (double[] r : java.util.Objects.requireNonNull(saved.tensors().get("epochs")).toRows()) {
                epochs.add(new Epoch((int) r[0], r[1], r[2], r[3], r[4] != 0, r[5]));
            }
            return new Progress<>(saved.restore("state.", fresh.state), saved.restore("best.", fresh.best), epochs);
        } catch (IOException e) {
            throw new UncheckedIOException("Fit: cannot read the checkpoint " + file.getFileName() + ": " + e.getMessage(), e);
        }
    }
}
