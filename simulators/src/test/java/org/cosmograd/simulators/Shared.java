package org.cosmograd.simulators;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// The folder of reference data beside the project, where there is one: `-Dcosmograd.shared`, `COSMOGRAD_SHARED`, or a `shared` next
/// to a folder above this one.
public final class Shared {
    private Shared() {}

    /// A file or folder in it.
    public static Optional<Path> find(String path) {
        Stream<Path> named = Stream.of(
                        Optional.ofNullable(System.getProperty("cosmograd.shared")),
                        Optional.ofNullable(System.getenv("COSMOGRAD_SHARED")))
                .flatMap(Optional::stream)
                .map(Path::of);
        Stream<Path> near = Stream.iterate(
                        Optional.of(Path.of("").toAbsolutePath()), Optional::isPresent, p -> p.map(Path::getParent))
                .flatMap(Optional::stream)
                .map(p -> p.resolve("shared"));
        return Stream.concat(named, near).map(p -> p.resolve(path)).filter(Files::exists).findFirst();
    }
}
