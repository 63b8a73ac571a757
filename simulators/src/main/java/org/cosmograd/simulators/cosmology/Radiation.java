package org.cosmograd.simulators.cosmology;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Tensor;

/// What moves at the speed of light, or once did: `Ωr a⁻⁴ + Ων(a)` in `E²`.
public sealed interface Radiation {

    /// Nothing.
    record None() implements Radiation {}

    /// Photons, massless neutrinos, and neutrinos with masses.
    ///
    /// `Ωγ h² = 2.4730e-5 (T/2.7255 K)⁴`; massless neutrinos add `7/8 (4/11)^{4/3} N Ωγ`. A neutrino of mass `m` adds
    /// `7/8 τ⁴ Ωγ a⁻⁴ F(m a / k T_ν)` with `T_ν = τ T` today, `τ = 0.71611`, and the Fermi–Dirac integral
    /// `F(y) = 120/(7π⁴) ∫₀^∞ x² √(x² + y²)/(eˣ + 1) dx`, `F(0) = 1`, evaluated by the Gauss rule for the weight `x²/(eˣ + 1)`
    /// (error below 4e-6 of `F` at any `y`, hence below 1e-8 of `E²`), smooth in the masses and at mass zero.
    ///
    /// Source: Lesgourgues & Tram 2011, arXiv:1104.2935 (integral, `τ`); Mangano et al. 2005 (`N_eff = 3.046`); CODATA 2018.
    ///
    /// @param temperature of the photons today in K
    /// @param massless the number `N` of massless neutrinos, in units of the instantaneously decoupled one
    /// @param masses in eV, each scalar or `[B]`
    record Relics(double temperature, double massless, List<Tensor> masses) implements Radiation {
        /// `T_ν/T` of neutrinos with mass
        private static final double TAU = 0.71611;
        /// Boltzmann's constant in eV/K
        private static final double BOLTZMANN = 8.617333262e-5;
        /// `Ωγ h²` at 1 K
        private static final double PHOTONS = 4.4816201e-7;

        private static final Constant MOMENTA = Constant.of(
                0.4044266611183504,
                1.070197990416659,
                2.01286039800784,
                3.241552102317249,
                4.776156589332962,
                6.636728605679828,
                8.843421445147186,
                11.42104687237348,
                14.40258896869408,
                17.83254281202878,
                21.77216118601949,
                26.30893645430391,
                31.57517694513077);
        private static final Constant WEIGHTS = Constant.of(
                0.006060301442408452,
                0.04139419868225871,
                0.0909951960558653,
                0.09590348193692684,
                0.05685255285997198,
                0.02060771658813986,
                0.004741821030378911,
                0.0006978839558668404,
                6.4887963128718e-05,
                3.701122848071495e-06,
                1.233515612184303e-07,
                2.227274820316416e-09,
                1.934631089930144e-11);

        /// Copies the list.
        public Relics {
            masses = List.copyOf(masses);
        }

        private double relative() {
            return 0.875 * Math.pow(4.0 / 11, 4.0 / 3) * massless;
        }

        private Tensor photons(Tensor h) {
            return h.square().reciprocal().mul(PHOTONS * Math.pow(temperature, 4));
        }

        /// `Ωr + Ων` today, scalar or `[B]`.
        Tensor today(Tensor h) {
            Tensor t = photons(h).mul(1 + relative());
            return masses.isEmpty() ? t : t.add(massive(h));
        }

        /// `Ων` of the neutrinos with mass today: what a matter density that counts them has above `omegaM`.
        public Tensor massive(Tensor h) {
            Tensor sum = Tensor.scalar(0, h.dtype());
            for (Tensor m : masses) {
                sum = sum.add(fermiDirac(m.mul(1 / (BOLTZMANN * TAU * temperature))));
            }
            return sum.mul(photons(h)).mul(0.875 * Math.pow(TAU, 4));
        }

        /// `Ωr a⁻⁴ + Ων(a)`, `[n]` or `[B, n]`.
        Tensor density(Tensor h, Epochs u) {
            DType dtype = h.dtype();
            Tensor sum = Tensor.scalar(1 + relative(), dtype);
            for (Tensor m : masses) {
                Tensor y = DarkEnergy.column(m.mul(1 / (BOLTZMANN * TAU * temperature))).mul(u.a().in(dtype));
                sum = sum.add(fermiDirac(y).mul(0.875 * Math.pow(TAU, 4)));
            }
            return DarkEnergy.column(photons(h)).mul(sum).mul(u.fourth().in(dtype));
        }

        private static Tensor fermiDirac(Tensor y) {
            Tensor x = MOMENTA.in(y.dtype());
            return y.square().expand(-1).add(x.square()).sqrt().matmul(WEIGHTS.in(y.dtype()));
        }
    }

    /// Photons at 2.7255 K and massless neutrinos of effective number 3.046.
    static Radiation standard() {
        return neutrinos(3.046, List.of());
    }

    /// Photons at 2.7255 K and neutrinos of the given masses in eV, with massless ones besides to the effective number `nEff` that
    /// all of them have together while relativistic.
    static Relics neutrinos(double nEff, List<Tensor> masses) {
        double massless = nEff - masses.size() * Math.pow(Relics.TAU, 4) / Math.pow(4.0 / 11, 4.0 / 3);
        if (massless < 0) {
            throw new IllegalArgumentException("Radiation.neutrinos: " + masses.size()
                    + " massive neutrinos exceed the effective number " + nEff + "; raise it or take fewer masses");
        }
        return new Relics(2.7255, massless, masses);
    }
}
