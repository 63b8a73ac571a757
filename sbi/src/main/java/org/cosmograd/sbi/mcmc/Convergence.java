package org.cosmograd.sbi.mcmc;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.kernel.Philox;

/// What the chains say about one parameter.
///
/// `R̂ = √(var⁺/W)` of split chains, the larger one of rank-normalised and folded values: 1 when all chains agree; above 1.01 is
/// too much. The effective number of samples is `C N/τ` with `τ = 1 + 2 Σ_t ρ_t`, the autocorrelations summed by Geyer's initial
/// monotone sequence: in the bulk from rank-normalised values, in the tails the smaller one of the 5 % and 95 % quantiles.
///
/// Source: Vehtari, Gelman, Simpson, Carpenter, Bürkner 2021, arXiv 1903.08008.
///
/// @param mean the mean of all draws
/// @param sd the standard deviation of all draws
/// @param rHat `R̂`
/// @param bulkEss the effective number of samples for the mean
/// @param tailEss the effective number of samples for 5 % and 95 % quantiles
public record Convergence(double mean, double sd, double rHat, double bulkEss, double tailEss) {

    /// The diagnosis of values by chain: `chains[c][t]`, all of one length, at least 4.
    public static Convergence of(double[][] chains) {
        int n = chains.length == 0 ? 0 : chains[0].length;
        if (n < 4) {
            throw new IllegalArgumentException("Convergence: chains of " + n + " draws are too short, at least 4 are needed");
        }
        double[] all = Arrays.stream(chains).flatMapToDouble(Arrays::stream).sorted().toArray();
        double mean = Arrays.stream(all).average().orElse(0);
        double sd = Math.sqrt(Arrays.stream(all).map(v -> (v - mean) * (v - mean)).sum() / Math.max(1, all.length - 1));
        double[][] split = split(chains);
        double[][] normal = rankNormal(split);
        double median = quantile(all, 0.5);
        double[][] folded = rankNormal(map(split, v -> Math.abs(v - median)));
        double low = quantile(all, 0.05);
        double high = quantile(all, 0.95);
        double tail = Math.min(ess(map(split, v -> v <= low ? 1 : 0)), ess(map(split, v -> v <= high ? 1 : 0)));
        return new Convergence(mean, sd, Math.max(rHat(normal), rHat(folded)), ess(normal), tail);
    }

    private static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int i = (int) at;
        double next = sorted[Math.min(i + 1, sorted.length - 1)];
        return sorted[i] + (at - i) * (next - sorted[i]);
    }

    private static double[][] split(double[][] chains) {
        int half = chains[0].length / 2;
        return Arrays.stream(chains)
                .flatMap(c -> IntStream.of(0, c.length - half).mapToObj(from -> Arrays.copyOfRange(c, from, from + half)))
                .toArray(double[][]::new);
    }

    private static double[][] map(double[][] chains, DoubleUnaryOperator f) {
        return Arrays.stream(chains)
                .map(c -> Arrays.stream(c).map(f).toArray())
                .toArray(double[][]::new);
    }

    /// Values replaced by normal quantiles of their ranks among all, ties by their mean rank.
    private static double[][] rankNormal(double[][] chains) {
        int n = chains[0].length;
        int total = n * chains.length;
        double[] flat = Arrays.stream(chains).flatMapToDouble(Arrays::stream).toArray();
        double[] sorted = flat.clone();
        Arrays.sort(sorted);
        double[][] out = new double[chains.length][n];
        for (int c = 0; c < chains.length; c++) {
            for (int t = 0; t < n; t++) {
                double v = chains[c][t];
                int from = firstAtLeast(sorted, v);
                int to = from;
                while (to < total && sorted[to] == v) {
                    to++;
                }
                double rank = (from + 1 + Math.max(to, from + 1)) / 2.0;
                out[c][t] = Philox.quantile((rank - 0.375) / (total + 0.25));
            }
        }
        return out;
    }

    private static int firstAtLeast(double[] sorted, double v) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int mid = (low + high) >>> 1;
            if (Double.compare(sorted[mid], v) < 0) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        return low;
    }

    private static double mean(double[] x) {
        double sum = 0;
        for (double v : x) {
            sum += v;
        }
        return sum / x.length;
    }

    private static double variance(double[] x) {
        double m = mean(x);
        double sum = 0;
        for (double v : x) {
            sum += (v - m) * (v - m);
        }
        return sum / (x.length - 1);
    }

    private static double rHat(double[][] chains) {
        int n = chains[0].length;
        double within = Arrays.stream(chains).mapToDouble(Convergence::variance).average().orElse(0);
        double between = variance(Arrays.stream(chains).mapToDouble(Convergence::mean).toArray());
        return within == 0 ? (between == 0 ? 1 : Double.POSITIVE_INFINITY) : Math.sqrt((n - 1.0) / n + between / within);
    }

    private static double ess(double[][] chains) {
        int c = chains.length;
        int n = chains[0].length;
        double total = (double) c * n;
        double[] means = Arrays.stream(chains).mapToDouble(Convergence::mean).toArray();
        double[][] centred = new double[c][];
        for (int i = 0; i < c; i++) {
            double m = means[i];
            centred[i] = Arrays.stream(chains[i]).map(v -> v - m).toArray();
        }
        double within = covariance(centred, 0) * n / (n - 1.0);
        double plus = within * (n - 1.0) / n + variance(means);
        if (plus == 0) {
            return total;
        }
        double even = 1;
        double odd = rho(centred, 1, within, plus);
        double pair = even + odd;
        double tau = -1;
        int t = 0;
        while (pair > 0) {
            tau += 2 * pair;
            t += 2;
            if (t + 1 >= n - 2) {
                break;
            }
            even = rho(centred, t, within, plus);
            odd = rho(centred, t + 1, within, plus);
            double next = even + odd;
            if (next <= 0) {
                tau += Math.max(even, 0);
            }
            pair = Math.min(pair, next);
        }
        return total / Math.max(tau, 1 / Math.log10(total));
    }

    private static double rho(double[][] centred, int lag, double within, double plus) {
        return 1 - (within - covariance(centred, lag)) / plus;
    }

    private static double covariance(double[][] centred, int lag) {
        double sum = 0;
        for (double[] x : centred) {
            for (int t = lag; t < x.length; t++) {
                sum += x[t] * x[t - lag];
            }
        }
        return sum / centred[0].length / centred.length;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "Convergence[%.4g ± %.3g, R-hat %.4f, ESS bulk %.0f tail %.0f]", mean, sd, rHat, bulkEss, tailEss);
    }
}
