package org.cosmograd.nn;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.TensorType;
import org.cosmograd.autodiff.Tree;
import org.cosmograd.nn.io.AtomicFile;
import org.cosmograd.nn.io.Json;

/// Named tensors and text in one file, in the safetensors format: the length of the header (`u64`), the header as JSON (name →
/// element type, shape, place), the elements; all little-endian and nothing executable. The header is padded to 8 bytes. Other
/// programs read the files, and this reads theirs where the element types are `F32`, `F64` and `I32`.
///
///     Safetensors.of(model, Map.of("task", "two moons")).write(path);
///     Net again = Safetensors.read(path).restore(untrained);
///
/// @param tensors the tensors by name
/// @param metadata text by name
public record Safetensors(Map<String, Tensor> tensors, Map<String, String> metadata) {
    private static final String METADATA = "__metadata__";
    private static final long LONGEST_HEADER = 100_000_000;

    /// Copies the maps, keeping their order.
    public Safetensors {
        tensors = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        metadata = java.util.Collections.unmodifiableMap(new TreeMap<>(metadata));
    }

    /// The tensors of a tree under the names of [Tree#named].
    public static Safetensors of(Object tree, Map<String, String> metadata) {
        return new Safetensors(Tree.named(tree), metadata);
    }

    /// Writes a file of which a reader never sees half. Missing folders are made.
    ///
    /// @throws IOException if it cannot be written; the message says why
    public void write(Path file) throws IOException {
        Map<String, Object> header = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            header.put(METADATA, metadata);
        }
        long place = 0;
        // wide elements first, so that each tensor lies on a multiple of its element size
        List<Map.Entry<String, Tensor>> order = new ArrayList<>(tensors.entrySet());
        order.sort((a, b) -> b.getValue().dtype().bytes() - a.getValue().dtype().bytes());
        for (Map.Entry<String, Tensor> e : order) {
            Tensor t = e.getValue();
            long end = place + (long) t.shape().size() * t.dtype().bytes();
            header.put(e.getKey(), new Entry(t.dtype().name(), t.shape().dims(), new long[] {place, end}));
            place = end;
        }
        byte[] json = Json.from(header).compact().getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(padded).put(json);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        try {
            AtomicFile.write(file, out -> {
                out.write(head.array());
                for (Map.Entry<String, Tensor> e : order) {
                    out.write(bytes(e.getValue()).array());
                }
            });
        } catch (UncheckedIOException e) {
            throw new IOException("Safetensors: " + e.getMessage(), e);
        }
    }

    /// What a header says of a tensor.
    private record Entry(String dtype, int[] shape, long[] data_offsets) {}

    private static ByteBuffer bytes(Tensor t) {
        long size = (long) t.shape().size() * t.dtype().bytes();
        ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
        switch (t.dtype()) {
            case F32 -> out.asFloatBuffer().put(t.toFloats());
            case F64 -> out.asDoubleBuffer().put(t.toDoubles());
            case I32 -> out.asIntBuffer().put(t.toInts());
        }
        return out;
    }

    /// Reads a file.
    ///
    /// @throws IOException if it cannot be read or is no such file; the message says what is wrong
    public static Safetensors read(Path file) throws IOException {
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            long length = in.size();
            long header = length < 8 ? -1 : part(in, 0, 8).getLong();
            if (header < 2 || header > Math.min(length - 8, LONGEST_HEADER)) {
                throw fault(file, "it does not begin with the length of a header; is it a safetensors file, and whole?");
            }
            String json = StandardCharsets.UTF_8.decode(part(in, 8, header)).toString();
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            Map<String, String> metadata = new LinkedHashMap<>();
            for (Map.Entry<String, Json> e : Json.parse(json).members().entrySet()) {
                if (e.getKey().equals(METADATA)) {
                    e.getValue().members().forEach((k, v) -> metadata.put(k, v.text()));
                } else {
                    tensors.put(e.getKey(), tensor(file, in, 8 + header, e.getKey(), e.getValue()));
                }
            }
            return new Safetensors(tensors, metadata);
        } catch (IllegalArgumentException e) {
            throw new IOException("Safetensors: cannot read " + file.getFileName() + ": bad header, " + e.getMessage(), e);
        }
    }

    private static Tensor tensor(Path file, FileChannel in, long base, String name, Json entry) throws IOException {
        String type = entry.at("dtype").text();
        if (!List.of("F32", "F64", "I32").contains(type)) {
            throw fault(file, "tensor " + name + " has elements of type " + type + "; F32, F64 and I32 can be read");
        }
        DType dtype = DType.valueOf(type);
        Shape shape = Shape.of(numbers(entry.at("shape")).stream().mapToInt(Math::toIntExact).toArray());
        List<Long> offsets = numbers(entry.at("data_offsets"));
        long size = (long) shape.size() * dtype.bytes();
        if (offsets.size() != 2 || offsets.get(0) < 0 || offsets.get(1) - offsets.get(0) != size) {
            throw fault(file, "tensor " + name + " is " + new TensorType(dtype, shape) + ", which is " + size + " bytes, but its place is "
                    + offsets);
        }
        if (base + offsets.get(1) > in.size()) {
            throw fault(file, "the file ends before tensor " + name + " does; it was cut off");
        }
        ByteBuffer bytes = part(in, base + offsets.getFirst(), size);
        return switch (dtype) {
            case F32 -> {
                float[] v = new float[shape.size()];
                bytes.asFloatBuffer().get(v);
                yield Tensor.of(shape, v);
            }
            case F64 -> {
                double[] v = new double[shape.size()];
                bytes.asDoubleBuffer().get(v);
                yield Tensor.of(shape, v);
            }
            case I32 -> {
                int[] v = new int[shape.size()];
                bytes.asIntBuffer().get(v);
                yield Tensor.of(shape, v);
            }
        };
    }

    private static ByteBuffer part(FileChannel in, long from, long size) throws IOException {
        ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
        while (out.hasRemaining() && in.read(out, from + out.position()) >= 0) {}
        return out.flip();
    }

    private static IOException fault(Path file, String what) {
        return new IOException("Safetensors: cannot read " + file.getFileName() + ": " + what);
    }

    private static List<Long> numbers(Json array) {
        return array.items().stream().map(Json::integer).toList();
    }

    /// A tree of the form of `example` with the tensors of this file in it, by name. Further tensors in the file are passed over.
    ///
    /// @throws IllegalArgumentException if a tensor is missing or has another type or shape
    public <T> T restore(T example) {
        return restore("", example);
    }

    /// Like [#restore(Object)], of a tree whose names all begin with `prefix` in the file.
    public <T> T restore(String prefix, T example) {
        Iterator<Map.Entry<String, Tensor>> names = Tree.named(example).entrySet().iterator();
        return Tree.map(example, expected -> {
            String name = prefix + names.next().getKey();
            Tensor found = tensors.get(name);
            if (found == null) {
                throw new IllegalArgumentException("Safetensors: there is no tensor " + name + ", expected " + expected.type());
            }
            if (!found.type().equals(expected.type())) {
                throw new IllegalArgumentException(
                        "Safetensors: tensor " + name + " is " + found.type() + ", expected " + expected.type());
            }
            return found;
        });
    }
}
