package org.cosmograd.bench.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherTest {
    private static final String MODULES = "MODULES=\"java.base jdk.incubator.vector java.xml\"";

    private static boolean serves(String... release) {
        return Jdk.parse(Path.of("jdk"), List.of(release)).map(Jdk::serves).orElse(false);
    }

    @Test
    void releaseFiles() {
        assertTrue(serves("IMPLEMENTOR=\"Eclipse Adoptium\"", "JAVA_VERSION=\"25.0.3\"", MODULES));
        assertTrue(serves("JAVA_VERSION=25.0.4", MODULES, "SOURCE=\"a=b\""));
        assertTrue(serves("JAVA_VERSION=\"25.0.3\""), "no module list: trusted");
        assertTrue(serves("JAVA_VERSION=\"26\"", MODULES));
        assertFalse(serves("JAVA_VERSION=\"25\"", MODULES), "25.0.0 to 25.0.2 have a fault in G1");
        assertFalse(serves("JAVA_VERSION=\"25.0.2\"", MODULES));
        assertFalse(serves("JAVA_VERSION=\"17.0.15\"", MODULES));
        assertFalse(serves("JAVA_VERSION=\"1.8.0_452\""));
        assertFalse(serves("JAVA_VERSION=\"25.0.3\"", "MODULES=\"java.base\""));
        assertFalse(serves("JAVA_VERSION=\"25.0.3\"", "JVM_VARIANT=\"Openj9\"", MODULES));
        assertFalse(serves("nothing here"));
    }

    @Test
    void whatRunsThenTheEnvironmentThenTheUsualPlaces(@TempDir Path folder) throws IOException {
        Path user = folder.resolve("user");
        Path a = install(user.resolve(".sdkman/candidates/java/25.0.3-tem"), "25.0.3");
        Path b = install(folder.resolve("usr/lib/jvm/jdk-25"), "25.0.3");
        Path old = install(folder.resolve("usr/lib/jvm/jdk-9"), "9.0.4");
        Path c = install(folder.resolve("some/where"), "25.0.4");
        Path d = install(folder.resolve("else/where"), "25.0.3");
        var environment = Map.of("JAVA25_HOME", c.toString(), "JAVA_HOME", d.toString(), "JAVA_OLD_HOME", "");
        List<Path> places = Jdk.places(old, environment, user, folder);
        assertEquals(List.of(old, c, d, a), places.stream().filter(Files::isDirectory).toList().subList(0, 4));
        assertTrue(places.contains(b));
        assertEquals(c, found(places));
        assertEquals(d, found(Jdk.places(d, environment, user, folder)));
        assertEquals(a, found(Jdk.places(old, Map.of(), user, folder)));
        assertEquals(b, found(Jdk.places(old, Map.of("JAVA_HOME", old.toString()), folder.resolve("nobody"), folder)));
        assertEquals(Optional.empty(), Jdk.find(List.of(old, folder.resolve("missing"))));
    }

    @Test
    void macBundles(@TempDir Path folder) throws IOException {
        Path home = install(folder.resolve("Library/Java/JavaVirtualMachines/temurin-25.jdk/Contents/Home"), "25.0.3");
        assertEquals(home, found(Jdk.places(folder.resolve("jre"), Map.of(), folder.resolve("nobody"), folder)));
    }

    @Test
    void options() {
        Jdk jdk = new Jdk(Path.of("jdk"), Jdk.NEEDED, true);
        String java = jdk.java().toString();
        assertEquals(
                List.of(
                        java,
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-XX:+UseG1GC",
                        "-XX:MaxRAMPercentage=50",
                        "-cp",
                        "c.jar",
                        "org.cosmograd.bench.Cosmograd",
                        "run",
                        "a b"),
                withoutCompilerThreads(Launcher.command(jdk, Map.of(), "c.jar", "run", "a b")));
        assertEquals(
                List.of(
                        java,
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-XX:+UseParallelGC",
                        "-Xss4m",
                        "-cp",
                        "c.jar",
                        "org.cosmograd.bench.Cosmograd"),
                withoutCompilerThreads(Launcher.command(
                        jdk,
                        Map.of("COSMOGRAD_JAVA_OPTIONS", " -XX:+UseParallelGC  -Xss4m", "JAVA_TOOL_OPTIONS", "-Xmx1g"),
                        "c.jar")));
    }

    /// Small machines get one option more.
    private static List<String> withoutCompilerThreads(List<String> command) {
        return command.stream().filter(o -> !o.startsWith("-XX:CICompilerCount")).toList();
    }

    @Test
    void onlyTheIncubatorWarningIsSilenced() throws IOException {
        String warning = "WARNING: Using incubator modules: jdk.incubator.vector\n";
        assertEquals("", pumped(warning));
        assertEquals("a\nb", pumped(warning + "a\nb"));
        assertEquals("Picked up\nb", pumped("Picked up\n" + warning + "b"));
        assertEquals("", pumped(warning.replace("\n", "\r\n")));
        assertEquals("WARNING: other\nWARN", pumped("WARNING: other\nWARN"));
        assertEquals("x" + warning, pumped("x" + warning));
        assertEquals(warning, pumped(warning + warning), "only once");
        assertEquals("WARNING: Using incubator modules: jdk.incubator.vector, more\n", pumped(warning.strip() + ", more\n"));
        assertEquals("progress 10 %\rprogress 20 %", pumped(warning + "progress 10 %\rprogress 20 %"));
    }

    /// What passes, however the bytes arrive.
    private static String pumped(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        String whole = null;
        for (int piece : new int[] {1, 2, 7, 54, 8192}) {
            var out = new ByteArrayOutputStream();
            InputStream in = new ByteArrayInputStream(bytes) {
                @Override
                public synchronized int read(byte[] b, int off, int len) {
                    return super.read(b, off, Math.min(len, piece));
                }
            };
            Launcher.pump(in, out);
            String now = out.toString(StandardCharsets.UTF_8);
            assertTrue(whole == null || whole.equals(now), now);
            whole = now;
        }
        return whole;
    }

    private static Path found(List<Path> places) {
        return Jdk.find(places).orElseThrow().home();
    }

    private static Path install(Path home, String version) throws IOException {
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("bin").resolve("java"), "");
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n" + MODULES + "\n");
        return home;
    }
}
