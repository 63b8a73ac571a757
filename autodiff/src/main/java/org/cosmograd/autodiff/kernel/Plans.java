package org.cosmograd.autodiff.kernel;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// What was made for structures that came back. Emptying it changes speed, never a result.
public final class Plans {
    private static final int MOST = 512;

    private static final Map<Object, Optional<Object>> KNOWN = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Optional<Object>> eldest) {
            return size() > MOST;
        }
    };

    private Plans() {}

    /// Nothing at the first request for a key; from the second on, what `make` makes, once.
    @SuppressWarnings("unchecked")
    public static <T> Optional<T> returning(Object key, Supplier<T> make) {
        synchronized (KNOWN) {
            Optional<Object> known = KNOWN.get(key);
            if (known == null) {
                KNOWN.put(key, Optional.empty());
                return Optional.empty();
            } else if (known.isPresent()) {
                return (Optional<T>) known;
            }
        }
        Optional<T> made = Optional.of(make.get());
        synchronized (KNOWN) {
            KNOWN.put(key, (Optional<Object>) made);
        }
        return made;
    }

    /// Forgets everything.
    public static void clear() {
        synchronized (KNOWN) {
            KNOWN.clear();
        }
    }
}
