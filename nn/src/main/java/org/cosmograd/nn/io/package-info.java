/// Files that every module writes and reads alike.
///
/// | class | files |
/// |---|---|
/// | [org.cosmograd.nn.io.Json] | headers, configurations, `manifest.json` |
/// | [org.cosmograd.nn.io.AtomicFile] | whole files or none |
@NullMarked
package org.cosmograd.nn.io;

import org.jspecify.annotations.NullMarked;
