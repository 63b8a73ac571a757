package org.cosmograd.bench.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.bench.Run;
import org.cosmograd.flows.CouplingFlow;
import org.cosmograd.flows.Uniform;
import org.cosmograd.nn.FitListener;
import org.cosmograd.nn.FitSettings;
import org.cosmograd.nn.Progress;
import org.cosmograd.nn.Schedule;
import org.cosmograd.sbi.AmortizedPosterior;
import org.cosmograd.sbi.ConstrainedPrior;
import org.cosmograd.sbi.Constraint;
import org.cosmograd.sbi.Npe;
import org.cosmograd.sbi.plot.Chart;
import org.cosmograd.simulators.cosmology.BackgroundLikelihood;
import org.cosmograd.simulators.cosmology.BackgroundParameter;

/// The neural posterior of the dark-energy experiment, trained on simulated surveys.
final class NeuralDarkEnergy {
    private static final double LARGEST_WEIGHT = 10;

    private NeuralDarkEnergy() {}

    private static Npe npe(Run run) {
        Constraint early = t -> t.at(1, DarkEnergyExperiment.PARAMETERS.indexOf(BackgroundParameter.W0))
                .add(t.at(1, DarkEnergyExperiment.PARAMETERS.indexOf(BackgroundParameter.WA)))
                .less(0);
        return Npe.of(ConstrainedPrior.of(Uniform.of(DarkEnergyExperiment.low(), DarkEnergyExperiment.high()), early))
                .splines(CouplingFlow.Form.DEFAULT.withLayers(5).withHidden(64, 2).withBins(8, 6))
                .members(run.settings().integer("members", 1))
                .folder(run.file("training"));
    }

    static AmortizedPosterior train(
            Run run, BackgroundLikelihood likelihood, SurveyFeatures features, DarkEnergyExperiment.Budget budget) {
        int n = budget.simulations();
        Tensor theta = SurveyProposal.draw(likelihood, run.key().fold(3), n);
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
        Tensor root = Tensor.of(SurveyFeatures.covariance(likelihood)).cholesky().transpose().cast(DType.F32).evaluated();
        int perEpoch = Math.max(1, (int) (means.dim(0) * 0.98) / budget.batch());
        FitSettings settings = FitSettings.DEFAULT
                .withBatch(budget.batch())
                .withEpochs(Math.max(1, budget.steps() / perEpoch))
                .withRate(1e-3)
                .withSchedule(Schedule.cosine(budget.steps(), 0.01))
                .withValidation(0.02)
                .withPatience(100_000)
                .withKey(run.key().fold(5));
        Losses losses = new Losses(run, Math.max(1, budget.steps() / perEpoch), run.settings().integer("members", 1));
        AmortizedPosterior posterior = npe(run)
                .settings(settings)
                .listener(losses)
                .fresh((mean, key) -> features.of(
                        mean.add(key.normal(DType.F32, mean.dim(0), mean.dim(1)).matmul(root))))
                .weights((t, x) -> features.importance(x).div(SurveyProposal.ratio(t, Tensor.scalar(0, DType.F32))).min(LARGEST_WEIGHT))
                .train(theta.slice(0, 0, means.dim(0)), means);
        losses.close();
        run.report(r -> r.section("Training")
                .text(String.format(
                        Locale.ROOT, "%d universes, half from the prior and half from where today's cosmology lies, weighted so that the posterior is that of the prior; noise drawn afresh for each of %d steps of %d surveys.", means.dim(0), budget.steps(), budget.batch())));
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
}
