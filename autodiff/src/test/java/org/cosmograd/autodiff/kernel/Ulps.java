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
        boolean single = type == DType.F32;
        double ulp = single ? Math.ulp(Math.min(truth.abs().floatValue(), Float.MAX_VALUE)) : Math.ulp(Math.min(truth.abs().doubleValue(), Double.MAX_VALUE));
        // infinity stands for the power of two after the largest number, and for everything beyond
        BigDecimal limit = BigDecimal.TWO.pow(single ? 128 : 1024);
        BigDecimal value = Double.isNaN(got) ? limit.add(limit) : Double.isInfinite(got) ? got < 0 ? limit.negate() : limit : new BigDecimal(got);
        double error = value.subtract(truth.min(limit).max(limit.negate())).abs().divide(new BigDecimal(ulp), MathContext.DECIMAL64).doubleValue();
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
