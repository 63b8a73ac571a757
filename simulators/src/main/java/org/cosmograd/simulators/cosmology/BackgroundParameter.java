package org.cosmograd.simulators.cosmology;

/// A parameter of the expanding background, with the bounds of its flat prior and the value it has where it is not free.
///
/// `Ωm`, `w0` and `wa` have the priors of DESI (arXiv:2503.14738): flat, and `w0 + wa < 0` besides. `H0 r_d` is flat over
/// `[3650, 18250]` km/s (`h r_d` from 36.5 to 182.5 Mpc): DESI measure 10154 ± 74 km/s in ΛCDM and 9125 ± 449 with free `w0, wa`, so that the bounds are
/// ten and more standard deviations away. The offset of the moduli is flat over `[−1, 1]` mag: Union3 knows it to 0.1 mag.
public enum BackgroundParameter {
    /// Matter density today in units of the critical.
    OMEGA_M("Ωm", 0.01, 0.99, 0.3),
    /// Equation of state of dark energy today.
    W0("w0", -3, 1, -1),
    /// Its slope `−dw/da`.
    WA("wa", -3, 2, 0),
    /// Hubble constant times sound horizon in km/s.
    H0_RD("H0·rd", 3650, 18250, 10_150),
    /// What to add to `5 log₁₀(D_L/10 pc)` for `H0 = 70 km/s/Mpc` to obtain a survey's moduli, in magnitudes.
    OFFSET("ΔM", -1, 1, 0);

    private final String symbol;
    private final double low;
    private final double high;
    private final double usual;

    BackgroundParameter(String symbol, double low, double high, double usual) {
        this.symbol = symbol;
        this.low = low;
        this.high = high;
        this.usual = usual;
    }

    /// How it is printed.
    public String symbol() {
        return symbol;
    }

    /// The lower bound of the prior.
    public double low() {
        return low;
    }

    /// The upper bound of the prior.
    public double high() {
        return high;
    }

    /// The value where it is not free.
    public double usual() {
        return usual;
    }
}
