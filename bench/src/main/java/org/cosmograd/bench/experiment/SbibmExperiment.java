package org.cosmograd.bench.experiment;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.bench.Experiment;
import org.cosmograd.bench.Run;
import org.cosmograd.bench.UserException;
import org.cosmograd.flows.Distribution;
import org.cosmograd.flows.Normal;
import org.cosmograd.flows.Uniform;
import org.cosmograd.nn.FitListener;
import org.cosmograd.nn.Progress;
import org.cosmograd.sbi.AmortizedPosterior;
import org.cosmograd.sbi.Npe;
import org.cosmograd.sbi.diagnostics.C2st;
import org.cosmograd.sbi.io.CsvTable;
import org.cosmograd.sbi.io.Npz;
import org.cosmograd.sbi.plot.Chart;
import org.cosmograd.sbi.plot.CornerPlot;
import org.cosmograd.sbi.plot.KeyNumber;
import org.cosmograd.simulators.sbibm.SbibmTask;
import org.cosmograd.simulators.sbibm.TaskPrior;

/// Neural posterior estimation on a task of the benchmark sbibm, scored by C2ST against its reference posteriors (Lueckmann et al. 2021,
/// arXiv:2101.04653). One configuration serves all tasks.
public final class SbibmExperiment implements Experiment {
    private static final int DRAWS = 10_000;

    /// Target and published value for 10 000 simulations.
    private static final Map<String, double[]> KNOWN = Map.of(
            "two_moons", new double[] {0.58, 0.608},
            "gaussian_linear", new double[] {0.55, 0.534},
            "gaussian_linear_uniform", new double[] {0.55, 0.554},
            "gaussian_mixture", new double[] {0.58, 0.602},
            "slcp", new double[] {0.88, 0.907});

    @Override
    public String name() {
        return "sbibm";
    }

    @Override
    public String summary() {
        return "neural posterior estimation on a benchmark task, scored against its reference posteriors";
    }

    @Override
    public String description() {
        return """
                Draws parameters from the task's prior, simulates, trains an ensemble of neural posteriors, and compares 10 000 of its
                draws with the reference posterior of each observation by C2ST exactly as sbibm defines it. The folder `reference` is
                laid out like sbibm's `tasks`: TASK/num_observation_K/observation.csv and reference_posterior_samples.csv[.bz2].

                c2st_mean c2st_median c2st_obsK   scores; 0.5 is perfect, 1 is worst
                train_seconds                     training, compilation included
                sample_10k_seconds                10 000 draws for one observation, median""";
    }

    @Override
    public List<Setting> settings() {
        return List.of(
                new Setting("task", "two_moons", String.join(", ", SbibmTask.all().stream().map(SbibmTask::name).toList())),
                new Setting("simulations", "10000", "simulations to train on"),
                new Setting("reference", "", "folder with sbibm's reference posteriors; without it nothing is scored"),
                new Setting("observations", "1-5", "which observations, such as 1-5 or 1,3"),
                new Setting("density", "splines", "splines (coupling flow) or mixture (mixture density network)"),
                new Setting("members", "2", "networks in the ensemble; they train side by side"));
    }

    private record Reference(int number, Tensor observation, double[][] samples) {}

    @Override
    public void run(Run run) {
        SbibmTask task = task(run.settings().text("task"));
        int n = run.settings().integer("simulations", 100);
        List<Reference> references = references(run, task);

        Tensor theta = task.samplePrior(run.key().fold(1), DType.F32, n).evaluated();
        Tensor x = task.simulate(theta, run.key().fold(2)).evaluated();
        Distribution prior = switch (task.prior()) {
            case TaskPrior.Box b -> Uniform.of(doubles(b.low()), doubles(b.high()));
            case TaskPrior.Normal m ->
                new Normal(Tensor.of(doubles(m.mean())), Tensor.of(doubles(m.variance())).sqrt());
        };
        Npe npe = Npe.of(prior).members(run.settings().integer("members", 1)).key(run.key().fold(3)).folder(run.file("training"));
        if (run.settings().choice("density", List.of("splines", "mixture")).equals("mixture")) {
            npe = npe.mixture(8, 64, 64);
        }
        long from = System.nanoTime();
        List<Double> training = new ArrayList<>();
        List<Double> validation = new ArrayList<>();
        AmortizedPosterior posterior;
        try (Progress progress = run.progress("train", "epochs", npe.settings().epochs())) {
            posterior = npe.listener(new FitListener() {
                        @Override
                        public synchronized void epoch(Epoch e) {
                            if (e.epoch() == training.size()) {
                                training.add(e.trainLoss());
                                validation.add(e.validationLoss());
                                progress.at(e.epoch() + 1L, String.format(Locale.ROOT, "loss %.3f", e.validationLoss()));
                            }
                        }
                    })
                    .train(theta, x);
        }
        double seconds = (System.nanoTime() - from) / 1e9;
        run.figure("train_seconds", seconds);
        run.figure("epochs", training.size());
        run.say("trained in %.1f s, %d epochs: %s", seconds, training.size(), posterior);
        run.number(KeyNumber.of("training [s]", String.format(Locale.ROOT, "%.1f", seconds), ""));
        posterior.save(run.file("model"));
        run.report(r -> r.section("Training").text(n + " simulations. " + posterior));
        run.plot(
                "losses",
                Chart.losses(doubles(training), doubles(validation)),
                "Loss −E ln q(θ | x) by epoch, on the simulations trained on and on those held out.");
        score(run, task, posterior, references);
    }

    private static void score(Run run, SbibmTask task, AmortizedPosterior posterior, List<Reference> references) {
        List<Double> scores = new ArrayList<>();
        List<Double> times = new ArrayList<>();
        run.report(r -> r.section("Posteriors"));
        List<String> labels = new ArrayList<>();
        for (int i = 1; i <= task.parameters(); i++) {
            labels.add("θ_{" + i + "}");
        }
        for (Reference ref : references) {
            long from = System.nanoTime();
            double[][] draws = posterior.given(ref.observation).draw(run.key().fold(100 + ref.number), DRAWS, Duration.ofMinutes(1)).samples().toRows();
            times.add((System.nanoTime() - from) / 1e9);
            Npz.of().with("theta", draws).save(run.file("posterior_obs" + ref.number + ".npz"));
            C2st c = C2st.of(Tensor.of(ref.samples), Tensor.of(draws), run.key().fold(200 + ref.number));
            scores.add(c.accuracy());
            run.figure("c2st_obs" + ref.number, c.accuracy());
            run.say("observation %d: C2ST %.4f", ref.number, c.accuracy());
            if (ref == references.getFirst()) {
                run.plot(
                        "corner",
                        CornerPlot.of(labels).add("neural posterior", draws).outline("reference", ref.samples).limits(bounds(task, true), bounds(task, false)),
                        "Observation " + ref.number + ": 68 % and 95 % regions of the neural posterior (filled) and of the reference (dashed).");
            }
        }
        if (scores.isEmpty()) {
            return;
        }
        double mean = scores.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        run.figure("c2st_mean", mean);
        run.figure("c2st_median", median(scores));
        run.figure("sample_10k_seconds", median(times));
        double[] known = KNOWN.getOrDefault(task.name(), new double[0]);
        boolean comparable = known.length == 2 && run.settings().integer("simulations", 1) == 10_000;
        run.number(
                comparable
                        ? KeyNumber.atMost("C2ST, mean", mean, known[1], known[0])
                        : KeyNumber.of("C2ST, mean", String.format(Locale.ROOT, "%.4f", mean), ""));
        run.number(KeyNumber.of("C2ST, median", String.format(Locale.ROOT, "%.4f", median(scores)), ""));
        run.number(KeyNumber.of("10 000 draws [s]", String.format(Locale.ROOT, "%.3f", median(times)), ""));
    }

    private static double[] bounds(SbibmTask task, boolean low) {
        return switch (task.prior()) {
            case TaskPrior.Box b -> doubles(low ? b.low() : b.high());
            case TaskPrior.Normal n -> n.mean().stream().mapToDouble(m -> Double.NaN).toArray();
        };
    }

    private static SbibmTask task(String name) {
        return SbibmTask.all().stream()
                .filter(t -> t.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UserException("sbibm: there is no task '" + name + "'; there are "
                        + String.join(", ", SbibmTask.all().stream().map(SbibmTask::name).toList())));
    }

    private static double[] doubles(List<Double> list) {
        return list.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double median(List<Double> list) {
        double[] v = doubles(list);
        Arrays.sort(v);
        int n = v.length;
        return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
    }

    // ------------------------------------------------------------------------------------------------- reference files

    private static List<Reference> references(Run run, SbibmTask task) {
        List<Reference> out = new ArrayList<>();
        String given = run.settings().text("reference");
        if (given.isEmpty()) {
            run.say("no folder of reference posteriors given (reference=DIR): nothing will be scored");
            return out;
        }
        Path folder = Path.of(given).resolve(task.name());
        if (!Files.isDirectory(folder)) {
            throw new UserException("sbibm: " + folder + " is not a folder; reference=DIR names the folder that holds the tasks' folders");
        }
        for (int k : run.settings().integers("observations")) {
            Path home = folder.resolve("num_observation_" + k);
            double[][] x = CsvTable.read(home.resolve("observation.csv")).matrix();
            double[][] samples = table(home.resolve("reference_posterior_samples.csv"));
            if (x.length != 1 || x[0].length != task.observables() || samples[0].length != task.parameters()) {
                throw new UserException("sbibm: " + home + " holds " + x[0].length + " data and " + samples[0].length + " parameters, "
                        + task.name() + " has " + task.observables() + " and " + task.parameters());
            }
            out.add(new Reference(k, Tensor.of(x).cast(DType.F32), samples));
        }
        return out;
    }

    private static double[][] table(Path file) {
        if (Files.exists(file)) {
            return CsvTable.read(file).matrix();
        }
        Path packed = file.resolveSibling(file.getFileName() + ".bz2");
        try (BufferedReader in = new BufferedReader(
                new InputStreamReader(new BZip2CompressorInputStream(Files.newInputStream(packed)), StandardCharsets.UTF_8))) {
            return CsvTable.parse(packed.toString(), in.lines().toList()).matrix();
        } catch (IOException e) {
            throw new UserException("sbibm: cannot read " + packed + " (" + e.getMessage() + ")", e);
        }
    }
}
