package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;

/// Places for the buffers that live inside a schedule, in one slab for each element type. Buffers that are not alive together may
/// share a place.
final class MemoryPlan {
    private final List<Schedule.Buffer> buffers;
    private final int[] places;
    private final Map<DType, Integer> slabs = new LinkedHashMap<>();
    private final Map<DType, Integer> lowest = new LinkedHashMap<>();

    /// Gives every inside buffer a place from its first to its last step, lowest free place first, largest buffers first.
    MemoryPlan(List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        this.buffers = buffers;
        this.places = new int[buffers.size()];
        int[] first = new int[places.length];
        int[] last = new int[places.length];
        Arrays.fill(first, Integer.MAX_VALUE);
        for (int s = 0; s < steps.size(); s++) {
            for (int b : steps.get(s).writes()) {
                first[b] = Math.min(first[b], s);
                last[b] = Math.max(last[b], s);
            }
            for (int b : steps.get(s).reads()) {
                last[b] = Math.max(last[b], s);
            }
        }
        for (DType type : DType.values()) {
            List<Integer> mine = IntStream.range(0, places.length)
                    .filter(b -> buffers.get(b).kind() == Schedule.Kind.INSIDE && buffers.get(b).dtype() == type && first[b] < Integer.MAX_VALUE)
                    .boxed()
                    .sorted((a, b) -> Integer.compare(buffers.get(b).length(), buffers.get(a).length()))
                    .toList();
            List<Integer> placed = new ArrayList<>();
            int end = 0;
            for (int b : mine) {
                int length = padded(b);
                int at = 0;
                List<Integer> overlapping = placed.stream()
                        .filter(p -> first[p] <= last[b] && first[b] <= last[p])
                        .sorted((p, q) -> Integer.compare(places[p], places[q]))
                        .toList();
                for (int p : overlapping) {
                    if (at + length <= places[p]) {
                        break;
                    }
                    at = Math.max(at, places[p] + padded(p));
                }
                places[b] = at;
                end = Math.max(end, at + length);
                placed.add(b);
            }
            int peak = 0;
            for (int s = 0; s < steps.size(); s++) {
                int alive = 0;
                for (int b : mine) {
                    alive += first[b] <= s && s <= last[b] ? padded(b) : 0;
                }
                peak = Math.max(peak, alive);
            }
            if (end > 0) {
                slabs.put(type, end);
                lowest.put(type, peak);
            }
        }
    }

    private int padded(int buffer) {
        return (buffers.get(buffer).length() + 15) / 16 * 16;
    }

    /// Where an inside buffer begins in its slab.
    int place(int buffer) {
        return places[buffer];
    }

    /// The length of each slab in elements.
    Map<DType, Integer> slabs() {
        return slabs;
    }

    /// The largest number of elements of a type that are alive at one step: no plan can do with less.
    int lowest(DType type) {
        return lowest.getOrDefault(type, 0);
    }
}
