package org.cosmograd.bench.experiment;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.simulators.cosmology.BackgroundLikelihood;
import org.cosmograd.simulators.cosmology.Quantity;
import org.cosmograd.simulators.cosmology.Survey;

/// What the networks see of a survey, `x`: with `f` the logarithms of distance ratios and the distance moduli, minus those of a
/// reference universe `θ₀`, and `w = W f` the same in directions in which the noise has unit variance,
///
/// - `asinh(w/5)`, which resolves differences of the size of the noise,
/// - `asinh(0.3 t)` of the score at `θ₀` in units of its noise, `t = F^(-½) Jᵀ w` with `J = ∂w/∂θ`, `F = Jᵀ J` (score compression, Alsing &
///   Wandelt 2018, arXiv:1712.00012), which is all there is to know near `θ₀`,
/// - `f` itself, for universes far away.
record SurveyFeatures(Tensor ratios, Tensor reference, Tensor directions, Tensor score, Tensor estimate, Tensor model) {
    static SurveyFeatures of(BackgroundLikelihood likelihood) {
        int n = likelihood.observables();
        double[] isRatio = new double[n];
        int at = 0;
        for (Survey s : likelihood.surveys()) {
            for (Quantity q : s.quantities()) {
                isRatio[at++] = q == Quantity.DISTANCE_MODULUS ? 0 : 1;
            }
        }
        Tensor origin = SurveyProposal.origin();
        Tensor theory = likelihood.theory(origin);
        double[] mean = theory.toDoubles();
        double[][] slopes = Gradient.jacobian(theory, origin).toRows();
        double[][] covariance = covariance(likelihood);
        double[] reference = new double[n];
        for (int i = 0; i < n; i++) {
            double unit = isRatio[i] == 1 ? mean[i] : 1;
            reference[i] = isRatio[i] == 1 ? Math.log(mean[i]) : mean[i];
            for (int j = 0; j < n; j++) {
                covariance[i][j] /= unit;
                covariance[j][i] /= unit;
            }
            for (int j = 0; j < slopes[i].length; j++) {
                slopes[i][j] /= unit;
            }
        }
        Tensor c = Tensor.of(covariance);
        Tensor whitening = c.symmetricEigenvectors().div(c.symmetricEigenvalues().sqrt());
        Tensor j = whitening.transpose().matmul(Tensor.of(slopes));
        Tensor fisher = j.transpose().matmul(j);
        Tensor l = fisher.cholesky();
        Tensor half = l.solveTriangular(j.transpose(), false);
        Tensor principal = j.matmul(fisher.symmetricEigenvectors().div(fisher.symmetricEigenvalues().sqrt()));
        return new SurveyFeatures(
                single(Tensor.of(isRatio)), single(Tensor.of(reference)), single(whitening),
                single(Tensor.concat(1, half.transpose(), principal)), single(l.solveTriangular(half, true).transpose()), single(j.transpose()));
    }

    private static Tensor single(Tensor t) {
        return t.cast(DType.F32).evaluated();
    }

    Tensor of(Tensor x) {
        Tensor f = ratios.where(ratios.where(x.max(1e-3), 1).log(), x).sub(reference);
        Tensor w = f.matmul(directions);
        return Tensor.concat(1, asinh(w.mul(0.2)), asinh(w.matmul(score).mul(0.3)), f);
    }

    private static Tensor asinh(Tensor w) {
        return w.abs().add(w.square().add(1).sqrt()).log().mul(w.sign());
    }

    /// `p̃(θ)/p(θ)` at the linear estimate of `θ` from features `x`, cut off where a universe near `θ₀` does not explain them.
    Tensor importance(Tensor x) {
        Tensor w = x.slice(1, x.dim(1) - reference.dim(0), x.dim(1)).matmul(directions);
        Tensor step = w.matmul(estimate);
        Tensor unexplained = w.sub(step.matmul(model)).square().sum(1).sub(60).max(0);
        return SurveyProposal.ratio(step.add(SurveyProposal.origin().cast(DType.F32)), unexplained.mul(0.1));
    }

    /// The covariance of all observables, surveys one after the other.
    static double[][] covariance(BackgroundLikelihood likelihood) {
        int n = likelihood.observables();
        double[][] c = new double[n][n];
        int at = 0;
        for (Survey s : likelihood.surveys()) {
            double[][] block = s.covariance().toRows();
            for (int i = 0; i < block.length; i++) {
                System.arraycopy(block[i], 0, c[at + i], at, block.length);
            }
            at += block.length;
        }
        return c;
    }
}
