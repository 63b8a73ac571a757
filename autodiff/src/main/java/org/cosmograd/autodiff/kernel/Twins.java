package org.cosmograd.autodiff.kernel;

import java.util.concurrent.atomic.AtomicBoolean;

/// A kernel in two forms that give the same bits: a plain one, which runs at once, and a SIMD one, which [Warmer] puts in its place while
/// it is machine code. Thread-safe.
///
/// @param <K> the kernel's interface
final class Twins<K> {
    /// The plain form.
    final K plain;

    private final Warmer.Kernel<K> kernel;
    private final AtomicBoolean wanted = new AtomicBoolean();
    private volatile K now;

    Twins(K plain, Warmer.Kernel<K> kernel) {
        this.plain = plain;
        this.now = plain;
        this.kernel = kernel;
    }

    /// The form to run now.
    K now() {
        return now;
    }

    /// Whether that is the SIMD form.
    boolean isSimd() {
        return now != plain;
    }

    /// Begins to warm the SIMD form, if nobody has yet: to be called only where there are vectors.
    void want() {
        if (!wanted.getPlain() && wanted.compareAndSet(false, true)) {
            Warmer.submit(this, kernel);
        }
    }

    /// What runs from now on; for [Warmer].
    void place(K form) {
        now = form;
    }
}
