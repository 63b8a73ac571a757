package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    record Mixed(Tensor f, Tensor d, Tensor i, Mlp net) {}

    @TempDir
    Path folder;

    private static Mixed mixed(double scale) {
        return new Mixed(
                Tensor.of(1.5f, Float.NaN, -0.0f).mul(scale),
                Tensor.of(Math.PI, Double.NEGATIVE_INFINITY).mul(scale),
                Tensor.scalar(42, DType.I32),
                Mlp.of(Key.of(1), Activation.RELU, 3, 4, 2));
    }

    @Test
    void whatIsWrittenIsRead() throws Exception {
        Path file = folder.resolve("deep/model.safetensors");
        Mixed model = mixed(1);
        Map<String, String> text = Map.of("name", "a \"quoted\" \\ name\n", "unicode", "Ωₘ = 0.3 \u0001");
        Safetensors.of(model, text).write(file);
        Safetensors back = Safetensors.read(file);
        assertEquals(text, back.metadata());
        Mixed again = back.restore(mixed(0));
        var left = Tree.leaves(model);
        var right = Tree.leaves(again);
        for (int i = 0; i < left.size(); i++) {
            assertEquals(left.get(i).type(), right.get(i).type());
            assertArrayEquals(left.get(i).toDoubles(), right.get(i).toDoubles());
        }
        try (var files = Files.list(folder.resolve("deep"))) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void theLayoutIsThatOfTheFormat() throws Exception {
        Path file = folder.resolve("a.safetensors");
        Safetensors.of(Map.of("w", Tensor.of(Shape.of(1, 2), 1f, 2f)), Map.of()).write(file);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int header = (int) bytes.getLong(0);
        assertEquals(0, header % 8);
        assertEquals(
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}",
                new String(bytes.array(), 8, header, StandardCharsets.UTF_8).strip());
        assertEquals(1f, bytes.getFloat(8 + header));
        assertEquals(8 + header + 8, bytes.capacity());
    }

    @Test
    void faultsAreSentences() throws Exception {
        Path file = folder.resolve("a.safetensors");
        Safetensors.of(Map.of("w", Tensor.of(Shape.of(1, 2), 1f, 2f)), Map.of()).write(file);
        Safetensors saved = Safetensors.read(file);
        assertEquals(
                "Safetensors: tensor w is f32[1, 2], expected f32[2, 2]",
                assertThrows(IllegalArgumentException.class, () -> saved.restore(Map.of("w", Tensor.zeros(DType.F32, 2, 2))))
                        .getMessage());
        assertEquals(
                "Safetensors: there is no tensor b, expected f32[2]",
                assertThrows(IllegalArgumentException.class, () -> saved.restore(Map.of("b", Tensor.zeros(DType.F32, 2))))
                        .getMessage());
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 1));
        assertEquals(
                "Safetensors: cannot read a.safetensors: the file ends before tensor w does; it was cut off",
                assertThrows(IOException.class, () -> Safetensors.read(file)).getMessage());
        Files.writeString(file, "not a model at all, but some text of a length");
        assertEquals(
                "Safetensors: cannot read a.safetensors: it does not begin with the length of a header; is it a safetensors file, and whole?",
                assertThrows(IOException.class, () -> Safetensors.read(file)).getMessage());
        write(file, "{\"w\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}");
        assertEquals(
                "Safetensors: cannot read a.safetensors: tensor w has elements of type BF16; F32, F64 and I32 can be read",
                assertThrows(IOException.class, () -> Safetensors.read(file)).getMessage());
        write(file, "{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}");
        assertEquals(
                "Safetensors: cannot read a.safetensors: tensor w is f32[3], which is 12 bytes, but its place is [0, 8]",
                assertThrows(IOException.class, () -> Safetensors.read(file)).getMessage());
        for (String bad : new String[] {"{\"w\"", "{\"w\":}", "[1,2", "{} x", "{\"a\":1,\"a\":2}"}) {
            write(file, bad);
            String message = assertThrows(IOException.class, () -> Safetensors.read(file)).getMessage();
            assertTrue(message.startsWith("Safetensors: cannot read a.safetensors: bad header, "), message);
        }
    }

    private static void write(Path file, String header) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(8 + json.length + 8).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(json.length).put(json);
        Files.write(file, out.array());
    }
}
