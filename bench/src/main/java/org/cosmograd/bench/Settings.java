package org.cosmograd.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The settings of a run: what was asked for over what is usual.
public final class Settings {
    private final Map<String, String> values;

    private Settings(Map<String, String> values) {
        this.values = values;
    }

    /// The settings of an experiment with some given as `key=value`.
    ///
    /// @throws UserException if a key is unknown or an argument has no value
    static Settings of(Experiment experiment, List<String> given) {
        Map<String, String> values = new LinkedHashMap<>();
        experiment.settings().forEach(s -> values.put(s.key(), s.value()));
        for (String g : given) {
            int at = g.indexOf('=');
            String key = at < 0 ? g : g.substring(0, at);
            if (at < 0) {
                throw new UserException("run: '" + g + "' is not of the form key=value; the settings of " + experiment.name() + " are "
                        + String.join(", ", values.keySet()));
            } else if (!values.containsKey(key)) {
                throw new UserException("run: " + experiment.name() + " has no setting '" + key + "'; it has "
                        + String.join(", ", values.keySet()));
            }
            values.put(key, g.substring(at + 1));
        }
        return new Settings(values);
    }

    /// All settings in their order.
    Map<String, String> all() {
        return values;
    }

    /// A setting as text.
    public String text(String key) {
        String v = values.get(key);
        if (v == null) {
            throw new IllegalArgumentException("settings: no '" + key + "'");
        }
        return v;
    }

    /// A setting as one of some words.
    public String choice(String key, List<String> words) {
        String v = text(key);
        if (!words.contains(v)) {
            throw new UserException("run: " + key + "=" + v + " is not one of " + String.join(", ", words));
        }
        return v;
    }

    /// A setting as a whole number of at least `least`.
    public int integer(String key, int least) {
        try {
            int v = Integer.parseInt(text(key).replace("_", ""));
            if (v >= least) {
                return v;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UserException("run: " + key + "=" + text(key) + " is not a whole number of at least " + least);
    }

    /// A setting as a list of whole numbers such as `1-5` or `1,3,4`.
    public List<Integer> integers(String key) {
        List<Integer> out = new java.util.ArrayList<>();
        try {
            for (String part : text(key).split(",")) {
                String[] ends = part.trim().split("-");
                int from = Integer.parseInt(ends[0]);
                int to = Integer.parseInt(ends[ends.length - 1]);
                for (int i = from; i <= to; i++) {
                    out.add(i);
                }
            }
        } catch (NumberFormatException e) {
            throw new UserException("run: " + key + "=" + text(key) + " is not a list of whole numbers such as 1-5 or 1,3");
        }
        if (out.isEmpty()) {
            throw new UserException("run: " + key + "=" + text(key) + " names no number; write for example 1-5");
        }
        return out;
    }

    @Override
    public String toString() {
        return values.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).collect(Collectors.joining(" "));
    }
}
