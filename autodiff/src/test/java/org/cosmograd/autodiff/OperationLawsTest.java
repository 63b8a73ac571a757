package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.cosmograd.autodiff.kernel.Plans;
import org.cosmograd.autodiff.op.Op;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The laws of differentiation and evaluation, for every operation.
class OperationLawsTest {

    static List<OperationSamples.Sample> samples() {
        return OperationSamples.all();
    }

    @Test
    void everyOperationHasASample() {
        Set<Class<?>> missing = new HashSet<>();
        leaves(Op.class, missing);
        Set<Tensor> seen = new HashSet<>();
        for (OperationSamples.Sample s : samples()) {
            Tensor y = s.apply(s.x());
            visit(y, missing, seen);
            List<Tensor> g = Gradient.vjp(List.of(y), s.x(), List.of(y.like(1)));
            g.forEach(t -> visit(t, missing, seen));
        }
        Program.of((Tensor t) -> {
            visit(t, missing, seen);
            return t;
        }, Tensor.of(1.0));
        assertEquals(Set.of(), missing, "operations without a sample");
    }

    private static void leaves(Class<?> type, Set<Class<?>> out) {
        if (type.isSealed()) {
            for (Class<?> c : type.getPermittedSubclasses()) {
                leaves(c, out);
            }
        } else {
            out.add(type);
        }
    }

    private static void visit(Tensor t, Set<Class<?>> missing, Set<Tensor> seen) {
        if (seen.add(t)) {
            missing.remove(t.op().getClass());
            t.operands().forEach(o -> visit(o, missing, seen));
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void adjointness(OperationSamples.Sample s) {
        checkAdjoint(s.name(), s::apply, s.x(), 1e-11);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void linearisation(OperationSamples.Sample s) {
        checkLinear(s.name(), s::apply, s.x(), 2e-8);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void secondOrder(OperationSamples.Sample s) {
        Tensor y = s.apply(s.x());
        Tensor g = noise(77, y.shape());
        Function<List<Tensor>, Tensor> derivative = x -> {
            List<Tensor> parts = Gradient.vjp(List.of(s.apply(x)), x, List.of(g));
            return Tensor.concat(0, parts.stream().map(p -> p.reshape(-1)).toList());
        };
        checkAdjoint(s.name() + "'", derivative, s.x(), 1e-10);
        checkLinear(s.name() + "'", derivative, s.x(), 2e-7);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void programEqualsExpression(OperationSamples.Sample s) {
        List<Tensor> single = s.x().stream().map(t -> Tensor.of(t.shape(), t.toFloats())).toList();
        for (List<Tensor> x : List.of(s.x(), single)) {
            if (x == single && s.name().matches("random.*|folded.*|sort|cast|argMax")) {
                continue;
            }
            Function<List<Tensor>, List<Tensor>> f = in -> {
                Tensor y = s.apply(in);
                List<Tensor> out = new ArrayList<>(Gradient.vjp(List.of(y), in, List.of(y.like(0.5))));
                out.add(y);
                out.add(Gradient.jvp(List.of(y), in, in).getFirst());
                return out;
            };
            List<Tensor> compiled = Program.of(f, x).run(x);
            List<Tensor> plain = f.apply(x);
            List<Tensor> again = f.apply(x.stream().map(t -> t.mul(1)).toList());
            for (int i = 0; i < plain.size(); i++) {
                Plans.clear();
                assertBits(s.name() + " result " + i, plain.get(i), compiled.get(i));
                assertBits(s.name() + " result " + i, again.get(i), compiled.get(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void floatIsCloseToDouble(OperationSamples.Sample s) {
        if (s.name().matches("random.*|folded.*|sort|cast|argMax")) {
            return;
        }
        List<Tensor> single = s.x().stream().map(t -> Tensor.of(t.shape(), t.toFloats())).toList();
        double[] exact = s.apply(single.stream().map(t -> t.cast(DType.F64)).toList()).toDoubles();
        double[] rounded = s.apply(single).toDoubles();
        assertArrayEquals(exact, rounded, 3e-5 * (1 + norm(exact)), s.name());
    }

    // ------------------------------------------------------------------------------------------------- checkers

    private static Tensor noise(int seed, Shape shape) {
        return Tensor.of(shape, Key.of(seed).normal(DType.F64, shape.dims()).toDoubles());
    }

    static void checkAdjoint(String name, Function<List<Tensor>, Tensor> f, List<Tensor> x, double tolerance) {
        Tensor y = f.apply(x);
        Tensor g = noise(5, y.shape());
        List<Tensor> t = new ArrayList<>();
        for (int i = 0; i < x.size(); i++) {
            t.add(noise(100 + i, x.get(i).shape()));
        }
        List<Tensor> back = Gradient.vjp(List.of(y), x, List.of(g));
        double left = Gradient.jvp(List.of(y), x, t).getFirst().mul(g).sum().item();
        double right = 0;
        double scale = 1;
        for (int i = 0; i < x.size(); i++) {
            right += back.get(i).mul(t.get(i)).sum().item();
            scale += Math.abs(norm(back.get(i).toDoubles()) * norm(t.get(i).toDoubles()));
        }
        assertEquals(left, right, tolerance * scale, name + ": ⟨J t, g⟩ and ⟨t, Jᵀ g⟩");
    }

    static void checkLinear(String name, Function<List<Tensor>, Tensor> f, List<Tensor> x, double tolerance) {
        List<Tensor> t = new ArrayList<>();
        for (int i = 0; i < x.size(); i++) {
            t.add(noise(200 + i, x.get(i).shape()));
        }
        Tensor y = f.apply(x);
        double[] exact = Gradient.jvp(List.of(y), x, t).getFirst().toDoubles();
        double[] coarse = difference(f, x, t, 2e-4);
        double[] fine = difference(f, x, t, 1e-4);
        double scale = 1 + norm(exact) + norm(y.toDoubles());
        for (int i = 0; i < exact.length; i++) {
            double extrapolated = (4 * fine[i] - coarse[i]) / 3;
            assertEquals(extrapolated, exact[i], tolerance * scale, name + ": element " + i);
        }
    }

    private static double[] difference(Function<List<Tensor>, Tensor> f, List<Tensor> x, List<Tensor> t, double h) {
        List<Tensor> up = new ArrayList<>();
        List<Tensor> down = new ArrayList<>();
        for (int i = 0; i < x.size(); i++) {
            up.add(x.get(i).add(t.get(i).mul(h)));
            down.add(x.get(i).sub(t.get(i).mul(h)));
        }
        double[] a = f.apply(up).toDoubles();
        double[] b = f.apply(down).toDoubles();
        for (int i = 0; i < a.length; i++) {
            a[i] = (a[i] - b[i]) / (2 * h);
        }
        return a;
    }

    private static double norm(double[] v) {
        double s = 0;
        for (double x : v) {
            s += x * x;
        }
        return Math.sqrt(s);
    }

    static void assertBits(String name, Tensor a, Tensor b) {
        assertEquals(a.type(), b.type(), name);
        double[] x = a.toDoubles();
        double[] y = b.toDoubles();
        for (int i = 0; i < x.length; i++) {
            boolean same = Double.doubleToLongBits(x[i]) == Double.doubleToLongBits(y[i]);
            assertTrue(same, name + ": element " + i + " of " + a.type() + " is " + x[i] + " and " + y[i]);
        }
    }
}
