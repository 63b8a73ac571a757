package org.cosmograd.autodiff.kernel;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/// What was made for structures that came back. Emptying it changes speed, never a result.
public final class Plans {
    private static final int MOST = 512;
    /// The bytes that everything here may hold together.
    private static final long MOST_BYTES = Runtime.getRuntime().maxMemory() / 8;

    /// One plan, or the mark that its key was asked for once.
    private record Entry(Optional<Object> plan, long bytes) {}

    private static final Entry SEEN = new Entry(Optional.empty(), 0);
    private static final Map<Object, Entry> KNOWN = new LinkedHashMap<>(64, 0.75f, true);
    private static long bytes;

    private Plans() {}

    /// Nothing at the first request for a key; from the second on, what `make` makes, once.
    ///
    /// @param weight the bytes that it holds
    @SuppressWarnings("unchecked")
    public static <T> Optional<T> returning(Object key, Supplier<T> make, ToLongFunction<T> weight) {
        synchronized (KNOWN) {
            Entry known = KNOWN.get(key);
            if (known == null) {
                put(key, SEEN);
                return Optional.empty();
            } else if (known.plan.isPresent()) {
                return (Optional<T>) known.plan;
            }
        }
        T made = make.get();
        synchronized (KNOWN) {
            put(key, new Entry(Optional.of(made), weight.applyAsLong(made)));
        }
        return Optional.of(made);
    }

    /// What `make` makes at the first request for a key.
    @SuppressWarnings("unchecked")
    public static <T> T kept(Object key, Supplier<T> make) {
        synchronized (KNOWN) {
            Entry known = KNOWN.get(key);
            if (known != null && known.plan.isPresent()) {
                return (T) known.plan.get();
            }
        }
        T made = make.get();
        synchronized (KNOWN) {
            put(key, new Entry(Optional.of(made), 0));
        }
        return made;
    }

    private static void put(Object key, Entry entry) {
        Entry old = KNOWN.put(key, entry);
        bytes += entry.bytes - (old == null ? 0 : old.bytes);
        var eldest = KNOWN.entrySet().iterator();
        while (KNOWN.size() > MOST || (bytes > MOST_BYTES && KNOWN.size() > 1)) {
            bytes -= eldest.next().getValue().bytes;
            eldest.remove();
        }
    }

    /// Forgets everything.
    public static void clear() {
        synchronized (KNOWN) {
            KNOWN.clear();
            bytes = 0;
        }
    }
}
