package org.cosmograd.bench;

/// The `cosmograd` command line.
public final class Cosmograd {
    private Cosmograd() {}

    /// Runs one command.
    public static void main(String[] args) {
        System.out.println("cosmograd: commands are run EXPERIMENT, lesson NAME, list");
    }
}
