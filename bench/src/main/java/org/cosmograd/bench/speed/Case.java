package org.cosmograd.bench.speed;

import java.util.function.Supplier;

/// A piece of work that is timed.
///
/// @param name what the peers' scripts call the same work
/// @param about what it is, in one line
/// @param runs how many runs are timed: as many as the peers time, because a best of more is better
/// @param flop floating-point operations of one run; 0 if counting them makes no sense
/// @param items how many items one run handles, such as particles, if a time per item makes sense; else 0
/// @param setUp prepares everything and gives one run; a run leaves its result in memory that is there already
public record Case(String name, String about, int runs, double flop, long items, Supplier<Runnable> setUp) {

    /// Work of `runs` timed runs.
    static Case of(String name, String about, int runs, Supplier<Runnable> setUp) {
        return new Case(name, about, runs, 0, 0, setUp);
    }

    /// The same with its floating-point operations.
    Case flop(double count) {
        return new Case(name, about, runs, count, items, setUp);
    }

    /// The same with its number of items.
    Case items(long count) {
        return new Case(name, about, runs, flop, count, setUp);
    }
}
