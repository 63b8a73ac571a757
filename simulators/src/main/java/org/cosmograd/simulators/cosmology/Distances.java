package org.cosmograd.simulators.cosmology;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// Distances to fixed redshifts in any universe: `χ = c/H0 ∫₀ᶻ dz′/E(z′)` and what follows from it.
///
/// Results are `[nz]` for scalar parameters and `[B, nz]` for a batch, in Mpc (in Mpc/h times `h`), differentiable in every
/// parameter. Redshifts are finite and not negative, in any order; at `z = 0` the distance modulus is `-∞`.
///
/// The integral runs over `u = ln(1+z)` in equal panels no wider than 0.7, each with 20 Gauss–Legendre nodes; the polynomial through
/// the nodes of a panel is integrated exactly up to each redshift, so one matrix serves all redshifts and none of them costs nodes
/// of its own: 40 evaluations of `E` reach `z = 3`, 220 reach `z = 1100`. Relative error to `z = 3` below 1e-12 for constant
/// `−1.5 ≤ w ≤ −0.5` and `Ωm ≥ 0.1`, and below 2e-7 in the corners of `w0, wa ∈ [−3, 2]`, `Ωm ≥ 0.01`, where the dark energy switches
/// on within a fraction of a panel.
/// Source: Hogg 1999, arXiv:astro-ph/9905116; Eisenstein et al. 2005 (`D_V`).
public final class Distances {
    /// The speed of light in km/s.
    public static final double SPEED_OF_LIGHT = 299792.458;

    private static final double PANEL = 0.7;
    private static final int NODES = 20;

    private final double[] z;
    private final Epochs nodes;
    private final Epochs sources;
    private final Constant integral;
    private final Constant onePlusZ;
    private final Constant redshift;

    private Distances(double[] z) {
        this.z = z;
        double[] u = DoubleStream.of(z).map(Math::log1p).toArray();
        double last = DoubleStream.of(u).max().orElse(0);
        int panels = Math.max(1, (int) Math.ceil(last / PANEL));
        double width = last / panels;
        LegendrePanel rule = LegendrePanel.of(NODES);
        double[] at = new double[panels * NODES];
        double[] matrix = new double[at.length * z.length];
        for (int p = 0; p < panels; p++) {
            for (int j = 0; j < NODES; j++) {
                at[p * NODES + j] = width * (p + (1 + rule.node(j)) / 2);
            }
            for (int k = 0; k < z.length; k++) {
                double t = width == 0 ? -1 : Math.clamp(2 * (u[k] / width - p) - 1, -1.0, 1.0);
                double[] w = rule.integralTo(t);
                for (int j = 0; j < NODES; j++) {
                    matrix[(p * NODES + j) * z.length + k] = width / 2 * w[j];
                }
            }
        }
        nodes = Epochs.of(at);
        sources = Epochs.of(u);
        integral = Constant.of(Shape.of(at.length, z.length), matrix);
        redshift = Constant.of(z);
        onePlusZ = Constant.of(DoubleStream.of(z).map(x -> 1 + x).toArray());
    }

    /// Distances to these redshifts.
    public static Distances at(double... z) {
        for (double x : z) {
            if (!(x >= 0 && x < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("Distances.at: a redshift is " + x + "; it must be finite and not negative");
            }
        }
        if (z.length == 0) {
            throw new IllegalArgumentException("Distances.at: no redshift given; give at least one");
        }
        return new Distances(z.clone());
    }

    /// The redshifts (a copy).
    public double[] redshifts() {
        return z.clone();
    }

    /// `E(z) = H/H0`
    public Tensor expansion(DarkEnergy model) {
        return model.expansionSquared(sources).sqrt();
    }

    /// `H(z)` in km/s/Mpc
    public Tensor hubble(DarkEnergy model) {
        return expansion(model).mul(DarkEnergy.column(model.h()).mul(100));
    }

    /// `D_H = c/H(z)` in Mpc
    public Tensor hubbleDistance(DarkEnergy model) {
        return expansion(model).reciprocal().mul(hubbleLength(model));
    }

    /// `∫₀ᶻ dz′/E`: the comoving distance in units of `c/H0`
    public Tensor inHubbleLengths(DarkEnergy model) {
        DType dtype = model.omegaM().dtype();
        Tensor slope = nodes.redshifted().in(dtype).div(model.expansionSquared(nodes).sqrt());
        return slope.matmul(integral.in(dtype));
    }

    /// The comoving distance along the line of sight `χ` in Mpc
    public Tensor comoving(DarkEnergy model) {
        return inHubbleLengths(model).mul(hubbleLength(model));
    }

    /// `D_M = c/H0 · sinh(√Ωk χ H0/c)/√Ωk`, the transverse comoving distance in Mpc; `χ` where space is flat
    public Tensor transverse(DarkEnergy model) {
        return transverseInHubbleLengths(model).mul(hubbleLength(model));
    }

    /// `D_M` in units of `c/H0`
    public Tensor transverseInHubbleLengths(DarkEnergy model) {
        Tensor chi = inHubbleLengths(model);
        return switch (model.curvature()) {
            case Curvature.Flat() -> chi;
            case Curvature.Curved(Tensor k) -> sinhc(DarkEnergy.column(k).mul(chi.square())).mul(chi);
        };
    }

    /// `D_A = D_M/(1+z)` in Mpc
    public Tensor angularDiameter(DarkEnergy model) {
        return transverse(model).div(onePlusZ.in(model.omegaM().dtype()));
    }

    /// `D_L = D_M (1+z)` in Mpc
    public Tensor luminosity(DarkEnergy model) {
        return transverse(model).mul(onePlusZ.in(model.omegaM().dtype()));
    }

    /// `D_V = (z D_M² D_H)^⅓` in Mpc
    public Tensor volume(DarkEnergy model) {
        Tensor cube = transverse(model).square().mul(hubbleDistance(model)).mul(redshift.in(model.omegaM().dtype()));
        return cube.pow(1.0 / 3);
    }

    /// The distance modulus `μ = 5 log₁₀(D_L/10 pc)` in magnitudes
    public Tensor modulus(DarkEnergy model) {
        return luminosity(model).log().mul(5 / Math.log(10)).add(25);
    }

    private static Tensor hubbleLength(DarkEnergy model) {
        return DarkEnergy.column(model.h()).reciprocal().mul(SPEED_OF_LIGHT / 100);
    }

    /// `S(χ)/χ = sinh(√x)/√x` with `x = Ωk χ²` and `χ` in units of `c/H0`; `sin(√-x)/√-x` for negative `x`.
    ///
    /// One power series `Σ xⁿ/(2n+1)!` serves both signs and is smooth through zero: 24 terms give full double precision for
    /// `-π² ≤ x ≤ 60`, which holds the empty universe to `z = 2000`.
    private static Tensor sinhc(Tensor x) {
        Tensor sum = Tensor.scalar(1, x.dtype());
        for (int n = 23; n >= 1; n--) {
            sum = sum.mul(x).mul(1 / (2.0 * n * (2 * n + 1))).add(1);
        }
        return sum;
    }

    @Override
    public String toString() {
        return "Distances" + Arrays.toString(z);
    }
}
