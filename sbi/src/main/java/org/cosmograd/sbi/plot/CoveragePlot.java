package org.cosmograd.sbi.plot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Expected coverage: how often regions of credibility `α` contain the truth, for all `α`.
///
///     CoveragePlot.of().add("NPE", levels).add("ensemble", others).figure().save(folder.resolve("coverage.svg"));
///
/// For each simulation, `level` is the smallest credibility whose region contains the truth: the posterior mass of higher density than
/// the truth (Hermans et al., arXiv:2110.06581), or the fraction of draws nearer to a random point than the truth is (TARP, Lemos et al.,
/// arXiv:2302.03026). The coverage at `α` is the fraction of levels at most `α`; below the diagonal the posterior is overconfident.
/// The band holds the whole curve of a calibrated posterior with probability 95 %, for as many simulations as the first series has.
public final class CoveragePlot {

    private record Series(String name, double[] levels) {}

    private final List<Series> series;

    private CoveragePlot(List<Series> series) {
        this.series = List.copyOf(series);
    }

    /// No series yet.
    public static CoveragePlot of() {
        return new CoveragePlot(List.of());
    }

    /// Adds a posterior by its credibility levels in `[0, 1]`, one a simulation.
    public CoveragePlot add(String name, double[] levels) {
        if (levels.length == 0) throw new IllegalArgumentException("CoveragePlot: '" + name + "' has no simulations");
        for (double level : levels)
            if (!(level >= 0 && level <= 1)) throw new IllegalArgumentException("CoveragePlot: '" + name + "' has level " + level + ", levels are in [0, 1]");
        List<Series> more = new ArrayList<>(series);
        double[] sorted = levels.clone();
        Arrays.sort(sorted);
        more.add(new Series(name, sorted));
        return new CoveragePlot(more);
    }

    /// The picture.
    public Chart figure() {
        if (series.isEmpty()) throw new IllegalArgumentException("CoveragePlot: add a series first");
        int points = 50;
        int n = series.getFirst().levels.length;
        double[] z = new double[points - 1];
        for (int k = 0; k < z.length; k++) z[k] = (k + 1.0) / points;
        int[][] bounds = UniformBand.simultaneous(n, z, 0.95);
        double[] x = new double[points + 1];
        double[] lo = new double[points + 1];
        double[] hi = new double[points + 1];
        x[points] = lo[points] = hi[points] = 1;
        for (int k = 0; k < z.length; k++) {
            x[k + 1] = z[k];
            lo[k + 1] = bounds[0][k] / (double) n;
            hi[k + 1] = bounds[1][k] / (double) n;
        }
        Chart chart = Chart.of("credibility", "fraction of truths inside").titled("Expected coverage").sized(440, 450)
                .xRange(0, 1).yRange(0, 1).inInk("95 % if calibrated").band("95 % if calibrated", x, lo, hi).diagonal("");
        for (Series s : series) {
            // A few hundred points draw the staircase as well as all of them.
            int steps = Math.min(s.levels.length, 400);
            double[] at = new double[steps + 2];
            double[] covered = new double[steps + 2];
            at[steps + 1] = covered[steps + 1] = 1;
            for (int k = 1; k <= steps; k++) {
                at[k] = k / (steps + 1.0);
                int count = Arrays.binarySearch(s.levels, Math.nextUp(at[k]));
                if (count < 0) count = -count - 1;
                while (count > 0 && s.levels[count - 1] > at[k]) count--;
                covered[k] = count / (double) s.levels.length;
            }
            chart = chart.line(s.name, at, covered);
        }
        return chart;
    }
}
