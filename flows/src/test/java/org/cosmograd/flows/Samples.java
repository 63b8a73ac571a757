package org.cosmograd.flows;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.nn.Activation;
import org.cosmograd.nn.Mlp;
import org.cosmograd.nn.Standardise;

/// Named samples of all bijections and distributions; the laws run over them.
final class Samples {
    private static final double INF = Double.POSITIVE_INFINITY;
    static final Key KEY = Key.of(11);

    private Samples() {}

    /// In double precision, and with random numbers in place of the weights that begin at zero.
    static <T> T wide(T tree, double noise) {
        int[] i = {0};
        return Tree.map(tree, t -> t.dtype() == DType.I32
                ? t
                : t.cast(DType.F64)
                        .add(KEY.fold(1000 + i[0]++).normal(DType.F64, t.shape().dims()).mul(noise)));
    }

    static final CouplingFlow.Form FORM = new CouplingFlow.Form(3, 8, 2, 4, 3, true, Activation.TANH);
    static final Tensor CONTEXT = Tensor.of(new double[][] {{0.3, -1.2}});

    /// A bijection, and the box from which its arguments are drawn.
    record OfBijection(Bijection map, double low, double high) {}

    static Map<String, OfBijection> bijections() {
        Map<String, OfBijection> out = new LinkedHashMap<>();
        Affine affine = new Affine(Tensor.of(2.0, -0.5), Tensor.of(1.0, 3.0));
        Support mixed = Support.of(new double[] {-1, 2, -INF, -INF}, new double[] {4, INF, 3, INF});
        out.put("affine", at(affine));
        out.put("standardise", at(Affine.unscale(new Standardise(Tensor.of(5.0, 6.0), Tensor.of(0.1, 10.0)))));
        out.put("constrain box", at(new Constrain(Support.of(new double[] {-1, 2}, new double[] {4, 7}))));
        out.put("constrain mixed", at(new Constrain(mixed)));
        out.put("constrain nothing", at(new Constrain(Support.real(2))));
        out.put("permutation", at(new Permutation(List.of(2, 0, 1))));
        out.put("lu linear", at(wide(LuLinear.identity(3), 0.5)));
        out.put("inverted", at(new Inverted(affine)));
        out.put("chain", at(Chain.of(affine, wide(LuLinear.identity(2), 0.5), new Permutation(List.of(1, 0)))));
        Tensor raw = KEY.fold(1).normal(DType.F64, 2, RationalQuadraticSpline.numbers(5)).mul(1.5);
        out.put("spline", at(new RationalQuadraticSpline(raw, 2)));
        Conditioner net = wide(Conditioner.of(KEY.fold(2), 1, 2, 4, 8, 2, Activation.TANH), 0.3);
        out.put("coupling", at(new AffineCoupling(net, 3, 1, 3).given(CONTEXT)));
        AffineCoupling real = wide(AffineCoupling.of(KEY.fold(3), 2, 1, 2, 2, 8, 2, Activation.RELU), 0.3);
        out.put("affine coupling", at(real.given(CONTEXT)));
        SplineCoupling spline = wide(SplineCoupling.of(KEY.fold(4), 3, 0, 2, 2, 8, 1, 4, 3, Activation.SILU), 0.3);
        out.put("spline coupling", at(spline.given(CONTEXT)));
        SplineCoupling one = wide(SplineCoupling.of(KEY.fold(5), 1, 0, 1, 2, 8, 1, 4, 3, Activation.SILU), 0.3);
        out.put("spline coupling, one dimension", at(one.given(CONTEXT)));
        return out;
    }

    private static OfBijection at(Bijection map) {
        return new OfBijection(map, -3.5, 3.5);
    }

    /// A distribution in one or two dimensions, and a box with all but 10⁻⁶ of its mass.
    record OfDistribution(Distribution distribution, double low, double high) {}

    static Map<String, OfDistribution> distributions() {
        Map<String, OfDistribution> out = new LinkedHashMap<>();
        Normal normal = new Normal(Tensor.of(1.0, -0.5), Tensor.of(0.5, 1.5));
        Uniform box = new Uniform(Support.of(new double[] {-1, 0.5}, new double[] {2, 3}), DType.F64);
        MultivariateNormal full =
                MultivariateNormal.of(Tensor.of(0.5, -1), Tensor.of(new double[][] {{1, 0.6}, {0.6, 0.5}}));
        out.put("normal", new OfDistribution(normal, -8.5, 7.5));
        out.put("standard normal", new OfDistribution(Normal.standard(1, DType.F64), -6, 6));
        out.put("uniform", new OfDistribution(box, -1.5, 3.5));
        out.put("lognormal", new OfDistribution(new LogNormal(Tensor.of(0.1, -0.5), Tensor.of(0.4, 0.3)), 0, 12));
        out.put("truncated", new OfDistribution(truncated(1, 1, -0.5, 2), -1, 2.5));
        out.put("truncated far in the lower tail", new OfDistribution(truncated(10, 1, -1, 1), -1.5, 1.5));
        out.put("truncated far in the upper tail", new OfDistribution(truncated(-7, 0.5, 1, 1.4), 0.5, 1.5));
        out.put("truncated on one side", new OfDistribution(truncated(-1, 1, 0.5, INF), 0, 6));
        out.put("truncated nowhere", new OfDistribution(truncated(-1, 1, -INF, INF), -7, 5));
        out.put("multivariate normal", new OfDistribution(full, -7, 7));
        out.put(
                "mixture",
                new OfDistribution(new Mixture(Tensor.of(0.0, 1, -1), List.of(normal, full, box)), -8.5, 8.5));
        out.put("independent", new OfDistribution(Independent.of(truncated(1, 1, -0.5, 2), Normal.standard(1, DType.F64)), -6, 6));
        out.put(
                "transformed",
                new OfDistribution(
                        new Transformed(full, new Constrain(Support.of(new double[] {-1, 2}, new double[] {4, 7}))), -1.5, 7.5));
        MixtureDensityNetwork mdn =
                wide(MixtureDensityNetwork.of(KEY.fold(6), 2, 2, 3, Activation.TANH, 8), 0.3);
        out.put("gaussian mixture", new OfDistribution(mdn.given(CONTEXT), -9, 9));
        out.put(
                "gaussian mixture, one dimension",
                new OfDistribution(
                        wide(MixtureDensityNetwork.of(KEY.fold(7), 1, 2, 2, Activation.TANH, 8), 0.3).given(CONTEXT), -9, 9));
        return out;
    }

    private static TruncatedNormal truncated(double mean, double sd, double low, double high) {
        return new TruncatedNormal(Tensor.of(mean), Tensor.of(sd), Support.of(new double[] {low}, new double[] {high}));
    }

    /// Conditional densities of one or two dimensions given two features, with a box for their samples at [#CONTEXT].
    static Map<String, Conditional> conditionals() {
        Map<String, Conditional> out = new LinkedHashMap<>();
        out.put("affine flow", wide(CouplingFlow.affine(KEY.fold(20), 2, 2, FORM), 0.2));
        out.put("spline flow", wide(CouplingFlow.splines(KEY.fold(21), 2, 2, FORM), 0.2));
        out.put("spline flow, one dimension", wide(CouplingFlow.splines(KEY.fold(22), 1, 2, FORM), 0.2));
        out.put("mdn", wide(MixtureDensityNetwork.of(KEY.fold(23), 2, 2, 3, Activation.TANH, 8), 0.2));
        for (String name : List.of("affine flow", "spline flow", "spline flow, one dimension", "mdn")) {
            Conditional body = out.get(name);
            int d = body.dimension();
            Support box = new Support(List.of(-1.0, 2.0).subList(0, d), List.of(4.0, 3.0).subList(0, d));
            Tensor theta = new Uniform(box, DType.F64).sample(KEY.fold(30), 500);
            Tensor x = KEY.fold(31).normal(DType.F64, 500, 2).mul(3).add(1);
            Mlp net = wide(Mlp.of(KEY.fold(32), Activation.TANH, 2, 4, 2), 0);
            out.put(name + " in a box", ConditionalDensity.of(box, theta, x, Embedding.of(net, 2), body));
        }
        return out;
    }

    /// All classes of the package that can be instances of `type`.
    static Set<Class<?>> classes(Class<?> type) throws ReflectiveOperationException {
        Set<Class<?>> out = new TreeSet<>((a, b) -> a.getName().compareTo(b.getName()));
        File folder = new File(Distribution.class.getProtectionDomain().getCodeSource().getLocation().getPath(), "org/cosmograd/flows");
        for (String file : new ArrayList<>(Arrays.asList(folder.list()))) {
            if (file.endsWith(".class") && !file.equals("package-info.class")) {
                Class<?> c = Class.forName("org.cosmograd.flows." + file.replace(".class", ""));
                if (type.isAssignableFrom(c) && !c.isInterface()) {
                    out.add(c);
                }
            }
        }
        return out;
    }
}
