package org.cosmograd.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.cosmograd.bench.speed.Case;
import org.cosmograd.bench.speed.Cases;
import org.cosmograd.bench.speed.Machine;
import org.cosmograd.bench.speed.Peers;
import org.cosmograd.bench.speed.Scoreboard;
import org.cosmograd.bench.speed.Stopwatch;
import org.cosmograd.nn.Progress;
import org.cosmograd.nn.io.AtomicFile;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `cosmograd bench`: times our kernels and training steps, alone or in alternation with the peers' scripts.
///
/// Files are written whole after every case. A run that is interrupted ends the script that is running, and leaves and shows what it has
/// measured.
@Command(name = "bench", description = "Times kernels and training steps, alone or against PyTorch and JAX.")
final class BenchCommand implements Runnable {
    private static final Duration WARM_UP = Duration.ofSeconds(30);
    private static final int MOST_THREADS = 256;

    @ParentCommand
    private @Nullable Cosmograd parent;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "case", arity = "0..*")
    private List<String> words = List.of();

    @Option(names = "--threads", split = ",", paramLabel = "N")
    private List<String> threads = List.of();

    @Option(names = "--rounds", paramLabel = "N")
    private int rounds;

    @Option(names = "--json", paramLabel = "FILE")
    private @Nullable Path json;

    @Option(names = "--markdown", paramLabel = "FILE")
    private @Nullable Path markdown;

    @Option(names = "--peers", paramLabel = "DIR")
    private @Nullable Path folder;

    @Option(names = "--python", paramLabel = "COMMAND")
    private String python = "python3";

    @Option(names = "--list")
    private boolean list;

    @Override
    public void run() {
        PrintStream out = parent == null ? System.out : parent.out();
        List<Case> cases = Cases.select(words);
        if (list) {
            cases.forEach(c -> out.printf("%-26s %s%n", c.name(), c.about()));
            return;
        }
        if (rounds < 0) {
            throw new UserException("bench: --rounds " + rounds + " is not a number of at least 1");
        }
        List<Integer> counts = threadCounts();
        checkWritable("--json", json);
        checkWritable("--markdown", markdown);
        Scoreboard board = new Scoreboard(cases, counts);
        if (folder == null) {
            try (Farewell _ = Farewell.of(() -> show(out, board, Set.of()))) {
                alone(out, cases, counts, board);
            }
            show(out, board, Set.of());
            return;
        }
        try (Peers peers = Peers.in(folder, python)) {
            try (Farewell _ = Farewell.of(() -> {
                peers.end();
                show(out, board, peers.faults());
            })) {
                together(out, cases, counts, peers, board);
            }
            show(out, board, peers.faults());
        }
    }

    /// Shows and writes what has been measured. Meanwhile nothing more is.
    private void show(PrintStream out, Scoreboard board, Set<String> faults) {
        synchronized (board) {
            out.println();
            if (board.isEmpty()) {
                out.println("bench: nothing has been measured");
            } else {
                out.print(board.text());
                write(board);
            }
            faults.forEach(out::println);
        }
    }

    /// One thread and all processors, if nothing is said.
    private List<Integer> threadCounts() {
        int processors = Math.min(Runtime.getRuntime().availableProcessors(), MOST_THREADS);
        List<Integer> counts = new ArrayList<>();
        for (String word : threads) {
            if (!word.strip().matches("[1-9][0-9]{0,8}")) {
                throw new UserException("bench: --threads " + word + " is not a number of at least 1");
            } else if (Integer.parseInt(word.strip()) > processors) {
                throw new UserException("bench: --threads " + word + " is more than the " + processors + " that can run at once here");
            }
            counts.add(Integer.valueOf(word.strip()));
        }
        return threads.isEmpty() ? Stream.of(1, processors).distinct().toList() : counts.stream().distinct().toList();
    }

    private void alone(PrintStream out, List<Case> cases, List<Integer> counts, Scoreboard board) {
        int times = Math.max(rounds, 1);
        Stopwatch watch = new Stopwatch(WARM_UP);
        try (Progress progress = Progress.of(out, "bench", "timings", (long) cases.size() * counts.size() * times)) {
            for (int n : counts) {
                for (int round = 0; round < times; round++) {
                    for (Case c : cases) {
                        watch.time(c, n).ifPresent(board::add);
                        progress.step();
                        write(board);
                    }
                }
            }
        }
    }

    /// In every round each of our cases is timed just before the first script that has it. A script that cannot be asked for single
    /// cases is, from the second round on, run only until it has printed those with a goal.
    private void together(PrintStream out, List<Case> cases, List<Integer> counts, Peers peers, Scoreboard board) {
        int times = rounds == 0 ? 2 : rounds;
        Stopwatch watch = new Stopwatch(WARM_UP);
        List<String> names = cases.stream().map(Case::name).toList();
        Map<Peers.Script, Set<String>> families = new HashMap<>();
        long perRound = cases.size() + peers.scripts().stream().mapToLong(s -> Peers.wanted(s, names).size()).sum();
        try (Progress progress = Progress.of(out, "bench", "timings", perRound * counts.size() * times)) {
            for (int n : counts) {
                for (int round = 0; round < times; round++) {
                    List<Case> left = new ArrayList<>(cases);
                    for (Peers.Script script : peers.scripts()) {
                        List<String> wanted = Peers.wanted(script, names);
                        time(left.stream().filter(c -> wanted.contains(c.name())).toList(), n, watch, board, progress);
                        left.removeIf(c -> wanted.contains(c.name()));
                        Set<String> known = families.computeIfAbsent(script, s -> new HashSet<>());
                        boolean all = round == 0 || script.selects();
                        List<String> needed = all ? wanted : wanted.stream().filter(name -> board.hasGoal(known, name, n)).toList();
                        Set<String> silent = new HashSet<>(wanted);
                        peers.run(script, n, wanted, needed, t -> {
                            board.add(t);
                            known.add(t.family());
                            if (silent.remove(t.name())) {
                                progress.step();
                            }
                        });
                        silent.forEach(name -> progress.step());
                    }
                    time(left, n, watch, board, progress);
                }
            }
        }
    }

    private void time(List<Case> cases, int n, Stopwatch watch, Scoreboard board, Progress progress) {
        for (Case c : cases) {
            watch.time(c, n).ifPresent(board::add);
            progress.step();
            write(board);
        }
    }

    private void write(Scoreboard board) {
        Optional.ofNullable(json).ifPresent(file -> AtomicFile.write(file, board.json()));
        Optional.ofNullable(markdown)
                .ifPresent(file -> AtomicFile.write(file, board.markdown(LocalDate.now().toString(), Machine.here().toString(), command())));
    }

    private String command() {
        List<String> args = spec == null ? List.of() : spec.root().commandLine().getParseResult().originalArgs();
        return "java -jar cosmograd.jar " + String.join(" ", args);
    }

    /// Tries to write where a result will go, before any time is spent on making it.
    private static void checkWritable(String option, @Nullable Path file) {
        if (file == null) {
            return;
        } else if (Files.isDirectory(file)) {
            throw new UserException("bench: " + option + " " + file + " is a folder; name a file");
        }
        try {
            Path home = file.toAbsolutePath().getParent();
            Files.createDirectories(home);
            Files.delete(Files.createTempFile(home, file.getFileName().toString(), ".part"));
        } catch (IOException e) {
            throw new UserException("bench: cannot write " + file + "; name another file with " + option, e);
        }
    }
}
