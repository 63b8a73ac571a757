package org.cosmograd.bench.speed;

import java.util.List;
import java.util.Optional;

/// What a figure should be, and the floor under which the work is not done.
///
/// @param cases the cases it is about, as a pattern
/// @param measure what is measured of them
/// @param threads on how many threads; 0 if on any number
/// @param goal what is aimed at
/// @param floor what is still acceptable
record Goal(String cases, Measure measure, int threads, double goal, double floor) {

    /// What can be measured of a case.
    enum Measure {
        /// How many times longer PyTorch takes.
        TORCH("torch"),
        /// The geometric mean of [#TORCH] over all the cases.
        TORCH_MEAN("torch"),
        /// How many times longer JAX takes.
        JAX("jax"),
        /// How many times longer one thread takes than two.
        SCALING(""),
        /// Nanoseconds per item and thread.
        NANOS(""),
        /// Bytes allocated by one run.
        BYTES("");

        private final String peer;

        Measure(String peer) {
            this.peer = peer;
        }

        /// The peer against whom it is measured.
        String peer() {
            return peer;
        }

        private boolean lessIsBetter() {
            return this == NANOS || this == BYTES;
        }
    }

    /// All goals.
    static final List<Goal> ALL = List.of(
            new Goal("{s,d}gemm_{256x256x256,512x512x512,1024x1024x1024,2048x2048x2048}", Measure.TORCH, 0, 1.0, 0.9),
            new Goal("sgemm_{200x50x50,4096x64x64,64x4096x64}", Measure.TORCH, 0, 1.2, 1.0),
            new Goal("mlp_step", Measure.TORCH, 0, 6, 4),
            new Goal("mlp_step", Measure.JAX, 0, 2, 1.3),
            new Goal("coupling_flow_step", Measure.TORCH, 0, 10, 5),
            new Goal("coupling_flow_step", Measure.JAX, 0, 3, 2),
            new Goal("mdn_step", Measure.TORCH, 0, 8, 4),
            new Goal("cnn_{step,forward}", Measure.TORCH, 2, 1.5, 1.0),
            new Goal("conv_*", Measure.TORCH_MEAN, 0, 1.2, 0.9),
            new Goal("chain_1M", Measure.TORCH, 0, 4, 3),
            new Goal("softmax_4096x256", Measure.TORCH, 0, 1.5, 1),
            new Goal("{sum,exp}_1M", Measure.TORCH, 0, 1, 0.9),
            new Goal("{rfftn_64,rfftn_128,rfftn_256,rfft2_64x128x128}", Measure.TORCH, 0, 1.0, 0.6),
            new Goal("cic_paint_read_128", Measure.NANOS, 0, 12, 18),
            new Goal("*_step", Measure.BYTES, 0, 0, 0),
            new Goal("{cnn_step,rfftn_128,cic_paint_128}", Measure.SCALING, 2, 1.9, 1.7));

    /// How a figure compares.
    enum Verdict {
        /// The goal is reached.
        REACHED("✓"),
        /// The floor is reached.
        ACCEPTABLE("·"),
        /// Not even the floor is.
        BELOW("✗");

        private final String mark;

        Verdict(String mark) {
            this.mark = mark;
        }

        /// A sign for tables.
        String mark() {
            return mark;
        }
    }

    /// The goal for a case, if there is one.
    static Optional<Goal> of(String name, Measure measure, int threads) {
        return ALL.stream()
                .filter(g -> g.measure == measure && (g.threads == 0 || g.threads == threads) && Cases.matches(g.cases, name))
                .findFirst();
    }

    /// How a figure compares with this; to the digits that are shown.
    Verdict verdict(double figure) {
        double sign = measure.lessIsBetter() ? -1 : 1;
        double shown = Math.round(figure * 100) / 100.0;
        return sign * shown >= sign * goal ? Verdict.REACHED : sign * shown >= sign * floor ? Verdict.ACCEPTABLE : Verdict.BELOW;
    }

    /// Goal and floor as text.
    String text() {
        return number(goal) + " (" + number(floor) + ")";
    }

    private static String number(double v) {
        return v == Math.rint(v) ? Long.toString((long) v) : Double.toString(v);
    }
}
