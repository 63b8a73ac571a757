package org.cosmograd.simulators.cosmology;

import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;

/// A universe with dark energy of equation of state `w(a) = w0 + wa (1 − a)`:
///
/// `E(a)² = (H/H0)² = Ωm a⁻³ + Ωr a⁻⁴ + Ων(a) + Ωk a⁻² + Ωde a^(−3(1+w0+wa)) e^(−3wa(1−a))`, `Ωde = 1 − Ωm − Ωr − Ων − Ωk`.
///
/// Each parameter is a scalar or `[B]`, all of one floating-point type; a scalar serves the whole batch.
/// Domain: `E² > 0` between the observer and the source, which every flat model with `0 < Ωm < 1` fulfils; a model that bounces
/// before reaching the redshift gives NaN. Source: Chevallier & Polarski 2001, Linder 2003 (`w(a)`); Hogg 1999 (`E`, distances).
///
/// @param omegaM `Ωm`, baryons and cold dark matter today; massive neutrinos are counted in `radiation`
/// @param w0 `w` today
/// @param wa `−dw/da`
/// @param h `H0 / (100 km/s/Mpc)`; with `h = 1` distances without radiation are in Mpc/h
/// @param curvature flat, or `Ωk`
/// @param radiation none, or photons and neutrinos
public record DarkEnergy(Tensor omegaM, Tensor w0, Tensor wa, Tensor h, Curvature curvature, Radiation radiation) {

    /// Flat space, a cosmological constant, no radiation.
    public static DarkEnergy flat(Tensor omegaM, Tensor h) {
        DType dtype = omegaM.dtype();
        return flat(omegaM, Tensor.scalar(-1, dtype), Tensor.scalar(0, dtype), h);
    }

    /// Flat space, no radiation.
    public static DarkEnergy flat(Tensor omegaM, Tensor w0, Tensor wa, Tensor h) {
        return new DarkEnergy(omegaM, w0, wa, h, new Curvature.Flat(), new Radiation.None());
    }

    /// This with curved space.
    public DarkEnergy curved(Tensor omegaK) {
        return new DarkEnergy(omegaM, w0, wa, h, new Curvature.Curved(omegaK), radiation);
    }

    /// This with photons and neutrinos.
    public DarkEnergy with(Radiation radiation) {
        return new DarkEnergy(omegaM, w0, wa, h, curvature, radiation);
    }

    /// `Ωde`, scalar or `[B]`.
    public Tensor omegaDe() {
        Tensor rest = omegaM.neg().add(1);
        if (curvature instanceof Curvature.Curved c) {
            rest = rest.sub(c.omegaK());
        }
        return radiation instanceof Radiation.Relics r ? rest.sub(r.today(h)) : rest;
    }

    /// `E(a)²` at scale factors `e^(−u)`, `[n]` or `[B, n]`.
    ///
    /// @param u `ln(1+z)` in both precisions, and the powers of the scale factor there
    Tensor expansionSquared(Epochs u) {
        check("omegaM", omegaM);
        check("w0", w0);
        check("wa", wa);
        check("h", h);
        DType dtype = omegaM.dtype();
        Tensor e = column(omegaM).mul(u.cubed().in(dtype));
        if (curvature instanceof Curvature.Curved c) {
            check("omegaK", c.omegaK());
            e = e.add(column(c.omegaK()).mul(u.squared().in(dtype)));
        }
        if (radiation instanceof Radiation.Relics r) {
            e = e.add(r.density(h, u));
        }
        Tensor power = column(w0.add(wa).add(1)).mul(u.log().in(dtype));
        Tensor tilt = column(wa).mul(u.oneMinusA().in(dtype));
        return e.add(column(omegaDe()).mul(power.sub(tilt).mul(3).exp()));
    }

    private void check(String name, Tensor t) {
        Shape s = t.shape();
        if (s.rank() > 1 || t.dtype() != omegaM.dtype() || !t.dtype().isFloating()) {
            throw new ShapeException("DarkEnergy: " + name + " is " + t.type() + " beside omegaM " + omegaM.type()
                    + "; parameters are scalars or vectors of one length and one floating-point type");
        }
    }

    /// A parameter against an axis of redshifts: `[]` becomes `[1]`, `[B]` becomes `[B, 1]`.
    static Tensor column(Tensor parameter) {
        return parameter.expand(-1);
    }
}
