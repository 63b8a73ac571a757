package org.cosmograd.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.kernel.Workers;
import org.cosmograd.nn.Progress;
import org.cosmograd.nn.io.AtomicFile;
import org.cosmograd.nn.io.Json;
import org.cosmograd.sbi.plot.Figure;
import org.cosmograd.sbi.plot.HtmlReport;
import org.cosmograd.sbi.plot.KeyNumber;

/// One run of an experiment: its folder, settings and seed, and what it reports.
///
/// The folder holds `config.json` (settings as resolved), `manifest.json` (seed, versions, machine), what the experiment writes,
/// `plots/*.svg`, and at the end `summary.json` and `report.html`.
public final class Run {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyy-MM-dd_HH-mm-ss", Locale.ROOT);

    private final Experiment experiment;
    private final Settings settings;
    private final long seed;
    private final Path folder;
    private final PrintStream out;
    private final long start = System.nanoTime();
    private final Map<String, Object> figures = new LinkedHashMap<>();
    private final List<KeyNumber> numbers = new ArrayList<>();
    private HtmlReport report;

    private Run(Experiment experiment, Settings settings, long seed, Path folder, PrintStream out) {
        this.experiment = experiment;
        this.settings = settings;
        this.seed = seed;
        this.folder = folder;
        this.out = out;
        this.report = HtmlReport.of(experiment.name(), experiment.summary());
    }

    /// A new run, or with `resume` the one begun in the folder (without a folder: the latest of this experiment).
    static Run open(Experiment experiment, Settings settings, long seed, Optional<Path> where, boolean resume, PrintStream out) {
        Path folder = where.orElseGet(() -> {
            Path home = Path.of("runs", experiment.name());
            return resume ? latest(home) : home.resolve(LocalDateTime.now().format(STAMP));
        });
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("experiment", experiment.name());
        config.put("seed", seed);
        config.put("settings", settings.all());
        Path file = folder.resolve("config.json");
        try {
            if (Files.exists(file)) {
                if (!resume) {
                    throw new UserException("run: " + folder + " holds a run already; add --resume to go on with it or name another folder");
                }
                if (!Json.read(file).equals(Json.parse(Json.from(config).toString()))) {
                    throw new UserException("run: " + file + " was made with another experiment, seed or other settings; resume with the same ones");
                }
            } else if (resume) {
                throw new UserException("run: nothing to resume in " + folder + "; leave out --resume");
            }
            Files.createDirectories(folder.resolve("plots"));
        } catch (IOException e) {
            throw new UserException("run: cannot write to " + folder + " (" + e.getMessage() + "); name another folder with --out", e);
        }
        Run run = new Run(experiment, settings, seed, folder, out);
        AtomicFile.write(file, Json.from(config) + System.lineSeparator());
        AtomicFile.write(folder.resolve("manifest.json"), Json.from(run.manifest()) + System.lineSeparator());
        return run;
    }

    /// Takes back a run that was refused before it made anything, so that its folder is free for another.
    void withdraw() {
        List<Path> begun = List.of(folder.resolve("config.json"), folder.resolve("manifest.json"), folder.resolve("plots"));
        try (Stream<Path> all = Files.list(folder); Stream<Path> plots = Files.list(folder.resolve("plots"))) {
            if (begun.containsAll(all.toList()) && plots.findAny().isEmpty()) {
                for (Path p : begun) {
                    Files.delete(p);
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            say("%s could not be removed: %s", folder, e);
        }
    }

    private static Path latest(Path home) {
        try (Stream<Path> runs = Files.list(home)) {
            return runs.filter(Files::isDirectory)
                    .max(Path::compareTo)
                    .orElseThrow(() -> new UserException("run: nothing to resume in " + home + "; leave out --resume"));
        } catch (IOException e) {
            throw new UserException("run: nothing to resume in " + home + "; leave out --resume", e);
        }
    }

    private Map<String, Object> manifest() {
        Map<String, Object> m = new LinkedHashMap<>();
        String version = Run.class.getPackage().getImplementationVersion();
        m.put("experiment", experiment.name());
        m.put("settings", settings.toString());
        m.put("seed", seed);
        m.put("cosmograd", version == null ? "development" : version);
        m.put("java", System.getProperty("java.vm.vendor") + " " + Runtime.version());
        m.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        m.put("threads", Workers.threads());
        m.put("started", LocalDateTime.now().withNano(0).toString());
        return m;
    }

    /// The settings.
    public Settings settings() {
        return settings;
    }

    /// The key from which all randomness of the run follows.
    public Key key() {
        return Key.of(seed);
    }

    /// The seed.
    public long seed() {
        return seed;
    }

    /// A file in the run's folder.
    public Path file(String name) {
        return folder.resolve(name);
    }

    /// Says a line.
    public void say(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }

    /// A progress line.
    public Progress progress(String task, String unit, long total) {
        return Progress.of(out, task, unit, total);
    }

    /// A figure of the summary.
    public void figure(String name, double value) {
        figures.put(name, value);
    }

    /// A line of the closing table, and of the report.
    public void number(KeyNumber number) {
        numbers.add(number);
    }

    /// Adds to the report what `change` makes of it.
    public void report(java.util.function.UnaryOperator<HtmlReport> change) {
        report = change.apply(report);
    }

    /// Saves a plot and puts it into the report.
    public void plot(String name, Figure figure, String caption) {
        AtomicFile.write(folder.resolve("plots").resolve(name + ".svg"), figure.svg());
        report = report.figure(figure, caption);
    }

    /// Seconds since the run began.
    public double seconds() {
        return (System.nanoTime() - start) / 1e9;
    }

    /// Writes the summary and the report and prints the closing table.
    void finish() {
        double seconds = Math.round(seconds() * 1000) / 1000.0;
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("experiment", experiment.name());
        summary.put("seed", seed);
        summary.put("seconds", seconds);
        summary.put("figures", figures);
        HtmlReport head = HtmlReport.of(experiment.name(), experiment.summary()).numbers(numbers);
        head.append(report)
                .section("How to make this again")
                .code("java -jar cosmograd.jar run " + experiment.name() + " " + settings + " --seed " + seed)
                .manifest(manifest())
                .save(folder.resolve("report.html"));
        AtomicFile.write(folder.resolve("summary.json"), Json.from(summary) + System.lineSeparator());
        table();
        say("%.1f s; report: %s", seconds, folder.resolve("report.html"));
    }

    private void table() {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"", "ours", "reference", "target", ""});
        for (KeyNumber n : numbers) {
            rows.add(new String[] {n.name(), n.ours(), n.reference(), n.target(), switch (n.verdict()) {
                case PASS -> "met";
                case FAIL -> "MISSED";
                case NONE -> "";
            }});
        }
        int[] width = new int[5];
        for (String[] r : rows) {
            for (int i = 0; i < 5; i++) {
                width[i] = Math.max(width[i], r[i].length());
            }
        }
        out.println();
        for (String[] r : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < 5; i++) {
                line.append(i == 0 ? r[i] + " ".repeat(width[i] - r[i].length()) : "  " + " ".repeat(width[i] - r[i].length()) + r[i]);
            }
            out.println(line.toString().stripTrailing());
        }
        out.println();
    }
}
