package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.cosmograd.autodiff.op.Pool;
import org.cosmograd.autodiff.op.RandomDraw;

/// The registry over which the laws run: every primitive operation occurs in at least one sample.
final class OperationSamples {
    private OperationSamples() {}

    /// A named function of double tensors, away from kinks and poles.
    ///
    /// @param name what it shows
    /// @param f the function
    /// @param x where it is looked at
    record Sample(String name, Function<List<Tensor>, Tensor> f, List<Tensor> x) {
        Tensor apply(List<Tensor> at) {
            return f.apply(at);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Tensor normal(int seed, int... dims) {
        return Tensor.of(Shape.of(dims), Key.of(seed).normal(DType.F64, dims).toDoubles());
    }

    private static Tensor between(double low, double high, int seed, int... dims) {
        return Tensor.of(Shape.of(dims), Key.of(seed).uniform(DType.F64, dims).mul(high - low).add(low).toDoubles());
    }

    private static Sample one(String name, Function<Tensor, Tensor> f, Tensor x) {
        return new Sample(name, l -> f.apply(l.getFirst()), List.of(x));
    }

    private static Sample two(String name, java.util.function.BinaryOperator<Tensor> f, Tensor a, Tensor b) {
        return new Sample(name, l -> f.apply(l.get(0), l.get(1)), List.of(a, b));
    }

    static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        Tensor n = normal(1, 3, 5);
        Tensor m = normal(2, 3, 5);
        Tensor p = between(0.3, 2.5, 3, 3, 5);
        s.add(one("neg", Tensor::neg, n));
        s.add(one("abs", Tensor::abs, n));
        s.add(one("sign", x -> x.sign().mul(x), n));
        s.add(one("floor", x -> x.floor().mul(x), p));
        s.add(one("sqrt", Tensor::sqrt, p));
        s.add(one("reciprocal", Tensor::reciprocal, p));
        s.add(one("exp", Tensor::exp, n));
        s.add(one("expm1", Tensor::expm1, n));
        s.add(one("log", Tensor::log, p));
        s.add(one("log1p", Tensor::log1p, p));
        s.add(one("sin", Tensor::sin, n));
        s.add(one("cos", Tensor::cos, n));
        s.add(one("tanh", Tensor::tanh, n));
        s.add(one("erf", Tensor::erf, n));
        s.add(one("logistic", Tensor::logistic, n));
        s.add(one("softplus", Tensor::softplus, n));
        s.add(one("lgamma", Tensor::lgamma, p));
        s.add(one("polygamma", x -> x.polygamma(0).add(x.polygamma(1)), p));
        s.add(one("gelu", Tensor::gelu, n));
        s.add(one("silu", Tensor::silu, n));
        s.add(one("relu", Tensor::relu, n));
        s.add(one("cast", x -> x.cast(DType.F64).mul(x), n));
        s.add(one("stopGradient", x -> x.mul(x).add(x.stopGradient().sub(x.stopGradient())), n));
        s.add(two("add", Tensor::add, n, m));
        s.add(two("sub", Tensor::sub, n, m));
        s.add(two("mul", Tensor::mul, n, m));
        s.add(two("div", Tensor::div, n, p));
        s.add(two("pow", Tensor::pow, p, m));
        s.add(one("pow 2.5", x -> x.pow(2.5), p));
        s.add(one("pow whole", x -> x.pow(3).add(x.pow(4)).sub(x.pow(-1)).mul(x.pow(0.5)), p));
        s.add(two("max", Tensor::max, n, m));
        s.add(two("min", Tensor::min, n, m));
        s.add(two("compare and select", (a, b) -> a.less(b).where(a.mul(b), b.sin()).add(a.equal(b)).add(a.lessEqual(b).mul(a)), n, m));
        s.add(two("broadcast", (a, b) -> a.mul(b).add(b), n, normal(4, 5)));
        s.add(two("broadcast column", (a, b) -> a.mul(b.exp()), n, normal(5, 3, 1)));
        s.add(one("sum all", x -> x.mul(x).sum(), n));
        s.add(one("sum rows", x -> x.mul(x).sum(1), n));
        s.add(one("sum columns", x -> x.mul(x).sum(0), n));
        s.add(one("sum middle", x -> x.exp().sum(1), normal(6, 4, 19, 3)));
        s.add(one("sum two axes", x -> x.exp().sum(0, 2), normal(7, 4, 3, 17)));
        s.add(one("sum neighbours", x -> x.exp().sum(0, 1), normal(7, 3, 5, 17)));
        s.add(one("sum neighbours of four axes", x -> x.exp().sum(0, 1, 2).add(x.sin().sum(1, 2).sum(0)), normal(42, 2, 3, 5, 16)));
        s.add(one("max neighbours", x -> x.maxOver(0, 1).mul(x.minOver(1, 2).sum(0)), normal(43, 2, 3, 2, 17)));
        s.add(one("mean", x -> x.sin().mean(1), n));
        s.add(one("max over", x -> x.maxOver(1).mul(x.maxOver(0).sum()), n));
        s.add(one("min over", x -> x.minOver(0), n));
        s.add(one("argMax", x -> x.mul(x.argMax(1).oneHot(5, DType.F64)), n));
        s.add(one("cumSum", x -> x.cumSum(1).mul(x.cumSum(0)), n));
        s.add(one("logSumExp", x -> x.logSumExp(1), n));
        s.add(one("softmax", x -> x.softmax(1), n));
        s.add(one("logSoftmax", x -> x.logSoftmax(0), n));
        s.add(one("reshape", x -> x.reshape(5, 3).mul(2), n));
        s.add(one("permute", x -> x.permute(2, 0, 1).exp(), normal(8, 2, 3, 4)));
        s.add(one("slice", x -> x.slice(1, 1, 5, 2).mul(x.slice(1, 0, 2)), n));
        s.add(one("pad", x -> x.pad(1, 2, 1).sin().add(1), n));
        s.add(two("concat", (a, b) -> Tensor.concat(1, a.exp(), b, a), n, m));
        s.add(two("stack", (a, b) -> Tensor.stack(1, a.exp(), b), n, m));
        s.add(one("flip", x -> x.flip(0, 1).mul(x), n));
        s.add(one("gather", x -> x.gather(0, Tensor.of(Shape.of(2, 2), 2, 0, 0, 1)).exp(), n));
        s.add(one("gather axis", x -> x.gather(1, Tensor.of(4, 0, 0)).exp(), n));
        s.add(one("takeAlong", x -> x.takeAlong(Tensor.of(Shape.of(3, 2), 4, 0, 1, 1, 2, 3)).exp(), n));
        s.add(one("scatterAdd", x -> x.scatterAdd(Tensor.of(1, 1, 0), 4).exp(), n));
        Tensor q = between(0.2, 0.8, 22, 7, 3).add(Tensor.iota(7).mul(3).cast(DType.F64).expand(-1));
        Tensor places = Tensor.of(q.shape(), q.toDoubles());
        for (MassAssignment scheme : MassAssignment.values()) {
            String of = " " + scheme.name().charAt(0);
            s.add(new Sample("paint" + of, l -> scheme.paint(l.get(0), l.get(1), 4, 5, 3).sin(), List.of(places, normal(23, 7))));
            s.add(new Sample("paint all" + of, l -> scheme.paintAll(l.get(0), l.get(1), 3, 4, 2), List.of(places, normal(24, 7, 2))));
            s.add(one("paint ones" + of, x -> scheme.paint(x.slice(1, 0, 2), 4, 3).square(), places));
            s.add(two("read" + of, scheme::read, normal(25, 4, 3, 5), places));
            s.add(two("read all" + of, scheme::readAll, normal(26, 2, 3, 4, 3), places));
            s.add(two("read 2-D" + of, (f, x) -> scheme.read(f, x.slice(1, 1, 3)).exp(), normal(27, 4, 3), places));
            s.add(two("read 1-D" + of, (f, x) -> scheme.read(f, x.slice(1, 1, 2)).exp(), normal(28, 5), places));
        }
        s.add(one("sort", x -> x.sort().mul(Tensor.linspace(0, 1, 5)), n));
        s.add(two("matmul", Tensor::matmul, n, normal(9, 5, 4)));
        s.add(two("matmul transposed", (a, b) -> a.transpose().matmul(b), n, normal(10, 3, 4)));
        s.add(two("matmul batched", Tensor::matmul, normal(11, 2, 3, 4), normal(12, 2, 4, 5)));
        s.add(two("matmul shared", Tensor::matmul, normal(13, 2, 3, 4), normal(14, 4, 5)));
        s.add(two("matmul flipped", (a, b) -> a.matmul(b.flip(0)).add(a.flip(1).matmul(b)), normal(20, 7, 3), normal(21, 3, 19)));
        s.add(two("matmul vector", Tensor::matmul, n, normal(15, 5)));
        Tensor a = normal(16, 4, 4);
        Tensor spd = Tensor.of(a.matmul(a.transpose()).add(Tensor.eye(4, DType.F64).mul(3)).toRows());
        s.add(one("cholesky", Tensor::cholesky, spd));
        s.add(one("logDet", Tensor::logDet, spd));
        s.add(two("solveTriangular", (l, b) -> l.solveTriangular(b, false), spd, normal(17, 4, 2)));
        s.add(two("solveTriangular transposed", (l, b) -> l.solveTriangular(b, true), spd, normal(18, 4, 2)));
        s.add(one("eigenvalues", Tensor::symmetricEigenvalues, spd));
        s.add(one("eigenvectors", Tensor::symmetricEigenvectors, spd));
        s.add(one("random", x -> x.mul(Key.of(3).uniform(DType.F64, 3, 5)).add(Key.of(4).normal(DType.F64, 3, 5)), n));
        s.add(one("random words", x -> x.mul(Key.of(4).bits().apply(new RandomDraw.Bits(Shape.of(3, 5))).cast(DType.F64).mul(1e-9)), n));
        s.add(one("folded key", x -> x.mul(new Key(Key.of(4).bits().add(Tensor.of(1, 2))).fold(7).normal(DType.F64, 3, 5)), n));
        s.addAll(convolutions());
        s.add(one("rfft", x -> Fourier.rfft(x, 1).planes().sin(), normal(30, 3, 6)));
        s.add(one("rfft odd", x -> Fourier.rfft(x, 1).planes().sin(), normal(31, 2, 5)));
        s.add(one("rfft planes", x -> Fourier.rfft(x, 2).power().sqrt(), normal(32, 2, 4, 6)));
        s.add(one("rfft cube", x -> Fourier.rfft(x.sin(), 3).planes(), normal(33, 3, 2, 6)));
        s.add(one("inverse rfft", x -> new Spectrum(x, 1, 6).inverse().sin(), normal(34, 2, 3, 4)));
        s.add(one("inverse rfft odd", x -> new Spectrum(x, 2, 5).inverse().sin(), normal(35, 2, 3, 4)));
        s.add(one("inverse rfft cube", x -> new Spectrum(x, 3, 4).inverse().sin(), normal(36, 2, 3, 3, 2)));
        s.add(one("inverse Laplacian", x -> Fourier.rfft(x.exp(), 2).inverseLaplacian(1).derivative(0, 1).inverse(), normal(37, 4, 6)));
        s.add(two("convolve", (x, h) -> Fourier.convolve(x, h, 2).tanh(), normal(38, 2, 3, 4), normal(39, 3, 4)));
        CustomRule cube = CustomRule.of(
                x -> x.getFirst().mul(x.getFirst()).mul(x.getFirst()),
                (x, y, g) -> List.of(x.getFirst().mul(x.getFirst()).mul(3).mul(g)));
        s.add(one("custom rule", x -> cube.apply(x.sin()), n));
        s.add(one("checkpoint", x -> x.checkpoint(t -> t.sin().mul(t.exp())), n));
        s.add(two("mlp", (x, w) -> x.matmul(w).tanh().matmul(w.transpose()).softplus().sum(1), n, normal(19, 5, 7)));
        return s;
    }

    private static List<Sample> convolutions() {
        List<Sample> s = new ArrayList<>();
        Tensor image = normal(31, 2, 5, 4, 2);
        Tensor w = normal(32, 3, 3, 2, 3);
        Tensor line = normal(33, 2, 6, 4);
        s.add(two("convolution", Convolution.same(2)::apply, image, w));
        s.add(two("convolution strided", Convolution.same(2).stride(2)::apply, image, w));
        s.add(two("convolution dilated", Convolution.valid(1).padding(2).dilation(2)::apply, line, normal(34, 3, 4, 2)));
        s.add(two("convolution grouped", Convolution.same(1).groups(2)::apply, line, normal(35, 3, 2, 4)));
        s.add(two("convolution depthwise", Convolution.same(1).groups(4)::apply, line, normal(36, 3, 1, 4)));
        s.add(two("convolution transposed", Convolution.same(2).stride(2)::transposed, normal(37, 1, 2, 3, 3), w));
        s.add(two("convolution 3-D", Convolution.same(3)::apply, normal(38, 1, 2, 3, 4, 2), normal(39, 2, 3, 3, 2, 1)));
        s.add(two("convolution periodic", Convolution.same(2).boundary(Convolution.Boundary.PERIODIC)::apply, image, w));
        s.add(two("convolution reflected", Convolution.same(2).boundary(Convolution.Boundary.REFLECT)::apply, image, w));
        Tensor field = normal(40, 2, 4, 5, 2);
        s.add(one("average pooling", x -> Pooling.of(2, 2).average(x).exp(), field));
        s.add(one("average pooling overlapping", x -> Pooling.of(3, 2).stride(1, 2).padding(1).average(x).exp(), field));
        s.add(one("max pooling", x -> Pooling.of(2, 2).max(x).exp(), field));
        s.add(one("max pooling overlapping", x -> Pooling.of(3, 3).stride(2).padding(1).max(x).exp(), field));
        Pool.Window windows = new Pool.Window(List.of(3, 2), List.of(1, 2), List.of(1, 0), List.of(0, 1));
        s.add(two("places of the largest", (x, t) -> x.apply(new Pool.Pick(windows), t).exp(), field, normal(41, 2, 4, 5, 2)));
        s.add(one("global pooling", x -> Pooling.globalAverage(x).exp().add(Pooling.globalMax(x)), field));
        s.add(one("nearest up-sampling", x -> Resampling.nearest(x, 2, 3).exp(), field));
        s.add(one("linear up-sampling", x -> Resampling.linear(x, 2, 3).exp(), field));
        s.add(one("linear up-sampling 3-D", x -> Resampling.linear(x, 4, 1, 2).exp(), normal(44, 1, 3, 2, 1, 2)));
        s.add(one("max pooling, many channels", x -> Pooling.of(3, 3).stride(2).padding(1).max(x).exp(), normal(45, 1, 4, 3, 9)));
        s.add(two("convolution twice", (x, k) -> Convolution.same(2).apply(Convolution.same(2).apply(x, k).tanh(), k.slice(3, 0, 2)
                .slice(2, 0, 1).broadcastTo(3, 3, 3, 2)), image, w));
        return s;
    }
}
