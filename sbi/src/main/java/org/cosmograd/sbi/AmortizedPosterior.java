package org.cosmograd.sbi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.flows.Conditional;
import org.cosmograd.flows.ConditionalDensity;
import org.cosmograd.flows.Distribution;
import org.cosmograd.flows.Mixture;
import org.cosmograd.nn.Safetensors;
import org.cosmograd.nn.io.AtomicFile;
import org.cosmograd.nn.io.Json;

/// A posterior learned for all observations at once: `p(θ | x) = Σₘ wₘ qₘ(θ | x)` over the members of an ensemble.
///
/// Drawing samples for another observation compiles nothing: programs take the observation as an argument.
public final class AmortizedPosterior implements Posterior {
    static final int FORMAT = 1;
    private static final int KEPT_PROGRAMS = 16;

    private final List<ConditionalDensity> members;
    private final List<Double> losses;
    private final Tensor logits;
    private final Optional<Constraint> constraint;
    private final String form;
    private final Map<Integer, Program.Binary<Key, Tensor, Tensor>> samplers = new ConcurrentHashMap<>();
    private final Map<Integer, Program.Binary<Tensor, Tensor, Tensor>> densities = new ConcurrentHashMap<>();

    /// Members with their validation losses; weights are `wₘ ∝ exp(-lossₘ)`.
    AmortizedPosterior(List<ConditionalDensity> members, List<Double> losses, Optional<Constraint> constraint, String form) {
        this.members = List.copyOf(members);
        this.losses = List.copyOf(losses);
        this.constraint = constraint;
        this.form = form;
        float[] minus = new float[losses.size()];
        for (int i = 0; i < minus.length; i++) {
            minus[i] = (float) -losses.get(i);
        }
        logits = Tensor.of(minus);
    }

    /// The members of the ensemble.
    public List<ConditionalDensity> members() {
        return members;
    }

    /// `-E ln q(θ | x)` of each member over the pairs it held out.
    public List<Double> losses() {
        return losses;
    }

    /// The weight of each member in the mixture.
    public List<Double> weights() {
        double[] w = logits.softmax(0).toDoubles();
        return Arrays.stream(w).boxed().toList();
    }

    @Override
    public int dimension() {
        return members.getFirst().dimension();
    }

    @Override
    public int features() {
        return members.getFirst().input().features();
    }

    /// The density before any constraint, for one observation `[1, F]` or a row per sample `[n, F]`; an expression.
    public Distribution density(Tensor x) {
        return members.size() == 1
                ? members.getFirst().given(x)
                : new Mixture(logits, members.stream().<Distribution>map(m -> m.given(x)).toList());
    }

    @Override
    public ObservedPosterior given(Tensor x) {
        Tensor row = observation(x);
        Rejection.Source source = (key, m) -> {
            if (samplers.size() > KEPT_PROGRAMS) {
                samplers.clear();
            }
            return samplers.computeIfAbsent(m, k -> Program.of((Key a, Tensor b) -> density(b).sample(a, k), key, row)).run(key, row);
        };
        return constraint.isPresent()
                ? ObservedPosterior.of(density(row), source, constraint.get())
                : ObservedPosterior.of(density(row), source);
    }

    /// `ln p(θ | x)` of rows `[n, D]` for one observation, computed by a program that is kept for further observations; without the
    /// normalisation of a constraint.
    Tensor logProb(Tensor theta, Tensor x) {
        Tensor row = observation(x);
        if (densities.size() > KEPT_PROGRAMS) {
            densities.clear();
        }
        Tensor rows = theta.cast(DType.F32);
        return densities.computeIfAbsent(theta.dim(0), k -> Program.of((Tensor a, Tensor b) -> density(b).logProb(a), rows, row))
                .run(rows, row);
    }

    private Tensor observation(Tensor x) {
        int size = x.shape().size();
        if (size != features()) {
            throw new IllegalArgumentException(
                    "Posterior.given: the observation has " + size + " features, the network was trained on " + features());
        }
        float[] v = x.toFloats();
        for (int i = 0; i < size; i++) {
            if (!Float.isFinite(v[i])) {
                throw new IllegalArgumentException("Posterior.given: feature " + i + " of the observation is " + v[i]
                        + "; fill it in, or train without it");
            }
        }
        return Tensor.of(Shape.of(1, size), v);
    }

    /// Writes `posterior.json` (what it is) and `posterior.safetensors` (its numbers) to a folder; [Npe#load] reads them.
    public void save(Path folder) {
        Map<String, Object> what = new LinkedHashMap<>();
        what.put("format", FORMAT);
        what.put("kind", "amortized posterior");
        what.put("form", form);
        what.put("parameters", dimension());
        what.put("features", features());
        what.put("members", members.size());
        what.put("losses", losses);
        what.put("lower", members.getFirst().support().lower());
        what.put("upper", members.getFirst().support().upper());
        try {
            Safetensors.of(members, Map.of("form", form)).write(folder.resolve("posterior.safetensors"));
        } catch (IOException e) {
            throw new UncheckedIOException("Posterior.save: " + e.getMessage(), e);
        }
        AtomicFile.write(folder.resolve("posterior.json"), Json.from(what).pretty());
    }

    @Override
    public String toString() {
        Conditional body = members.getFirst().body();
        return "AmortizedPosterior[" + dimension() + " parameters, " + features() + " features, " + members.size() + " x "
                + body.getClass().getSimpleName() + ", " + Tree.size(members) + " numbers, losses " + losses + "]";
    }
}
