package org.cosmograd.sbi;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.sbi.diagnostics.Coverage;
import org.cosmograd.sbi.diagnostics.Sbc;
import org.cosmograd.sbi.diagnostics.Tarp;

/// All diagnostics that need pairs `(θ, x)` the posterior was not trained on, in one pass over them.
///
/// @param sbc ranks of each parameter
/// @param coverage expected coverage of highest-density regions
/// @param tarp coverage of balls around random points
public record Calibration(Sbc sbc, Coverage coverage, Coverage tarp) {

    /// Diagnostics from `draws` samples for each pair of parameters `[n, D]` and data `[n, …]`.
    public static Calibration of(AmortizedPosterior posterior, Tensor theta, Tensor x, int draws, Key key) {
        int n = theta.dim(0);
        int d = posterior.dimension();
        if (theta.shape().rank() != 2 || theta.dim(1) != d || x.dim(0) != n) {
            throw new IllegalArgumentException(
                    "Calibration: expected parameters [n, " + d + "] and data [n, ...], got " + theta.type() + " and " + x.type());
        }
        int f = x.shape().size() / n;
        float[] data = x.toFloats();
        float[] truth = theta.toFloats();
        float[] samples = new float[n * draws * d];
        double[] logTruth = new double[n];
        double[] logDraws = new double[n * draws];
        float[] features = new float[f];
        float[] points = new float[(draws + 1) * d];
        for (int i = 0; i < n; i++) {
            System.arraycopy(data, i * f, features, 0, f);
            Tensor observation = Tensor.of(features);
            float[] s = posterior.given(observation).sample(key.fold(i), draws).toFloats();
            System.arraycopy(s, 0, samples, i * s.length, s.length);
            System.arraycopy(s, 0, points, 0, s.length);
            System.arraycopy(truth, i * d, points, s.length, d);
            double[] log = posterior.logProb(Tensor.of(Shape.of(draws + 1, d), points), observation).toDoubles();
            System.arraycopy(log, 0, logDraws, i * draws, draws);
            logTruth[i] = log[draws];
        }
        Tensor drawn = Tensor.of(Shape.of(n, draws, d), samples);
        Tensor single = Tensor.of(Shape.of(n, d), truth);
        return new Calibration(
                Sbc.of(single, drawn),
                Coverage.of(Tensor.of(logTruth), Tensor.of(Shape.of(n, draws), logDraws)),
                Tarp.of(single, drawn, key.fold(n)));
    }

    @Override
    public String toString() {
        return sbc + "\nHPD " + coverage + "\nTARP " + tarp;
    }
}
