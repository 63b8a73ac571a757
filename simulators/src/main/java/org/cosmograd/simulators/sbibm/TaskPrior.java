package org.cosmograd.simulators.sbibm;

import java.util.Collections;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;

/// The prior of a task, in plain numbers: independent parameters, uniform or normal.
public sealed interface TaskPrior {

    /// The number of parameters.
    int size();

    /// `n` draws, `[n, size]`.
    Tensor sample(Key key, DType dtype, int n);

    /// `ln p(θ)`, `[…]` for `[…, size]`.
    Tensor logProb(Tensor theta);

    /// Uniform on `low ≤ θ ≤ high`.
    ///
    /// @param low lower bounds
    /// @param high upper bounds
    record Box(List<Double> low, List<Double> high) implements TaskPrior {
        /// Copies the lists.
        public Box {
            low = List.copyOf(low);
            high = List.copyOf(high);
        }

        /// The same bounds for all parameters.
        static Box cube(double low, double high, int size) {
            return new Box(Collections.nCopies(size, low), Collections.nCopies(size, high));
        }

        @Override
        public int size() {
            return low.size();
        }

        @Override
        public Tensor sample(Key key, DType dtype, int n) {
            Tensor l = vector(low, dtype);
            return key.uniform(dtype, n, size()).mul(vector(high, dtype).sub(l)).add(l);
        }

        @Override
        public Tensor logProb(Tensor theta) {
            Tensor volume = vector(high, theta.dtype()).sub(vector(low, theta.dtype())).log().sum();
            return contains(theta).where(volume.neg(), Double.NEGATIVE_INFINITY);
        }

        /// 1 within the bounds, else 0.
        Tensor contains(Tensor theta) {
            Tensor low = theta.greaterEqual(vector(this.low, theta.dtype()));
            return low.mul(theta.lessEqual(vector(high, theta.dtype()))).sum(-1).equal(size());
        }
    }

    /// `N(mean, diag variance)`
    ///
    /// @param mean means
    /// @param variance variances
    record Normal(List<Double> mean, List<Double> variance) implements TaskPrior {
        /// Copies the lists.
        public Normal {
            mean = List.copyOf(mean);
            variance = List.copyOf(variance);
        }

        @Override
        public int size() {
            return mean.size();
        }

        @Override
        public Tensor sample(Key key, DType dtype, int n) {
            return key.normal(dtype, n, size()).mul(vector(variance, dtype).sqrt()).add(vector(mean, dtype));
        }

        @Override
        public Tensor logProb(Tensor theta) {
            Tensor v = vector(variance, theta.dtype());
            Tensor d = theta.sub(vector(mean, theta.dtype()));
            return d.square().div(v).add(v.mul(2 * Math.PI).log()).sum(-1).mul(-0.5);
        }
    }

    private static Tensor vector(List<Double> values, DType dtype) {
        double[] v = values.stream().mapToDouble(Double::doubleValue).toArray();
        return Tensor.of(v).cast(dtype);
    }
}
