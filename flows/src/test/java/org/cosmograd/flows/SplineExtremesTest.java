package org.cosmograd.flows;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

/// Raw numbers and arguments of any size give finite values and derivatives, and the function stays rising.
class SplineExtremesTest {
    private static final int K = 8;
    private static final int NUMBERS = RationalQuadraticSpline.numbers(K);

    @Property(tries = 60)
    void nothingIsEverNaN(@ForAll @LongRange(min = 0, max = 1_000_000) long seed, @ForAll @DoubleRange(min = -3, max = 38) double size) {
        for (DType dtype : List.of(DType.F32, DType.F64)) {
            Key key = Key.of(seed);
            // signs and sizes of every order up to the largest number
            Tensor exponent = key.fold(0).uniform(DType.F64, 1, NUMBERS).mul(size);
            Tensor raw = key.fold(1).normal(DType.F64, 1, NUMBERS).mul(exponent.mul(Math.log(10)).exp());
            check(raw.clamp(-3e38, 3e38).cast(dtype), 5);
        }
    }

    @Test
    void hugeRawNumbers() {
        for (double v : new double[] {0, 1e38, -1e38, 3.4e38}) {
            check(Tensor.full(v, DType.F32, 1, NUMBERS), 5);
            check(Tensor.zeros(DType.F32, 1, NUMBERS - 1).pad(1, 1, 0).add(Tensor.scalar(v, DType.F32)), 1e-3);
        }
        double[] spiky = new double[NUMBERS];
        spiky[2] = 1e30;
        spiky[K + 5] = 1e30;
        spiky[2 * K + 3] = 1e30;
        check(Tensor.of(Shape.of(1, NUMBERS), spiky).cast(DType.F32), 5);
        check(Tensor.full(Double.POSITIVE_INFINITY, DType.F32, 1, NUMBERS), 5);
    }

    private static void check(Tensor value, double bound) {
        Tensor raw = Tensor.of(value.type(), value.storage());
        RationalQuadraticSpline spline = new RationalQuadraticSpline(raw, bound);
        DType dtype = raw.dtype();
        int n = 401;
        Tensor x = Tensor.linspace(-1.2 * bound, 1.2 * bound, n).reshape(n, 1).cast(dtype);
        Tensor at = Tensor.of(x.type(), x.storage());
        for (Bijection b : List.of(spline, spline.inverted())) {
            Bijection.Mapped y = b.forward(at);
            double[] v = y.value().toDoubles();
            double[] log = y.logDet().toDoubles();
            for (int i = 0; i < n; i++) {
                assertTrue(Double.isFinite(v[i]) && Double.isFinite(log[i]), () -> "not finite for " + raw);
                if (i > 0) {
                    assertTrue(v[i] >= v[i - 1] - 1e-5 * bound, () -> "falls for " + raw);
                }
            }
            Tensor sum = y.value().sum().add(y.logDet().sum());
            for (Tensor g : Gradient.of(sum, List.of(raw, at))) {
                for (double d : g.toDoubles()) {
                    assertTrue(Double.isFinite(d), () -> "a derivative is not finite for " + raw);
                }
            }
        }
    }

    @Test
    void batchesInTheTailsStay() {
        Tensor raw = Key.of(3).normal(DType.F32, 1, NUMBERS);
        RationalQuadraticSpline spline = new RationalQuadraticSpline(raw, 5);
        float max = Float.MAX_VALUE;
        Tensor x = Tensor.of(new float[][] {{-max}, {-1e20f}, {-5.0001f}, {5.0001f}, {1e20f}, {max}});
        for (Bijection b : List.of(spline, spline.inverted())) {
            Bijection.Mapped y = b.forward(x);
            assertArrayEquals(x.toFloats(), y.value().toFloats());
            assertArrayEquals(new float[6], y.logDet().toFloats());
            List<Tensor> g = Gradient.of(y.value().sum().add(y.logDet().sum()), List.of(raw, x));
            assertArrayEquals(new float[NUMBERS], g.get(0).toFloats());
            assertArrayEquals(new float[] {1, 1, 1, 1, 1, 1}, g.get(1).toFloats());
        }
    }

    @Test
    void knotsAreContinuous() {
        Tensor raw = Key.of(4).normal(DType.F64, 1, NUMBERS).mul(0.5);
        RationalQuadraticSpline spline = new RationalQuadraticSpline(raw, 5);
        int n = 100_001;
        Tensor x = Tensor.linspace(-5.5, 5.5, n).reshape(n, 1);
        double[] log = spline.forward(x).logDet().toDoubles();
        double[] y = spline.forward(x).value().toDoubles();
        for (int i = 1; i < n; i++) {
            assertTrue(y[i] > y[i - 1]);
            assertTrue(Math.abs(log[i] - log[i - 1]) < 0.01, "at " + i);
        }
        assertEquals(5, spline.forward(Tensor.of(new double[][] {{5}})).value().item(), 1e-12);
        assertEquals(-5, spline.forward(Tensor.of(new double[][] {{-5}})).value().item(), 1e-12);
    }

    @Test
    void zerosAreTheIdentity() {
        RationalQuadraticSpline spline = new RationalQuadraticSpline(Tensor.zeros(DType.F64, 1, NUMBERS), 5);
        Tensor x = Tensor.linspace(-6, 6, 101).reshape(101, 1);
        assertArrayEquals(x.toDoubles(), spline.forward(x).value().toDoubles(), 1e-12);
        assertArrayEquals(new double[101], spline.forward(x).logDet().toDoubles(), 1e-12);
    }
}
