package org.cosmograd.sbi.io;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.cosmograd.nn.io.AtomicFile;

/// Named arrays in NumPy's `.npz` format: a zip of `.npy` files (format 1.0, little-endian, C order).
///
///     Npz.of().with("theta", samples).with("seed", 7L).save(folder.resolve("posterior.npz"));
///     double[][] theta = Npz.read(folder.resolve("posterior.npz")).array("theta").matrix();
///
/// In Python: `np.load("posterior.npz")["theta"]`. Files are stored uncompressed and carry a fixed time, so equal
/// content gives equal bytes on every machine.
///
/// The reader takes `<f4 <f8 <i4 <i8` in C order, in format 1.0 and 2.0, compressed or not; anything else is refused with a sentence.
public final class Npz {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
    private static final Pattern FORTRAN = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([^)]*)\\)");
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0, 0);

    private final Map<String, NpArray> arrays;

    private Npz(Map<String, NpArray> arrays) {
        this.arrays = Collections.unmodifiableMap(arrays);
    }

    /// No arrays yet.
    public static Npz of() {
        return new Npz(Map.of());
    }

    /// The arrays in the order in which they were added.
    public Map<String, NpArray> arrays() {
        return arrays;
    }

    /// One array by name.
    public NpArray array(String name) {
        if (!arrays.containsKey(name))
            throw new IllegalArgumentException("Npz: there is no array '" + name + "'; the file has " + arrays.keySet());
        return arrays.get(name);
    }

    /// These arrays and one more.
    public Npz with(String name, NpArray array) {
        var copy = new LinkedHashMap<>(arrays);
        copy.put(name, array);
        return new Npz(copy);
    }

    /// Adds a matrix of doubles, `[rows, columns]`.
    public Npz with(String name, double[][] rows) {
        int columns = rows.length == 0 ? 0 : rows[0].length;
        double[] flat = new double[NpArray.size(new int[] {rows.length, columns})];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != columns)
                throw new IllegalArgumentException("Npz: row " + i + " of '" + name + "' has " + rows[i].length
                        + " columns, row 0 has " + columns);
            System.arraycopy(rows[i], 0, flat, i * columns, columns);
        }
        return with(name, new NpArray.Float64(new int[] {rows.length, columns}, flat));
    }

    /// Adds a vector of doubles.
    public Npz with(String name, double[] values) {
        return with(name, new NpArray.Float64(new int[] {values.length}, values.clone()));
    }

    /// Adds a scalar integer.
    public Npz with(String name, long value) {
        return with(name, new NpArray.Int64(new int[0], new long[] {value}));
    }

    /// Writes the file, atomically.
    public void save(Path file) {
        AtomicFile.write(file, this::writeTo);
    }

    private void writeTo(OutputStream out) throws IOException {
        ZipOutputStream zip = new ZipOutputStream(out);
        zip.setMethod(ZipOutputStream.STORED);
        for (var entry : arrays.entrySet()) {
            NpArray array = entry.getValue();
            byte[] header = header(array);
            ZipEntry file = new ZipEntry(entry.getKey() + ".npy");
            file.setTimeLocal(TIME);
            // A stored entry announces its checksum, so the elements are walked twice.
            CRC32 crc = new CRC32();
            crc.update(header);
            chunks(array, crc::update);
            file.setSize(header.length + (long) array.size() * array.width());
            file.setCrc(crc.getValue());
            zip.putNextEntry(file);
            zip.write(header);
            chunks(array, zip::write);
            zip.closeEntry();
        }
        zip.finish();
    }

    private interface Sink {
        void take(byte[] bytes, int offset, int length) throws IOException;
    }

    private static void chunks(NpArray array, Sink sink) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < array.size(); i++) {
            array.put(buffer, i);
            if (!buffer.hasRemaining()) {
                sink.take(buffer.array(), 0, buffer.position());
                buffer.clear();
            }
        }
        sink.take(buffer.array(), 0, buffer.position());
    }

    private static byte[] header(NpArray array) {
        StringBuilder shape = new StringBuilder("(");
        for (int i = 0; i < array.shape().length; i++) shape.append(i == 0 ? "" : " ").append(array.shape()[i]).append(',');
        if (array.shape().length > 1) shape.setLength(shape.length() - 1);
        String text = "{'descr': '" + array.descr() + "', 'fortran_order': False, 'shape': " + shape + "), }";
        // NumPy pads with spaces so that the elements start at a multiple of 64.
        int length = (10 + text.length() + 1 + 63) / 64 * 64;
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        out.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (length - 10));
        out.put((text + " ".repeat(length - 11 - text.length()) + "\n").getBytes(StandardCharsets.ISO_8859_1));
        return out.array();
    }

    /// Reads all arrays of a file.
    public static Npz read(Path file) {
        var arrays = new LinkedHashMap<String, NpArray>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (var entry : Collections.list(zip.entries())) {
                if (!entry.getName().endsWith(".npy")) continue;
                try (var in = zip.getInputStream(entry)) {
                    arrays.put(entry.getName().substring(0, entry.getName().length() - 4), array(file + "/" + entry.getName(), in));
                }
            }
        } catch (ZipException e) {
            throw AtomicFile.failure("read", file, new IOException("it is not an npz file (" + e.getMessage() + ")"));
        } catch (IOException e) {
            throw AtomicFile.failure("read", file, e);
        }
        return new Npz(arrays);
    }

    private static NpArray array(String where, InputStream stream) throws IOException {
        DataInputStream in = new DataInputStream(stream);
        byte[] start = in.readNBytes(8);
        if (start.length < 8 || !Arrays.equals(start, 0, 6, MAGIC, 0, 6))
            throw new IOException(where + " does not begin with the NPY signature");
        int major = start[6];
        int length = Short.toUnsignedInt(Short.reverseBytes(in.readShort()));
        if (major >= 2) length |= Short.toUnsignedInt(Short.reverseBytes(in.readShort())) << 16;
        String header = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        String descr = find(where, DESCR, header);
        if (find(where, FORTRAN, header).equals("True"))
            throw new IOException(where + " is in Fortran order; save it with np.ascontiguousarray");
        int[] shape = Arrays.stream(find(where, SHAPE, header).split(","))
                .map(String::strip).filter(s -> !s.isEmpty()).mapToInt(Integer::parseInt).toArray();
        int size = NpArray.size(shape);
        return switch (descr) {
            case "<f8" -> {
                double[] a = new double[size];
                fill(where, in, size, 8, (b, i) -> a[i] = b.getDouble());
                yield new NpArray.Float64(shape, a);
            }
            case "<f4" -> {
                float[] a = new float[size];
                fill(where, in, size, 4, (b, i) -> a[i] = b.getFloat());
                yield new NpArray.Float32(shape, a);
            }
            case "<i4" -> {
                int[] a = new int[size];
                fill(where, in, size, 4, (b, i) -> a[i] = b.getInt());
                yield new NpArray.Int32(shape, a);
            }
            case "<i8" -> {
                long[] a = new long[size];
                fill(where, in, size, 8, (b, i) -> a[i] = b.getLong());
                yield new NpArray.Int64(shape, a);
            }
            default -> throw new IOException(where + " has element type " + descr + "; this reader takes <f4 <f8 <i4 <i8");
        };
    }

    private interface Element {
        void read(ByteBuffer buffer, int i);
    }

    private static void fill(String where, InputStream in, int size, int width, Element element) throws IOException {
        for (int done = 0; done < size; ) {
            int n = Math.min(size - done, (1 << 16) / width);
            byte[] bytes = in.readNBytes(n * width);
            if (bytes.length < n * width)
                throw new IOException(where + " ends after " + (done + bytes.length / width) + " of " + size + " elements");
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < n; i++) element.read(buffer, done + i);
            done += n;
        }
    }

    private static String find(String where, Pattern pattern, String header) throws IOException {
        Matcher m = pattern.matcher(header);
        if (!m.find()) throw new IOException(where + " has an NPY header that cannot be understood: " + header.strip());
        return m.group(1);
    }
}
