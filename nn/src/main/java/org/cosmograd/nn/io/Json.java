package org.cosmograd.nn.io;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;

/// A JSON value: written from records, maps, lists, arrays, numbers, strings, enums; read from text.
///
///     String text = Json.from(new Config(7, "npe", List.of(64, 64))).pretty();
///     long seed = Json.parse(text).at("seed").integer();
///
/// Numbers keep their digits: a `double` is written with the fewest digits that read back to the same bits, a `long` in full.
/// JSON has no NaN: NaN is written as `null`, and `null` read as a number is NaN. Infinities are written as `1e999` and
/// `-1e999`, which every IEEE parser reads as infinite. Members keep their order (record components as declared, a
/// {@link SequencedMap} such as `LinkedHashMap` as it iterates, any other map sorted by name), so equal values give equal text.
public sealed interface Json {

    /// Members by name, in order.
    record Members(Map<String, Json> values) implements Json {
        /// Copies the map, keeping its order.
        public Members { values = Collections.unmodifiableMap(new LinkedHashMap<>(values)); }
        @Override public String toString() { return compact(); }
    }

    /// Elements.
    record Items(List<Json> values) implements Json {
        /// Copies the list.
        public Items { values = List.copyOf(values); }
        @Override public String toString() { return compact(); }
    }

    /// A string.
    record Text(String value) implements Json {
        @Override public String toString() { return compact(); }
    }

    /// A number as its digits.
    record Digits(String value) implements Json {
        @Override public String toString() { return compact(); }
    }

    /// A truth value.
    record Flag(boolean value) implements Json {
        @Override public String toString() { return compact(); }
    }

    /// `null`.
    record Nothing() implements Json {
        @Override public String toString() { return compact(); }
    }

    /// Converts a Java value.
    static Json from(Object value) {
        return switch (value) {
            case Json j -> j;
            case String s -> new Text(s);
            case Character c -> new Text(c.toString());
            case Boolean b -> new Flag(b);
            case Double d -> number(d, d.toString());
            case Float f -> number(f, f.toString());
            case Number n -> new Digits(n.toString());
            case Enum<?> e -> new Text(e.name());
            case Path p -> new Text(p.toString());
            case Optional<?> o -> o.<Json>map(Json::from).orElse(new Nothing());
            case Map<?, ?> m -> {
                Map<String, Json> out = m instanceof SequencedMap ? new LinkedHashMap<>() : new TreeMap<>();
                m.forEach((k, v) -> out.put(String.valueOf(k), from(v)));
                yield new Members(out);
            }
            case Iterable<?> items -> {
                List<Json> out = new ArrayList<>();
                items.forEach(v -> out.add(from(v)));
                yield new Items(out);
            }
            case Record r -> {
                Map<String, Json> out = new LinkedHashMap<>();
                for (RecordComponent c : r.getClass().getRecordComponents()) {
                    try {
                        c.getAccessor().setAccessible(true);
                        out.put(c.getName(), from(c.getAccessor().invoke(r)));
                    } catch (ReflectiveOperationException e) {
                        throw new IllegalArgumentException("Json: component " + c.getName() + " of " + r.getClass().getName()
                                + " cannot be read: " + e.getCause(), e);
                    }
                }
                yield new Members(out);
            }
            case Object array when array.getClass().isArray() -> {
                List<Json> out = new ArrayList<>();
                for (int i = 0; i < Array.getLength(array); i++) out.add(from(Array.get(array, i)));
                yield new Items(out);
            }
            default -> throw new IllegalArgumentException("Json: a " + value.getClass().getName()
                    + " has no JSON form; use a record, map, list, array, number, string, boolean or enum");
        };
    }

    private static Json number(double value, String digits) {
        if (Double.isNaN(value)) return new Nothing();
        if (Double.isInfinite(value)) return new Digits(value > 0 ? "1e999" : "-1e999");
        return new Digits(digits);
    }

    /// The member of that name.
    default Json at(String name) {
        if (this instanceof Members m) {
            if (m.values.containsKey(name)) return m.values.get(name);
            throw new IllegalArgumentException("Json: there is no member '" + name + "'; there are " + m.values.keySet());
        }
        throw wrong("an object with member '" + name + "'");
    }

    /// Whether this is an object with that member.
    default boolean has(String name) {
        return this instanceof Members m && m.values.containsKey(name);
    }

    /// The element with that index.
    default Json at(int index) {
        List<Json> items = items();
        if (index < 0 || index >= items.size())
            throw new IllegalArgumentException("Json: there is no element " + index + "; the array has " + items.size());
        return items.get(index);
    }

    /// The elements of an array.
    default List<Json> items() {
        if (this instanceof Items i) return i.values;
        throw wrong("an array");
    }

    /// The members of an object.
    default Map<String, Json> members() {
        if (this instanceof Members m) return m.values;
        throw wrong("an object");
    }

    /// The text of a string.
    default String text() {
        if (this instanceof Text t) return t.value;
        throw wrong("a string");
    }

    /// The value of a number; NaN for `null`.
    default double number() {
        return switch (this) {
            case Digits d -> Double.parseDouble(d.value);
            case Nothing n -> Double.NaN;
            default -> throw wrong("a number");
        };
    }

    /// The numbers of an array.
    default double[] numbers() {
        return items().stream().mapToDouble(Json::number).toArray();
    }

    /// The value of a whole number.
    default long integer() {
        try {
            if (this instanceof Digits d) return new BigDecimal(d.value).longValueExact();
        } catch (ArithmeticException | NumberFormatException e) {
            throw wrong("a whole number of 64 bits");
        }
        throw wrong("a whole number");
    }

    /// The value of a truth value.
    default boolean flag() {
        if (this instanceof Flag f) return f.value;
        throw wrong("true or false");
    }

    private IllegalArgumentException wrong(String wanted) {
        String text = compact();
        return new IllegalArgumentException("Json: expected " + wanted + ", got "
                + (text.length() > 40 ? text.substring(0, 40) + "…" : text));
    }

    /// On one line, without spaces.
    default String compact() {
        StringBuilder out = new StringBuilder();
        JsonText.write(this, out, -1);
        return out.toString();
    }

    /// Indented by two spaces, with arrays of plain values on one line, ending in a newline.
    default String pretty() {
        StringBuilder out = new StringBuilder();
        JsonText.write(this, out, 0);
        return out.append('\n').toString();
    }

    /// Reads one value; anything after it but white space is an error.
    static Json parse(String text) {
        return new JsonText(text).document();
    }

    /// Reads a file.
    static Json read(Path file) {
        try {
            return parse(Files.readString(file));
        } catch (IOException e) {
            throw AtomicFile.failure("read", file, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }
}
