package org.cosmograd.simulators.sbibm;

import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// Simple likelihood, complex posterior: `θ ~ U(−3, 3)⁵`, `x` is four points of the plane, one after the other, each `~ N(m, S)` with
/// `m = (θ1, θ2)`, `S = [[s1², ρ s1 s2], [ρ s1 s2, s2²]] + 10⁻⁶ I`, `s1 = θ3²`, `s2 = θ4²`, `ρ = tanh θ5`.
///
/// The signs of `θ3` and `θ4` do not matter, so the posterior has four symmetric modes. `1 − ρ²` is computed as `cosh⁻² θ5`.
/// Source: sbibm task `slcp`, T.3 of arXiv:2101.04653; Papamakarios et al. 2019.
public record Slcp() implements SbibmTask {
    private static final double JITTER = 1e-6;

    @Override
    public String name() {
        return "slcp";
    }

    @Override
    public TaskPrior prior() {
        return TaskPrior.Box.cube(-3, 3, 5);
    }

    @Override
    public int observables() {
        return 8;
    }

    /// The lower triangular `L` with `L Lᵀ = S`, and the mean; each `[n, 1]`, to stand beside the four points.
    private record Ellipse(Tensor m1, Tensor m2, Tensor l11, Tensor l21, Tensor l22) {
        static Ellipse of(Tensor theta) {
            Tensor s1 = theta.slice(-1, 2, 3).square();
            Tensor s2 = theta.slice(-1, 3, 4).square();
            Tensor t = theta.slice(-1, 4, 5);
            Tensor e = t.abs().mul(-2).exp();
            Tensor rest = e.mul(4).div(e.add(1).square());
            Tensor v1 = s1.square().add(JITTER);
            Tensor l11 = v1.sqrt();
            Tensor l21 = t.tanh().mul(s1).mul(s2).div(l11);
            Tensor l22 = s2.square()
                    .mul(rest.mul(s1.square()).add(JITTER))
                    .div(v1)
                    .add(JITTER)
                    .sqrt();
            return new Ellipse(theta.slice(-1, 0, 1), theta.slice(-1, 1, 2), l11, l21, l22);
        }
    }

    @Override
    public Tensor simulate(Tensor theta, Key key) {
        Ellipse e = Ellipse.of(Rows.of(this, "simulate", theta));
        int n = theta.dim(0);
        Tensor u = key.fold(0).normal(theta.dtype(), n, 4);
        Tensor v = key.fold(1).normal(theta.dtype(), n, 4);
        Tensor first = e.m1.add(e.l11.mul(u));
        Tensor second = e.m2.add(e.l21.mul(u)).add(e.l22.mul(v));
        return Tensor.stack(-1, first, second).reshape(n, 8);
    }

    @Override
    public Tensor logLikelihood(Tensor theta, Tensor x) {
        Ellipse e = Ellipse.of(Rows.of(this, "logLikelihood", theta));
        Tensor u = x.slice(-1, 0, 8, 2).sub(e.m1).div(e.l11);
        Tensor v = x.slice(-1, 1, 8, 2).sub(e.m2).sub(e.l21.mul(u)).div(e.l22);
        Tensor log = e.l11.mul(e.l22).mul(2 * Math.PI).log();
        return u.square().add(v.square()).mul(-0.5).sub(log).sum(-1);
    }
}
