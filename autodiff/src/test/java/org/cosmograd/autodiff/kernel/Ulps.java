package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import org.cosmograd.autodiff.DType;

/// The largest error seen, in ulp of the true value. The property `cosmograd.ulps` has it printed.
final class Ulps {
    private static final boolean PRINT = Boolean.getBoolean("cosmograd.ulps");

    private final String name;
    private final DType type;
    private double worst;
    private double at;

    Ulps(String name, DType type) {
        this.name = name;
        this.type = type;
    }

    void add(double x, double got, BigDecimal truth) {
        double ulp = type == DType.F32 ? Math.ulp(truth.floatValue()) : Math.ulp(truth.doubleValue());
        double error = Double.isFinite(got)
                ? new BigDecimal(got).subtract(truth).abs().divide(new BigDecimal(ulp), MathContext.DECIMAL64).doubleValue()
                : Double.POSITIVE_INFINITY;
        if (error > worst) {
            worst = error;
            at = x;
        }
    }

    void check(double bound) {
        if (PRINT) {
            System.out.printf("%-16s %s %6.3f ulp at %s%n", name, type, worst, at);
        }
        assertTrue(worst <= bound, name + " " + type + ": " + worst + " ulp at " + at);
    }
}
