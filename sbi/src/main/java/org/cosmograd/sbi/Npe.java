package org.cosmograd.sbi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Workers;
import org.cosmograd.flows.Conditional;
import org.cosmograd.flows.ConditionalDensity;
import org.cosmograd.flows.Constrain;
import org.cosmograd.flows.CouplingFlow;
import org.cosmograd.flows.Distribution;
import org.cosmograd.flows.Embedding;
import org.cosmograd.flows.MixtureDensityNetwork;
import org.cosmograd.flows.Support;
import org.cosmograd.nn.Activation;
import org.cosmograd.nn.Fit;
import org.cosmograd.nn.FitListener;
import org.cosmograd.nn.FitSettings;
import org.cosmograd.nn.MetricsCsv;
import org.cosmograd.nn.Safetensors;
import org.cosmograd.nn.Standardise;
import org.cosmograd.nn.TensorBoardEvents;
import org.cosmograd.nn.io.Json;
import org.cosmograd.sbi.campaign.Simulations;

/// Neural posterior estimation: a conditional density fitted to pairs `(θ, x) ~ p(θ) p(x | θ)` by
///
///     min_φ  -E ln q_φ(θ | x)
///
/// whose minimum is `q(θ | x) = p(θ | x)` for all `x`, because the expectation is `E_x KL(p(θ|x) ‖ q_φ(θ|x))` up to a constant.
///
///     AmortizedPosterior posterior = Npe.of(prior).members(5).train(theta, x);
///     Tensor samples = posterior.given(observation).sample(key, 10_000);
///
/// Parameters are mapped from the prior's box onto ℝᴰ and standardised, data standardised with outliers pulled in, so samples never
/// leave the box and no scale has to be chosen. Members of an ensemble differ in their first weights, their batches and the pairs
/// they hold out; they train side by side, each on one thread, and the numbers do not depend on how many threads there are.
///
/// Sources: Papamakarios & Murray 2016, arXiv 1605.06376; Greenberg et al. 2019, arXiv 1905.07488.
public final class Npe {
    /// A density of `dimension` parameters for contexts of `contextSize` features, with random weights.
    @FunctionalInterface
    public interface DensityMaker {
        /// A new density.
        Conditional make(Key key, int dimension, int contextSize);
    }

    /// A network for data of `features` standardised features, with random weights; rows come flat, `[B, features]`.
    @FunctionalInterface
    public interface EmbeddingMaker {
        /// A new network.
        Embedding make(Key key, int features);
    }

    /// Makes the data of a batch from what a campaign stored, with randomness of its own at every step: noise, masks, augmentation.
    @FunctionalInterface
    public interface DataMaker {
        /// Data `[B, F]` from the stored rows of a batch; an expression.
        Tensor make(Tensor stored, Key key);
    }

    /// What a pair counts in the loss.
    @FunctionalInterface
    public interface PairWeight {
        /// Positive weights `[B]` of parameters `[B, D]` and data `[B, F]`; an expression.
        Tensor of(Tensor theta, Tensor x);
    }

    private static final int STATISTICS = 20_000;
    private static final CouplingFlow.Form FLOW = CouplingFlow.Form.DEFAULT.withHidden(64, 2);
    private static final FitSettings SETTINGS =
            FitSettings.DEFAULT.withRate(2e-3).withPlateau(10, 0.5).withPatience(25);

    /// Parameters standardised and as they are, and data.
    private record Pairs(Tensor theta, Tensor raw, Tensor x) {}

    private record Network(Embedding embedding, Conditional body) {}

    private final Support support;
    private final Optional<Constraint> constraint;
    private final String form;
    private final DensityMaker density;
    private final String embeddingForm;
    private final EmbeddingMaker embedding;
    private final FitSettings settings;
    private final int members;
    private final List<FitListener> listeners;
    private final Optional<DataMaker> fresh;
    private final Optional<Path> home;
    private final Optional<PairWeight> weight;

    private Npe(
            Support support, Optional<Constraint> constraint, String form, DensityMaker density, String embeddingForm,
            EmbeddingMaker embedding, FitSettings settings, int members, List<FitListener> listeners, Optional<DataMaker> fresh,
            Optional<Path> home, Optional<PairWeight> weight) {
        this.support = support;
        this.constraint = constraint;
        this.form = form;
        this.density = density;
        this.embeddingForm = embeddingForm;
        this.embedding = embedding;
        this.settings = settings;
        this.members = members;
        this.listeners = listeners;
        this.fresh = fresh;
        this.home = home;
        this.weight = weight;
    }

    /// One flow of 5 spline coupling layers with 2 x 64 features on the data themselves; Adam at 2·10⁻³ in batches of 200, halved after
    /// 10 idle epochs; a tenth of the pairs held out, an end after 25 idle epochs; gradients clipped at 5.
    public static Npe of(Distribution prior) {
        Optional<Constraint> constraint = prior instanceof ConstrainedPrior c ? Optional.of(c.constraint()) : Optional.empty();
        return new Npe(
                        prior.support(), constraint, "", (k, d, c) -> CouplingFlow.splines(k, d, c, FLOW), "none",
                        (k, f) -> Embedding.none(f), SETTINGS, 1, List.of(), Optional.empty(), Optional.empty(), Optional.empty())
                .splines(FLOW);
    }

    /// With a flow of spline coupling layers.
    public Npe splines(CouplingFlow.Form shape) {
        return density("splines " + shape, (k, d, c) -> CouplingFlow.splines(k, d, c, shape));
    }

    /// With a mixture density network: Gaussians with full covariances behind hidden layers of these widths.
    public Npe mixture(int components, int... hidden) {
        int[] widths = hidden.clone();
        return density(
                "mixture of " + components + ", hidden " + Arrays.toString(widths),
                (k, d, c) -> MixtureDensityNetwork.of(k, d, c, components, Activation.SILU, widths));
    }

    /// With any conditional density; the name goes to files.
    public Npe density(String name, DensityMaker maker) {
        return new Npe(support, constraint, name, maker, embeddingForm, embedding, settings, members, listeners, fresh, home, weight);
    }

    /// With a network in front that turns data into a context and is trained along; the name goes to files.
    public Npe embedding(String name, EmbeddingMaker maker) {
        return new Npe(support, constraint, form, density, name, maker, settings, members, listeners, fresh, home, weight);
    }

    /// With other settings of the training; their key decides all randomness.
    public Npe settings(FitSettings other) {
        return new Npe(support, constraint, form, density, embeddingForm, embedding, other, members, listeners, fresh, home, weight);
    }

    /// With the randomness of another key.
    public Npe key(Key key) {
        return settings(settings.withKey(key));
    }

    /// With an ensemble of this many members.
    public Npe members(int number) {
        if (number < 1) {
            throw new IllegalArgumentException("Npe.members: expected at least 1, got " + number);
        }
        return new Npe(support, constraint, form, density, embeddingForm, embedding, settings, number, listeners, fresh, home, weight);
    }

    /// With somebody who is told how training goes; members of an ensemble tell from several threads.
    public Npe listener(FitListener listener) {
        List<FitListener> all = new ArrayList<>(listeners);
        all.add(listener);
        return new Npe(support, constraint, form, density, embeddingForm, embedding, settings, members, List.copyOf(all), fresh, home, weight);
    }

    /// With data made afresh from the stored rows at every step, so that no noise is seen twice. What is stored may be what a simulator
    /// gives without noise; observations are given to the posterior as `maker` makes them.
    public Npe fresh(DataMaker maker) {
        return new Npe(support, constraint, form, density, embeddingForm, embedding, settings, members, listeners, Optional.of(maker), home, weight);
    }

    /// With pairs that count differently. Parameters drawn from a proposal `p̃(θ)` instead of the prior, weighted by
    /// `p(θ)/p̃(θ)·λ(x)` with any positive `λ`, still give the posterior under the prior `p(θ)`, since `λ` only says how much each
    /// observation matters. So a proposal may spend simulations where observations are expected, and `λ(x) ≈ p̃/p` at an estimate of `θ`
    /// from `x` keeps the weights near 1.
    public Npe weights(PairWeight other) {
        return new Npe(support, constraint, form, density, embeddingForm, embedding, settings, members, listeners, fresh, home, Optional.of(other));
    }

    /// With a folder in which training is kept, `member-0`, `member-1`, … inside: the state, `metrics.csv` and TensorBoard events. If states
    /// exist when training begins, it goes on from there and ends with the same bits as if it had not stopped.
    public Npe folder(Path folder) {
        return new Npe(support, constraint, form, density, embeddingForm, embedding, settings, members, listeners, fresh, Optional.of(folder), weight);
    }

    /// The settings of the training.
    public FitSettings settings() {
        return settings;
    }

    /// The posterior learned from the pairs of a campaign.
    public AmortizedPosterior train(Simulations simulations) {
        return train(simulations.theta(), simulations.x());
    }

    /// The posterior learned from parameters `[n, D]` and data `[n, …]`. Pairs with NaN or infinity are dropped and counted in the log.
    public AmortizedPosterior train(Tensor theta, Tensor x) {
        if (theta.shape().rank() != 2 || theta.dim(1) != support.dimension()) {
            throw new IllegalArgumentException(
                    "Npe.train: expected parameters [n, " + support.dimension() + "] as in the prior, got " + theta.type());
        }
        Simulations clean = Simulations.of(theta, x);
        int n = clean.size();
        if (n < 10) {
            throw new IllegalArgumentException("Npe.train: " + n + " simulations are too few, at least 10 are needed");
        }
        Tensor data = clean.x().reshape(n, -1).cast(DType.F32).evaluated();
        Tensor parameters = clean.theta();
        checkInside(parameters);
        Tensor free = new Constrain(support).inverse(parameters).value().cast(DType.F32).evaluated();
        Standardise target = Standardise.of(free);
        DataMaker maker = fresh.orElse((stored, key) -> stored);
        Tensor made = maker.make(fresh.isEmpty() ? data : data.slice(0, 0, Math.min(n, STATISTICS)), settings.key().fold(members)).evaluated();
        Standardise input = Standardise.of(made);
        Pairs pairs = new Pairs(target.scale(free).evaluated(), parameters.cast(DType.F32).evaluated(), data);
        // ln|∂u/∂θ| of the map to standardised parameters, so that losses are in units of θ
        double volume = new Constrain(support).inverse(parameters).logDet().mean().item() - target.sd().log().sum().item();
        List<Optional<ConditionalDensity>> trained = new ArrayList<>(Collections.nCopies(members, Optional.empty()));
        double[] losses = new double[members];
        Workers.run(members, m -> {
            Key key = settings.key().fold(m);
            Fit<Network, Pairs> fit = Fit.random((net, p, k) -> {
                Tensor features = maker.make(p.x, k);
                Tensor log = net.body.logProb(p.theta, net.embedding.apply(input.apply(features)));
                return weight.map(w -> log.mul(w.of(p.raw, features).stopGradient())).orElse(log).mean().neg();
            });
            for (FitListener l : listeners) {
                fit = fit.listener(l);
            }
            Fit.Result<Network> result = train(fit, network(key.fold(0), made.dim(1)), pairs, settings.withKey(key.fold(1)), m);
            if (result.bestEpoch() < 0) {
                throw new IllegalStateException("Npe.train: " + result.why());
            }
            losses[m] = result.bestLoss() - volume;
            trained.set(m, Optional.of(new ConditionalDensity(support, target, input, result.model().embedding, result.model().body)));
        });
        return new AmortizedPosterior(
                trained.stream().map(Optional::orElseThrow).toList(),
                Arrays.stream(losses).boxed().toList(), constraint, description());
    }

    private Fit.Result<Network> train(Fit<Network, Pairs> fit, Network start, Pairs pairs, FitSettings how, int member) {
        if (home.isEmpty()) {
            return fit.train(start, pairs, how);
        }
        Path own = home.get().resolve("member-" + member);
        try (TensorBoardEvents events = TensorBoardEvents.open(own)) {
            return fit.checkpoint(own.resolve("state.safetensors"))
                    .listener(new MetricsCsv(own.resolve("metrics.csv")))
                    .listener(FitListener.tensorBoard(events))
                    .train(start, pairs, how);
        }
    }

    private Network network(Key key, int features) {
        Embedding front = embedding.make(key.fold(0), features);
        return new Network(front, density.make(key.fold(1), support.dimension(), front.outputs()));
    }

    private String description() {
        return form + "; embedding " + embeddingForm;
    }

    private void checkInside(Tensor theta) {
        double[] inside = support.contains(theta).toDoubles();
        int outside = 0;
        int first = -1;
        for (int i = 0; i < inside.length; i++) {
            if (inside[i] == 0) {
                outside++;
                first = first < 0 ? i : first;
            }
        }
        if (outside > 0) {
            throw new IllegalArgumentException("Npe.train: " + outside + " of " + inside.length
                    + " parameters lie outside the prior's " + support + ", the first in row " + first);
        }
    }

    /// A posterior that was saved by one made with the same densities and embeddings.
    public AmortizedPosterior load(Path folder) {
        Json what = Json.read(folder.resolve("posterior.json"));
        long format = what.at("format").integer();
        if (format > AmortizedPosterior.FORMAT) {
            throw new IllegalArgumentException("Npe.load: " + folder + " has format " + format + ", this version reads up to "
                    + AmortizedPosterior.FORMAT + "; use a newer version");
        }
        String there = what.at("form").text();
        if (!there.equals(description())) {
            throw new IllegalArgumentException(
                    "Npe.load: " + folder + " holds " + there + ", this Npe makes " + description() + "; make it with the same density and embedding");
        }
        Support box = Support.of(what.at("lower").numbers(), what.at("upper").numbers());
        if (!box.equals(support)) {
            throw new IllegalArgumentException("Npe.load: " + folder + " was trained for the prior's " + box + ", this prior has " + support);
        }
        int features = (int) what.at("features").integer();
        List<ConditionalDensity> examples = new ArrayList<>();
        for (int m = 0; m < what.at("members").integer(); m++) {
            Network net = network(Key.of(0), features);
            examples.add(new ConditionalDensity(
                    support, Standardise.none(support.dimension(), DType.F32), Standardise.none(features, DType.F32), net.embedding, net.body));
        }
        try {
            List<ConditionalDensity> loaded = Safetensors.read(folder.resolve("posterior.safetensors")).restore(examples);
            return new AmortizedPosterior(
                    loaded, Arrays.stream(what.at("losses").numbers()).boxed().toList(), constraint, there);
        } catch (IOException e) {
            throw new IllegalArgumentException("Npe.load: " + e.getMessage(), e);
        }
    }
}
