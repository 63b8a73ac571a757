package org.cosmograd.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.cosmograd.bench.speed.Case;
import org.cosmograd.bench.speed.Cases;
import org.cosmograd.nn.io.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
    private static final String TINY = "sgemm_200x50x50";

    private static Answer bench(String... words) {
        return Answer.to(Stream.concat(Stream.of("bench"), Stream.of(words)).toArray(String[]::new));
    }

    private static void refuses(String sentence, String... words) {
        assertEquals(new Answer(2, "", "cosmograd: " + sentence + "\n"), bench(words));
    }

    @Test
    void lists() {
        Answer all = bench("--list");
        assertEquals(0, all.code());
        assertEquals(Cases.all().size(), all.out().lines().count());
        assertEquals(Cases.all().size(), Cases.all().stream().map(Case::name).distinct().count());
        assertEquals(List.of("exp_1M", "mlp_step"), bench("--list", "mlp_step", "exp_").out().lines().map(l -> l.split(" ")[0]).toList());
        assertEquals(List.of("sgemm_200x50x50", "sgemm_64x4096x64"),
                bench("--list", "sgemm_{200,64}x*").out().lines().map(l -> l.split(" ")[0]).toList());
    }

    @Test
    void oneCase(@TempDir Path folder) {
        Path json = folder.resolve("new/figures.json");
        Path markdown = folder.resolve("figures.md");
        Answer answer = bench(TINY, "--threads", "1", "--json", json.toString(), "--markdown", markdown.toString());
        assertEquals(0, answer.code(), answer.err());
        assertTrue(answer.out().contains(TINY), answer.out());
        List<Json> lines = lines(json);
        assertEquals(1, lines.size());
        Json line = lines.getFirst();
        assertEquals(Set.of("peer", "case", "threads", "ms", "min_ms", "gflops", "bytes_allocated"), line.members().keySet());
        assertEquals(TINY, line.at("case").text());
        assertEquals(1, line.at("threads").integer());
        assertTrue(line.at("min_ms").number() > 0 && line.at("min_ms").number() <= line.at("ms").number(), line.compact());
        assertEquals(2e-6 * 200 * 50 * 50 / line.at("min_ms").number(), line.at("gflops").number(), 0.01 * line.at("gflops").number());
        assertEquals(0, line.at("bytes_allocated").integer());
        assertTrue(read(markdown).contains("| " + TINY + " | 1 | "), read(markdown));
    }

    @Test
    void againstPeers(@TempDir Path folder) throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
        Path json = folder.resolve("figures.json");
        Files.writeString(folder.resolve("torch_peer.py"), """
                # "%1$s"
                echo starting
                echo '{"peer": "torch-9.9", "case": "%1$s", "threads": '$1', "ms": 1000.0, "min_ms": '${OMP_NUM_THREADS}00.0'}'
                sleep 60
                """.formatted(TINY));
        Files.writeString(folder.resolve("jax_peer.py"), """
                # f"sgemm_{m}x{k}x{n}"
                echo "ModuleNotFoundError: No module named 'jax'" >&2
                exit 1
                """);
        assumeTrue(Runtime.getRuntime().availableProcessors() >= 2);
        Answer answer = bench(TINY, "--threads", "2", "--rounds", "2", "--peers", folder.toString(), "--python", "/bin/sh", "--json", json.toString());
        assertEquals(0, answer.code(), answer.err());
        assertEquals("bench: jax_peer.py needs the Python module jax, so its cases are left out; '/bin/sh -m pip install jax' brings it",
                answer.out().lines().reduce("", (a, b) -> b));
        List<Json> lines = lines(json);
        assertEquals(2, lines.size());
        assertEquals("torch-9.9", lines.get(1).at("peer").text());
        assertEquals(200, lines.get(1).at("min_ms").number());
        double ours = lines.get(0).at("min_ms").number();
        assertEquals(200 / ours, lines.get(0).at("ratio_torch").number(), 1e-2 * 200 / ours);
    }

    @Test
    void withoutPython(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("torch_peer.py"), "print(\"" + TINY + "\")\n");
        Answer answer = bench(TINY, "--threads", "1", "--peers", folder.toString(), "--python", "no-such-python");
        assertEquals(0, answer.code(), answer.err());
        assertEquals("bench: no-such-python cannot be run, so our cases stand alone; name another Python with --python",
                answer.out().lines().reduce("", (a, b) -> b));
    }

    @Test
    void anInterruptionLeavesWhatIsThere(@TempDir Path folder) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
        Path pid = folder.resolve("pid");
        Path out = folder.resolve("out");
        Path markdown = folder.resolve("figures.md");
        Files.writeString(folder.resolve("torch_peer.py"), """
                # "%1$s" "sgemm_64x4096x64"
                echo '{"peer": "torch-9.9", "case": "%1$s", "threads": '$1', "ms": 1000.0, "min_ms": 900.0}'
                sleep 600 &
                sleep 1
                echo $! > %2$s
                wait
                """.formatted(TINY, pid));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules", "jdk.incubator.vector", "-cp",
                        System.getProperty("java.class.path"), Cosmograd.class.getName(), "bench", TINY, "sgemm_64x4096x64", "--threads", "1",
                        "--peers", folder.toString(), "--python", "/bin/sh", "--markdown", markdown.toString())
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
        try {
            for (int i = 0; i < 600 && process.isAlive() && (!Files.exists(pid) || read(pid).isBlank()); i++) {
                Thread.sleep(100);
            }
            assertTrue(process.isAlive(), () -> read(folder.resolve("err")));
            process.destroy();
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        } finally {
            process.destroyForcibly();
        }
        for (String table : List.of(read(out), read(markdown))) {
            assertTrue(table.contains(TINY) && table.contains("torch ms") && table.contains("900.0"), table);
        }
        ProcessHandle sleeping = ProcessHandle.of(Long.parseLong(read(pid).strip())).orElse(process.toHandle());
        for (int i = 0; i < 50 && sleeping.isAlive(); i++) {
            Thread.sleep(100);
        }
        assertFalse(sleeping.isAlive(), "what the script started has ended with it");
    }

    @Test
    void faultsOfTheCall(@TempDir Path folder) throws IOException {
        refuses("bench: there is no case 'sgemm_265x256x256'; the nearest are sgemm_256x256x256, dgemm_256x256x256, sgemm_200x50x50;"
                + " 'cosmograd bench --list' shows all", "sgemm_265x256x256");
        refuses("bench: --threads 0 is not a number of at least 1", TINY, "--threads", "0");
        refuses("bench: --threads abc is not a number of at least 1", TINY, "--threads", "1,abc");
        int processors = Math.min(Runtime.getRuntime().availableProcessors(), 256);
        refuses("bench: --threads 999 is more than the " + processors + " that can run at once here", TINY, "--threads", "999");
        refuses("bench: --rounds -1 is not a number of at least 1", TINY, "--rounds", "-1");
        Path missing = folder.resolve("missing");
        refuses("bench: there is no folder " + missing + "; --peers names the one with torch_peer.py and jax_peer.py", "--peers", missing.toString());
        refuses("bench: there is no script (*.py) in " + folder + "; --peers names the folder with torch_peer.py and jax_peer.py",
                "--peers", folder.toString());
        refuses("bench: --json " + folder + " is a folder; name a file", "--json", folder.toString());
        Path below = Files.writeString(folder.resolve("file"), "").resolve("figures.json");
        refuses("bench: cannot write " + below + "; name another file with --json", "--json", below.toString());
        assertFalse(Files.exists(missing));
    }

    private static List<Json> lines(Path file) {
        return read(file).lines().map(Json::parse).toList();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
