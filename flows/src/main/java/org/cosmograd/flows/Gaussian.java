package org.cosmograd.flows;

import java.util.List;
import org.cosmograd.autodiff.CustomRule;
import org.cosmograd.autodiff.Tensor;

/// The distribution function `Φ` of the standard normal, by its logarithm, and its inverse; accurate far into the lower tail.
final class Gaussian {
    static final double LOG_ROOT_TAU = 0.5 * Math.log(2 * Math.PI);

    // erfcx(z) = t exp(c₀/2 + Σ cⱼ Tⱼ(4/(2+z)·... - 2)), t = 2/(2+z); Press et al., Numerical Recipes 3rd ed., §6.2.2
    private static final double[] CHEBYSHEV = {
        -1.3026537197817094, 6.4196979235649026e-1, 1.9476473204185836e-2, -9.561514786808631e-3, -9.46595344482036e-4,
        3.66839497852761e-4, 4.2523324806907e-5, -2.0278578112534e-5, -1.624290004647e-6, 1.303655835580e-6, 1.5626441722e-8,
        -8.5238095915e-8, 6.529054439e-9, 5.059343495e-9, -9.91364156e-10, -2.27365122e-10, 9.6467911e-11, 2.394038e-12, -6.886027e-12,
        8.94487e-13, 3.13092e-13, -1.12708e-13, 3.81e-16, 7.106e-15, -1.523e-15, -9.4e-17, 1.21e-16, -2.8e-17
    };

    // Wichura 1988, algorithm AS 241 (PPND16), Appl. Statist. 37, 477: lowest power first
    private static final double[] A = {
        3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4, 4.5921953931549871457e4,
        6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3
    };
    private static final double[] B = {
        1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
        2.8729085735721942674e4, 5.2264952788528545610e3
    };
    private static final double[] C = {
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258,
        2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4
    };
    private static final double[] D = {
        1, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
        1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9
    };
    private static final double[] E = {
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1, 2.65321895265761230930e-2,
        1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7
    };
    private static final double[] F = {
        1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
        1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15
    };

    private static final CustomRule LOG_CDF =
            CustomRule.of(x -> logCdfValue(x.getFirst()), (x, y, g) -> List.of(g.mul(logDensity(x.getFirst()).sub(y).exp())));

    private static final CustomRule QUANTILE =
            CustomRule.of(p -> quantileValue(p.getFirst()), (p, x, g) -> List.of(g.mul(p.getFirst().sub(logDensity(x)).exp())));

    private Gaussian() {}

    /// `ln φ(x)`
    static Tensor logDensity(Tensor x) {
        return x.square().mul(-0.5).sub(LOG_ROOT_TAU);
    }

    /// `ln Φ(x)`; `-∞` gives `-∞`, `∞` gives 0.
    static Tensor logCdf(Tensor x) {
        return LOG_CDF.apply(x);
    }

    /// `Φ⁻¹(eᵖ)` for `p < 0`
    static Tensor quantile(Tensor logP) {
        return QUANTILE.apply(logP);
    }

    private static Tensor logCdfValue(Tensor x) {
        Tensor z = x.abs().mul(Math.sqrt(0.5));
        Tensor t = z.add(2).reciprocal().mul(2);
        Tensor ty = t.mul(4).sub(2);
        Tensor d = x.like(0);
        Tensor dd = x.like(0);
        for (int j = CHEBYSHEV.length - 1; j > 0; j--) {
            Tensor next = ty.mul(d).sub(dd).add(CHEBYSHEV[j]);
            dd = d;
            d = next;
        }
        Tensor logScaled = ty.mul(d).add(CHEBYSHEV[0]).mul(0.5).sub(dd);
        Tensor tail = t.log().add(logScaled).sub(z.square()).sub(Math.log(2));
        Tensor lower = z.less(Double.POSITIVE_INFINITY).where(tail, Double.NEGATIVE_INFINITY);
        return x.less(0).where(lower, lower.exp().neg().log1p());
    }

    private static Tensor quantileValue(Tensor logP) {
        Tensor p = logP.exp();
        Tensor q = p.sub(0.5);
        Tensor central = q.abs().lessEqual(0.425);
        Tensor r0 = q.square().neg().add(0.180625);
        Tensor middle = q.mul(polynomial(A, r0)).div(polynomial(B, r0));
        Tensor logTail = q.less(0).where(logP, logP.expm1().neg().log());
        Tensor r = logTail.neg().max(0).sqrt();
        Tensor near = polynomial(C, r.sub(1.6)).div(polynomial(D, r.sub(1.6)));
        Tensor far = polynomial(E, r.sub(5)).div(polynomial(F, r.sub(5)));
        Tensor tail = r.lessEqual(5).where(near, far);
        return central.where(middle, q.sign().mul(tail));
    }

    private static Tensor polynomial(double[] c, Tensor x) {
        Tensor sum = x.like(c[c.length - 1]);
        for (int i = c.length - 2; i >= 0; i--) {
            sum = sum.mul(x).add(c[i]);
        }
        return sum;
    }
}
