package org.cosmograd.nn.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTest {

    enum Kind { NPE, NLE }

    record Inner(double[] x, Optional<String> note) {}

    record Config(long seed, Kind kind, String name, double rate, boolean resume, Inner inner, List<Integer> layers) {}

    @Test
    void recordsBecomeObjectsInOrder() {
        var config = new Config(Long.MAX_VALUE, Kind.NPE, "a \"b\"\n\\ é \u0001", 1e-3, true, new Inner(new double[] {1, Double.NaN, Double.POSITIVE_INFINITY}, Optional.empty()), List.of(64, 64));
        Json json = Json.from(config);
        assertEquals("{\"seed\":9223372036854775807,\"kind\":\"NPE\",\"name\":\"a \\\"b\\\"\\n\\\\ é \\u0001\",\"rate\":0.001,\"resume\":true,"
                + "\"inner\":{\"x\":[1.0,null,1e999],\"note\":null},\"layers\":[64,64]}", json.compact());
        assertEquals(json, Json.parse(json.compact()));
        assertEquals(json, Json.parse(json.pretty()));
        assertEquals(Long.MAX_VALUE, Json.parse(json.pretty()).at("seed").integer());
        assertArrayEquals(new double[] {1, Double.NaN, Double.POSITIVE_INFINITY}, json.at("inner").at("x").numbers());
        assertTrue(json.at("resume").flag());
        assertEquals(config.name(), Json.parse(json.compact()).at("name").text());
    }

    @Test
    void prettyTextIsReadable() {
        var map = new LinkedHashMap<String, Object>();
        map.put("b", Map.of("z", 1, "a", List.of()));
        map.put("a", new double[][] {{1, 2}, {3}});
        assertEquals("""
                {
                  "b": {
                    "a": [],
                    "z": 1
                  },
                  "a": [
                    [1.0, 2.0],
                    [3.0]
                  ]
                }
                """, Json.from(map).pretty());
    }

    @Test
    void doublesKeepTheirBits() {
        Random random = new Random(1);
        for (int i = 0; i < 20000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            double back = Json.parse(Json.from(value).compact()).number();
            assertEquals(Double.doubleToLongBits(value), Double.doubleToLongBits(back));
        }
        assertEquals("-0.0", Json.from(-0.0).compact());
        assertEquals("-1e999", Json.from(Float.NEGATIVE_INFINITY).compact());
    }

    @Test
    void otherPeoplesTextIsRead() {
        Json json = Json.parse(" {\"a\" : [ ] , \"b\":{}, \"c\":\"\\u00e9\\ud83d\\ude00\\/\", \"d\": -0.5E+2 ,\"e\":0} ");
        assertEquals(List.of("a", "b", "c", "d", "e"), List.copyOf(json.members().keySet()));
        assertEquals("é😀/", json.at("c").text());
        assertEquals(-50, json.at("d").number());
        assertEquals(-50, json.at("d").integer());
    }

    @Test
    void mistakesHaveLineAndColumn() {
        for (String[] c : new String[][] {
            {"{\"a\": 1,\n  \"b\" 2}", "Json: line 2, column 7: expected ':' after \"b\""},
            {"[1, 2", "Json: line 1, column 6: expected ',' or ']'"},
            {"[1,]", "Json: line 1, column 4: unexpected ']'"},
            {"01", "Json: line 1, column 2: unexpected '1' after the value"},
            {"1.", "Json: line 1, column 3: expected a digit"},
            {"\"\\x\"", "Json: line 1, column 4: unknown escape '\\x'"},
            {"{\"a\":1,\"a\":2}", "Json: line 1, column 13: member \"a\" appears twice"},
            {"NaN", "Json: line 1, column 1: unexpected 'N'"},
            {"", "Json: line 1, column 1: the text ends where a value should be"},
            {"[".repeat(600), "Json: line 1, column 501: more than 500 levels of nesting"},
        }) assertEquals(c[1], assertThrows(IllegalArgumentException.class, () -> Json.parse(c[0])).getMessage());
        Json json = Json.parse("{\"a\": [1.5, \"x\"]}");
        assertEquals("Json: there is no member 'b'; there are [a]", assertThrows(IllegalArgumentException.class, () -> json.at("b")).getMessage());
        assertEquals("Json: expected a whole number of 64 bits, got 1.5", assertThrows(IllegalArgumentException.class, () -> json.at("a").at(0).integer()).getMessage());
        assertEquals("Json: expected a number, got \"x\"", assertThrows(IllegalArgumentException.class, () -> json.at("a").numbers()).getMessage());
        assertEquals("Json: a java.lang.Object has no JSON form; use a record, map, list, array, number, string, boolean or enum",
                assertThrows(IllegalArgumentException.class, () -> Json.from(new Object())).getMessage());
    }
}
