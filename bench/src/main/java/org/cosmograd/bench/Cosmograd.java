package org.cosmograd.bench;

import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.cosmograd.autodiff.kernel.Workers;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The `cosmograd` command line.
@Command(
        name = "cosmograd",
        description = "Differentiable cosmology and simulation-based inference.",
        subcommands = {Cosmograd.ListCommand.class, Cosmograd.RunCommand.class, BenchCommand.class, Cosmograd.HelpCommand.class})
public final class Cosmograd implements Runnable {
    private final PrintStream out;

    private Cosmograd(PrintStream out) {
        this.out = out;
    }

    /// Runs one command and ends the process: 0 done, 1 failed, 2 a fault of the call.
    public static void main(String[] args) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.exit(execute(out, new PrintStream(System.err, true, StandardCharsets.UTF_8), args));
    }

    /// Runs one command.
    ///
    /// @return 0 done, 1 failed, 2 a fault of the call
    static int execute(PrintStream out, PrintStream err, String... args) {
        Cosmograd root = new Cosmograd(out);
        CommandLine line = new CommandLine(root);
        line.setExecutionExceptionHandler((e, command, result) -> {
            switch (e) {
                case UserException u -> err.println("cosmograd: " + u.getMessage());
                case UncheckedIOException u -> err.println("cosmograd: " + u.getMessage());
                default -> {
                    err.println("cosmograd: " + e);
                    e.printStackTrace(err);
                }
            }
            return e instanceof UserException ? 2 : 1;
        });
        line.setParameterExceptionHandler((e, given) -> {
            err.println("cosmograd: " + e.getMessage() + "; see 'cosmograd help'");
            return 2;
        });
        return line.execute(args);
    }

    @Override
    public void run() {
        out.println(
                """
                cosmograd list                     the experiments
                cosmograd help NAME                what an experiment does, and its settings
                cosmograd run NAME [key=value …]   runs it
                    --seed N       another seed (usually 1)
                    --out DIR      the folder to write (usually runs/NAME/TIME)
                    --resume       goes on with an interrupted run
                    --threads N    how many threads to use; results do not depend on it
                cosmograd bench [CASE …]           times kernels and training steps; a CASE may be a beginning or a pattern
                    --list           lists the cases
                    --threads N,…    on how many threads (usually 1 and all)
                    --peers DIR      in alternation with the scripts of PyTorch and JAX in DIR; --python COMMAND runs them
                    --rounds N       how often (usually once; against peers twice)
                    --json FILE      writes a line of JSON for each timing
                    --markdown FILE  writes the table as Markdown""");
    }

    /// Where output goes.
    PrintStream out() {
        return out;
    }

    private static Experiment find(String name) {
        return Experiment.all().stream()
                .filter(e -> e.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UserException("there is no experiment '" + name + "'; there are "
                        + String.join(", ", Experiment.all().stream().map(Experiment::name).toList())));
    }

    /// `cosmograd list`
    @Command(name = "list", description = "Lists the experiments.")
    static final class ListCommand implements Runnable {
        @CommandLine.ParentCommand
        private @Nullable Cosmograd parent;

        @Override
        public void run() {
            PrintStream out = parent == null ? System.out : parent.out;
            Experiment.all().forEach(e -> out.printf("%-14s %s%n", e.name(), e.summary()));
        }
    }

    /// `cosmograd help NAME`
    @Command(name = "help", description = "Explains an experiment.")
    static final class HelpCommand implements Runnable {
        @CommandLine.ParentCommand
        private @Nullable Cosmograd parent;

        @Parameters(index = "0", arity = "0..1", paramLabel = "NAME")
        private @Nullable String name;

        @Override
        public void run() {
            Cosmograd p = parent;
            if (p == null) {
                return;
            } else if (name == null) {
                p.run();
                return;
            }
            Experiment e = find(name);
            p.out.println(e.name() + ": " + e.summary());
            p.out.println();
            p.out.println(e.description());
            p.out.println();
            e.settings().forEach(s -> p.out.printf("  %-32s %s%n", s.key() + "=" + s.value(), s.meaning()));
        }
    }

    /// `cosmograd run NAME`
    @Command(name = "run", description = "Runs an experiment.")
    static final class RunCommand implements Runnable {
        @CommandLine.ParentCommand
        private @Nullable Cosmograd parent;

        @Parameters(index = "0", paramLabel = "NAME")
        private String name = "";

        @Parameters(index = "1..*", paramLabel = "key=value")
        private List<String> given = List.of();

        @Option(names = "--seed")
        private long seed = 1;

        @Option(names = "--out")
        private @Nullable Path folder;

        @Option(names = "--resume")
        private boolean resume;

        @Option(names = "--threads")
        private int threads;

        @Override
        public void run() {
            Experiment e = find(name);
            if (threads < 0) {
                throw new UserException("run: --threads " + threads + " is not a number of at least 1");
            } else if (threads > 0) {
                Workers.threads(threads);
            }
            PrintStream out = parent == null ? System.out : parent.out;
            Run run = Run.open(e, Settings.of(e, given), seed, Optional.ofNullable(folder), resume, out);
            try {
                e.run(run);
            } catch (UserException refused) {
                run.withdraw();
                throw refused;
            }
            run.finish();
        }
    }
}
