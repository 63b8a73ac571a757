package org.cosmograd.bench.experiment;

import java.time.Duration;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.bench.Experiment;
import org.cosmograd.bench.Run;
import org.cosmograd.sbi.AmortizedPosterior;
import org.cosmograd.sbi.ObservedPosterior;
import org.cosmograd.sbi.io.GetDistChain;
import org.cosmograd.sbi.io.Npz;
import org.cosmograd.simulators.cosmology.BackgroundLikelihood;
import org.cosmograd.simulators.cosmology.BackgroundParameter;
import org.cosmograd.simulators.cosmology.Survey;

/// Evolving dark energy from real surveys of the expansion: a neural posterior trained on simulated surveys, evaluated at the real
/// ones, and beside it the exact posterior by Hamiltonian Monte Carlo through the differentiable likelihood.
public final class DarkEnergyExperiment implements Experiment {
    static final List<BackgroundParameter> PARAMETERS = List.of(BackgroundParameter.values());
    static final List<String> LABELS = List.of("Ωₘ", "w₀", "wₐ", "H₀·r_{d}", "ΔM");
    static final List<String> NAMES = List.of("omegam", "w0", "wa", "h0rd", "dm");
    /// Draws of each posterior that are compared.
    static final int COMPARED = 10_000;

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
    record Budget(int simulations, int steps, int batch, int calibration, int draws, int hmcDraws) {}

    @Override
    public void run(Run run) {
        BackgroundLikelihood likelihood = BackgroundLikelihood.of(bao(run), supernovae(run));
        boolean small = run.settings().choice("budget", List.of("full", "small")).equals("small");
        Budget usual = small ? new Budget(20_000, 600, 256, 200, 200, 80) : new Budget(200_000, 12_000, 512, 2_500, 300, 300);
        Budget budget = new Budget(
                auto(run, "simulations", usual.simulations, 1000), auto(run, "steps", usual.steps, 10), usual.batch,
                auto(run, "calibration", usual.calibration, 50), usual.draws, usual.hmcDraws);

        ExactDarkEnergy exact = ExactDarkEnergy.of(run, likelihood, budget.hmcDraws);
        SurveyFeatures features = SurveyFeatures.of(likelihood);
        AmortizedPosterior posterior = NeuralDarkEnergy.train(run, likelihood, features, budget);
        Tensor observed = features.of(likelihood.observed(DType.F32).reshape(1, likelihood.observables())).evaluated();
        ObservedPosterior neural = posterior.given(observed);
        double[][] npe = neural.draw(run.key().fold(4), COMPARED, Duration.ofMinutes(1)).samples().toRows();
        save(run, "npe", npe);

        DarkEnergyReport.compare(run, exact, npe);
        DarkEnergyReport.calibrate(run, likelihood, features, posterior, budget);
        DarkEnergyReport.predict(run, likelihood, npe);
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

    static double[] low() {
        return PARAMETERS.stream().mapToDouble(BackgroundParameter::low).toArray();
    }

    static double[] high() {
        return PARAMETERS.stream().mapToDouble(BackgroundParameter::high).toArray();
    }

    static void save(Run run, String name, double[][] draws) {
        Npz.of().with("theta", draws).save(run.file(name + ".npz"));
        GetDistChain.of(NAMES, LABELS, draws).limits(low(), high()).save(run.file("chains"), name);
    }
}
