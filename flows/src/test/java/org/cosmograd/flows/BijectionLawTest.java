package org.cosmograd.flows;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.ShapeException;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class BijectionLawTest {
    private static Tensor points(Samples.OfBijection s, DType dtype, int n) {
        return Key.of(5).uniform(dtype, n, s.map().dimension()).mul(s.high() - s.low()).add(s.low());
    }

    @TestFactory
    Stream<DynamicTest> inverseOfForwardIsTheIdentity() {
        return Samples.bijections().entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    Tensor x = points(e.getValue(), DType.F64, 100);
                    Bijection b = e.getValue().map();
                    Bijection.Mapped y = b.forward(x);
                    Bijection.Mapped back = b.inverse(y.value());
                    assertArrayEquals(x.toDoubles(), back.value().toDoubles(), 1e-9);
                    assertArrayEquals(y.logDet().toDoubles(), back.logDet().neg().toDoubles(), 1e-8);
                    Bijection.Mapped same = b.inverted().forward(y.value());
                    assertArrayEquals(x.toDoubles(), same.value().toDoubles(), 1e-9);
                }));
    }

    @TestFactory
    Stream<DynamicTest> theSameInSinglePrecision() {
        return Samples.bijections().entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    Tensor x = points(e.getValue(), DType.F32, 100);
                    Bijection b = Tree.map(e.getValue().map(), t -> t.cast(DType.F32));
                    assertArrayEquals(
                            x.toDoubles(), b.inverse(b.forward(x).value()).value().toDoubles(), 1e-4);
                }));
    }

    @TestFactory
    Stream<DynamicTest> logDetIsThatOfTheJacobian() {
        return Samples.bijections().entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    Bijection b = e.getValue().map();
                    int d = b.dimension();
                    for (int i = 0; i < 6; i++) {
                        Tensor x = points(e.getValue(), DType.F64, 6).slice(0, i, i + 1).mul(0.8);
                        Bijection.Mapped y = b.forward(x);
                        double[][] j = Gradient.jacobian(y.value(), x).reshape(d, d).toRows();
                        assertEquals(Math.log(Math.abs(determinant(j))), y.logDet().item(), 1e-8);
                        Tensor at = Tensor.of(y.value().type(), y.value().storage());
                        Bijection.Mapped back = b.inverse(at);
                        double[][] k = Gradient.jacobian(back.value(), at).reshape(d, d).toRows();
                        assertEquals(Math.log(Math.abs(determinant(k))), back.logDet().item(), 1e-7);
                    }
                }));
    }

    private static double determinant(double[][] a) {
        if (a.length == 1) {
            return a[0][0];
        }
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double[][] minor = new double[a.length - 1][a.length - 1];
            for (int r = 1; r < a.length; r++) {
                for (int c = 0, k = 0; c < a.length; c++) {
                    if (c != i) {
                        minor[r - 1][k++] = a[r][c];
                    }
                }
            }
            sum += (i % 2 == 0 ? 1 : -1) * a[0][i] * determinant(minor);
        }
        return sum;
    }

    @Test
    void everyBijectionIsListed() throws Exception {
        Set<Class<?>> listed = new HashSet<>(Set.of(AffineCoupling.class, SplineCoupling.class));
        Samples.bijections().values().forEach(s -> listed.add(s.map().getClass()));
        for (Class<?> c : Samples.classes(ConditionalBijection.class)) {
            assertTrue(listed.contains(c), c + " is not in Samples.bijections()");
        }
    }

    @Test
    void imagesOfBoxes() {
        Support box = Support.of(new double[] {-1, 2}, new double[] {4, 7});
        assertEquals(box, new Constrain(box).image(Support.real(2)));
        Affine affine = new Affine(Tensor.of(2.0, -1.0), Tensor.of(1.0, 0.0));
        assertEquals(Support.of(new double[] {-1, -7}, new double[] {9, -2}), affine.image(box));
        assertEquals(
                Support.of(new double[] {2, -1}, new double[] {7, 4}), new Permutation(List.of(1, 0)).image(box));
        assertEquals(box, Chain.of(affine, new Constrain(box)).image(Support.real(2)));
    }

    @Test
    void faultsAreSentences() {
        assertEquals(
                "Affine: needs rows [n, 2], got f64[3]",
                assertThrows(
                                ShapeException.class,
                                () -> new Affine(Tensor.of(1.0, 1), Tensor.of(0.0, 0)).forward(Tensor.of(1.0, 2, 3)))
                        .getMessage());
        assertEquals(
                "Permutation: each of 0 … 2 must come once, got [0, 0, 1]",
                assertThrows(IllegalArgumentException.class, () -> new Permutation(List.of(0, 0, 1)))
                        .getMessage());
        assertEquals(
                "RationalQuadraticSpline: needs [d, 3K+1] or [n, d, 3K+1] raw numbers, got f64[2, 12]",
                assertThrows(ShapeException.class, () -> new RationalQuadraticSpline(Tensor.zeros(DType.F64, 2, 12), 1))
                        .getMessage());
        assertEquals(
                "Chain: bijections of 2 and 3 dimensions",
                assertThrows(ShapeException.class, () -> Chain.of(LuLinear.identity(2), LuLinear.identity(3)))
                        .getMessage());
        assertEquals(
                "Support: the lower bound must be below the upper one, got 1.0 and 1.0 in dimension 0",
                assertThrows(IllegalArgumentException.class, () -> Support.of(new double[] {1}, new double[] {1}))
                        .getMessage());
    }
}
