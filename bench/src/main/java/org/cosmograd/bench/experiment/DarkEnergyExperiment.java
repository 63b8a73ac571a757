package org.cosmograd.bench.experiment;

import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.kernel.Philox;
import org.cosmograd.bench.Experiment;
import org.cosmograd.bench.Run;
import org.cosmograd.flows.CouplingFlow;
import org.cosmograd.flows.Support;
import org.cosmograd.flows.Uniform;
import org.cosmograd.nn.FitListener;
import org.cosmograd.nn.FitSettings;
import org.cosmograd.nn.Progress;
import org.cosmograd.nn.Schedule;
import org.cosmograd.sbi.AmortizedPosterior;
import org.cosmograd.sbi.Calibration;
import org.cosmograd.sbi.ConstrainedPrior;
import org.cosmograd.sbi.Constraint;
import org.cosmograd.sbi.Npe;
import org.cosmograd.sbi.ObservedPosterior;
import org.cosmograd.sbi.diagnostics.C2st;
import org.cosmograd.sbi.diagnostics.PredictiveCheck;
import org.cosmograd.sbi.io.GetDistChain;
import org.cosmograd.sbi.io.Npz;
import org.cosmograd.sbi.mcmc.Chains;
import org.cosmograd.sbi.mcmc.Hmc;
import org.cosmograd.sbi.plot.Chart;
import org.cosmograd.sbi.plot.CornerPlot;
import org.cosmograd.sbi.plot.CoveragePlot;
import org.cosmograd.sbi.plot.KeyNumber;
import org.cosmograd.sbi.plot.Panels;
import org.cosmograd.sbi.plot.RankPlot;
import org.cosmograd.simulators.cosmology.BackgroundLikelihood;
import org.cosmograd.simulators.cosmology.BackgroundParameter;
import org.cosmograd.simulators.cosmology.Quantity;
import org.cosmograd.simulators.cosmology.Survey;

/// Evolving dark energy from real surveys of the expansion: a neural posterior trained on simulated surveys, evaluated at the real
/// ones, and beside it the exact posterior by Hamiltonian Monte Carlo through the differentiable likelihood.
public final class DarkEnergyExperiment implements Experiment {
    private static final List<BackgroundParameter> PARAMETERS = List.of(BackgroundParameter.values());
    private static final List<String> LABELS = List.of("Ωₘ", "w₀", "wₐ", "H₀·r_{d}", "ΔM");
    private static final List<String> NAMES = List.of("omegam", "w0", "wa", "h0rd", "dm");
    private static final Map<Quantity, String> TITLES = Map.of(
            Quantity.DM_OVER_RD, "D_{M}/r_{d}", Quantity.DH_OVER_RD, "D_{H}/r_{d}", Quantity.DV_OVER_RD, "D_{V}/r_{d}", Quantity.H_TIMES_RD, "H·r_{d}",
            Quantity.DISTANCE_MODULUS, "μ");
    private static final int COMPARED = 10_000;

    @Override
    public String name() {
        return "dark-energy";
    }

    @Override
    public String summary() {
        return "evolving dark energy from DESI DR2 BAO and supernovae: a neural posterior against the exact one";
    }

    @Override
    public String description() {
        return """
                Flat w0wa cosmology, w(a) = w0 + wa (1 - a), with parameters Ωm, w0, wa, H0·rd [km/s] and the supernova offset ΔM [mag];
                flat priors Ωm in [0.01, 0.99], w0 in [-3, 1], wa in [-3, 2] with w0 + wa < 0, H0·rd in [3650, 18250], ΔM in [-1, 1].

                c2st_exact            how well a classifier tells neural from exact draws at the real data; 0.5 is perfect
                mean_shift_max_sigma  largest difference of the means in units of the exact standard deviation
                sigma_ratio_worst     the ratio of standard deviations that is farthest from 1
                coverage_max_error    largest error of the expected coverage over the prior predictive
                tension_lcdm_sigma    how strongly the data prefer w0wa to a cosmological constant, from the best fits
                w0_mean w0_sd …       moments of the exact posterior; npe_… those of the neural one""";
    }

    @Override
    public List<Setting> settings() {
        return List.of(
                new Setting("supernovae", "union3", "union3, pantheon2018 or jla"),
                new Setting("bao", "desi-dr2", "desi-dr2, desi-dr1, sdss-dr12 or sdss-dr16"),
                new Setting("budget", "full", "full, or small for a quick look (targets do not hold)"),
                new Setting("members", "2", "networks in the ensemble; they train side by side"),
                new Setting("simulations", "auto", "universes drawn from the prior; noise is fresh at every step"),
                new Setting("steps", "auto", "steps of training"),
                new Setting("calibration", "auto", "simulated surveys for the coverage test"));
    }

    /// What a budget buys.
    private record Budget(int simulations, int steps, int batch, int calibration, int draws, int hmcDraws) {}

    @Override
    public void run(Run run) {
        BackgroundLikelihood likelihood = BackgroundLikelihood.of(bao(run), supernovae(run));
        boolean small = run.settings().choice("budget", List.of("full", "small")).equals("small");
        Budget usual = small ? new Budget(20_000, 600, 256, 200, 200, 80) : new Budget(200_000, 12_000, 512, 2_500, 300, 300);
        Budget budget = new Budget(
                auto(run, "simulations", usual.simulations, 1000), auto(run, "steps", usual.steps, 10), usual.batch,
                auto(run, "calibration", usual.calibration, 50), usual.draws, usual.hmcDraws);

        Exact exact = exact(run, likelihood, budget);
        Features features = Features.of(likelihood);
        AmortizedPosterior posterior = train(run, likelihood, features, budget);
        Tensor observed = features.of(likelihood.observed(DType.F32).reshape(1, likelihood.observables())).evaluated();
        ObservedPosterior neural = posterior.given(observed);
        double[][] npe = neural.draw(run.key().fold(4), COMPARED, Duration.ofMinutes(1)).samples().toRows();
        save(run, "npe", npe);

        compare(run, exact, npe);
        calibrate(run, likelihood, features, posterior, budget);
        predict(run, likelihood, npe);
        run.report(r -> r.section("Networks").text(posterior.toString()));
        posterior.save(run.file("model"));
    }

    private static int auto(Run run, String key, int usual, int least) {
        return run.settings().text(key).equals("auto") ? usual : run.settings().integer(key, least);
    }

    private static Survey bao(Run run) {
        return switch (run.settings().choice("bao", List.of("desi-dr2", "desi-dr1", "sdss-dr12", "sdss-dr16"))) {
            case "desi-dr2" -> Survey.desiDr2();
            case "desi-dr1" -> Survey.desiDr1();
            case "sdss-dr12" -> Survey.sdssDr12();
            default -> Survey.sdssDr16();
        };
    }

    private static Survey supernovae(Run run) {
        return switch (run.settings().choice("supernovae", List.of("union3", "pantheon2018", "jla"))) {
            case "union3" -> Survey.union3();
            case "pantheon2018" -> Survey.pantheon2018();
            default -> Survey.jla();
        };
    }

    // ------------------------------------------------------------------------------------------------- the exact posterior

    /// The exact posterior: draws, and the best fits with and without evolving dark energy.
    private record Exact(double[][] draws, double chiSquared, double chiSquaredLcdm) {}

    private static double[] low() {
        return PARAMETERS.stream().mapToDouble(BackgroundParameter::low).toArray();
    }

    private static double[] high() {
        return PARAMETERS.stream().mapToDouble(BackgroundParameter::high).toArray();
    }

    private static Exact exact(Run run, BackgroundLikelihood likelihood, Budget budget) {
        double[] best = fit(likelihood, usual());
        Set<BackgroundParameter> fixed =
                Set.of(BackgroundParameter.OMEGA_M, BackgroundParameter.H0_RD, BackgroundParameter.OFFSET);
        BackgroundLikelihood lcdm = BackgroundLikelihood.of(likelihood.surveys(), fixed);
        double[] bestLcdm = fit(lcdm, lcdm.free().stream().mapToDouble(BackgroundParameter::usual).toArray());
        double chi = likelihood.chiSquared(Tensor.of(best), likelihood.observed(DType.F64)).item();
        double chiLcdm = lcdm.chiSquared(Tensor.of(bestLcdm), lcdm.observed(DType.F64)).item();
        double tension = sigmas(chiLcdm - chi);
        run.figure("tension_lcdm_sigma", tension);
        run.say("best fits: χ² %.2f with w0wa, %.2f with a cosmological constant", chi, chiLcdm);

        double[][] draws;
        if (Files.exists(run.file("exact.npz"))) {
            draws = Npz.read(run.file("exact.npz")).array("theta").matrix();
            run.say("exact posterior: %d draws from before", draws.length);
        } else {
            int chains = 64;
            Tensor width = Tensor.of(0.02, 0.1, 0.3, 100, 0.05);
            Tensor start = Tensor.of(new double[][] {best})
                    .add(run.key().fold(1).normal(DType.F64, chains, 5).mul(width).mul(0.5));
            Chains c = Hmc.of(t -> likelihood.logLikelihood(t).add(likelihood.logPrior(t)), Support.of(low(), high()))
                    .draws(budget.hmcDraws)
                    .run(start, run.key().fold(2));
            run.say("exact posterior: %d chains of %d draws, R-hat %.3f, %.0f effective draws, %.1f s", chains, budget.hmcDraws, c.rHat(), c.ess(), c.seconds());
            draws = c.samples().toRows();
            save(run, "exact", draws);
            run.figure("hmc_rhat", c.rHat());
            run.figure("hmc_ess", c.ess());
            run.figure("hmc_seconds", c.seconds());
        }
        return new Exact(draws, chi, chiLcdm);
    }

    private static double[] usual() {
        return new double[] {0.33, -0.7, -1, 9740, 0};
    }

    /// The parameters of least `χ²`, by Gauss and Newton's method with steps halved where it would rise.
    private static double[] fit(BackgroundLikelihood likelihood, double[] start) {
        Tensor theta = Tensor.of(start);
        Tensor x = likelihood.observed(DType.F64);
        double chi = likelihood.chiSquared(theta, x).item();
        for (int i = 0; i < 40; i++) {
            Tensor r = likelihood.whiten(x.sub(likelihood.theory(theta)));
            Tensor j = Gradient.jacobian(r, theta);
            Tensor l = j.transpose().matmul(j).cholesky();
            Tensor g = j.transpose().matmul(r.expand(1));
            Tensor step = l.solveTriangular(l.solveTriangular(g, false), true).squeeze(1);
            double before = chi;
            for (double size = 1; size > 1e-6; size /= 2) {
                Tensor next = Tensor.of(theta.sub(step.mul(size)).toDoubles());
                double there = likelihood.chiSquared(next, x).item();
                if (there <= chi) {
                    theta = next;
                    chi = there;
                    break;
                }
            }
            if (before - chi < 1e-9) {
                break;
            }
        }
        return theta.toDoubles();
    }

    /// `Δχ²` of two further parameters as the standard deviations of a normal distribution with the same probability beyond:
    /// `e^(-Δχ²/2) = 2 (1 - Φ(n))`.
    private static double sigmas(double difference) {
        double p = Math.exp(-difference / 2);
        return -Philox.quantile(Math.max(p / 2, 1e-300));
    }

    private static void save(Run run, String name, double[][] draws) {
        Npz.of().with("theta", draws).save(run.file(name + ".npz"));
        GetDistChain.of(NAMES, LABELS, draws).limits(low(), high()).save(run.file("chains"), name);
    }

    // ------------------------------------------------------------------------------------------------- the neural posterior

    /// What the networks see of a survey, `x`: with `f` the logarithms of distance ratios and the distance moduli, minus those of a
    /// reference universe `θ₀`, and `w = W f` the same in directions in which the noise has unit variance,
    ///
    /// - `asinh(w/5)`, which resolves differences of the size of the noise,
    /// - `asinh(0.3 t)` of the score at `θ₀` in units of its noise, `t = F^(-½) Jᵀ w` with `J = ∂w/∂θ`, `F = Jᵀ J` (score compression, Alsing &
    ///   Wandelt 2018, arXiv:1712.00012), which is all there is to know near `θ₀`,
    /// - `f` itself, for universes far away.
    private record Features(Tensor ratios, Tensor reference, Tensor directions, Tensor score, Tensor estimate, Tensor model) {
        static Features of(BackgroundLikelihood likelihood) {
            int n = likelihood.observables();
            double[] isRatio = new double[n];
            int at = 0;
            for (Survey s : likelihood.surveys()) {
                for (Quantity q : s.quantities()) {
                    isRatio[at++] = q == Quantity.DISTANCE_MODULUS ? 0 : 1;
                }
            }
            Tensor origin = Tensor.of(ORIGIN);
            Tensor theory = likelihood.theory(origin);
            double[] mean = theory.toDoubles();
            double[][] slopes = Gradient.jacobian(theory, origin).toRows();
            double[][] covariance = covariance(likelihood);
            double[] reference = new double[n];
            for (int i = 0; i < n; i++) {
                double unit = isRatio[i] == 1 ? mean[i] : 1;
                reference[i] = isRatio[i] == 1 ? Math.log(mean[i]) : mean[i];
                for (int j = 0; j < n; j++) {
                    covariance[i][j] /= unit;
                    covariance[j][i] /= unit;
                }
                for (int j = 0; j < slopes[i].length; j++) {
                    slopes[i][j] /= unit;
                }
            }
            Tensor c = Tensor.of(covariance);
            Tensor whitening = c.symmetricEigenvectors().div(c.symmetricEigenvalues().sqrt());
            Tensor j = whitening.transpose().matmul(Tensor.of(slopes));
            Tensor fisher = j.transpose().matmul(j);
            Tensor l = fisher.cholesky();
            Tensor half = l.solveTriangular(j.transpose(), false);
            Tensor principal = j.matmul(fisher.symmetricEigenvectors().div(fisher.symmetricEigenvalues().sqrt()));
            return new Features(
                    single(Tensor.of(isRatio)), single(Tensor.of(reference)), single(whitening),
                    single(Tensor.concat(1, half.transpose(), principal)), single(l.solveTriangular(half, true).transpose()), single(j.transpose()));
        }

        private static Tensor single(Tensor t) {
            return t.cast(DType.F32).evaluated();
        }

        Tensor of(Tensor x) {
            Tensor f = ratios.where(ratios.where(x.max(1e-3), 1).log(), x).sub(reference);
            Tensor w = f.matmul(directions);
            return Tensor.concat(1, asinh(w.mul(0.2)), asinh(w.matmul(score).mul(0.3)), f);
        }

        private static Tensor asinh(Tensor w) {
            return w.abs().add(w.square().add(1).sqrt()).log().mul(w.sign());
        }

        /// `p̃(θ)/p(θ)` at the linear estimate of `θ` from features `x`, cut off where a universe near `θ₀` does not explain them.
        Tensor importance(Tensor x) {
            Tensor w = x.slice(1, x.dim(1) - reference.dim(0), x.dim(1)).matmul(directions);
            Tensor step = w.matmul(estimate);
            Tensor unexplained = w.sub(step.matmul(model)).square().sum(1).sub(60).max(0);
            return proposalRatio(step.add(Tensor.of(ORIGIN).cast(DType.F32)), unexplained.mul(0.1));
        }
    }

    // where today's cosmology lies, generously; half of the universes are drawn there, half from the prior
    private static final double[] ORIGIN = {0.31, -0.85, -0.6, 9900, 0};
    private static final double[] SPREAD = {0.07, 0.35, 1.4, 500, 0.25};
    private static final double CLOSE = 0.5;
    private static final double LARGEST_WEIGHT = 10;

    /// `p̃/p = ½ + ½ N(θ; θ₀, spread²)/p(θ)`, the second term weakened by `e^(-penalty)`.
    private static Tensor proposalRatio(Tensor theta, Tensor penalty) {
        double log = 0;
        for (int k = 0; k < SPREAD.length; k++) {
            log += Math.log((high()[k] - low()[k]) / (SPREAD[k] * Math.sqrt(2 * Math.PI)));
        }
        Tensor z = theta.sub(Tensor.of(ORIGIN).cast(theta.dtype())).div(Tensor.of(SPREAD).cast(theta.dtype()));
        Tensor near = z.square().sum(1).mul(-0.5).add(log).sub(penalty).clamp(-30, 20).exp();
        return near.mul(CLOSE).add(1 - CLOSE);
    }

    /// Parameters from the proposal, `[n, 5]`.
    private static Tensor propose(BackgroundLikelihood likelihood, Key key, int n) {
        double[][] theta = likelihood.samplePrior(key.fold(0), DType.F64, n).toRows();
        double[] choice = key.fold(1).uniform(DType.F64, n).toDoubles();
        Philox random = key.fold(2).stream();
        for (int i = 0; i < n; i++) {
            while (choice[i] < CLOSE) {
                double[] c = new double[ORIGIN.length];
                boolean inside = true;
                for (int k = 0; k < c.length; k++) {
                    c[k] = ORIGIN[k] + SPREAD[k] * random.normal();
                    inside &= c[k] > low()[k] && c[k] < high()[k];
                }
                if (inside && c[1] + c[2] < 0) {
                    theta[i] = c;
                    break;
                }
            }
        }
        return Tensor.of(theta).cast(DType.F32).evaluated();
    }

    private static double[][] covariance(BackgroundLikelihood likelihood) {
        int n = likelihood.observables();
        double[][] c = new double[n][n];
        int at = 0;
        for (Survey s : likelihood.surveys()) {
            double[][] block = s.covariance().toRows();
            for (int i = 0; i < block.length; i++) {
                System.arraycopy(block[i], 0, c[at + i], at, block.length);
            }
            at += block.length;
        }
        return c;
    }

    private static Npe npe(Run run) {
        Constraint early = t -> t.at(1, PARAMETERS.indexOf(BackgroundParameter.W0))
                .add(t.at(1, PARAMETERS.indexOf(BackgroundParameter.WA)))
                .less(0);
        return Npe.of(ConstrainedPrior.of(Uniform.of(low(), high()), early))
                .splines(CouplingFlow.Form.DEFAULT.withLayers(5).withHidden(64, 2).withBins(8, 6))
                .members(run.settings().integer("members", 1))
                .folder(run.file("training"));
    }

    private static AmortizedPosterior train(Run run, BackgroundLikelihood likelihood, Features features, Budget budget) {
        int n = budget.simulations;
        Tensor theta = propose(likelihood, run.key().fold(3), n);
        int piece = Math.min(n, 10_000);
        Program<Tensor, Tensor> theory = Program.of(likelihood::theory, theta.slice(0, 0, piece));
        List<Tensor> parts = new ArrayList<>();
        try (Progress progress = run.progress("simulate", "universes", n)) {
            for (int i = 0; i + piece <= n; i += piece) {
                parts.add(theory.run(theta.slice(0, i, i + piece)));
                progress.at(i + piece);
            }
        }
        Tensor means = Tensor.concat(0, parts).evaluated();
        Tensor root = Tensor.of(covariance(likelihood)).cholesky().transpose().cast(DType.F32).evaluated();
        int perEpoch = Math.max(1, (int) (means.dim(0) * 0.98) / budget.batch);
        FitSettings settings = FitSettings.DEFAULT
                .withBatch(budget.batch)
                .withEpochs(Math.max(1, budget.steps / perEpoch))
                .withRate(1e-3)
                .withSchedule(Schedule.cosine(budget.steps, 0.01))
                .withValidation(0.02)
                .withPatience(100_000)
                .withKey(run.key().fold(5));
        Losses losses = new Losses(run, Math.max(1, budget.steps / perEpoch), run.settings().integer("members", 1));
        AmortizedPosterior posterior = npe(run)
                .settings(settings)
                .listener(losses)
                .fresh((mean, key) -> features.of(
                        mean.add(key.normal(DType.F32, mean.dim(0), mean.dim(1)).matmul(root))))
                .weights((t, x) -> features.importance(x).div(proposalRatio(t, Tensor.scalar(0, DType.F32))).min(LARGEST_WEIGHT))
                .train(theta.slice(0, 0, means.dim(0)), means);
        losses.close();
        run.report(r -> r.section("Training")
                .text(String.format(
                        Locale.ROOT, "%d universes, half from the prior and half from where today's cosmology lies, weighted so that the posterior is that of the prior; noise drawn afresh for each of %d steps of %d surveys.", means.dim(0), budget.steps, budget.batch)));
        if (!losses.validation.isEmpty()) {
            run.plot(
                    "losses",
                    Chart.losses(doubles(losses.training), doubles(losses.validation)),
                    "Loss −E ln q(θ | x) of the last member by epoch, on the surveys trained on and on those held out.");
        }
        return posterior;
    }

    private static double[] doubles(List<Double> list) {
        return list.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /// Shows and keeps how training goes.
    private static final class Losses implements FitListener {
        private final Progress progress;
        private final List<Double> training = new ArrayList<>();
        private final List<Double> validation = new ArrayList<>();
        private long done;

        Losses(Run run, int epochs, int members) {
            progress = run.progress("train", "epochs", (long) epochs * members);
        }

        @Override
        public synchronized void epoch(Epoch e) {
            while (training.size() <= e.epoch()) {
                training.add(e.trainLoss());
                validation.add(e.validationLoss());
            }
            training.set(e.epoch(), e.trainLoss());
            validation.set(e.epoch(), e.validationLoss());
            done++;
            progress.at(done, String.format(Locale.ROOT, "loss %.3f", e.validationLoss()));
        }

        void close() {
            progress.close();
        }
    }

    // ------------------------------------------------------------------------------------------------- comparing

    private static double[] mean(double[][] rows) {
        return IntStream.range(0, rows[0].length)
                .mapToDouble(k -> Arrays.stream(rows).mapToDouble(r -> r[k]).average().orElseThrow())
                .toArray();
    }

    private static double[] deviation(double[][] rows) {
        double[] m = mean(rows);
        return IntStream.range(0, m.length)
                .mapToDouble(k -> Math.sqrt(Arrays.stream(rows).mapToDouble(r -> (r[k] - m[k]) * (r[k] - m[k])).average().orElseThrow()))
                .toArray();
    }

    private static double[][] thinned(double[][] rows, int n) {
        return rows.length <= n
                ? rows
                : IntStream.range(0, n).mapToObj(i -> rows[(int) ((long) i * rows.length / n)]).toArray(double[][]::new);
    }

    private static void compare(Run run, Exact exact, double[][] npe) {
        double[][] reference = thinned(exact.draws, COMPARED);
        C2st c2st = C2st.of(Tensor.of(reference), Tensor.of(npe), run.key().fold(6));
        double[] m = mean(exact.draws);
        double[] s = deviation(exact.draws);
        double[] nm = mean(npe);
        double[] ns = deviation(npe);
        double shift = 0;
        double worst = 1;
        for (int k = 0; k < m.length; k++) {
            shift = Math.max(shift, Math.abs(nm[k] - m[k]) / s[k]);
            double ratio = ns[k] / s[k];
            worst = Math.abs(Math.log(ratio)) > Math.abs(Math.log(worst)) ? ratio : worst;
        }
        run.figure("c2st_exact", c2st.accuracy());
        run.figure("mean_shift_max_sigma", shift);
        run.figure("sigma_ratio_worst", worst);
        for (int k = 0; k < m.length; k++) {
            run.figure(NAMES.get(k) + "_mean", m[k]);
            run.figure(NAMES.get(k) + "_sd", s[k]);
            run.figure("npe_" + NAMES.get(k) + "_mean", nm[k]);
            run.figure("npe_" + NAMES.get(k) + "_sd", ns[k]);
        }
        run.number(KeyNumber.atMost("C2ST, neural against exact", c2st.accuracy(), 0.5, 0.60));
        run.number(KeyNumber.atMost("largest shift of a mean [σ]", shift, 0, 0.15));
        run.number(KeyNumber.within("worst ratio of widths", worst, 1, 0.1));
        String[] published = published(run);
        for (int k = 0; k < 3; k++) {
            run.number(KeyNumber.of(LABELS.get(k) + " exact", plusMinus(m[k], s[k]), published[k]));
            run.number(KeyNumber.of(LABELS.get(k) + " neural", plusMinus(nm[k], ns[k]), plusMinus(m[k], s[k])));
        }
        double tension = sigmas(exact.chiSquaredLcdm - exact.chiSquared);
        run.number(KeyNumber.of("preference over ΛCDM [σ]", String.format(Locale.ROOT, "%.2f", tension), ""));
        run.report(r -> r.section("Posterior")
                .text("The exact posterior comes from Hamiltonian Monte Carlo through the differentiable likelihood. The neural posterior has seen simulated surveys only; it is evaluated at the real ones."));
        run.plot(
                "corner",
                CornerPlot.of(LABELS)
                        .add("neural posterior", npe)
                        .outline("exact (HMC)", reference)
                        .truth("ΛCDM", Double.NaN, -1, 0, Double.NaN, Double.NaN)
                        .limits(low(), high()),
                "68 % and 95 % regions of the neural posterior (filled) and the exact one (dashed).");
        List<List<String>> rows = IntStream.range(0, m.length)
                .mapToObj(k -> List.of(LABELS.get(k), plusMinus(nm[k], ns[k]), plusMinus(m[k], s[k]), String.format(Locale.ROOT, "%.3f", (nm[k] - m[k]) / s[k]), String.format(Locale.ROOT, "%.3f", ns[k] / s[k])))
                .toList();
        run.report(r -> r.table(List.of("parameter", "neural", "exact", "shift [σ]", "ratio of widths"), rows)
                .text(String.format(
                        Locale.ROOT,
                        "Best fits: χ² = %.2f with w₀ and wₐ free, %.2f for a cosmological constant: a preference of %.2f σ for two parameters more.",
                        exact.chiSquared, exact.chiSquaredLcdm, tension)));
    }

    private static String[] published(Run run) {
        boolean paper = run.settings().text("bao").equals("desi-dr2") && run.settings().text("supernovae").equals("union3");
        return paper ? new String[] {"0.328", "−0.70 ± 0.11", "−0.99 ± 0.57"} : new String[] {"", "", ""};
    }

    private static String plusMinus(double mean, double deviation) {
        int digits = Math.max(0, 2 - (int) Math.ceil(Math.log10(deviation)));
        return String.format(Locale.ROOT, "%." + digits + "f ± %." + digits + "f", mean, deviation).replace('-', '−');
    }

    // ------------------------------------------------------------------------------------------------- checking

    private static void calibrate(Run run, BackgroundLikelihood likelihood, Features features, AmortizedPosterior posterior, Budget budget) {
        int n = budget.calibration;
        Tensor theta = likelihood.samplePrior(run.key().fold(7), DType.F32, n).evaluated();
        Tensor x = features.of(likelihood.simulate(theta, run.key().fold(8))).evaluated();
        Calibration c = Calibration.of(posterior, theta, x, budget.draws, run.key().fold(9));
        double error = c.coverage().maxError();
        run.figure("coverage_max_error", error);
        run.figure("tarp_max_error", c.tarp().maxError());
        run.figure("sbc_smallest_p", c.sbc().p());
        run.number(KeyNumber.atMost("largest error of coverage", error, 0, 0.03));
        run.number(KeyNumber.of("largest error of TARP", String.format(Locale.ROOT, "%.4f", c.tarp().maxError()), "0"));
        run.report(r -> r.section("Calibration")
                .text(n + " surveys simulated from the prior, with " + budget.draws + " posterior draws each. A calibrated posterior covers the truth as often as it says.")
                .table(List.of("diagnostic", "result"), List.of(
                        List.of("coverage of highest-density regions", c.coverage().toString()),
                        List.of("coverage of TARP regions", c.tarp().toString()),
                        List.of("smallest p-value of the ranks (SBC)", String.format(Locale.ROOT, "%.3f", c.sbc().p())))));
        run.plot(
                "coverage",
                CoveragePlot.of()
                        .add("highest density", c.coverage().levels())
                        .add("TARP", c.tarp().levels())
                        .figure(),
                "How often the truth lies within regions of given credibility; the band holds 95 % of calibrated posteriors.");
        int[][] ranks = new int[n][];
        int[] flat = c.sbc().ranks().toInts();
        for (int i = 0; i < n; i++) {
            ranks[i] = Arrays.copyOfRange(flat, 5 * i, 5 * i + 5);
        }
        run.plot("ranks", RankPlot.histograms(LABELS, ranks, budget.draws), "Ranks of the truth among posterior draws, for each parameter; flat if calibrated.");
    }

    private static void predict(Run run, BackgroundLikelihood likelihood, double[][] npe) {
        Tensor theta = Tensor.of(thinned(npe, 1000)).evaluated();
        double[][] replicas = likelihood.simulate(theta, run.key().fold(10)).toRows();
        double[][] models = likelihood.theory(theta).toRows();
        Tensor observed = likelihood.observed(DType.F64);
        PredictiveCheck check = PredictiveCheck.of(observed, Tensor.of(replicas));
        run.figure("predictive_p", check.p());
        double[] x = observed.toDoubles();
        double[] mean = mean(models);
        List<Chart> charts = new ArrayList<>();
        int at = 0;
        for (Survey s : likelihood.surveys()) {
            double[] z = s.z().toDoubles();
            double[] sigma = IntStream.range(0, z.length).mapToDouble(i -> Math.sqrt(s.covariance().get(i, i))).toArray();
            for (Quantity q : s.quantities().stream().distinct().toList()) {
                int first = at;
                int[] rows = IntStream.range(0, z.length).filter(i -> s.quantities().get(i) == q).toArray();
                if (rows.length < 2) {
                    continue;
                }
                Integer[] byZ = IntStream.of(rows).boxed().sorted((a, b) -> Double.compare(z[a], z[b])).toArray(Integer[]::new);
                boolean modulus = q == Quantity.DISTANCE_MODULUS;
                double[] zs = Arrays.stream(byZ).mapToDouble(i -> z[i]).toArray();
                double[] y = Arrays.stream(byZ).mapToDouble(i -> residual(modulus, x[first + i], mean[first + i])).toArray();
                double[] dy = Arrays.stream(byZ).mapToDouble(i -> modulus ? sigma[i] : sigma[i] / mean[first + i]).toArray();
                Chart chart = Chart.of("redshift z", modulus ? "μ − model [mag]" : TITLES.get(q) + ": data / model − 1").titled(s.name()).sized(520, 300);
                for (double share : new double[] {0.95, 0.68}) {
                    double[] lo = quantiles(models, mean, byZ, first, modulus, (1 - share) / 2);
                    double[] hi = quantiles(models, mean, byZ, first, modulus, (1 + share) / 2);
                    chart = chart.band("posterior, 68 % and 95 %", zs, lo, hi);
                }
                charts.add(chart.errors("data", zs, y, dy).horizontal("", 0));
            }
            at += z.length;
        }
        run.report(r -> r.section("Data and model").text(check.toString()));
        run.plot("data", Panels.of(2, charts), "The data relative to the mean model of the neural posterior. Error bars show the diagonal of the covariance only.");
    }

    private static double residual(boolean modulus, double x, double model) {
        return modulus ? x - model : x / model - 1;
    }

    private static double[] quantiles(double[][] models, double[] mean, Integer[] order, int first, boolean modulus, double level) {
        return Arrays.stream(order)
                .mapToDouble(i -> {
                    double[] column = Arrays.stream(models).mapToDouble(m -> residual(modulus, m[first + i], mean[first + i])).sorted().toArray();
                    return column[(int) Math.min(column.length - 1.0, level * column.length)];
                })
                .toArray();
    }
}
