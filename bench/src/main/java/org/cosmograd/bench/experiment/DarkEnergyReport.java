package org.cosmograd.bench.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.bench.Run;
import org.cosmograd.sbi.AmortizedPosterior;
import org.cosmograd.sbi.Calibration;
import org.cosmograd.sbi.diagnostics.C2st;
import org.cosmograd.sbi.diagnostics.Coverage;
import org.cosmograd.sbi.diagnostics.PredictiveCheck;
import org.cosmograd.sbi.plot.Chart;
import org.cosmograd.sbi.plot.CornerPlot;
import org.cosmograd.sbi.plot.CoveragePlot;
import org.cosmograd.sbi.plot.KeyNumber;
import org.cosmograd.sbi.plot.Panels;
import org.cosmograd.sbi.plot.RankPlot;
import org.cosmograd.simulators.cosmology.BackgroundLikelihood;
import org.cosmograd.simulators.cosmology.Quantity;
import org.cosmograd.simulators.cosmology.Survey;

/// What the dark-energy experiment shows: the two posteriors side by side, the calibration, and the data with the model.
final class DarkEnergyReport {
    private static final Map<Quantity, String> TITLES = Map.of(
            Quantity.DM_OVER_RD, "D_{M}/r_{d}", Quantity.DH_OVER_RD, "D_{H}/r_{d}", Quantity.DV_OVER_RD, "D_{V}/r_{d}", Quantity.H_TIMES_RD, "H·r_{d}",
            Quantity.DISTANCE_MODULUS, "μ");
    private static final List<String> LABELS = DarkEnergyExperiment.LABELS;
    private static final List<String> NAMES = DarkEnergyExperiment.NAMES;

    private DarkEnergyReport() {}

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

    static void compare(Run run, ExactDarkEnergy exact, double[][] npe) {
        double[][] reference = thinned(exact.draws(), DarkEnergyExperiment.COMPARED);
        C2st c2st = C2st.of(Tensor.of(reference), Tensor.of(npe), run.key().fold(6));
        double[] m = mean(exact.draws());
        double[] s = deviation(exact.draws());
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
        double tension = exact.tension();
        run.number(KeyNumber.of("preference over ΛCDM [σ]", String.format(Locale.ROOT, "%.2f", tension), ""));
        run.report(r -> r.section("Posterior")
                .text("The exact posterior comes from Hamiltonian Monte Carlo through the differentiable likelihood. The neural posterior has seen simulated surveys only; it is evaluated at the real ones."));
        run.plot(
                "corner",
                CornerPlot.of(LABELS)
                        .add("neural posterior", npe)
                        .outline("exact (HMC)", reference)
                        .truth("ΛCDM", Double.NaN, -1, 0, Double.NaN, Double.NaN)
                        .limits(DarkEnergyExperiment.low(), DarkEnergyExperiment.high()),
                "68 % and 95 % regions of the neural posterior (filled) and the exact one (dashed).");
        List<List<String>> rows = IntStream.range(0, m.length)
                .mapToObj(k -> List.of(LABELS.get(k), plusMinus(nm[k], ns[k]), plusMinus(m[k], s[k]), String.format(Locale.ROOT, "%.3f", (nm[k] - m[k]) / s[k]), String.format(Locale.ROOT, "%.3f", ns[k] / s[k])))
                .toList();
        run.report(r -> r.table(List.of("parameter", "neural", "exact", "shift [σ]", "ratio of widths"), rows)
                .text(String.format(
                        Locale.ROOT,
                        "Best fits: χ² = %.2f with w₀ and wₐ free, %.2f for a cosmological constant: a preference of %.2f σ for two parameters more.",
                        exact.chiSquared(), exact.chiSquaredLcdm(), tension)));
    }

    private static String[] published(Run run) {
        boolean paper = run.settings().text("bao").equals("desi-dr2") && run.settings().text("supernovae").equals("union3");
        return paper ? new String[] {"0.328", "−0.70 ± 0.11", "−0.99 ± 0.57"} : new String[] {"", "", ""};
    }

    private static String plusMinus(double mean, double deviation) {
        int digits = Math.max(0, 2 - (int) Math.ceil(Math.log10(deviation)));
        return String.format(Locale.ROOT, "%." + digits + "f ± %." + digits + "f", mean, deviation).replace('-', '−');
    }

    static void calibrate(
            Run run, BackgroundLikelihood likelihood, SurveyFeatures features, AmortizedPosterior posterior, DarkEnergyExperiment.Budget budget) {
        int n = budget.calibration();
        Tensor theta = likelihood.samplePrior(run.key().fold(7), DType.F32, n).evaluated();
        Tensor x = features.of(likelihood.simulate(theta, run.key().fold(8))).evaluated();
        Calibration c = Calibration.of(posterior, theta, x, budget.draws(), run.key().fold(9));
        double error = c.coverage().maxError();
        run.figure("coverage_max_error", error);
        run.figure("tarp_max_error", c.tarp().maxError());
        run.figure("sbc_smallest_p", c.sbc().p());
        run.number(KeyNumber.atMost("largest error of coverage", error, 0, 0.03));
        run.number(KeyNumber.of("largest error of TARP", String.format(Locale.ROOT, "%.4f", c.tarp().maxError()), "0"));
        run.report(r -> r.section("Calibration")
                .text(n + " surveys simulated from the prior, with " + budget.draws() + " posterior draws each. A calibrated posterior covers the truth as often as it says.")
                .table(
                        List.of("regions", "truth inside 50 %", "inside 68 %", "inside 95 %", "largest error", "p-value"),
                        List.of(row("highest density", c.coverage()), row("TARP", c.tarp())))
                .text(String.format(Locale.ROOT, "Smallest p-value of the ranks (SBC): %.3f", c.sbc().p())));
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
        run.plot("ranks", RankPlot.histograms(LABELS, ranks, budget.draws()), "Ranks of the truth among posterior draws, for each parameter; flat if calibrated.");
    }

    private static List<String> row(String name, Coverage c) {
        List<String> cells = new ArrayList<>(List.of(name));
        for (double share : c.at(0.5, 0.68, 0.95)) {
            cells.add(String.format(Locale.ROOT, "%.1f %%", 100 * share));
        }
        cells.add(String.format(Locale.ROOT, "%.3f", c.maxError()));
        cells.add(String.format(Locale.ROOT, "%.3g", c.p()));
        return cells;
    }

    static void predict(Run run, BackgroundLikelihood likelihood, double[][] npe) {
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
        run.report(r -> r.section("Data and model").text(String.format(
                Locale.ROOT,
                "Surveys simulated from the posterior lie farther from their mean than the real ones with probability %.3f. χ² of the real ones is %.1f for %d data (p %.3f).",
                check.p(), check.chiSquare(), check.features().dim(0), check.chiSquareP())));
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
