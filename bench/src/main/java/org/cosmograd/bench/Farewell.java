package org.cosmograd.bench;

/// What is still to be done if the process is asked to end, by Ctrl-C or a kill, before this is closed.
final class Farewell implements AutoCloseable {
    private final Thread hook;

    private Farewell(Thread hook) {
        this.hook = hook;
    }

    /// Has `last` done before the process ends.
    static Farewell of(Runnable last) {
        Thread hook = new Thread(last, "cosmograd-farewell");
        Runtime.getRuntime().addShutdownHook(hook);
        return new Farewell(hook);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException alreadyEnding) {
            // it is being done
        }
    }
}
