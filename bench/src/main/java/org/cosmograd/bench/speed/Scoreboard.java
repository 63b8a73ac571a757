package org.cosmograd.bench.speed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.cosmograd.nn.io.Json;

/// The best of everybody in every case, as a table with ratios and goals. It may be asked while timings are still coming in.
public final class Scoreboard {
    private record Place(String family, String name, int threads) {}

    private final List<Case> cases;
    private final List<Integer> threads;
    private final Map<Place, Timing> best = new LinkedHashMap<>();
    private final Set<String> peers = new LinkedHashSet<>();

    /// For these cases on these numbers of threads.
    public Scoreboard(List<Case> cases, List<Integer> threads) {
        this.cases = List.copyOf(cases);
        this.threads = List.copyOf(threads);
    }

    /// Takes a timing in.
    public synchronized void add(Timing t) {
        best.merge(new Place(t.family(), t.name(), t.threads()), t, Timing::better);
        if (!t.family().equals(Stopwatch.OURS)) {
            peers.add(t.family());
        }
    }

    /// Whether nothing has come in.
    public synchronized boolean isEmpty() {
        return best.isEmpty();
    }

    /// Who the peers are, with versions.
    List<String> peers() {
        return best.values().stream().map(Timing::who).filter(w -> !w.startsWith(Stopwatch.OURS)).distinct().toList();
    }

    private Optional<Timing> timing(String family, String name, int threads) {
        return Optional.ofNullable(best.get(new Place(family, name, threads)));
    }

    private Optional<Timing> ours(String name, int threads) {
        return timing(Stopwatch.OURS, name, threads);
    }

    /// How many times longer a peer takes, best against best.
    private Optional<Double> ratio(String family, String name, int threads) {
        return ours(name, threads).flatMap(o -> timing(family, name, threads).map(t -> t.best() / o.best()));
    }

    /// All of it as lines of JSON, ours with their ratios.
    public synchronized String json() {
        StringBuilder out = new StringBuilder();
        for (Timing t : best.values()) {
            Map<String, Json> line = new LinkedHashMap<>(t.json().members());
            if (t.family().equals(Stopwatch.OURS)) {
                for (String peer : peers) {
                    ratio(peer, t.name(), t.threads()).ifPresent(r -> line.put("ratio_" + peer, Json.from(Math.round(r * 1000) / 1000.0)));
                }
            }
            out.append(Json.from(line).compact()).append('\n');
        }
        return out.toString();
    }

    /// The cases, a row for each number of threads.
    Table caseTable() {
        List<String> heading = new ArrayList<>(List.of("case", "threads", "best ms", "median ms", "GFLOP/s", "bytes/run"));
        peers.forEach(p -> heading.addAll(hasGoals(p) ? List.of(p + " ms", "ratio", "goal (floor)") : List.of(p + " ms", "ratio")));
        List<List<String>> rows = new ArrayList<>();
        for (Case c : cases) {
            for (int n : threads) {
                ours(c.name(), n).ifPresent(t -> rows.add(row(t)));
            }
        }
        return new Table(heading, rows);
    }

    /// Whether a case has a goal against one of these peers.
    public boolean hasGoal(Set<String> families, String name, int threads) {
        return families.stream().anyMatch(f -> Goal.against(f, name, threads).isPresent());
    }

    private boolean hasGoals(String peer) {
        return cases.stream().anyMatch(c -> threads.stream().anyMatch(n -> Goal.against(peer, c.name(), n).isPresent()));
    }

    private List<String> row(Timing t) {
        List<String> row = new ArrayList<>(List.of(
                t.name(),
                Integer.toString(t.threads()),
                (t.more().containsKey(Timing.UNSETTLED) ? "~" : "") + milliseconds(t.best()),
                milliseconds(t.ms()),
                t.more().containsKey(Timing.GFLOPS) ? format("%.1f", t.figure(Timing.GFLOPS)) : "",
                t.more().containsKey(Timing.BYTES) ? Long.toString((long) t.figure(Timing.BYTES)) : ""));
        for (String peer : peers) {
            Optional<Double> ratio = ratio(peer, t.name(), t.threads());
            Optional<Goal> goal = Goal.against(peer, t.name(), t.threads());
            row.add(timing(peer, t.name(), t.threads()).map(p -> milliseconds(p.best())).orElse(""));
            row.add(ratio.map(r -> format("%.2f", r) + goal.map(g -> " " + g.verdict(r).mark()).orElse("")).orElse(""));
            if (hasGoals(peer)) {
                row.add(ratio.isPresent() ? goal.map(Goal::text).orElse("") : "");
            }
        }
        return row;
    }

    /// Figures that are not of one case on one number of threads, or not against a peer.
    Table figureTable() {
        List<List<String>> rows = new ArrayList<>();
        for (Goal g : Goal.ALL) {
            List<String> names = cases.stream().map(Case::name).filter(n -> Cases.matches(g.cases(), n)).toList();
            switch (g.measure()) {
                case TORCH_MEAN, CHANNELS_LAST_MEAN -> threads.forEach(n -> mean(g.measure().peer(), names, n)
                        .ifPresent(m -> rows.add(figure(g, n, "geometric mean of the ratios to " + g.measure().peer() + ", " + g.cases(), m, "%.2f"))));
                case FRACTION -> names.forEach(name -> ours(name, g.threads())
                        .ifPresent(t -> rows.add(figure(g, 0, "fraction of the FMA peak of one core, " + name, t.figure(Timing.FRACTION), "%.2f"))));
                case SCALING -> names.forEach(name -> ours(name, 1).flatMap(one -> ours(name, 2).map(two -> one.best() / two.best()))
                        .ifPresent(s -> rows.add(figure(g, 2, "one thread to two, " + name, s, "%.2f"))));
                case NANOS -> names.forEach(name -> threads.forEach(n -> ours(name, n)
                        .ifPresent(t -> rows.add(figure(g, n, "ns per item and thread, " + name, t.figure(Timing.NANOS), "%.2f")))));
                case BYTES -> names.stream()
                        .flatMap(name -> threads.stream().flatMap(n -> ours(name, n).stream()))
                        .mapToDouble(t -> t.figure(Timing.BYTES))
                        .max()
                        .ifPresent(b -> rows.add(figure(g, 0, "bytes allocated by a run at most, " + g.cases(), b, "%.0f")));
                case TORCH, JAX -> {} // stand beside the case
            }
        }
        return new Table(List.of("figure", "threads", "ours", "goal (floor)"), rows);
    }

    private Optional<Double> mean(String peer, List<String> names, int n) {
        List<Double> ratios = names.stream().flatMap(name -> ratio(peer, name, n).stream()).toList();
        return ratios.isEmpty()
                ? Optional.empty()
                : Optional.of(Math.exp(ratios.stream().mapToDouble(Math::log).average().orElse(0)));
    }

    private static List<String> figure(Goal g, int threads, String what, double value, String format) {
        return List.of(what, threads == 0 ? "" : Integer.toString(threads), format(format, value) + " " + g.verdict(value).mark(), g.text());
    }

    /// The tables with their legend, for a terminal.
    public synchronized String text() {
        Table figures = figureTable();
        return caseTable().text() + (figures.rows().isEmpty() ? "" : "\n" + figures.text()) + "\n" + legend() + "\n";
    }

    /// The tables as Markdown, with what makes them again.
    public synchronized String markdown(String date, String machine, String command) {
        Table figures = figureTable();
        String versions = peers().isEmpty() ? "" : "; against " + String.join(", ", peers());
        return "Measured on " + date + " on " + machine + versions + ", by `" + command + "`. " + legend() + "\n\n" + caseTable().markdown()
                + (figures.rows().isEmpty() ? "" : "\n" + figures.markdown());
    }

    private String legend() {
        boolean unsettled = best.values().stream().anyMatch(t -> t.more().containsKey(Timing.UNSETTLED));
        return List.of(
                        "Best runs (ours: the median over samples as long as the peers')" + (peers.isEmpty() ? "." : "; a ratio is their time divided by ours."),
                        "✓ goal reached, · floor reached, ✗ below the floor.",
                        unsettled ? "~ was still getting faster when it was measured." : "")
                .stream()
                .filter(s -> !s.isEmpty())
                .collect(Collectors.joining(" "));
    }

    private static String milliseconds(double ms) {
        return format(ms >= 100 ? "%.1f" : ms >= 10 ? "%.2f" : ms >= 1 ? "%.3f" : "%.4f", ms);
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
