package org.cosmograd.sbi.mcmc;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.flows.Bijection;
import org.cosmograd.flows.Constrain;
import org.cosmograd.flows.Support;

/// Hamiltonian Monte Carlo, all chains in step.
///
/// The target `π(θ)` on a box becomes `π(z) = π(θ(z))·|∂θ/∂z|` on ℝᴰ ([Constrain]). With the metric `Σ = L Lᵀ`, an estimate of the
/// covariance of `z`, and momenta `n ~ N(0, 1)` in whitened coordinates, one leapfrog step of size `ε` is
///
///     n½ = n + ½ε Lᵀ∇ln π(z)
///     z′ = z + ε L n½
///     n′ = n½ + ½ε Lᵀ∇ln π(z′)
///
/// and a trajectory is accepted with probability `min(1, exp(ln π(z′) - ½n′² - ln π(z) + ½n²))`. The number of steps of a trajectory is
/// `T u/ε` with `u` uniform on (½, 3/2), so that no period of the target resonates.
///
/// Warm-up works on all chains at once, in windows that double: the metric is the covariance of all chains in the later half of a window,
/// the step size follows the harmonic mean of the chains' acceptance by dual averaging: a few chains stuck where the target is narrow
/// count for more than the many that move. Chains left far below the others (10 standard deviations of `χ²(D)/2`, so they hold no share
/// of the density worth counting) are put where others are. After warm-up nothing adapts.
///
/// One program does a leapfrog step of all chains (`[C, D]`), another accepts or rejects; the host decides only how many steps.
/// Same key, same start: same bits.
///
/// Sources: Neal 2011, arXiv 1206.1901; dual averaging: Hoffman & Gelman 2014, arXiv 1111.4246, section 3.2; many chains adapting together:
/// Hoffman, Radul, Sountsov 2021, "An adaptive-MCMC scheme for setting trajectory lengths in Hamiltonian Monte Carlo".
public final class Hmc {
    private static final double DIVERGENCE = 1000;
    /// Acceptance of a chain counts as at least this in the harmonic mean: below it, one bad chain in 64 would rule all others.
    private static final double WORST = 0.05;

    private final LogDensity target;
    private final Support support;
    private final Constrain space;
    private final int warmup;
    private final int draws;
    private final double acceptance;
    private final double length;
    private final int mostLeapfrogs;
    private final boolean dense;
    private final Duration deadline;

    private Hmc(
            LogDensity target, Support support, int warmup, int draws, double acceptance, double length, int mostLeapfrogs,
            boolean dense, Duration deadline) {
        this.target = target;
        this.support = support;
        this.space = new Constrain(support);
        this.warmup = warmup;
        this.draws = draws;
        this.acceptance = acceptance;
        this.length = length;
        this.mostLeapfrogs = mostLeapfrogs;
        this.dense = dense;
        this.deadline = deadline;
    }

    /// A sampler of a log-density on a box: 300 steps of warm-up, 500 draws of each chain, acceptance 0.8, trajectories of length 2 in
    /// units of the posterior's width, at most 64 leapfrog steps, a dense metric up to 100 parameters.
    public static Hmc of(LogDensity target, Support support) {
        return new Hmc(target, support, 300, 500, 0.8, 2, 64, support.dimension() <= 100, Duration.ofDays(365));
    }

    /// A sampler of a log-density on all of ℝᴰ.
    public static Hmc of(LogDensity target, int dimension) {
        return of(target, Support.real(dimension));
    }

    /// With this number of warm-up steps, at least 50.
    public Hmc warmup(int steps) {
        check(steps >= 50, "warmup", "at least 50", steps);
        return new Hmc(target, support, steps, draws, acceptance, length, mostLeapfrogs, dense, deadline);
    }

    /// With this number of draws of each chain, at least 4.
    public Hmc draws(int number) {
        check(number >= 4, "draws", "at least 4", number);
        return new Hmc(target, support, warmup, number, acceptance, length, mostLeapfrogs, dense, deadline);
    }

    /// With this harmonic mean of the probability of acceptance in mind.
    public Hmc acceptance(double rate) {
        check(rate > 0 && rate < 1, "acceptance", "a number between 0 and 1", rate);
        return new Hmc(target, support, warmup, draws, rate, length, mostLeapfrogs, dense, deadline);
    }

    /// With trajectories of this mean length, in units of the posterior's width.
    public Hmc length(double mean) {
        check(mean > 0, "length", "a positive number", mean);
        return new Hmc(target, support, warmup, draws, acceptance, mean, mostLeapfrogs, dense, deadline);
    }

    /// With at most this many leapfrog steps in a trajectory.
    public Hmc mostLeapfrogs(int number) {
        check(number >= 1, "mostLeapfrogs", "at least 1", number);
        return new Hmc(target, support, warmup, draws, acceptance, length, number, dense, deadline);
    }

    /// With a metric that knows correlations, or one of widths alone.
    public Hmc dense(boolean on) {
        return new Hmc(target, support, warmup, draws, acceptance, length, mostLeapfrogs, on, deadline);
    }

    /// With at most this much time for warm-up and draws; what has been drawn by then is diagnosed and returned.
    public Hmc deadline(Duration time) {
        return new Hmc(target, support, warmup, draws, acceptance, length, mostLeapfrogs, dense, time);
    }

    private static void check(boolean fine, String what, String expected, Object got) {
        if (!fine) {
            throw new IllegalArgumentException("Hmc." + what + ": expected " + expected + ", got " + got);
        }
    }

    /// Where all chains are.
    ///
    /// @param z unconstrained positions, `[C, D]`
    /// @param logDensity `ln π(z)`, volume term included, `[C]`
    /// @param gradient its derivative, `[C, D]`
    public record State(Tensor z, Tensor logDensity, Tensor gradient) {}

    /// What warm-up finds.
    ///
    /// @param stepSize `ε`, a scalar
    /// @param metric `L` with `L Lᵀ` the covariance of `z`, `[D, D]`
    public record Tuning(Tensor stepSize, Tensor metric) {}

    /// What happened in a step.
    ///
    /// @param acceptance the probability of acceptance of each chain, `[C]`
    /// @param diverged 1 where the trajectory went astray, `[C]`
    public record Info(Tensor acceptance, Tensor diverged) {}

    /// A step's result.
    public record Step(State state, Info info) {}

    private record Phase(State at, Tensor momentum) {}

    private record Proposal(Phase from, Phase to) {}

    /// The compiled sampler for a number of chains and an element type.
    public final class Sampler {
        private final Program<Tensor, State> start;
        private final Program<Key, Tensor> refresh;
        private final Program.Binary<Phase, Tuning, Phase> leapfrog;
        private final Program.Binary<Proposal, Key, Step> accept;

        private Sampler(Tensor example) {
            Tensor z = Tensor.zeros(example.type());
            State state = new State(z, Tensor.zeros(z.dtype(), z.dim(0)), z);
            Phase phase = new Phase(state, z);
            Tuning tuning = new Tuning(Tensor.scalar(1, z.dtype()), Tensor.eye(z.dim(1), z.dtype()));
            start = Program.of(theta -> at(space.inverse(theta).value()), z);
            refresh = Program.of(k -> k.normal(z.dtype(), z.dim(0), z.dim(1)), Key.of(0));
            leapfrog = Program.of(Hmc.this::leapfrog, phase, tuning);
            accept = Program.of(Hmc::accept, new Proposal(phase, phase), Key.of(0));
        }

        /// The state at parameters `[C, D]`.
        public State start(Tensor theta) {
            return start.run(theta);
        }

        /// One trajectory of every chain, accepted or not.
        public Step step(State state, Tuning tuning, int leapfrogs, Key key) {
            Phase from = new Phase(state, refresh.run(key.fold(0)));
            Phase to = from;
            for (int i = 0; i < leapfrogs; i++) {
                to = leapfrog.run(to, tuning);
            }
            return accept.run(new Proposal(from, to), key.fold(1));
        }
    }

    /// The compiled sampler for chains that start at parameters `[C, D]` of this type.
    public Sampler compile(Tensor theta) {
        return new Sampler(theta);
    }

    private State at(Tensor z) {
        Bijection.Mapped theta = space.forward(z);
        Tensor logp = target.of(theta.value());
        if (!logp.shape().equals(Shape.of(z.dim(0)))) {
            throw new IllegalArgumentException("Hmc: the log-density of " + z.type() + " must be [" + z.dim(0) + "], got " + logp.type());
        }
        Tensor both = logp.cast(z.dtype()).add(theta.logDet());
        return new State(z, both, Gradient.of(both.sum(), z));
    }

    private Phase leapfrog(Phase p, Tuning t) {
        Tensor half = t.stepSize.mul(0.5);
        Tensor n = p.momentum.add(p.at.gradient.matmul(t.metric).mul(half));
        State next = at(p.at.z.add(n.matmul(t.metric.transpose()).mul(t.stepSize)));
        return new Phase(next, n.add(next.gradient.matmul(t.metric).mul(half)));
    }

    private static Tensor energy(Phase p) {
        return p.momentum.square().sum(1).mul(0.5).sub(p.at.logDensity);
    }

    private static Step accept(Proposal p, Key key) {
        Tensor gain = energy(p.from).sub(energy(p.to));
        // comparisons with NaN are false: a NaN never stays
        Tensor sane = gain.greater(-DIVERGENCE);
        Tensor safe = sane.where(gain, -DIVERGENCE);
        Tensor probability = sane.where(safe.min(0).exp(), 0);
        Tensor u = key.uniform(gain.dtype(), gain.dim(0));
        Tensor take = u.less(probability);
        Tensor rows = take.expand(1);
        State a = p.to.at;
        State b = p.from.at;
        State state = new State(rows.where(a.z, b.z), take.where(a.logDensity, b.logDensity), rows.where(a.gradient, b.gradient));
        return new Step(state, new Info(probability, sane.where(0, sane.like(1))));
    }

    /// Warms up, tunes and draws, from parameters `[C, D]` inside the box: one row per chain, best from a prior or a rough posterior.
    /// Rows with a density of zero are moved onto others.
    public Chains run(Tensor theta, Key key) {
        if (theta.shape().rank() != 2 || theta.dim(1) != space.dimension() || !theta.dtype().isFloating()) {
            throw new IllegalArgumentException("Hmc.run: expected starting points [chains, " + space.dimension() + "], got " + theta.type());
        }
        return new Run(theta, key).all();
    }

    /// One run, from start to end.
    private final class Run {
        private final long begin = System.nanoTime();
        private final Sampler sampler;
        private final Key key;
        private final int chains;
        private final int dimension;
        private final DType dtype;
        private final double[] jitter;
        private State state;
        private Tuning tuning;
        private long gradients;
        private int steps;
        private double meanAcceptance;
        private double harmonic;
        private int diverged;

        Run(Tensor theta, Key key) {
            this.key = key;
            chains = theta.dim(0);
            dimension = theta.dim(1);
            dtype = theta.dtype();
            jitter = key.fold(0).uniform(DType.F64, warmup + draws).toDoubles();
            sampler = compile(theta);
            state = seat(theta);
            tuning = new Tuning(Tensor.scalar(1, dtype), factor(state.z.toDoubles(), false));
        }

        /// The state at the starting points, those with a density of zero replaced by others in turn.
        private State seat(Tensor theta) {
            State s = sampler.start(theta);
            double[] logp = s.logDensity.toDoubles();
            double[] g = s.gradient.toDoubles();
            int[] good = new int[chains];
            int n = 0;
            for (int i = 0; i < chains; i++) {
                boolean finite = Double.isFinite(logp[i]);
                for (int k = 0; k < dimension; k++) {
                    finite &= Double.isFinite(g[i * dimension + k]);
                }
                if (finite) {
                    good[n++] = i;
                }
            }
            if (n == 0) {
                throw new IllegalArgumentException("Hmc.run: the log-density or its gradient is not finite at any of the " + chains + " starting points");
            } else if (n == chains) {
                return s;
            }
            int[] pick = new int[chains];
            int next = 0;
            for (int i = 0, at = 0; i < chains; i++) {
                pick[i] = at < n && good[at] == i ? good[at++] : good[next++ % n];
            }
            return sampler.start(theta.gather(0, Tensor.of(pick)));
        }

        private boolean late() {
            return System.nanoTime() - begin > deadline.toNanos();
        }

        private void step(int leapfrogs) {
            Step s = sampler.step(state, tuning, leapfrogs, key.fold(1).fold(steps++));
            state = s.state;
            gradients += leapfrogs;
            double[] p = s.info.acceptance.toDoubles();
            meanAcceptance = 0;
            double inverse = 0;
            for (double v : p) {
                meanAcceptance += v / p.length;
                inverse += 1 / Math.max(v, WORST) / p.length;
            }
            harmonic = 1 / inverse;
            diverged = 0;
            for (double v : s.info.diverged.toDoubles()) {
                diverged += v > 0 ? 1 : 0;
            }
        }

        private void stepSize(double epsilon) {
            tuning = new Tuning(Tensor.scalar(epsilon, dtype), tuning.metric);
        }

        private int leapfrogs(int t, int most) {
            double epsilon = tuning.stepSize.item();
            return Math.clamp(Math.round(length * (0.5 + jitter[t]) / epsilon), 1, most);
        }

        /// A step size at which about half of the chains accept one leapfrog step (Hoffman & Gelman 2014, algorithm 4).
        private double firstStepSize(double guess) {
            double epsilon = guess;
            int direction = 0;
            for (int i = 0; i < 40; i++) {
                stepSize(epsilon);
                step(1);
                int wanted = meanAcceptance > 0.5 ? 1 : -1;
                if (direction != 0 && wanted != direction) {
                    break;
                }
                direction = wanted;
                epsilon *= direction > 0 ? 2 : 0.5;
            }
            return epsilon;
        }

        private void warm() {
            int window = Math.max(10, warmup / 15);
            int settle = Math.min(50, warmup / 5);
            int from = 0;
            double epsilon = firstStepSize(0.5);
            while (from < warmup) {
                int to = from + window;
                boolean last = from >= warmup - settle;
                if (last) {
                    to = warmup;
                } else if (to + 2 * window > warmup - settle) {
                    to = warmup - settle;
                }
                DualAveraging average = new DualAveraging(epsilon, acceptance);
                double[] seen = new double[(to - from) * chains * dimension];
                int kept = 0;
                double[] level = new double[chains];
                for (int t = from; t < to; t++) {
                    if (late()) {
                        throw new IllegalStateException(String.format(
                                Locale.ROOT, "Hmc.run: the deadline of %.3g s passed after %d of %d warm-up steps, before any draw; allow more time or ask for fewer warm-up steps",
                                deadline.toNanos() * 1e-9, t, warmup));
                    }
                    stepSize(average.epsilon);
                    step(leapfrogs(t, from == 0 ? Math.min(mostLeapfrogs, 16) : mostLeapfrogs));
                    average.see(harmonic);
                    if (t >= from + (to - from) / 2) {
                        double[] z = state.z.toDoubles();
                        System.arraycopy(z, 0, seen, kept * z.length, z.length);
                        kept++;
                        double[] logp = state.logDensity.toDoubles();
                        for (int i = 0; i < chains; i++) {
                            level[i] += logp[i];
                        }
                    }
                }
                epsilon = average.mean();
                stepSize(epsilon);
                if (!last) {
                    boolean[] lost = lost(level, kept);
                    tuning = new Tuning(tuning.stepSize, factor(without(seen, kept, lost), dense));
                    rescue(lost);
                    epsilon = Math.min(firstStepSize(epsilon), 1.5);
                }
                from = to;
                window *= 2;
            }
        }

        /// The chains that a window left far below the others: more than 10 standard deviations of `χ²(D)/2` below the median.
        private boolean[] lost(double[] level, int kept) {
            double median = Arrays.stream(level).sorted().toArray()[chains / 2];
            boolean[] lost = new boolean[chains];
            for (int i = 0; i < chains; i++) {
                lost[i] = !(level[i] > median - 10 * kept * Math.max(1, Math.sqrt(dimension / 2.0)));
            }
            return lost;
        }

        /// The rows `[kept, C, D]` of the chains that are not lost.
        private double[] without(double[] seen, int kept, boolean[] lost) {
            double[] out = new double[seen.length];
            int n = 0;
            for (int r = 0; r < kept * chains; r++) {
                if (!lost[r % chains]) {
                    System.arraycopy(seen, r * dimension, out, n * dimension, dimension);
                    n++;
                }
            }
            return Arrays.copyOf(out, n * dimension);
        }

        /// Puts lost chains where others are, in turn.
        private void rescue(boolean[] lost) {
            int[] pick = new int[chains];
            int donor = -1;
            boolean any = false;
            for (int i = 0; i < chains; i++) {
                pick[i] = i;
                if (lost[i]) {
                    any = true;
                    do {
                        donor = (donor + 1) % chains;
                    } while (lost[donor]);
                    pick[i] = donor;
                }
            }
            if (any) {
                Tensor index = Tensor.of(pick);
                state = new State(state.z.gather(0, index).evaluated(), state.logDensity.gather(0, index).evaluated(), state.gradient.gather(0, index).evaluated());
            }
        }

        Chains all() {
            warm();
            int size = chains * dimension;
            double[] z = new double[draws * size];
            double sum = 0;
            int divergences = 0;
            int n = 0;
            while (n < draws && (n < 4 || !late())) {
                step(leapfrogs(warmup + n, mostLeapfrogs));
                System.arraycopy(state.z.toDoubles(), 0, z, n * size, size);
                sum += meanAcceptance;
                divergences += diverged;
                n++;
            }
            Tensor flat = Tensor.of(Shape.of(n * chains, dimension), Arrays.copyOf(z, n * size)).cast(dtype);
            double[] values = space.forward(flat).value().toDoubles();
            Tensor drawn = Tensor.of(Shape.of(n, chains, dimension), values).cast(dtype);
            double[] logp = logDensities(flat, n);
            return new Chains(
                    drawn, Tensor.of(Shape.of(n, chains), logp), sum / n, divergences, tuning, gradients,
                    (System.nanoTime() - begin) * 1e-9, n == draws, Chains.diagnose(drawn));
        }

        /// `ln π(θ)` of all draws, in portions of one size, the last of which overlaps the one before.
        private double[] logDensities(Tensor flat, int n) {
            int total = n * chains;
            int portion = Math.min(total, Math.max(chains, 2048));
            Program<Tensor, Tensor> p =
                    Program.of(x -> target.of(space.forward(x).value()), Tensor.zeros(dtype, portion, dimension));
            double[] out = new double[total];
            for (int from = 0; from < total; from += portion) {
                int start = Math.min(from, total - portion);
                double[] part = p.run(flat.slice(0, start, start + portion)).toDoubles();
                System.arraycopy(part, 0, out, start, portion);
            }
            return out;
        }

        /// The lower factor of the covariance of rows `[n, D]`, shrunk to its diagonal where rows are few.
        private Tensor factor(double[] rows, boolean correlations) {
            int d = dimension;
            int n = rows.length / d;
            double[] mean = new double[d];
            for (int i = 0; i < n; i++) {
                for (int k = 0; k < d; k++) {
                    mean[k] += rows[i * d + k] / n;
                }
            }
            double[][] c = new double[d][d];
            for (int i = 0; i < n; i++) {
                for (int a = 0; a < d; a++) {
                    for (int b = 0; b <= (correlations ? a : -1); b++) {
                        c[a][b] += (rows[i * d + a] - mean[a]) * (rows[i * d + b] - mean[b]) / n;
                    }
                    if (!correlations) {
                        c[a][a] += (rows[i * d + a] - mean[a]) * (rows[i * d + a] - mean[a]) / n;
                    }
                }
            }
            double share = n / (n + d + 5.0);
            double[][] l = new double[d][d];
            for (int a = 0; a < d; a++) {
                double own = c[a][a] > 1e-300 && Double.isFinite(c[a][a]) ? c[a][a] : 1;
                for (int b = 0; b <= a; b++) {
                    double s = a == b ? own : share * c[a][b];
                    for (int k = 0; k < b; k++) {
                        s -= l[a][k] * l[b][k];
                    }
                    l[a][b] = a == b ? Math.sqrt(Math.max(s, 1e-10 * own)) : s / l[b][b];
                }
            }
            return Tensor.of(l).cast(dtype);
        }
    }

    /// Nesterov's dual averaging of `ln ε` (Hoffman & Gelman 2014, equation 6), `γ = 0.05`, `t₀ = 10`, `κ = 0.75`.
    private static final class DualAveraging {
        private final double wanted;
        private final double centre;
        private double excess;
        private double logMean;
        private int t;
        private double epsilon;

        DualAveraging(double epsilon, double wanted) {
            this.wanted = wanted;
            this.epsilon = epsilon;
            centre = Math.log(2 * epsilon);
            logMean = Math.log(epsilon);
        }

        void see(double acceptance) {
            t++;
            excess += (wanted - acceptance - excess) / (t + 10);
            double log = centre - Math.sqrt(t) / 0.05 * excess;
            double weight = Math.pow(t, -0.75);
            logMean = weight * log + (1 - weight) * logMean;
            epsilon = Math.exp(log);
        }

        double mean() {
            return Math.exp(logMean);
        }
    }
}
