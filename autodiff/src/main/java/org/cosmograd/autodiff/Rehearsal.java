package org.cosmograd.autodiff;

import java.util.List;

/// A small training step, compiled and run, that takes the ways of all programs that are not special.
final class Rehearsal {
    private static final int ROWS = 4;
    private static final int COLUMNS = 3;

    private Rehearsal() {}

    private record Model(Tensor w, Tensor bias) {}

    /// Compiles and runs it.
    static void run() {
        Tensor x = Tensor.of(Shape.of(ROWS, COLUMNS), new float[ROWS * COLUMNS]);
        Model start = new Model(Tensor.of(Shape.of(COLUMNS, COLUMNS), new float[COLUMNS * COLUMNS]), Tensor.of(new float[COLUMNS]));
        Program.loop(Rehearsal::step, start, x).step(x);
    }

    private static Model step(Model m, Tensor x) {
        Tensor h = x.matmul(m.w()).add(m.bias()).relu();
        Tensor y = Tensor.concat(1, h.slice(1, 0, 1).tanh(), h.slice(1, 1, COLUMNS));
        List<Tensor> g = Gradient.of(y.sub(y.exp()).square().sum(1).mean(), List.of(m.w(), m.bias()));
        return new Model(updated(m.w(), g.get(0)), updated(m.bias(), g.get(1)));
    }

    private static Tensor updated(Tensor w, Tensor g) {
        return w.sub(g.mul(0.1).div(g.square().sqrt().add(1)));
    }
}
