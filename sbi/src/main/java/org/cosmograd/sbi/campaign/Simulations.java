package org.cosmograd.sbi.campaign;

import org.cosmograd.autodiff.Tensor;

/// Pairs of parameters and data.
///
/// @param theta parameters, `[n, D]`
/// @param x data, `[n, …]`
/// @param dropped how many simulations gave NaN or infinity and are not among them
public record Simulations(Tensor theta, Tensor x, int dropped) {
    private static final System.Logger LOG = System.getLogger(Simulations.class.getName());

    /// Pairs without those whose data or parameters hold NaN or infinity; if there are any, the log says how many.
    public static Simulations of(Tensor theta, Tensor x) {
        if (theta.shape().rank() != 2 || x.shape().rank() < 2 || theta.dim(0) != x.dim(0)) {
            throw new IllegalArgumentException("Simulations: expected parameters [n, D] and data [n, ...], got " + theta.type() + " and " + x.type());
        }
        int n = theta.dim(0);
        Tensor flat = x.reshape(n, n == 0 ? 0 : x.shape().size() / n);
        int[] good = Rows.finite(flat.dtype() == theta.dtype() ? Tensor.concat(1, theta, flat) : flat);
        if (good.length == n) {
            return new Simulations(theta, x, 0);
        }
        if (good.length == 0) {
            throw new IllegalArgumentException("Simulations: all " + n + " simulations hold NaN or infinity");
        }
        Tensor index = Tensor.of(good);
        Simulations kept = new Simulations(theta.gather(0, index), x.gather(0, index), n - good.length);
        LOG.log(System.Logger.Level.WARNING, kept.message());
        return kept;
    }

    /// How many there are.
    public int size() {
        return theta.dim(0);
    }

    /// One sentence about what was dropped.
    public String message() {
        int all = size() + dropped;
        return dropped == 0
                ? "all " + all + " simulations are finite"
                : dropped + " of " + all + " simulations held NaN or infinity and were dropped";
    }

    @Override
    public String toString() {
        return "Simulations[theta " + theta.type() + ", x " + x.type() + ", " + message() + "]";
    }
}
