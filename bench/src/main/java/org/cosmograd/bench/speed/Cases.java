package org.cosmograd.bench.speed;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.cosmograd.bench.UserException;

/// All cases, by name.
public final class Cases {
    private static final int NEAREST = 3;

    private Cases() {}

    /// All of them, in the order of the table.
    public static List<Case> all() {
        return Stream.of(ProductCases.all(), ArrayCases.all(), StepCases.all(), CnnCases.all(), WindowCases.all(), FourierCases.all(), MeshCases.all(), IndexCases.all())
                .flatMap(List::stream)
                .toList();
    }

    /// The case of that name.
    ///
    /// @throws UserException if there is none
    public static Case named(String name) {
        return all().stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow(() -> unknown(name));
    }

    /// The cases that the words name, in the order of the table; all of them without a word. A word is a name, the beginning of
    /// names, or a pattern with `*`, `?` and `{a,b}`.
    ///
    /// @throws UserException if a word names none
    public static List<Case> select(List<String> words) {
        List<Case> all = all();
        List<Case> chosen = new ArrayList<>();
        for (String word : words) {
            List<Case> meant = all.stream().filter(c -> c.name().equals(word)).toList();
            if (meant.isEmpty()) {
                meant = all.stream().filter(c -> c.name().startsWith(word) || matches(word, c.name())).toList();
            }
            if (meant.isEmpty() || word.isBlank()) {
                throw unknown(word);
            }
            chosen.addAll(meant);
        }
        return words.isEmpty() ? all : all.stream().filter(c -> chosen.stream().anyMatch(d -> d.name().equals(c.name()))).toList();
    }

    /// Whether a name fits a pattern with `*`, `?`, `[ab]` and `{a,b}`.
    static boolean matches(String pattern, String name) {
        PathMatcher matcher;
        try {
            matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        } catch (IllegalArgumentException e) {
            return false;
        }
        return matcher.matches(Path.of(name));
    }

    private static UserException unknown(String word) {
        List<String> nearest = all().stream()
                .map(Case::name)
                .sorted(Comparator.comparingInt((String name) -> distance(word, name)).thenComparing(String::length))
                .limit(NEAREST)
                .toList();
        return new UserException("bench: there is no case '" + word + "'; the nearest are " + String.join(", ", nearest)
                + "; 'cosmograd bench --list' shows all");
    }

    /// How many letters of `a` must be put in, left out or changed to make it a beginning of `b`.
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return Arrays.stream(row).min().orElse(0);
    }
}
