package org.cosmograd.autodiff;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.cosmograd.autodiff.kernel.Philox;
import org.cosmograd.autodiff.kernel.Plans;
import org.cosmograd.autodiff.kernel.Workers;

/// Random expressions: compiled, and run operation by operation, and on one, two and three threads, the bits are equal.
class RandomProgramsTest {

    @Property(tries = 250)
    void compiledEqualsOperationByOperation(@ForAll long seed) {
        check(new Philox(seed), 6);
    }

    @Property(tries = 12)
    void largeOnesDoNotDependOnThreads(@ForAll long seed) {
        check(new Philox(seed), 150);
    }

    private static void check(Philox random, int scale) {
        int[] dims = {1 + random.integer(scale), 1 + random.integer(7), 1 + random.integer(scale)};
        List<Tensor> x = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int[] d = i == 2 ? new int[] {dims[1], 1} : dims;
            Shape s = Shape.of(d);
            float[] v = new float[s.size()];
            for (int j = 0; j < v.length; j++) {
                v[j] = (float) random.normal();
            }
            x.add(Tensor.of(s, v));
        }
        long recipe = random.nextLong();
        List<Tensor> plain = grow(x, new Philox(recipe));
        Plans.clear();
        plain.forEach(Tensor::storage);
        Program<List<Tensor>, List<Tensor>> program = Program.of((List<Tensor> in) -> grow(in, new Philox(recipe)), x);
        int threads = Workers.threads();
        try {
            for (int t = 1; t <= 3; t++) {
                Workers.threads(t);
                List<Tensor> compiled = program.run(x);
                for (int i = 0; i < plain.size(); i++) {
                    OperationLawsTest.assertBits("recipe " + recipe + ", result " + i + ", " + t + " threads", plain.get(i), compiled.get(i));
                }
            }
        } finally {
            Workers.threads(threads);
        }
    }

    /// Some results of operations picked at random, with derivatives.
    private static List<Tensor> grow(List<Tensor> x, Philox random) {
        List<Tensor> pool = new ArrayList<>(x);
        int steps = 4 + random.integer(14);
        for (int i = 0; i < steps; i++) {
            Tensor a = pool.get(random.integer(pool.size()));
            Tensor b = pool.get(random.integer(pool.size()));
            int rank = a.shape().rank();
            int axis = rank == 0 ? 0 : random.integer(rank);
            pool.add(switch (random.integer(16)) {
                case 0 -> a.tanh();
                case 1 -> a.mul(0.3).exp();
                case 2, 3 -> fits(a, b) ? a.add(b) : a.neg();
                case 4, 5 -> fits(a, b) ? a.mul(b).mul(0.5) : a.logistic();
                case 6 -> fits(a, b) ? a.less(b).where(a, b) : a.relu();
                case 7 -> rank == 0 ? a : a.sum(axis).mul(0.1);
                case 8 -> rank == 0 ? a : a.maxOver(axis);
                case 9 -> rank < 2 ? a : a.transpose();
                case 10 -> a.reshape(-1);
                case 11 -> rank == 0 || a.dim(axis) < 2 ? a : a.slice(axis, 1, a.dim(axis));
                case 12 -> rank == 0 ? a : a.flip(axis);
                case 13 -> rank == 0 || !a.shape().equals(b.shape()) ? a : Tensor.concat(axis, a, b);
                case 14 -> rank < 2 ? a : a.matmul(a.transpose()).mul(0.1);
                default -> rank == 0 ? a : a.softmax(axis);
            });
        }
        Tensor total = pool.getLast().tanh().sum().add(pool.get(pool.size() / 2).tanh().sum());
        List<Tensor> out = new ArrayList<>(Gradient.of(total, x));
        out.add(total);
        out.addAll(pool.subList(Math.max(3, pool.size() - 3), pool.size()));
        return out;
    }

    private static boolean fits(Tensor a, Tensor b) {
        for (int i = 1; i <= Math.min(a.shape().rank(), b.shape().rank()); i++) {
            int m = a.dim(-i);
            int n = b.dim(-i);
            if (m != n && m != 1 && n != 1) {
                return false;
            }
        }
        return Math.max(a.shape().size(), b.shape().size()) < 200_000;
    }
}
