package org.cosmograd.simulators.sbibm;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// `θ ~ U(−1, 1)²`, `x = (r cos α + ¼, r sin α) + (−|θ1+θ2|, θ2−θ1)/√2` with `α ~ U(−π/2, π/2)`, `r ~ N(0.1, 0.01²)`.
///
/// With `v = x − (¼, 0) + (|θ1+θ2|, θ1−θ2)/√2`, `ln p(x|θ) = ln N(|v|; 0.1, 0.01²) − ln π|v|` where `v1 > 0`, else `−∞`. For one
/// crescent point `p` the equation `x = p + …` has two solutions for `θ`, with equal Jacobians, so the posterior is drawn by drawing
/// `p` and a sign and keeping what lies in the box.
///
/// Source: sbibm task `two_moons`, T.8 of arXiv:2101.04653; Greenberg et al. 2019.
public record TwoMoons() implements KnownPosterior {
    private static final double RADIUS = 0.1;
    private static final double WIDTH = 0.01;
    private static final double ROOT = Math.sqrt(0.5);

    @Override
    public String name() {
        return "two_moons";
    }

    @Override
    public TaskPrior.Box prior() {
        return TaskPrior.Box.cube(-1, 1, 2);
    }

    @Override
    public int observables() {
        return 2;
    }

    @Override
    public Tensor simulate(Tensor theta, Key key) {
        Rows.of(this, "simulate", theta);
        return crescent(key, theta.dtype(), theta.dim(0)).add(shift(theta));
    }

    @Override
    public Tensor logLikelihood(Tensor theta, Tensor x) {
        Tensor p = x.sub(shift(Rows.of(this, "logLikelihood", theta)));
        Tensor v1 = p.at(-1, 0).sub(0.25);
        Tensor inside = v1.greater(0);
        Tensor r = inside.where(v1.square().add(p.at(-1, 1).square()), 1).sqrt();
        Tensor log = r.sub(RADIUS)
                .square()
                .mul(-0.5 / (WIDTH * WIDTH))
                .sub(r.log())
                .sub(Math.log(Math.PI * WIDTH * Math.sqrt(2 * Math.PI)));
        return inside.where(log, Double.NEGATIVE_INFINITY);
    }

    @Override
    public Tensor samplePosterior(Tensor x, Key key, int n) {
        return Rejection.sample(name(), key, n, k -> propose(x, k, n), prior()::contains);
    }

    /// Solutions of `x = p + shift(θ)` for crescent points `p`; NaN, outside any box, where there is none.
    private static Tensor propose(Tensor x, Key key, int n) {
        Tensor q = crescent(key.fold(0), x.dtype(), n).sub(x);
        Tensor size = q.at(-1, 0).mul(1 / ROOT);
        Tensor sign = key.fold(1).uniform(x.dtype(), n).less(0.5).mul(2).sub(1);
        Tensor sum = size.greaterEqual(0).where(size, Double.NaN).mul(sign);
        Tensor difference = q.at(-1, 1).mul(-1 / ROOT);
        return Tensor.stack(-1, sum.sub(difference), sum.add(difference)).mul(0.5);
    }

    private static Tensor crescent(Key key, DType dtype, int n) {
        Tensor angle = key.fold(0).uniform(dtype, n).sub(0.5).mul(Math.PI);
        Tensor r = key.fold(1).normal(dtype, n).mul(WIDTH).add(RADIUS);
        return Tensor.stack(-1, r.mul(angle.cos()).add(0.25), r.mul(angle.sin()));
    }

    private static Tensor shift(Tensor theta) {
        Tensor a = theta.at(-1, 0);
        Tensor b = theta.at(-1, 1);
        return Tensor.stack(-1, a.add(b).abs().neg(), b.sub(a)).mul(ROOT);
    }
}
