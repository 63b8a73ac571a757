package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.MatMul;

/// A schedule as text: the steps with their nodes, shapes and work, and the memory they share.
///
///       #  operations                        result         kFLOP       kB    mean µs    best µs  GFLOP/s   GB/s
///       0  matmul [256, 10] x [10, 64]       f32[256, 64]   327.7     78.3        3.1        2.9    113.0   27.0
///
/// The rates are those of the best run. Bytes are those of the elements that a step reads and writes, whether from memory or a cache.
final class Listing {
    private static final int OPERATIONS = 48;
    private static final int RESULT = 26;

    private Listing() {}

    /// A head, one line for each step, and one for all.
    static String of(Schedule schedule, Optional<Timing> timing) {
        List<String> lines = new ArrayList<>();
        String head = String.format(Locale.ROOT, "%3s  %-" + OPERATIONS + "s %-" + RESULT + "s %10s %10s", "#", "operations", "result", "kFLOP", "kB");
        Optional<Timing> times = timing.filter(t -> t.runs() > 0);
        lines.add(times.isEmpty() ? head : head + String.format(Locale.ROOT, " %9s %9s %8s %7s", "mean µs", "best µs", "GFLOP/s", "GB/s"));
        double flops = 0;
        double micros = 0;
        for (int s = 0; s < schedule.steps().size(); s++) {
            Schedule.Step step = schedule.steps().get(s);
            String line = String.format(
                    Locale.ROOT,
                    "%3d  %-" + OPERATIONS + "s %-" + RESULT + "s %10.1f %10.1f",
                    s,
                    operations(schedule.graph(), step),
                    shorten(results(schedule, step), RESULT),
                    step.flops() / 1e3,
                    step.bytes() / 1e3);
            if (times.isPresent()) {
                double best = Math.max(1e-3, times.get().bestMicros(s));
                line += String.format(
                        Locale.ROOT, " %9.1f %9.1f %8.2f %7.2f", times.get().meanMicros(s), best, step.flops() / best / 1e3, step.bytes() / best / 1e3);
                micros += times.get().meanMicros(s);
            }
            lines.add(line);
            flops += step.flops();
        }
        String all = String.format(Locale.ROOT, "%d steps, %.4g MFLOP", schedule.steps().size(), flops / 1e6);
        if (times.isPresent()) {
            all += String.format(Locale.ROOT, ", %.1f µs, %.2f GFLOP/s, %d runs", micros, flops / micros / 1e3, times.get().runs());
        }
        lines.add(all + memory(schedule.memory()));
        return String.join(System.lineSeparator(), lines) + System.lineSeparator();
    }

    private static String operations(Graph graph, Schedule.Step step) {
        if (step.equal() == 1) {
            return shorten(names(graph, step), OPERATIONS);
        }
        String all = " for " + step.equal() + " tensors";
        return shorten(names(graph, step), OPERATIONS - all.length()) + all;
    }

    private static String names(Graph graph, Schedule.Step step) {
        if (step.nodes().isEmpty()) {
            return "copy";
        }
        Graph.Node n = graph.node(step.nodes().getFirst());
        if (n.op() instanceof MatMul) {
            String product = "matmul " + graph.node(n.in().get(0)).shape() + " x " + graph.node(n.in().get(1)).shape();
            String more = step.nodes().stream().skip(1).map(i -> " " + graph.node(i).op().name()).collect(Collectors.joining());
            return product + more;
        }
        return step.nodes().stream().map(i -> graph.node(i).op().name()).collect(Collectors.joining(" "));
    }

    private static String results(Schedule schedule, Schedule.Step step) {
        return step.nodes().stream()
                .filter(i -> schedule.isStored(i) || !(schedule.graph().node(i).op() instanceof Elementwise))
                .map(i -> schedule.graph().node(i).type().toString())
                .distinct()
                .collect(Collectors.joining(" "));
    }

    private static String memory(MemoryPlan memory) {
        return memory.bytes() == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "; memory %s, %.3f times the least for these steps",
                        Storage.text(memory.bytes()),
                        (double) memory.bytes() / Math.max(1, memory.lowest()));
    }

    private static String shorten(String s, int length) {
        return s.length() <= length ? s : s.substring(0, length - 1) + "…";
    }
}
