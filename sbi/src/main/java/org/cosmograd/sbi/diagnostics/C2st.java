package org.cosmograd.sbi.diagnostics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.autodiff.kernel.Philox;

/// Classifier two-sample test as the benchmark sbibm defines it: the accuracy, cross-validated over 5 shuffled folds, of a network that
/// tells draws from reference draws. 0.5 when they cannot be told apart, 1 when they always can.
///
/// Both samples `[n, d]`, `[m, d]` are shifted and scaled by mean and standard deviation of the reference. The network has two hidden layers of
/// `10 d` units, `max(0, x)`, and a logistic output. It minimises cross-entropy plus `α/2B Σ w²` (`α = 1e-4`, weights but not biases,
/// `B` the batch) by Adam (`1e-3, 0.9, 0.999, 1e-8`) in batches of 200, shuffled each epoch, from weights and biases uniform on
/// `±√(6/(in + out))`, until the mean loss of an epoch has failed to improve on the best by `1e-4` more than 10 times in a row. These are the
/// defaults of scikit-learn's `MLPClassifier`, which sbibm uses.
///
/// The five networks train side by side as one batched program; a network that has stopped is left as it is.
///
/// With 10 000 samples of each kind, perfect draws score 0.50 ± 0.004; slightly below a half on average, because a fold whose training set
/// has more of one kind is tested on more of the other.
///
/// Sources: Lopez-Paz & Oquab 2017, arXiv 1610.06545; Lueckmann et al. 2021, arXiv 2101.04653 (`sbibm/metrics/c2st.py`).
///
/// @param accuracy the mean accuracy of the folds
/// @param folds the accuracy of each fold
/// @param epochs how many epochs each fold trained
public record C2st(double accuracy, List<Double> folds, List<Integer> epochs) {
    private static final int FOLDS = 5;
    private static final int BATCH = 200;
    private static final int MOST_EPOCHS = 10_000;
    private static final int IDLE_EPOCHS = 10;
    private static final double TOLERANCE = 1e-4;
    private static final double ALPHA = 1e-4;
    private static final double RATE = 1e-3;

    /// The score of draws `[m, d]` against reference draws `[n, d]`.
    public static C2st of(Tensor reference, Tensor draws, Key key) {
        double[][] x = Samples.rows("C2st", "reference", reference);
        double[][] y = Samples.rows("C2st", "draws", draws);
        if (x[0].length != y[0].length) {
            throw new IllegalArgumentException("C2st: the reference has " + x[0].length + " parameters, the draws have " + y[0].length);
        }
        if (x.length + y.length < 50 || x.length < 5 || y.length < 5) {
            throw new IllegalArgumentException("C2st: " + x.length + " reference draws and " + y.length + " draws are too few, at least 25 of each are needed");
        }
        return new Training(x, y, key).run();
    }

    private record Weights(List<Tensor> matrices, List<Tensor> biases) {}

    private record State(Weights weights, Weights mean, Weights square, Tensor loss) {}

    /// One step's data: rows `[folds, batch]`, their weights in the mean, whether a fold still trains `[folds]`, Adam's rate, the number of
    /// rows, and 0 in the first step of an epoch.
    private record Batch(Tensor index, Tensor weight, Tensor active, Tensor rate, Tensor rows, Tensor keep) {}

    private static final class Training {
        private final int n;
        private final int d;
        private final Tensor data;
        private final Tensor label;
        private final float[] labels;
        private final Key key;
        private final int[][] train = new int[FOLDS][];
        private final int[][] test = new int[FOLDS][];

        Training(double[][] x, double[][] y, Key key) {
            this.key = key;
            n = x.length + y.length;
            d = x[0].length;
            float[] flat = new float[n * d];
            for (int k = 0; k < d; k++) {
                int column = k;
                double mean = Arrays.stream(x).mapToDouble(r -> r[column]).average().orElse(0);
                double sum = Arrays.stream(x).mapToDouble(r -> (r[column] - mean) * (r[column] - mean)).sum();
                double sd = Math.sqrt(sum / (x.length - 1));
                double scale = sd > 0 ? 1 / sd : 1;
                for (int i = 0; i < n; i++) {
                    double v = i < x.length ? x[i][k] : y[i - x.length][k];
                    flat[i * d + k] = (float) ((v - mean) * scale);
                }
            }
            labels = new float[n];
            Arrays.fill(labels, x.length, n, 1);
            data = Tensor.of(Shape.of(n, d), flat);
            label = Tensor.of(labels);
            int[] order = key.fold(0).permutation(n).toInts();
            int from = 0;
            for (int f = 0; f < FOLDS; f++) {
                int to = from + n / FOLDS + (f < n % FOLDS ? 1 : 0);
                test[f] = Arrays.copyOfRange(order, from, to);
                train[f] = new int[n - (to - from)];
                System.arraycopy(order, 0, train[f], 0, from);
                System.arraycopy(order, to, train[f], from, n - to);
                from = to;
            }
        }

        private Weights start() {
            int[] sizes = {d, 10 * d, 10 * d, 1};
            List<Tensor> matrices = new ArrayList<>();
            List<Tensor> biases = new ArrayList<>();
            for (int l = 0; l < 3; l++) {
                double bound = Math.sqrt(6.0 / (sizes[l] + sizes[l + 1]));
                Key k = key.fold(1).fold(l);
                matrices.add(k.fold(0).uniform(DType.F32, FOLDS, sizes[l + 1], sizes[l]).sub(0.5).mul(2 * bound));
                biases.add(k.fold(1).uniform(DType.F32, FOLDS, sizes[l + 1], 1).sub(0.5).mul(2 * bound));
            }
            return new Weights(matrices, biases);
        }

        /// The logit of class 1 for rows `[folds, batch, d]`, as `[folds, batch]`.
        private static Tensor logit(Weights w, Tensor x) {
            // rows last: layers are narrow, batches are long
            Tensor h = x.transpose();
            for (int l = 0; l < 3; l++) {
                h = w.matrices.get(l).matmul(h).add(w.biases.get(l));
                h = l < 2 ? h.relu() : h;
            }
            return h.squeeze(1);
        }

        private State step(State s, Batch b) {
            Tensor z = logit(s.weights, data.gather(0, b.index));
            Tensor y = label.gather(0, b.index);
            Tensor entropy = z.max(0).sub(z.mul(y)).add(z.abs().neg().exp().log1p());
            Tensor loss = entropy.mul(b.weight).sum(1);
            for (Tensor m : s.weights.matrices) {
                loss = loss.add(m.square().sum(1, 2).mul(b.rows.reciprocal().mul(ALPHA / 2)));
            }
            Weights g = Tree.rebuild(s.weights, Gradient.of(loss.sum(), Tree.leaves(s.weights)));
            Weights mean = Tree.map(s.mean, g, (m, v) -> m.mul(0.9).add(v.mul(0.1)));
            Weights square = Tree.map(s.square, g, (m, v) -> m.mul(0.999).add(v.square().mul(0.001)));
            Tensor rate = b.active.mul(b.rate).reshape(FOLDS, 1, 1);
            Weights move = Tree.map(mean, square, (m, v) -> m.div(v.sqrt().add(1e-8)).mul(rate));
            return new State(
                    Tree.map(s.weights, move, Tensor::sub), mean, square, s.loss.mul(b.keep).add(loss.mul(b.rows)));
        }

        private static Tensor number(double v) {
            return Tensor.of(Shape.SCALAR, (float) v);
        }

        private Batch batch(int from, int rows, int[] index, float[] weight, float[] active, long t) {
            Arrays.fill(index, 0);
            Arrays.fill(weight, 0);
            for (int f = 0; f < FOLDS; f++) {
                int have = Math.clamp(train[f].length - from, 0, rows);
                System.arraycopy(train[f], Math.min(from, train[f].length), index, f * BATCH, have);
                Arrays.fill(weight, f * BATCH, f * BATCH + have, 1f / have);
            }
            double rate = RATE * Math.sqrt(1 - Math.pow(0.999, t)) / (1 - Math.pow(0.9, t));
            return new Batch(
                    Tensor.of(Shape.of(FOLDS, BATCH), index), Tensor.of(Shape.of(FOLDS, BATCH), weight), Tensor.of(active),
                    number(rate), number(rows), number(from == 0 ? 0 : 1));
        }

        C2st run() {
            Weights w = start();
            Weights zero = Tree.map(w, v -> Tensor.zeros(v.type()));
            State state = new State(w, zero, zero, Tensor.zeros(DType.F32, FOLDS));
            int[] index = new int[FOLDS * BATCH];
            float[] weight = new float[FOLDS * BATCH];
            float[] active = new float[FOLDS];
            Arrays.fill(active, 1);
            // the longest training set decides; a fold that is one row shorter has one batch of one row less
            int rows = train[FOLDS - 1].length;
            Program.Loop<State, Batch> loop = Program.loop(this::step, state, batch(0, Math.min(BATCH, rows), index, weight, active, 1));
            double[] best = new double[FOLDS];
            int[] idle = new int[FOLDS];
            int[] epochs = new int[FOLDS];
            Arrays.fill(best, Double.POSITIVE_INFINITY);
            Philox chance = key.fold(2).stream();
            int training = FOLDS;
            long t = 0;
            for (int epoch = 0; epoch < MOST_EPOCHS && training > 0; epoch++) {
                for (int f = 0; f < FOLDS; f++) {
                    if (active[f] > 0) {
                        shuffle(train[f], chance);
                        epochs[f]++;
                    }
                }
                for (int from = 0; from < rows; from += BATCH) {
                    t++;
                    loop.step(batch(from, Math.min(BATCH, rows - from), index, weight, active, t));
                }
                double[] loss = loop.state().loss.toDoubles();
                for (int f = 0; f < FOLDS; f++) {
                    if (active[f] > 0) {
                        double mean = loss[f] / rows;
                        idle[f] = mean > best[f] - TOLERANCE ? idle[f] + 1 : 0;
                        best[f] = Math.min(best[f], mean);
                        if (idle[f] > IDLE_EPOCHS || !Double.isFinite(mean)) {
                            active[f] = 0;
                            training--;
                        }
                    }
                }
            }
            List<Double> folds = score(loop.state().weights);
            double accuracy = folds.stream().mapToDouble(v -> v).average().orElse(0);
            return new C2st(accuracy, folds, Arrays.stream(epochs).boxed().toList());
        }

        private static void shuffle(int[] x, Philox chance) {
            for (int i = x.length - 1; i > 0; i--) {
                int j = chance.integer(i + 1);
                int v = x[i];
                x[i] = x[j];
                x[j] = v;
            }
        }

        private List<Double> score(Weights w) {
            int most = test[0].length;
            int[] index = new int[FOLDS * most];
            for (int f = 0; f < FOLDS; f++) {
                System.arraycopy(test[f], 0, index, f * most, test[f].length);
            }
            double[] z = logit(w, data.gather(0, Tensor.of(Shape.of(FOLDS, most), index))).toDoubles();
            List<Double> folds = new ArrayList<>();
            for (int f = 0; f < FOLDS; f++) {
                int right = 0;
                for (int i = 0; i < test[f].length; i++) {
                    right += z[f * most + i] > 0 == labels[test[f][i]] > 0 ? 1 : 0;
                }
                folds.add((double) right / test[f].length);
            }
            return List.copyOf(folds);
        }
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "C2st[%.4f, folds %s, epochs %s]", accuracy, folds.stream().map("%.4f"::formatted).toList(), epochs);
    }
}
