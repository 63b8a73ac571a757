package org.cosmograd.nn;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/// Writes one line for each epoch, at once: `epoch,train_loss,validation_loss,learning_rate,best,seconds`. A training that resumes
/// goes on in the same file.
///
/// @param file the file to write
public record MetricsCsv(Path file) implements FitListener {

    @Override
    public void begin(Plan plan) {
        if (plan.firstEpoch() == 0 || !Files.exists(file)) {
            line("epoch,train_loss,validation_loss,learning_rate,best,seconds", StandardOpenOption.TRUNCATE_EXISTING);
        }
    }

    @Override
    public void epoch(Epoch e) {
        line(
                String.format(
                        Locale.ROOT,
                        "%d,%s,%s,%s,%d,%.3f",
                        e.epoch(),
                        e.trainLoss(),
                        e.validationLoss(),
                        e.rate(),
                        e.best() ? 1 : 0,
                        e.seconds()),
                StandardOpenOption.APPEND);
    }

    private void line(String text, StandardOpenOption how) {
        try {
            Files.createDirectories(java.util.Objects.requireNonNull(file.toAbsolutePath().getParent()));
            try (BufferedWriter out =
                    Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, how)) {
                out.write(text);
                out.write('\n');
            }
        } catch (IOException e) {
            throw new UncheckedIOException("MetricsCsv: cannot write " + file.getFileName() + ": " + e.getMessage(), e);
        }
    }
}
