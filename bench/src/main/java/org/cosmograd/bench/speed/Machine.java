package org.cosmograd.bench.speed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What the figures were made on.
///
/// @param processor its model
/// @param cores how many processors this program may use
/// @param java the virtual machine
/// @param system the operating system
public record Machine(String processor, int cores, String java, String system) {

    /// This one.
    public static Machine here() {
        String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        String java = System.getProperty("java.vendor") + " JDK " + Runtime.version();
        return new Machine(model(system), Runtime.getRuntime().availableProcessors(), java, system);
    }

    private static String model(String otherwise) {
        List<String> lines;
        try {
            lines = Files.readAllLines(Path.of("/proc/cpuinfo"));
        } catch (IOException e) {
            return otherwise;
        }
        String vectors = lines.stream().anyMatch(l -> l.startsWith("flags") && l.contains(" avx512f")) ? " (AVX-512)" : "";
        return lines.stream()
                .filter(l -> l.startsWith("model name") && l.contains(":"))
                .findFirst()
                .map(l -> l.substring(l.indexOf(':') + 1).strip() + vectors)
                .orElse(otherwise);
    }

    @Override
    public String toString() {
        return processor + ", " + cores + (cores == 1 ? " core" : " cores") + ", " + java + ", " + system;
    }
}
