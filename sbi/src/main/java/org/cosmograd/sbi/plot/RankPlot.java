package org.cosmograd.sbi.plot;

import java.util.ArrayList;
import java.util.List;

/// Simulation-based calibration: the rank of the true parameter among posterior draws is uniform on `0…draws` if the posterior
/// is right (Talts et al., arXiv:1804.06788).
///
///     RankPlot.histograms(labels, ranks, 1000).save(folder.resolve("ranks.svg"));
///     RankPlot.ecdf(labels, ranks, 1000).save(folder.resolve("ranks-ecdf.svg"));
///
/// A ∪ shape means posteriors too narrow, a ∩ too wide, a slope a shift.
public final class RankPlot {

    private RankPlot() {}

    /// Histograms of `ranks[simulation][parameter]`, one panel a parameter, with the band in which a bin lies with probability 99 %.
    public static Figure histograms(List<String> labels, int[][] ranks, int draws) {
        check(labels, ranks, draws);
        int simulations = ranks.length;
        // About twenty simulations a bin keep the band narrow enough to see something; at most 30 bins.
        int wanted = Math.clamp(simulations / 20, 5, Math.min(30, draws + 1));
        int bins = wanted;
        // Bins that all hold the same number of ranks, if there is such a number near the wanted one.
        for (int b = wanted; b >= Math.max(5, wanted / 2); b--) {
            if ((draws + 1) % b == 0) {
                bins = b;
                break;
            }
        }
        double mean = (draws + 1.0) / bins;
        double[] edges = new double[bins + 1];
        for (int b = 0; b <= bins; b++) edges[b] = Math.round(b * (draws + 1.0) / bins);
        List<Chart> charts = new ArrayList<>();
        double[][] counts = new double[labels.size()][bins];
        for (int j = 0; j < labels.size(); j++) {
            for (int[] rank : ranks) {
                int b = (int) Math.min(bins - 1, (long) rank[j] * bins / (draws + 1));
                while (rank[j] < edges[b]) b--;
                while (rank[j] >= edges[b + 1]) b++;
                counts[j][b] += mean / (edges[b + 1] - edges[b]);
            }
        }
        double highest = 0;
        for (double[] c : counts) for (double v : c) highest = Math.max(highest, v);
        for (int j = 0; j < labels.size(); j++) {
            double[] x = new double[2 * bins];
            double[] lo = new double[2 * bins];
            double[] hi = new double[2 * bins];
            for (int b = 0; b < bins; b++) {
                int[] interval = UniformBand.binomialInterval(simulations, (edges[b + 1] - edges[b]) / (draws + 1.0), 0.99);
                for (int side = 0; side < 2; side++) {
                    x[2 * b + side] = edges[b + side];
                    lo[2 * b + side] = interval[0] * mean / (edges[b + 1] - edges[b]);
                    hi[2 * b + side] = interval[1] * mean / (edges[b + 1] - edges[b]);
                }
                highest = Math.max(highest, hi[2 * b]);
            }
            charts.add(panel(labels.size(), Chart.of("rank of the truth among " + draws + " draws", j % columns(labels.size()) == 0 ? "simulations per bin" : "")
                    .titled(labels.get(j)).bars("ranks", edges, counts[j]).band("99 % if calibrated", x, lo, hi).inInk("99 % if calibrated")
                    .horizontal("", (double) simulations / bins).yRange(0, 1.06 * highest)));
        }
        return Panels.of(columns(labels.size()), charts);
    }

    /// The cumulative fraction of ranks minus the uniform one, one panel a parameter, with the band that holds the whole curve with
    /// probability 99 % (Säilynoja et al., Statistics and Computing 32 (2022) 32).
    public static Figure ecdf(List<String> labels, int[][] ranks, int draws) {
        check(labels, ranks, draws);
        int simulations = ranks.length;
        int points = Math.min(draws, 100);
        double[] z = new double[points];
        int[] below = new int[points];
        for (int k = 0; k < points; k++) {
            below[k] = (int) ((k + 1L) * (draws + 1) / (points + 1));
            z[k] = below[k] / (draws + 1.0);
        }
        int[][] bounds = UniformBand.simultaneous(simulations, z, 0.99);
        double[] x = new double[points + 2];
        double[] lo = new double[points + 2];
        double[] hi = new double[points + 2];
        x[points + 1] = 1;
        for (int k = 0; k < points; k++) {
            x[k + 1] = z[k];
            lo[k + 1] = bounds[0][k] / (double) simulations - z[k];
            hi[k + 1] = bounds[1][k] / (double) simulations - z[k];
        }
        double[][] difference = new double[labels.size()][points + 2];
        double largest = 0;
        for (int k = 0; k < points; k++) largest = Math.max(largest, Math.max(-lo[k + 1], hi[k + 1]));
        for (int j = 0; j < labels.size(); j++) {
            for (int k = 0; k < points; k++) {
                int count = 0;
                for (int[] rank : ranks) if (rank[j] < below[k]) count++;
                difference[j][k + 1] = count / (double) simulations - z[k];
                largest = Math.max(largest, Math.abs(difference[j][k + 1]));
            }
        }
        List<Chart> charts = new ArrayList<>();
        for (int j = 0; j < labels.size(); j++) {
            charts.add(panel(labels.size(), Chart.of("rank / number of draws", j % columns(labels.size()) == 0 ? "ECDF − uniform" : "")
                    .titled(labels.get(j)).band("99 % if calibrated", x, lo, hi).line("ranks", x, difference[j]).horizontal("", 0).xRange(0, 1).yRange(-1.1 * largest, 1.1 * largest).inInk("99 % if calibrated")));
        }
        return Panels.of(columns(labels.size()), charts);
    }

    private static Chart panel(int parameters, Chart chart) {
        return parameters == 1 ? chart.sized(480, 320) : chart.sized(330, 270).withoutLegend();
    }

    private static int columns(int parameters) {
        return parameters == 4 ? 2 : Math.min(3, parameters);
    }

    private static void check(List<String> labels, int[][] ranks, int draws) {
        if (ranks.length == 0) throw new IllegalArgumentException("RankPlot: there are no simulations");
        for (int i = 0; i < ranks.length; i++) {
            if (ranks[i].length != labels.size())
                throw new IllegalArgumentException("RankPlot: simulation " + i + " has " + ranks[i].length + " ranks for " + labels.size() + " parameters");
            for (int rank : ranks[i])
                if (rank < 0 || rank > draws)
                    throw new IllegalArgumentException("RankPlot: simulation " + i + " has rank " + rank + ", ranks among " + draws + " draws are 0…" + draws);
        }
    }
}
