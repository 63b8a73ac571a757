package org.cosmograd.nn.io;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The text side of {@link Json}: a printer and a recursive-descent reader of RFC 8259.
final class JsonText {

    private final String text;
    private int at;
    private int depth;

    JsonText(String text) {
        this.text = text;
    }

    /// `indent` below zero means compact.
    static void write(Json json, StringBuilder out, int indent) {
        switch (json) {
            case Json.Text t -> quote(t.value(), out);
            case Json.Digits d -> out.append(d.value());
            case Json.Flag f -> out.append(f.value());
            case Json.Nothing n -> out.append("null");
            case Json.Items items -> {
                boolean broken = indent >= 0 && items.values().stream().anyMatch(JsonText::nested);
                out.append('[');
                for (int i = 0; i < items.values().size(); i++) {
                    if (i > 0) out.append(indent >= 0 && !broken ? ", " : ",");
                    if (broken) line(out, indent + 1);
                    write(items.values().get(i), out, broken ? indent + 1 : indent);
                }
                if (broken) line(out, indent);
                out.append(']');
            }
            case Json.Members members -> {
                boolean broken = indent >= 0 && !members.values().isEmpty();
                out.append('{');
                boolean first = true;
                for (var entry : members.values().entrySet()) {
                    if (!first) out.append(',');
                    first = false;
                    if (broken) line(out, indent + 1);
                    quote(entry.getKey(), out);
                    out.append(indent >= 0 ? ": " : ":");
                    write(entry.getValue(), out, broken ? indent + 1 : indent);
                }
                if (broken) line(out, indent);
                out.append('}');
            }
        }
    }

    private static boolean nested(Json json) {
        return json instanceof Json.Members m && !m.values().isEmpty() || json instanceof Json.Items i && !i.values().isEmpty();
    }

    private static void line(StringBuilder out, int indent) {
        out.append('\n').repeat("  ", indent);
    }

    private static void quote(String s, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    // Lone surrogates would not survive UTF-8.
                    boolean lone = Character.isHighSurrogate(c) && (i + 1 == s.length() || !Character.isLowSurrogate(s.charAt(i + 1)))
                            || Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(s.charAt(i - 1)));
                    if (c < 0x20 || lone) out.append("\\u").append(Integer.toHexString(0x10000 | c).substring(1));
                    else out.append(c);
                }
            }
        }
        out.append('"');
    }

    Json document() {
        Json value = value();
        space();
        if (at < text.length()) throw error("unexpected '" + text.charAt(at) + "' after the value");
        return value;
    }

    private Json value() {
        space();
        if (at == text.length()) throw error("the text ends where a value should be");
        char c = text.charAt(at);
        if (c == '"') return new Json.Text(string());
        if (c == '{' || c == '[') {
            if (++depth > 500) throw error("more than 500 levels of nesting");
            Json nested = c == '{' ? members() : items();
            depth--;
            return nested;
        }
        if (c == '-' || c >= '0' && c <= '9') return number();
        if (word("true")) return new Json.Flag(true);
        if (word("false")) return new Json.Flag(false);
        if (word("null")) return new Json.Nothing();
        throw error("unexpected '" + c + "'");
    }

    private boolean word(String word) {
        if (!text.startsWith(word, at)) return false;
        at += word.length();
        return true;
    }

    private Json members() {
        Map<String, Json> out = new LinkedHashMap<>();
        at++;
        space();
        if (skip('}')) return new Json.Members(out);
        do {
            space();
            if (at == text.length() || text.charAt(at) != '"') throw error("expected a member name in quotes");
            String name = string();
            space();
            if (!skip(':')) throw error("expected ':' after \"" + name + "\"");
            if (out.put(name, value()) != null) throw error("member \"" + name + "\" appears twice");
            space();
        } while (skip(','));
        if (!skip('}')) throw error("expected ',' or '}'");
        return new Json.Members(out);
    }

    private Json items() {
        List<Json> out = new ArrayList<>();
        at++;
        space();
        if (skip(']')) return new Json.Items(out);
        do {
            out.add(value());
            space();
        } while (skip(','));
        if (!skip(']')) throw error("expected ',' or ']'");
        return new Json.Items(out);
    }

    private Json number() {
        int start = at;
        skip('-');
        if (!skip('0')) digits();
        if (skip('.')) digits();
        if (skip('e') || skip('E')) {
            if (!skip('+')) skip('-');
            digits();
        }
        return new Json.Digits(text.substring(start, at));
    }

    private void digits() {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') at++;
        if (at == start) throw error("expected a digit");
    }

    private String string() {
        StringBuilder out = new StringBuilder();
        at++;
        while (true) {
            if (at == text.length()) throw error("the text ends inside a string");
            char c = text.charAt(at++);
            if (c == '"') return out.toString();
            if (c < 0x20) throw error("a control character inside a string must be escaped");
            if (c != '\\') {
                out.append(c);
                continue;
            }
            if (at == text.length()) throw error("the text ends inside a string");
            char escape = text.charAt(at++);
            switch (escape) {
                case '"', '\\', '/' -> out.append(escape);
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'u' -> {
                    if (at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}"))
                        throw error("\\u needs four hexadecimal digits");
                    out.append((char) Integer.parseInt(text, at, at + 4, 16));
                    at += 4;
                }
                default -> throw error("unknown escape '\\" + escape + "'");
            }
        }
    }

    private boolean skip(char c) {
        if (at == text.length() || text.charAt(at) != c) return false;
        at++;
        return true;
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
    }

    private IllegalArgumentException error(String what) {
        int line = 1;
        int column = 1;
        for (int i = 0; i < at && i < text.length(); i++) {
            column++;
            if (text.charAt(i) == '\n') {
                line++;
                column = 1;
            }
        }
        return new IllegalArgumentException("Json: line " + line + ", column " + column + ": " + what);
    }
}
