package org.cosmograd.sbi;

import java.time.Duration;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.flows.Constrain;
import org.cosmograd.flows.Distribution;
import org.cosmograd.flows.Support;
import org.cosmograd.nn.Adam;
import org.cosmograd.nn.Optimiser;

/// The posterior of one observation: `p(θ | x)` for rows `θ[n, D]`, normalised over its support.
///
/// Samples lie inside the prior's box by construction. Only a further constraint is met by rejection; then [#draw] reports the share of
/// candidates that were allowed, and stops at a deadline with what there is. No call hangs.
public final class ObservedPosterior implements Distribution {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int TRIALS = 10_000;

    private final Distribution density;
    private final Rejection.Source source;
    private final Constraint constraint;
    private double acceptance;

    private ObservedPosterior(Distribution density, Rejection.Source source, Constraint constraint, double acceptance) {
        this.density = density;
        this.source = source;
        this.constraint = constraint;
        this.acceptance = acceptance;
    }

    /// A posterior without a constraint beyond the box.
    static ObservedPosterior of(Distribution density, Rejection.Source source) {
        return new ObservedPosterior(density, source, theta -> Tensor.ones(theta.dtype(), theta.dim(0)), 1);
    }

    /// A posterior cut down to where a constraint holds.
    static ObservedPosterior of(Distribution density, Rejection.Source source, Constraint constraint) {
        return new ObservedPosterior(density, source, constraint, Double.NaN);
    }

    @Override
    public int dimension() {
        return density.dimension();
    }

    @Override
    public DType dtype() {
        return density.dtype();
    }

    @Override
    public Support support() {
        return density.support();
    }

    /// The share of the network's density that the constraint allows, estimated from 10 000 samples; 1 without a constraint.
    public synchronized double acceptance() {
        if (Double.isNaN(acceptance)) {
            double share = constraint.allows(source.candidates(Key.of(0), TRIALS)).cast(DType.F64).mean().item();
            // at least one candidate's share, so that densities stay finite
            acceptance = Math.max(share, 1.0 / TRIALS);
        }
        return acceptance;
    }

    /// `ln p(θ | x)` for each row, `-∞` outside the support.
    @Override
    public Tensor logProb(Tensor theta) {
        Tensor log = density.logProb(theta.cast(dtype()));
        double share = acceptance();
        return share == 1 ? log : constraint.allows(theta).cast(log.dtype()).where(log.sub(Math.log(share)), Double.NEGATIVE_INFINITY);
    }

    /// `n` samples, or an error if they are not there within a minute; [#draw] takes another limit and returns what there is.
    @Override
    public Tensor sample(Key key, int n) {
        return draw(key, n, PATIENCE).all("Posterior.sample");
    }

    /// As many of `n` samples as there is time for, with the acceptance.
    public Draws draw(Key key, int n, Duration deadline) {
        return Rejection.draw(source, constraint, dimension(), key, n, deadline);
    }

    /// A point of the parameter space.
    ///
    /// @param theta the parameters, `[D]`
    /// @param logProb `ln p(θ | x)`
    public record Point(Tensor theta, double logProb) {}

    private record Climb(Tensor z, Tensor best, Tensor log, Optimiser.State<Tensor> optimiser) {}

    /// The maximum of the posterior density: the best point on 300 steps of Adam from the 16 best of 1000 samples, in coordinates in which
    /// the posterior has width 1.
    public Point map(Key key) {
        Tensor drawn = draw(key, 1000, PATIENCE).samples();
        if (drawn.dim(0) == 0) {
            throw new IllegalStateException("Posterior.map: the constraint allows none of the network's samples");
        }
        Constrain box = new Constrain(support());
        Tensor z = box.inverse(drawn).value();
        Tensor mean = z.mean(0).evaluated();
        Tensor width = z.sub(mean).square().mean(0).sqrt().add(1e-6).evaluated();
        int starts = Math.min(16, drawn.dim(0));
        Tensor order = logProb(drawn).neg().argSort().slice(0, 0, starts);
        Tensor from = z.gather(0, order).sub(mean).div(width).evaluated();
        Optimiser adam = new Adam();
        Climb first = new Climb(
                from, from, Tensor.full(Double.NEGATIVE_INFINITY, dtype(), starts), adam.start(from));
        Program.Loop<Climb, Tensor> loop = Program.loop(
                (c, rate) -> {
                    Tensor theta = box.forward(c.z.mul(width).add(mean)).value();
                    Tensor log = logProb(theta);
                    Tensor g = Gradient.of(density.logProb(theta).sum(), c.z);
                    Tensor better = log.greater(c.log);
                    Optimiser.Update<Tensor> next = adam.step(c.z, g.neg(), c.optimiser, rate);
                    return new Climb(
                            next.parameters(), better.expand(1).where(c.z, c.best), better.where(log, c.log), next.state());
                },
                first,
                Tensor.of(Shape.SCALAR, 0.1f).cast(dtype()));
        for (int t = 0; t < 300; t++) {
            loop.step(Tensor.of(Shape.SCALAR, (float) (0.1 * Math.pow(0.98, t))).cast(dtype()));
        }
        Climb end = loop.state();
        int best = end.log.argMax(0).toInts()[0];
        Tensor theta = box.forward(end.best.mul(width).add(mean)).value().at(0, best);
        return new Point(theta.evaluated(), end.log.get(best));
    }

    @Override
    public String toString() {
        return "ObservedPosterior[" + dimension() + " parameters, " + support() + (acceptance() == 1 ? "" : ", constraint allows " + acceptance()) + "]";
    }
}
