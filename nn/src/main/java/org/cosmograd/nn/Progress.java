package org.cosmograd.nn;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/// One line that tells how far a long task is.
///
///     try (var progress = Progress.of(System.out, "train", "epochs", 200)) {
///         for (int epoch = 1; epoch <= 200; epoch++) progress.at(epoch, "loss 1.023");
///     }
///
/// On a terminal the line is rewritten in place, at most ten times a second:
///
///     train  ━━━━━━━━━━━───────────  46 %  92/200 epochs  3.1/s  35 s left  loss 1.023
///
/// Elsewhere (a log file, a batch job) it is printed as ordinary lines: the first report, then at most one every ten seconds and
/// only after 5 % of the work or ten minutes, then the last. Any thread may report.
public final class Progress implements AutoCloseable {

    private static final int BAR = 22;

    private final PrintStream out;
    private final String task;
    private final String unit;
    private final long total;
    private final boolean terminal;
    private final LongSupplier nanos;
    private final long start;

    private long first = -1;
    private long done;
    private String note = "";
    private long shownAt;
    private long shownDone = -1;
    private int shownWidth;
    private boolean closed;

    private Progress(PrintStream out, String task, String unit, long total, boolean terminal, LongSupplier nanos) {
        if (total < 0) throw new IllegalArgumentException("Progress: the total of '" + task + "' is " + total);
        this.out = out;
        this.task = task;
        this.unit = unit;
        this.total = total;
        this.terminal = terminal;
        this.nanos = nanos;
        start = nanos.getAsLong();
    }

    /// A task of `total` units, such as `epochs`, shown on a stream; in place if the program talks to a terminal.
    public static Progress of(PrintStream out, String task, String unit, long total) {
        Console console = System.console();
        return of(out, task, unit, total, console != null && console.isTerminal(), System::nanoTime);
    }

    /// A task with a given kind of display and clock.
    public static Progress of(PrintStream out, String task, String unit, long total, boolean terminal, LongSupplier nanos) {
        return new Progress(out, task, unit, total, terminal, nanos);
    }

    /// Reports that so many units are done, counted from the beginning of the task. What was done before the first report of a
    /// resumed task (see {@link #from}) does not count for the rate.
    public void at(long units) {
        at(units, "");
    }

    /// Reports units and a short note, such as the loss.
    public synchronized void at(long units, String shortNote) {
        if (first < 0) first = 0;
        done = units;
        note = shortNote;
        if (due()) show();
    }

    /// Reports that one more unit is done; for tasks whose parts finish in any order.
    public synchronized void step() {
        at(done + 1, note);
    }

    /// Says that the task resumes with so many units already done.
    public synchronized Progress from(long units) {
        first = units;
        done = units;
        return this;
    }

    private boolean due() {
        long now = nanos.getAsLong();
        if (shownDone < 0 || done >= total && shownDone < total) return true;
        double waited = (now - shownAt) * 1e-9;
        if (terminal) return waited >= 0.1;
        return waited >= 10 && (done - shownDone >= 0.05 * total || waited >= 600);
    }

    private void show() {
        shownAt = nanos.getAsLong();
        shownDone = done;
        String line = line();
        if (!terminal) {
            out.println(line);
            return;
        }
        // Blanks cover what a longer line left behind; no control sequences but the carriage return.
        int width = line.codePointCount(0, line.length());
        out.print("\r" + line + " ".repeat(Math.max(0, shownWidth - width)));
        out.flush();
        shownWidth = width;
    }

    private String line() {
        double seconds = (nanos.getAsLong() - start) * 1e-9;
        double rate = seconds > 0 ? (done - Math.max(first, 0)) / seconds : 0;
        double fraction = total == 0 ? 1 : Math.min(1, (double) done / total);
        StringBuilder text = new StringBuilder(task).append("  ");
        if (terminal) {
            int full = (int) (BAR * fraction);
            text.append("━".repeat(full)).append("─".repeat(BAR - full)).append("  ");
        }
        text.append("%d %%  %s/%s %s".formatted((int) (100 * fraction), count(done), count(total), unit));
        if (rate > 0) text.append("  ").append(perTime(rate));
        if (done >= total) text.append("  in ").append(duration(seconds));
        else if (rate > 0) text.append("  ").append(duration((total - done) / rate)).append(" left");
        if (!note.isEmpty()) text.append("  ").append(note);
        // A line that wraps cannot be rewritten in place.
        return terminal && text.length() > 118 ? text.substring(0, 117) + "…" : text.toString();
    }

    private static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    private static String perTime(double rate) {
        if (rate >= 1) return significant(rate) + "/s";
        if (rate * 60 >= 1) return significant(rate * 60) + "/min";
        return significant(rate * 3600) + "/h";
    }

    private static String significant(double value) {
        return value >= 100 ? String.format(Locale.ROOT, "%,.0f", value) : String.format(Locale.ROOT, value >= 9.95 ? "%.0f" : "%.1f", value);
    }

    /// `35 s`, `4 min 12 s`, `3 h 05 min`, `2 d 4 h`.
    static String duration(double seconds) {
        if (seconds < 10) return String.format(Locale.ROOT, "%.1f s", seconds);
        long s = Math.round(seconds);
        if (s < 60) return s + " s";
        if (s < 3600) return "%d min %02d s".formatted(s / 60, s % 60);
        if (s < 86400) return "%d h %02d min".formatted(s / 3600, s % 3600 / 60);
        return "%d d %d h".formatted(s / 86400, s % 86400 / 3600);
    }

    /// Shows the last state if it has not been shown, and ends the line.
    @Override
    public synchronized void close() {
        if (closed) return;
        closed = true;
        if (done != shownDone && first >= 0) show();
        if (terminal && shownWidth > 0) out.println();
    }
}
