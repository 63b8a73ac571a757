package org.cosmograd.simulators.cosmology;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.simulators.Simulator;

/// What surveys of the expansion see in a flat universe, `x ~ N(m(θ), C)`, and `ln p(x|θ) = −½ (x−m)ᵀ C⁻¹ (x−m) − ½ ln det 2πC`:
///
/// - `D_M/r_d = c/(H0 r_d) ∫₀ᶻ dz′/E`, `D_H/r_d = c/(H0 r_d E)`, `D_V/r_d = (z D_M² D_H)^⅓/r_d`, `H r_d = H0 r_d E`,
/// - `μ = 5 log₁₀((1+z) D_M/10 pc) + ΔM` with `H0 = 70 km/s/Mpc`,
///
/// with `E² = Ωm (1+z)³ + (1−Ωm) (1+z)^(3(1+w0+wa)) e^(−3wa z/(1+z))`; radiation does not count at these redshifts. BAO depend on `H0`
/// only through `H0 r_d`, supernovae only through `ΔM`.
///
/// Parameters are columns of `theta` in the order of [BackgroundParameter]: those that the surveys need, or those chosen; the others
/// keep their usual values, so that free `Ωm` and `H0 r_d` alone are ΛCDM. Data are the surveys' numbers one after the other.
/// `theta` is `[parameters]` or `[B, parameters]`; every model within the prior has `E² > 0`.
public final class BackgroundLikelihood implements Simulator {
    private final List<Survey> surveys;
    private final List<BackgroundParameter> free;
    private final String name;
    private final Distances lines;
    private final Distances rates;
    private final List<Block> blocks;
    private final Tensor order;
    private final Tensor sorted;
    private final Constant observed;
    private final Constant observedByQuantity;
    private final Constant root;
    private final Constant whitening;
    private final double logNorm;

    /// The rows of one quantity: how many there are, where its distances and rates begin, and what its formula needs of `z`.
    private record Block(Quantity quantity, int rows, int line, int rate, Constant constant) {}

    private BackgroundLikelihood(List<Survey> surveys, Set<BackgroundParameter> free) {
        this.surveys = surveys;
        this.free = List.copyOf(EnumSet.copyOf(free));
        this.name = surveys.stream().map(Survey::name).collect(Collectors.joining(" + "));
        int n = surveys.stream().mapToInt(Survey::size).sum();
        Quantity[] quantity = new Quantity[n];
        double[] z = new double[n];
        double[] x = new double[n];
        double[][] lower = new double[n][n];
        int first = 0;
        for (Survey s : surveys) {
            double[] sz = s.z().toDoubles();
            double[] sx = s.values().toDoubles();
            double[][] sl = s.cholesky().toRows();
            for (int i = 0; i < s.size(); i++) {
                quantity[first + i] = s.quantities().get(i);
                z[first + i] = sz[i];
                x[first + i] = sx[i];
                System.arraycopy(sl[i], 0, lower[first + i], first, s.size());
            }
            first += s.size();
        }
        // rows by quantity: those that need an integral first, those that need E last, the D_V that need both between them
        List<Quantity> layout = List.of(
                Quantity.DISTANCE_MODULUS, Quantity.DM_OVER_RD, Quantity.DV_OVER_RD, Quantity.DH_OVER_RD, Quantity.H_TIMES_RD);
        blocks = new ArrayList<>();
        int[] place = new int[n];
        List<Double> lineZ = new ArrayList<>();
        List<Double> rateZ = new ArrayList<>();
        int row = 0;
        for (Quantity q : layout) {
            int[] rows = IntStream.range(0, n).filter(i -> quantity[i] == q).toArray();
            if (rows.length == 0) {
                continue;
            }
            double[] of = IntStream.of(rows).mapToDouble(i -> z[i]).toArray();
            Constant constant = q == Quantity.DISTANCE_MODULUS ? moduli(of) : Constant.of(of);
            blocks.add(new Block(q, rows.length, lineZ.size(), rateZ.size(), constant));
            for (int i : rows) {
                place[i] = row++;
                if (q != Quantity.DH_OVER_RD && q != Quantity.H_TIMES_RD) {
                    lineZ.add(z[i]);
                }
                if (q != Quantity.DISTANCE_MODULUS && q != Quantity.DM_OVER_RD) {
                    rateZ.add(z[i]);
                }
            }
        }
        int[] from = new int[n];
        for (int i = 0; i < n; i++) {
            from[place[i]] = i;
        }
        order = Tensor.of(place);
        sorted = Tensor.of(from);
        lines = lineZ.isEmpty() ? Distances.at(1) : Distances.at(doubles(lineZ));
        rates = rateZ.isEmpty() ? Distances.at(1) : Distances.at(doubles(rateZ));
        observed = Constant.of(x);
        observedByQuantity = Constant.of(IntStream.of(from).mapToDouble(i -> x[i]).toArray());
        root = Constant.of(Shape.of(n, n), transposed(lower));
        double[] rows = transposed(inverse(lower));
        double[] byQuantity = new double[n * n];
        for (int i = 0; i < n; i++) {
            System.arraycopy(rows, from[i] * n, byQuantity, i * n, n);
        }
        whitening = Constant.of(Shape.of(n, n), byQuantity);
        double log = n * Math.log(2 * Math.PI) / 2;
        for (int i = 0; i < n; i++) {
            log += Math.log(lower[i][i]);
        }
        logNorm = log;
    }

    /// The surveys together, with all parameters free that they depend on.
    public static BackgroundLikelihood of(Survey... surveys) {
        Set<BackgroundParameter> free = EnumSet.of(BackgroundParameter.OMEGA_M, BackgroundParameter.W0, BackgroundParameter.WA);
        for (Survey s : surveys) {
            free.add(s.isSupernovae() ? BackgroundParameter.OFFSET : BackgroundParameter.H0_RD);
        }
        return of(List.of(surveys), free);
    }

    /// The surveys together, with these parameters free and the others at their usual values.
    public static BackgroundLikelihood of(List<Survey> surveys, Set<BackgroundParameter> free) {
        if (surveys.isEmpty() || free.isEmpty()) {
            throw new IllegalArgumentException("BackgroundLikelihood: " + surveys.size() + " surveys and " + free.size()
                    + " free parameters given; needs at least one of each");
        }
        List<String> supernovae =
                surveys.stream().filter(Survey::isSupernovae).map(Survey::name).toList();
        if (supernovae.size() > 1) {
            throw new IllegalArgumentException("BackgroundLikelihood: the supernova surveys " + String.join(" and ", supernovae)
                    + " share supernovae and one offset; use one of them");
        }
        return new BackgroundLikelihood(List.copyOf(surveys), free);
    }

    /// The surveys.
    public List<Survey> surveys() {
        return surveys;
    }

    /// The free parameters: the columns of `theta`.
    public List<BackgroundParameter> free() {
        return free;
    }

    /// What was measured, `[n]`.
    public Tensor observed(DType dtype) {
        return observed.in(dtype);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int parameters() {
        return free.size();
    }

    @Override
    public int observables() {
        return order.dim(0);
    }

    /// The universe of `theta`; its `h` is one in which distances come out in units of `c/H0`.
    public DarkEnergy model(Tensor theta) {
        check("model", theta);
        return DarkEnergy.flat(
                parameter(theta, BackgroundParameter.OMEGA_M),
                parameter(theta, BackgroundParameter.W0),
                parameter(theta, BackgroundParameter.WA),
                Tensor.scalar(Distances.SPEED_OF_LIGHT / 100, theta.dtype()));
    }

    /// The numbers `m(θ)` that the surveys would see without noise, `[n]` or `[B, n]`.
    public Tensor theory(Tensor theta) {
        return byQuantity(theta).gather(-1, order);
    }

    /// The theory with its rows in the order of quantities, in which they are computed.
    private Tensor byQuantity(Tensor theta) {
        DarkEnergy model = model(theta);
        Tensor chi = lines.inHubbleLengths(model);
        Tensor e = rates.expansion(model);
        Tensor speed = DarkEnergy.column(parameter(theta, BackgroundParameter.H0_RD));
        Tensor length = speed.reciprocal().mul(Distances.SPEED_OF_LIGHT);
        Tensor offset = DarkEnergy.column(parameter(theta, BackgroundParameter.OFFSET));
        List<Tensor> parts = new ArrayList<>();
        for (Block b : blocks) {
            Tensor d = part(chi, b.line, b.rows);
            Tensor r = part(e, b.rate, b.rows);
            Tensor c = b.constant.in(theta.dtype());
            parts.add(
                    switch (b.quantity) {
                        case DISTANCE_MODULUS -> d.log().mul(5 / Math.log(10)).add(c).add(offset);
                        case DM_OVER_RD -> d.mul(length);
                        case DH_OVER_RD -> length.div(r);
                        case DV_OVER_RD -> d.square().mul(c).div(r).pow(1.0 / 3).mul(length);
                        case H_TIMES_RD -> r.mul(speed);
                    });
        }
        return Tensor.concat(-1, parts);
    }

    @Override
    public Tensor simulate(Tensor theta, Key key) {
        Tensor mean = theory(theta);
        return mean.add(key.normal(theta.dtype(), mean.shape().dims()).matmul(root.in(theta.dtype())));
    }

    @Override
    public Tensor logLikelihood(Tensor theta, Tensor x) {
        return chiSquared(theta, x).mul(-0.5).sub(logNorm);
    }

    /// `ln p` of what was measured, scalar or `[B]`.
    public Tensor logLikelihood(Tensor theta) {
        Tensor d = observedByQuantity.in(theta.dtype()).sub(byQuantity(theta));
        return d.matmul(whitening.in(theta.dtype())).square().sum(-1).mul(-0.5).sub(logNorm);
    }

    /// `χ² = (x−m)ᵀ C⁻¹ (x−m)`, scalar or `[B]`.
    public Tensor chiSquared(Tensor theta, Tensor x) {
        Tensor d = x.gather(-1, sorted).sub(byQuantity(theta));
        return d.matmul(whitening.in(theta.dtype())).square().sum(-1);
    }

    /// `L⁻¹ d` for differences `d` in the space of the data, `[n]` or `[B, n]`; its square is `χ²`.
    public Tensor whiten(Tensor d) {
        return d.gather(-1, sorted).matmul(whitening.in(d.dtype()));
    }

    /// `[n]` for `[n, parameters]`, scalar for one parameter vector: flat within the bounds and where `w0 + wa < 0`, normalised.
    @Override
    public Tensor logPrior(Tensor theta) {
        check("logPrior", theta);
        Tensor inside = parameter(theta, BackgroundParameter.W0)
                .add(parameter(theta, BackgroundParameter.WA))
                .less(0);
        double volume = volumeOfW();
        for (BackgroundParameter p : free) {
            Tensor v = parameter(theta, p);
            inside = inside.mul(v.greaterEqual(p.low())).mul(v.lessEqual(p.high()));
            volume *= p == BackgroundParameter.W0 || p == BackgroundParameter.WA ? 1 : p.high() - p.low();
        }
        return inside.where(inside.like(-Math.log(volume)), Double.NEGATIVE_INFINITY);
    }

    @Override
    public Tensor samplePrior(Key key, DType dtype, int n) {
        List<Tensor> columns = new ArrayList<>();
        Tensor wa = Tensor.full(BackgroundParameter.WA.usual(), dtype, n);
        Tensor w0 = Tensor.full(BackgroundParameter.W0.usual(), dtype, n);
        if (free.contains(BackgroundParameter.WA)) {
            wa = sampleWa(key.fold(BackgroundParameter.WA.ordinal()).uniform(dtype, n));
        }
        if (free.contains(BackgroundParameter.W0)) {
            Tensor width = wa.neg().min(BackgroundParameter.W0.high()).sub(BackgroundParameter.W0.low());
            Tensor u = key.fold(BackgroundParameter.W0.ordinal()).uniform(dtype, n);
            w0 = u.mul(width).add(BackgroundParameter.W0.low());
        }
        for (BackgroundParameter p : free) {
            columns.add(
                    switch (p) {
                        case W0 -> w0;
                        case WA -> wa;
                        default ->
                            key.fold(p.ordinal())
                                    .uniform(dtype, n)
                                    .mul(p.high() - p.low())
                                    .add(p.low());
                    });
        }
        return Tensor.stack(-1, columns);
    }

    /// `wa` from its marginal prior: the length of the allowed `w0` is full up to `wa = −w0_max` and then falls linearly.
    private Tensor sampleWa(Tensor u) {
        double low = BackgroundParameter.WA.low();
        if (!free.contains(BackgroundParameter.W0)) {
            return u.mul(Math.min(BackgroundParameter.WA.high(), -BackgroundParameter.W0.usual()) - low)
                    .add(low);
        }
        double full = BackgroundParameter.W0.high() - BackgroundParameter.W0.low();
        double plateau = full * (-BackgroundParameter.W0.high() - low);
        Tensor area = u.mul(volumeOfW());
        Tensor root = area.sub(plateau).max(0).mul(-2).add(full * full).sqrt();
        Tensor beyond = root.neg().sub(BackgroundParameter.W0.low());
        return area.less(plateau).where(area.div(full).add(low), beyond);
    }

    private double volumeOfW() {
        boolean w0 = free.contains(BackgroundParameter.W0);
        boolean wa = free.contains(BackgroundParameter.WA);
        if (w0 && wa) {
            double full = BackgroundParameter.W0.high() - BackgroundParameter.W0.low();
            double last = -BackgroundParameter.WA.high() - BackgroundParameter.W0.low();
            return full * (-BackgroundParameter.W0.high() - BackgroundParameter.WA.low()) + (full * full - last * last) / 2;
        } else if (w0) {
            return Math.min(BackgroundParameter.W0.high(), -BackgroundParameter.WA.usual()) - BackgroundParameter.W0.low();
        }
        return wa
                ? Math.min(BackgroundParameter.WA.high(), -BackgroundParameter.W0.usual()) - BackgroundParameter.WA.low()
                : 1;
    }

    /// `5 log₁₀((1+z) c/H0 / 10 pc)` at `H0 = 70 km/s/Mpc`
    private static Constant moduli(double[] z) {
        double hubbleLength = Distances.SPEED_OF_LIGHT / 70;
        return Constant.of(Arrays.stream(z)
                .map(v -> 5 * Math.log10((1 + v) * hubbleLength) + 25)
                .toArray());
    }

    private static Tensor part(Tensor t, int first, int rows) {
        int n = t.dim(-1);
        return t.slice(-1, Math.min(first, n), Math.min(first + rows, n));
    }

    private Tensor parameter(Tensor theta, BackgroundParameter p) {
        int column = free.indexOf(p);
        return column < 0 ? Tensor.scalar(p.usual(), theta.dtype()) : theta.at(-1, column);
    }

    private void check(String operation, Tensor theta) {
        int rank = theta.shape().rank();
        if (rank < 1 || rank > 2 || theta.dim(-1) != free.size() || !theta.dtype().isFloating()) {
            String symbols = free.stream().map(BackgroundParameter::symbol).collect(Collectors.joining(", "));
            throw new ShapeException("BackgroundLikelihood." + operation + ": theta is " + theta.type() + ", needs " + free.size()
                    + " columns (" + symbols + ")");
        }
    }

    private static double[] doubles(List<Double> list) {
        return list.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double[] transposed(double[][] m) {
        int n = m.length;
        double[] out = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                out[j * n + i] = m[i][j];
            }
        }
        return out;
    }

    private static double[][] inverse(double[][] lower) {
        int n = lower.length;
        double[][] out = new double[n][n];
        for (int j = 0; j < n; j++) {
            for (int i = j; i < n; i++) {
                double sum = i == j ? 1 : 0;
                for (int k = j; k < i; k++) {
                    sum -= lower[i][k] * out[k][j];
                }
                out[i][j] = sum / lower[i][i];
            }
        }
        return out;
    }

    @Override
    public String toString() {
        return "BackgroundLikelihood[" + name + ", " + observables() + " numbers, "
                + free.stream().map(BackgroundParameter::symbol).collect(Collectors.joining(", ")) + "]";
    }
}
