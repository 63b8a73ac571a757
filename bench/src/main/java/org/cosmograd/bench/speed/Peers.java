package org.cosmograd.bench.speed;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.cosmograd.bench.UserException;

/// The peers' scripts: those of a folder, and the project's own for cases that are missing there.
///
/// A script is called `python3 SCRIPT THREADS CASE…` and prints one line of JSON per case, as [Timing#json]. It may ignore the names
/// and print more. It is asked for a case if its text mentions the name, as `"rfftn_64"` or as `"rfftn_{…}"`; a script of the folder
/// is ended when it has printed what is needed of it.
public final class Peers implements AutoCloseable {
    private static final List<String> OWN = List.of("torch_kernels.py");
    private static final String ROOM = "/org/cosmograd/bench/peers/";
    private static final String COMPLAINTS = "complaints.txt";
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Duration FAREWELL = Duration.ofSeconds(2);
    private static final Pattern MISSING_MODULE = Pattern.compile("No module named '([^']+)'");

    /// A script.
    ///
    /// @param file where it is
    /// @param text what it says
    /// @param selects whether it times no more than it is asked for
    public record Script(Path file, String text, boolean selects) {
        /// Its name.
        public String name() {
            return file.getFileName().toString();
        }

        /// Whether it times a case of that name.
        boolean mentions(String name) {
            String stem = name.substring(0, name.indexOf('_') + 1);
            return text.contains("\"" + name + "\"")
                    || !stem.isEmpty() && Pattern.compile("\"" + Pattern.quote(stem) + "[^\"]*\\{").matcher(text).find();
        }
    }

    private final String python;
    private final Path own;
    private final List<Script> scripts;
    private final Set<String> faults = Collections.synchronizedSet(new LinkedHashSet<>());
    private final Set<Script> broken = new LinkedHashSet<>();
    private Optional<Process> running = Optional.empty();
    private boolean ended;

    private Peers(String python, Path own, List<Script> scripts) {
        this.python = python;
        this.own = own;
        this.scripts = scripts;
    }

    /// The scripts of a folder and our own.
    ///
    /// @param python the command that runs them
    /// @throws UserException if there is no such folder or no script in it
    public static Peers in(Path folder, String python) {
        if (!Files.isDirectory(folder)) {
            throw new UserException("bench: there is no folder " + folder + "; --peers names the one with torch_peer.py and jax_peer.py");
        }
        try {
            List<Script> scripts = new ArrayList<>();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(f -> f.toString().endsWith(".py")).sorted(Comparator.reverseOrder()).toList()) {
                    scripts.add(new Script(file, Files.readString(file), false));
                }
            }
            if (scripts.isEmpty()) {
                throw new UserException("bench: there is no script (*.py) in " + folder + "; --peers names the folder with torch_peer.py and jax_peer.py");
            }
            // for whoever presses Ctrl-C; the last one named goes first
            Path own = Files.createTempDirectory("cosmograd-peers");
            own.toFile().deleteOnExit();
            own.resolve(COMPLAINTS).toFile().deleteOnExit();
            for (String name : OWN) {
                try (InputStream in = Peers.class.getResourceAsStream(ROOM + name)) {
                    if (in != null) {
                        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                        scripts.add(new Script(Files.writeString(own.resolve(name), text), text, true));
                        own.resolve(name).toFile().deleteOnExit();
                    }
                }
            }
            return new Peers(python, own, List.copyOf(scripts));
        } catch (IOException e) {
            throw new UserException("bench: cannot read the scripts in " + folder + " (" + e.getMessage() + ")", e);
        }
    }

    /// The scripts, but for those that failed.
    public List<Script> scripts() {
        return scripts.stream().filter(s -> !broken.contains(s)).toList();
    }

    /// What went wrong, a sentence each.
    public Set<String> faults() {
        return faults;
    }

    /// Those of the cases that a script times.
    public static List<String> wanted(Script script, List<String> names) {
        return names.stream().filter(script::mentions).toList();
    }

    /// Runs a script for some cases. Faults are kept in [#faults], and the script is not run again.
    ///
    /// @param names the cases
    /// @param needed those of them without which the script is not ended
    public void run(Script script, int threads, List<String> names, List<String> needed, Consumer<Timing> heard) {
        if (needed.isEmpty() || isEnded()) {
            return;
        }
        List<String> wanted = new ArrayList<>(needed);
        List<String> command = new ArrayList<>(List.of(python, script.file().toString(), Integer.toString(threads)));
        command.addAll(names);
        try {
            Path complaints = own.resolve(COMPLAINTS);
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(complaints.toFile());
            builder.environment().putAll(environment(threads));
            Process process = start(builder);
            boolean whole;
            try {
                process.getOutputStream().close();
                whole = listen(process, script, threads, names, wanted, heard);
            } finally {
                end(process);
            }
            if (isEnded()) {
                return;
            } else if (!whole) {
                fault(script, script.name() + " took more than " + LIMIT.toMinutes() + " minutes and was ended");
            } else if (!wanted.isEmpty() && process.waitFor() != 0) {
                fault(script, complaint(script, Files.readString(complaints)));
            }
        } catch (IOException e) {
            scripts.forEach(broken::add);
            faults.add("bench: " + python + " cannot be run, so our cases stand alone; name another Python with --python");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fault(script, script.name() + " was interrupted");
        }
    }

    private synchronized Process start(ProcessBuilder builder) throws IOException, InterruptedException {
        if (ended) {
            throw new InterruptedException("the scripts have been ended");
        }
        Process process = builder.start();
        running = Optional.of(process);
        return process;
    }

    /// Whether [#end] has been called.
    public synchronized boolean isEnded() {
        return ended;
    }

    /// Ends the script that is running, with all that it started; no other can be started.
    public synchronized void end() {
        ended = true;
        running.ifPresent(Peers::end);
    }

    /// Ends a script, with all that it started, and returns when it is gone: what it still computed would slow down whatever is timed next.
    private static void end(Process process) {
        List<ProcessHandle> all = Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
        all.forEach(ProcessHandle::destroy);
        await(process);
        all.forEach(ProcessHandle::destroyForcibly);
        await(process);
    }

    private static void await(Process process) {
        try {
            process.waitFor(FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Reads until the script ends or has printed all that is wanted, and takes off `left` what has come.
    ///
    /// @return false if it took too long
    private static boolean listen(Process process, Script script, int threads, List<String> names, List<String> left, Consumer<Timing> heard)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        while (script.selects() || !left.isEmpty()) {
            boolean over = process.waitFor(20, TimeUnit.MILLISECONDS);
            while (lines.ready()) {
                String line = lines.readLine();
                if (line == null) {
                    return true;
                }
                Timing.parse(line, threads).filter(t -> names.contains(t.name())).ifPresent(t -> {
                    left.remove(t.name());
                    heard.accept(t);
                });
            }
            if (over) {
                return true;
            } else if (System.nanoTime() > end) {
                return false;
            }
        }
        return true;
    }

    private void fault(Script script, String sentence) {
        broken.add(script);
        faults.add("bench: " + sentence);
    }

    private String complaint(Script script, String complaints) {
        Matcher missing = MISSING_MODULE.matcher(complaints);
        if (missing.find()) {
            return script.name() + " needs the Python module " + missing.group(1) + ", so its cases are left out; '" + python
                    + " -m pip install " + missing.group(1) + "' brings it";
        }
        String last = complaints.lines().filter(l -> !l.isBlank()).reduce("nothing said", (a, b) -> b);
        return script.name() + " failed (" + last.strip() + "), so what it had not printed is left out";
    }

    /// What tells OpenMP, MKL and XLA how many threads to use.
    private static Map<String, String> environment(int threads) {
        Map<String, String> e = new LinkedHashMap<>();
        for (String name : List.of("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC", "PJRT_NPROC")) {
            e.put(name, Integer.toString(threads));
        }
        e.put("PYTHONUNBUFFERED", "1");
        e.put("PYTHONDONTWRITEBYTECODE", "1");
        e.put("JAX_PLATFORMS", "cpu");
        return e;
    }

    /// Removes our scripts from the disk.
    @Override
    public void close() {
        try (Stream<Path> files = Files.walk(own)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // it is a temporary folder
        }
    }
}
