package org.cosmograd.simulators.cosmology;

/// What a survey measures at a redshift. Those in units of the sound horizon `r_d` depend on `H0` only through `H0 r_d`.
public enum Quantity {
    /// `D_M/r_d`, the transverse comoving distance in sound horizons.
    DM_OVER_RD("DM_over_rs"),
    /// `D_H/r_d = c/(H r_d)`.
    DH_OVER_RD("DH_over_rs"),
    /// `D_V/r_d` with `D_V = (z D_M² D_H)^⅓`.
    DV_OVER_RD("DV_over_rs"),
    /// `H r_d` in km/s.
    H_TIMES_RD("bao_Hz_rs"),
    /// `μ = 5 log₁₀(D_L/10 pc)` in magnitudes, up to a constant.
    DISTANCE_MODULUS("mu");

    private final String label;

    Quantity(String label) {
        this.label = label;
    }

    /// The name in the files of the BAO surveys.
    public String label() {
        return label;
    }

    /// Whether this is in units of the sound horizon.
    public boolean isBao() {
        return this != DISTANCE_MODULUS;
    }
}
