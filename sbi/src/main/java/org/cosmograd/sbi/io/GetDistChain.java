package org.cosmograd.sbi.io;

import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.cosmograd.nn.io.AtomicFile;

/// Posterior samples as GetDist, Cobaya, anesthetic and ChainConsumer read them: three text files.
///
/// | file | content |
/// |---|---|
/// | `root_1.txt` | one sample a line: weight, −log posterior, parameters |
/// | `root.paramnames` | one parameter a line: name, tab, LaTeX label |
/// | `root.ranges` | one parameter a line: name, lower and upper limit, `N` where there is none |
///
///     GetDistChain.of(names, labels, samples).weights(w).minusLogPosterior(u).limits(lo, hi).save(folder, "chain");
///
/// In Python: `getdist.loadMCSamples("folder/chain")`. Without weights each is 1; without a log posterior the column is 0.
public final class GetDistChain {

    private final List<String> names;
    private final List<String> labels;
    private final double[][] samples;
    private final double[] weights;
    private final double[] minusLogPosterior;
    private final double[] lower;
    private final double[] upper;

    private GetDistChain(List<String> names, List<String> labels, double[][] samples, double[] weights,
            double[] minusLogPosterior, double[] lower, double[] upper) {
        this.names = names;
        this.labels = labels;
        this.samples = samples;
        this.weights = weights;
        this.minusLogPosterior = minusLogPosterior;
        this.lower = lower;
        this.upper = upper;
    }

    /// Samples `[n][d]` of parameters with short names (no spaces) and labels (see {@link Label}).
    public static GetDistChain of(List<String> names, List<String> labels, double[][] samples) {
        int d = names.size();
        if (labels.size() != d)
            throw new IllegalArgumentException("GetDistChain: " + d + " names but " + labels.size() + " labels");
        for (String name : names)
            if (name.isEmpty() || name.chars().anyMatch(c -> Character.isWhitespace(c) || c == '*' || c == '?'))
                throw new IllegalArgumentException("GetDistChain: the name '" + name + "' must be non-empty without spaces, * or ?");
        for (int i = 0; i < samples.length; i++)
            if (samples[i].length != d)
                throw new IllegalArgumentException("GetDistChain: sample " + i + " has " + samples[i].length + " numbers, there are "
                        + d + " names");
        double[] ones = new double[samples.length];
        Arrays.fill(ones, 1);
        double[] none = new double[d];
        Arrays.fill(none, Double.NaN);
        return new GetDistChain(List.copyOf(names), List.copyOf(labels), samples, ones, new double[samples.length], none, none);
    }

    /// Non-negative weights, one a sample.
    public GetDistChain weights(double[] values) {
        return new GetDistChain(names, labels, samples, counted("weights", values), minusLogPosterior, lower, upper);
    }

    /// Minus the log posterior density, one a sample, up to a constant.
    public GetDistChain minusLogPosterior(double[] values) {
        return new GetDistChain(names, labels, samples, weights, counted("minusLogPosterior", values), lower, upper);
    }

    /// Hard limits of the parameters; NaN or infinite where there is none.
    public GetDistChain limits(double[] lo, double[] hi) {
        if (lo.length != names.size() || hi.length != names.size())
            throw new IllegalArgumentException("GetDistChain.limits: " + lo.length + " lower and " + hi.length
                    + " upper limits for " + names.size() + " parameters");
        return new GetDistChain(names, labels, samples, weights, minusLogPosterior, lo.clone(), hi.clone());
    }

    private double[] counted(String what, double[] values) {
        if (values.length != samples.length)
            throw new IllegalArgumentException("GetDistChain." + what + ": " + values.length + " values for " + samples.length + " samples");
        return values.clone();
    }

    /// Writes the three files.
    public void save(Path folder, String root) {
        AtomicFile.write(folder.resolve(root + "_1.txt"), out -> {
            var text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            for (int i = 0; i < samples.length; i++) {
                text.append(Double.toString(weights[i])).append(' ').append(Double.toString(minusLogPosterior[i]));
                for (double value : samples[i]) text.append(' ').append(Double.toString(value));
                text.append('\n');
            }
            text.flush();
        });
        StringBuilder paramnames = new StringBuilder();
        StringBuilder ranges = new StringBuilder();
        for (int j = 0; j < names.size(); j++) {
            paramnames.append(names.get(j)).append('\t').append(Label.of(labels.get(j)).latex()).append('\n');
            ranges.append(names.get(j)).append(' ').append(limit(lower[j])).append(' ').append(limit(upper[j])).append('\n');
        }
        AtomicFile.write(folder.resolve(root + ".paramnames"), paramnames.toString());
        AtomicFile.write(folder.resolve(root + ".ranges"), ranges.toString());
    }

    private static String limit(double value) {
        return Double.isFinite(value) ? Double.toString(value) : "N";
    }
}
