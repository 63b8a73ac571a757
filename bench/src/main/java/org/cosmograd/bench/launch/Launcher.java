package org.cosmograd.bench.launch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Makes `java -jar cosmograd.jar …` work from Java 17 on, without flags.
///
/// On a JVM that has all it takes, the command line is called at once. Otherwise the launcher looks for a JDK 25 (see
/// [Jdk#places]), runs the same jar there with `--add-modules jdk.incubator.vector`, and passes on streams, exit code and Ctrl-C.
/// Options for that JVM go into the environment variable `COSMOGRAD_JAVA_OPTIONS`, separated by spaces.
public final class Launcher {
    private static final String MAIN = "org.cosmograd.bench.Cosmograd";
    private static final String MODULE = "jdk.incubator.vector";
    private static final String WARNING = "WARNING: Using incubator modules: " + MODULE;

    private Launcher() {}

    /// Runs the command line, here or on a JDK 25.
    public static void main(String[] args) throws Exception {
        if (Runtime.version().feature() >= Jdk.NEEDED.feature()
                && ModuleLayer.boot().findModule(MODULE).isPresent()) {
            callMain(args);
            return;
        }
        Map<String, String> environment = System.getenv();
        Path running = Path.of(System.getProperty("java.home"));
        Path user = Path.of(System.getProperty("user.home"));
        Optional<Jdk> jdk = Jdk.find(Jdk.places(running, environment, user, Path.of("/").toAbsolutePath()));
        if (jdk.isEmpty()) {
            System.err.println("cosmograd: no JDK " + Jdk.NEEDED + " or later was found (this is Java " + Runtime.version()
                    + " in " + running + "); install one the usual way, or set JAVA25_HOME to its folder");
            System.exit(2);
            return;
        }
        System.exit(run(command(jdk.get(), environment, here(), args)));
    }

    /// The command that runs the jar at `classPath` on `jdk`.
    static List<String> command(Jdk jdk, Map<String, String> environment, String classPath, String... args) {
        List<String> own = Stream.of(environment.getOrDefault("COSMOGRAD_JAVA_OPTIONS", "").strip().split("\\s+"))
                .filter(option -> !option.isEmpty())
                .toList();
        String given = Stream.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "COSMOGRAD_JAVA_OPTIONS")
                .map(name -> environment.getOrDefault(name, ""))
                .collect(Collectors.joining(" "));
        List<String> command = new ArrayList<>(List.of(jdk.java().toString(), "--add-modules", MODULE));
        if (!given.matches(".*-XX:\\+Use\\w*GC.*")) {
            command.add("-XX:+UseG1GC");
        }
        if (!given.matches(".*(-Xmx|-XX:MaxHeapSize|-XX:MaxRAM).*")) {
            command.add("-XX:MaxRAMPercentage=50");
        }
        // with one compiler thread of the second tier, which two processors get, kernels queue for seconds
        if (Runtime.getRuntime().availableProcessors() < 4 && !given.contains("CICompilerCount")) {
            command.add("-XX:CICompilerCount=3");
        }
        command.addAll(own);
        command.addAll(List.of("-cp", classPath, MAIN));
        command.addAll(List.of(args));
        return command;
    }

    private static void callMain(String[] args) throws Exception {
        try {
            Class.forName(MAIN).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }

    /// The jar (or folder of classes) this class came from; the class path if that is not the only entry.
    private static String here() throws URISyntaxException {
        String classPath = System.getProperty("java.class.path", "");
        return classPath.isEmpty()
                ? Path.of(Launcher.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                        .toString()
                : classPath;
    }

    private static int run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
        // Ctrl-C reaches both processes, a kill only this one: pass it on, and leave last
        Thread farewell = new Thread(() -> {
            process.destroy();
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(farewell);
        pump(process.getErrorStream(), System.err);
        int code = process.waitFor();
        try {
            Runtime.getRuntime().removeShutdownHook(farewell);
        } catch (IllegalStateException alreadyEnding) {
            // Ctrl-C: nobody waits for the code any more
        }
        return code;
    }

    /// Copies `in` to `out` as it arrives, without the first line that only says that incubator modules are in use.
    static void pump(InputStream in, OutputStream out) throws IOException {
        byte[] warning = WARNING.getBytes(StandardCharsets.US_ASCII);
        byte[] buffer = new byte[8192];
        int matched = 0; // bytes of the warning held back; -1: inside another line
        boolean seen = false;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            int begin = 0;
            for (int i = 0; i < n && !seen; i++) {
                byte b = buffer[i];
                boolean line = b == '\n';
                if (matched == warning.length && (line || b == '\r')) {
                    seen = line;
                    begin = i + 1;
                } else if (matched >= 0 && matched < warning.length && b == warning[matched]) {
                    if (matched == 0) {
                        out.write(buffer, begin, i - begin);
                    }
                    matched++;
                    begin = i + 1;
                } else {
                    if (matched > 0) {
                        out.write(warning, 0, matched);
                        begin = i;
                    }
                    matched = line ? 0 : -1;
                }
            }
            if (n > begin) {
                out.write(buffer, begin, n - begin);
            }
            out.flush();
        }
        if (matched > 0 && !seen) {
            out.write(warning, 0, matched);
            out.flush();
        }
    }
}
