package org.cosmograd.nn;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.zip.CRC32C;

/// Writes scalars as TensorBoard reads them: `tensorboard --logdir runs`.
///
///     try (var events = TensorBoardEvents.open(folder)) {
///         events.scalar("training_loss", epoch, loss);
///     }
///
/// The file is a sequence of records `length (8 bytes), masked CRC of the length (4), Event message, masked CRC of the message (4)`,
/// little-endian, with `mask(c) = rotateRight(c, 15) + 0xa282ead8` and CRC-32C. Each call writes one whole record, so a killed run
/// loses nothing but the record in flight. A resumed run opens a second file in the same folder; TensorBoard joins them.
///
/// Values are stored as 32-bit floats, which is what TensorBoard's scalars are. Not for several threads.
public final class TensorBoardEvents implements AutoCloseable {

    private final Path file;
    private final FileChannel channel;
    private final InstantSource clock;

    private TensorBoardEvents(Path file, FileChannel channel, InstantSource clock) {
        this.file = file;
        this.channel = channel;
        this.clock = clock;
    }

    /// Opens a new event file in a folder, which is made if it is missing.
    public static TensorBoardEvents open(Path folder) {
        return open(folder, InstantSource.system());
    }

    /// Opens a new event file with times from a given clock.
    public static TensorBoardEvents open(Path folder, InstantSource clock) {
        Instant now = clock.instant();
        try {
            Files.createDirectories(folder);
            // TensorBoard orders files by name; a second one within the same second gets a suffix.
            for (int k = 0; ; k++) {
                Path file = folder.resolve("events.out.tfevents.%010d.cosmograd%s".formatted(now.getEpochSecond(), k == 0 ? "" : "." + k));
                if (Files.exists(file)) continue;
                var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                var events = new TensorBoardEvents(file, channel, clock);
                events.write(event(now, 0, bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8))));
                return events;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write TensorBoard events to " + folder + ": " + e.getMessage(), e);
        }
    }

    /// The file that is written.
    public Path file() {
        return file;
    }

    /// Adds one value of a curve. Slashes in the tag group curves: `loss/train`.
    public void scalar(String tag, long step, double value) {
        // Summary.Value: 1 = tag, 2 = simple_value. Summary: 1 = value. Event: 5 = summary.
        byte[] entry = join(bytes(1, tag.getBytes(StandardCharsets.UTF_8)), fixed32(2, (float) value));
        write(event(clock.instant(), step, bytes(5, bytes(1, entry))));
    }

    private void write(byte[] message) {
        ByteBuffer out = ByteBuffer.allocate(message.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(message.length);
        out.putInt(masked(out.array(), 8));
        out.put(message).putInt(masked(message, message.length));
        out.flip();
        try {
            while (out.hasRemaining()) channel.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /// The checksum of the first bytes, masked because a checksum of data that contain checksums is weak.
    private static int masked(byte[] data, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, 0, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    // Protocol buffers: a field is its number and wire type as a varint, then its value.

    private static byte[] event(Instant time, long step, byte[] what) {
        ByteBuffer seconds = ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN);
        seconds.put((byte) (1 << 3 | 1)).putDouble(time.getEpochSecond() + time.getNano() * 1e-9);
        ByteArrayOutputStream number = new ByteArrayOutputStream();
        if (step != 0) {
            number.write(2 << 3);
            varint(number, step);
        }
        return join(seconds.array(), number.toByteArray(), what);
    }

    private static byte[] bytes(int field, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(field << 3 | 2);
        varint(out, content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] fixed32(int field, float value) {
        return ByteBuffer.allocate(5).order(ByteOrder.LITTLE_ENDIAN).put((byte) (field << 3 | 5)).putFloat(value).array();
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) out.writeBytes(part);
        return out.toByteArray();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + file + ": " + e.getMessage(), e);
        }
    }
}
