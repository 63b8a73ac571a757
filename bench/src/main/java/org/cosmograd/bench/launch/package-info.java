/// The entry of the executable jar: compiled for Java 17, it finds a JDK 25 and starts the command line on it with SIMD.
@NullMarked
package org.cosmograd.bench.launch;

import org.jspecify.annotations.NullMarked;
