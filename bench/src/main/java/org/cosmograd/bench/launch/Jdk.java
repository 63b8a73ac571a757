package org.cosmograd.bench.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// An installed JDK, known by the `release` file in its folder.
///
/// @param home its folder
/// @param version its version, as in `25.0.3`
/// @param vectors whether it has the module `jdk.incubator.vector` and compiles it (HotSpot does)
record Jdk(Path home, Runtime.Version version, boolean vectors) {

    /// The oldest version that serves: earlier updates of 25 have a fault in G1 that corrupts pinned arrays.
    static final Runtime.Version NEEDED = Runtime.Version.parse("25.0.3");

    /// Whether Cosmograd runs on it.
    boolean serves() {
        return vectors && version.compareToIgnoreOptional(NEEDED) >= 0;
    }

    /// Its `java` program.
    Path java() {
        Path windows = home.resolve("bin").resolve("java.exe");
        return Files.isRegularFile(windows) ? windows : home.resolve("bin").resolve("java");
    }

    /// The JDK at `home`, or empty if there is none that can be read.
    static Optional<Jdk> at(Path home) {
        for (Path folder : List.of(home, home.resolve("Contents/Home"))) {
            Path release = folder.resolve("release");
            if (Files.isRegularFile(release)) {
                try {
                    Optional<Jdk> jdk = parse(folder, Files.readAllLines(release));
                    return jdk.filter(j -> Files.isRegularFile(j.java()));
                } catch (IOException e) {
                    return Optional.empty(); // not ours to read: no candidate
                }
            }
        }
        return Optional.empty();
    }

    /// Reads the lines `KEY="value"` of a `release` file.
    static Optional<Jdk> parse(Path home, List<String> release) {
        Map<String, String> values = release.stream()
                .filter(line -> line.contains("="))
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.indexOf('=')).strip(),
                        line -> line.substring(line.indexOf('=') + 1).strip().replace("\"", ""),
                        (a, b) -> b));
        boolean module = List.of(values.getOrDefault("MODULES", "jdk.incubator.vector").split(" "))
                .contains("jdk.incubator.vector");
        boolean hotspot = !values.getOrDefault("JVM_VARIANT", "Hotspot").equalsIgnoreCase("OpenJ9");
        return version(values.getOrDefault("JAVA_VERSION", "")).map(v -> new Jdk(home, v, module && hotspot));
    }

    /// The version in `text`, or empty for the scheme of Java 8 and for what is no version.
    static Optional<Runtime.Version> version(String text) {
        try {
            return Optional.of(Runtime.Version.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// The first JDK among `places` that serves.
    static Optional<Jdk> find(List<Path> places) {
        return places.stream().map(Jdk::at).flatMap(Optional::stream).filter(Jdk::serves).findFirst();
    }

    /// Where a JDK may lie, the likeliest first: what runs now, what the environment names, then the usual places.
    ///
    /// @param running the folder of the running Java
    /// @param environment the environment variables
    /// @param user the user's home folder
    /// @param root the root of the file system, `/` (another one in tests)
    static List<Path> places(Path running, Map<String, String> environment, Path user, Path root) {
        Set<Path> places = new LinkedHashSet<>();
        places.add(running);
        Map<String, String> sorted = new TreeMap<>(environment);
        Stream.of("JAVA25_HOME", "JAVA_HOME", "JDK_HOME").forEach(name -> add(places, sorted.getOrDefault(name, "")));
        sorted.forEach((name, value) -> {
            if (name.matches("(JAVA|JDK).*HOME.*")) {
                add(places, value);
            }
        });
        for (String folder : List.of(
                ".sdkman/candidates/java", ".jdks", ".m2/jdks", ".gradle/jdks", ".asdf/installs/java", ".jabba/jdk",
                ".jenv/versions", ".jbang/cache/jdks", ".local/share/mise/installs/java", "scoop/apps",
                "Library/Java/JavaVirtualMachines")) {
            places.addAll(children(user.resolve(folder)));
        }
        for (String folder : List.of(
                "usr/lib/jvm", "usr/lib64/jvm", "usr/java", "usr/local/java", "opt", "opt/java", "opt/jdk",
                "opt/homebrew/opt", "usr/local/opt", "Library/Java/JavaVirtualMachines")) {
            places.addAll(children(root.resolve(folder)));
        }
        for (String variable : List.of("ProgramFiles", "ProgramW6432")) {
            String programs = environment.get(variable);
            if (programs != null && !programs.isBlank()) {
                for (String vendor :
                        List.of("Java", "Eclipse Adoptium", "Zulu", "Microsoft", "Amazon Corretto", "BellSoft")) {
                    places.addAll(children(Path.of(programs, vendor)));
                }
            }
        }
        return List.copyOf(places);
    }

    private static void add(Set<Path> places, String folder) {
        if (!folder.isBlank()) {
            places.add(Path.of(folder));
        }
    }

    /// The folders in `folder` and, as some installers keep one more level (`scoop/apps/temurin25/current`), those named
    /// `current` or `libexec/openjdk.jdk` below them; newer names first.
    private static List<Path> children(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> found = new ArrayList<>();
            entries.filter(Files::isDirectory).sorted((a, b) -> b.compareTo(a)).forEach(entry -> {
                found.add(entry);
                found.add(entry.resolve("current"));
                found.add(entry.resolve("libexec/openjdk.jdk"));
            });
            return found;
        } catch (IOException | java.io.UncheckedIOException e) {
            return List.of(); // not ours to read: no candidates
        }
    }
}
