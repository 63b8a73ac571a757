package org.cosmograd.autodiff.compile;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.op.Elementwise;

/// A schedule as text: the steps with their nodes, shapes and work, and the memory they share.
final class Listing {
    private Listing() {}

    /// One line for each step and one for all.
    ///
    /// @param micros mean microseconds of each step, or nothing
    static String of(Schedule schedule, double[] micros) {
        StringBuilder out = new StringBuilder();
        double total = 0;
        for (int s = 0; s < schedule.steps().size(); s++) {
            Schedule.Step step = schedule.steps().get(s);
            Graph graph = schedule.graph();
            String ops = step.nodes().isEmpty()
                    ? "copy"
                    : step.nodes().stream().map(i -> graph.node(i).op().name()).collect(Collectors.joining(" "));
            String results = step.nodes().stream()
                    .filter(i -> schedule.isStored(i) || !(graph.node(i).op() instanceof Elementwise))
                    .map(i -> graph.node(i).type().toString())
                    .distinct()
                    .collect(Collectors.joining(" "));
            long bytes = IntStream.concat(
                            step.reads().stream().mapToInt(Integer::intValue), step.writes().stream().mapToInt(Integer::intValue))
                    .mapToLong(b -> (long) schedule.buffers().get(b).length() * schedule.buffers().get(b).dtype().bytes())
                    .sum();
            total += step.flops();
            out.append(String.format(Locale.ROOT, "%3d  %-60s %-28s %10.0f flop %10d B", s, shorten(ops, 60), shorten(results, 28), step.flops(), bytes));
            if (micros.length > 0) {
                out.append(String.format(
                        Locale.ROOT, " %9.1f µs %7.2f GFLOP/s %7.2f GB/s", micros[s], step.flops() / micros[s] / 1e3, bytes / micros[s] / 1e3));
            }
            out.append(System.lineSeparator());
        }
        out.append(String.format(Locale.ROOT, "%d steps, %.3g flop", schedule.steps().size(), total));
        MemoryPlan memory = schedule.memory();
        memory.slabs().forEach((type, length) -> out.append(String.format(
                Locale.ROOT, "; %s memory %d B (no plan can do with less than %d B)", type, (long) length * type.bytes(), (long) memory.lowest(type) * type.bytes())));
        return out.append(System.lineSeparator()).toString();
    }

    private static String shorten(String s, int length) {
        return s.length() <= length ? s : s.substring(0, length - 1) + "…";
    }
}
