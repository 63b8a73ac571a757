package org.cosmograd.nn.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Writes a file so that a reader sees the old content or the new content, never a part of it.
///
/// The bytes go to a temporary name in the same folder, are forced to the disk, and the temporary name is then renamed. A
/// killed run therefore leaves at most a file ending in `.part`, which nothing reads.
///
///     AtomicFile.write(folder.resolve("manifest.json"), json.pretty());
///
/// Missing parent folders are made. Failures are {@link UncheckedIOException}s whose message names the file and the remedy.
public final class AtomicFile {

    private AtomicFile() {}

    /// Something that writes bytes.
    @FunctionalInterface
    public interface Content {
        /// Writes everything to the stream; the stream is closed by the caller.
        void writeTo(OutputStream out) throws IOException;
    }

    /// Writes text as UTF-8.
    public static void write(Path file, String text) {
        write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /// Writes what `content` produces.
    public static void write(Path file, Content content) {
        Path target = file.toAbsolutePath();
        // The process and thread are in the name: two writers of one file do not disturb each other, the last rename wins.
        Path part = target.resolveSibling(target.getFileName() + "." + ProcessHandle.current().pid() + "-"
                + Thread.currentThread().threadId() + ".part");
        try {
            Files.createDirectories(target.getParent());
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                var out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
                content.writeTo(out);
                out.flush();
                channel.force(true);
            }
            try {
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw failure("write", file, e);
        } finally {
            try {
                Files.deleteIfExists(part);
            } catch (IOException ignored) {
                // The failure that matters is already on its way.
            }
        }
    }

    /// One sentence for a failure: what was attempted, on which file, why it failed and what to do.
    public static UncheckedIOException failure(String verb, Path file, IOException e) {
        String text = String.valueOf(e.getMessage());
        String why;
        if (text.contains("No space left") || text.contains("not enough space") || text.contains("quota")) {
            why = "the disk is full; free some space and resume";
        } else if (e instanceof AccessDeniedException || text.contains("Permission denied")) {
            why = "permission denied; choose a folder you may write to";
        } else if (text.contains("Read-only file system")) {
            why = "the file system is read-only; choose another folder";
        } else if (e instanceof NoSuchFileException) {
            why = "there is no such file";
        } else if (e instanceof FileSystemException f && f.getReason() != null) {
            why = f.getReason();
        } else if (e instanceof FileSystemException) {
            why = "a file is in the way where a folder is needed, or the folder is not writable";
        } else {
            why = text;
        }
        return new UncheckedIOException("cannot " + verb + " " + file + ": " + why, e);
    }
}
