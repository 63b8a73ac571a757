package org.cosmograd.bench.speed;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.cosmograd.nn.io.Json;

/// How long a case took somebody.
///
/// @param who who did the work, with version, such as `torch-2.13.0`
/// @param name of the case
/// @param threads how many were used
/// @param ms median of the runs, in milliseconds
/// @param best shortest run, in milliseconds
/// @param more further figures by their names in JSON: [#GFLOPS], [#FRACTION], [#BYTES], [#NANOS], [#UNSETTLED]
public record Timing(String who, String name, int threads, double ms, double best, Map<String, Double> more) {
    /// Billions of floating-point operations per second in the best run.
    public static final String GFLOPS = "gflops";

    /// What part of the machine's peak that is.
    public static final String FRACTION = "fraction_of_peak";

    /// Bytes allocated by one run, in all threads.
    public static final String BYTES = "bytes_allocated";

    /// Nanoseconds per item and thread in the best run.
    public static final String NANOS = "ns_per_item";

    /// Present if runs were still getting faster at the end of the warm-up: the seconds waited.
    public static final String UNSETTLED = "unsettled_after_s";

    /// Copies the map, keeping its order.
    public Timing {
        more = Collections.unmodifiableMap(new LinkedHashMap<>(more));
    }

    /// A further figure, NaN if there is none.
    double figure(String of) {
        return more.getOrDefault(of, Double.NaN);
    }

    /// Who did the work, without the version.
    public String family() {
        return who.replaceFirst("-.*", "");
    }

    /// The better of each, from two rounds of the same case.
    Timing better(Timing other) {
        Timing fast = best <= other.best ? this : other;
        Map<String, Double> figures = new LinkedHashMap<>(fast.more);
        figures.computeIfPresent(BYTES, (k, v) -> Math.min(figure(BYTES), other.figure(BYTES)));
        return new Timing(who, name, threads, Math.min(ms, other.ms), fast.best, figures);
    }

    /// As one line of JSON has it.
    Json json() {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("peer", who);
        line.put("case", name);
        line.put("threads", threads);
        line.put("ms", rounded(ms, 1e5));
        line.put("min_ms", rounded(best, 1e5));
        more.forEach((k, v) -> line.put(k, k.equals(BYTES) ? (Object) v.longValue() : rounded(v, 1e3)));
        return Json.from(line);
    }

    private static double rounded(double value, double per) {
        return Math.round(value * per) / per;
    }

    /// Reads a line of a peer's script; nothing if it is something else.
    static Optional<Timing> parse(String line, int threads) {
        try {
            Json json = Json.parse(line);
            return Optional.of(new Timing(json.at("peer").text(), json.at("case").text(), threads, json.at("ms").number(),
                    json.at("min_ms").number(), Map.of()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
