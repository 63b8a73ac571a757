package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Storage;

/// Places for the buffers that live inside a schedule, in slabs, as a rule one for each element type. Buffers that are not alive
/// together may share a place, and the result of an elementwise loop may take the place of an operand that dies there.
///
/// Packing intervals of given sizes into the least memory is NP-hard; here a few orders of first fit compete, and the lower bound
/// that liveness sets tells how good the best is.
final class MemoryPlan {
    /// Memory for buffers of one type.
    ///
    /// @param dtype type of its elements
    /// @param length number of its elements
    record Slab(DType dtype, int length) {
        long bytes() {
            return (long) length * dtype.bytes();
        }
    }

    /// Buffers that follow one another in one place.
    ///
    /// @param first step that writes the first of them
    /// @param last step that reads the last of them
    /// @param length number of elements
    /// @param members the buffers
    private record Tenancy(int first, int last, long length, List<Integer> members) {}

    /// Places of tenancies, from the beginning of an endless memory.
    private record Packing(long[] places, long end) {}

    private final List<Schedule.Buffer> buffers;
    private final long limit;
    private final int[] places;
    private final int[] slabOf;
    private final List<Slab> slabs = new ArrayList<>();
    private long lowest;

    /// Places for the buffers of these steps.
    MemoryPlan(List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        this(buffers, steps, Integer.MAX_VALUE - 1024);
    }

    /// Places for the buffers of these steps, in slabs of at most `limit` elements.
    MemoryPlan(List<Schedule.Buffer> buffers, List<Schedule.Step> steps, long limit) {
        this.buffers = buffers;
        this.limit = limit;
        this.places = new int[buffers.size()];
        this.slabOf = new int[buffers.size()];
        Arrays.fill(slabOf, -1);
        List<Tenancy> all = tenancies(buffers, steps);
        for (DType type : DType.values()) {
            List<Tenancy> mine = ofType(type, all, buffers);
            if (!mine.isEmpty()) {
                place(type, mine, steps.size());
            }
        }
    }

    private static List<Tenancy> ofType(DType type, List<Tenancy> all, List<Schedule.Buffer> buffers) {
        List<Tenancy> out = new ArrayList<>();
        for (Tenancy t : all) {
            if (buffers.get(t.members.getFirst()).dtype() == type) {
                out.add(t);
            }
        }
        return out;
    }

    /// The first and the last step that uses each buffer.
    private record Lives(int[] first, int[] last) {
        static Lives of(int buffers, List<Schedule.Step> steps) {
            int[] first = new int[buffers];
            int[] last = new int[buffers];
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
            return new Lives(first, last);
        }
    }

    /// Who lives where one after the other, and when.
    private static List<Tenancy> tenancies(List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        Lives lives = Lives.of(buffers.size(), steps);
        int[] first = lives.first;
        int[] last = lives.last;
        int[] successor = new int[buffers.size()];
        Arrays.fill(successor, -1);
        boolean[] follows = new boolean[buffers.size()];
        for (int s = 0; s < steps.size(); s++) {
            for (Schedule.Reuse r : steps.get(s).reuses()) {
                boolean fits = isInside(buffers, r.from()) && isInside(buffers, r.to()) && last[r.from()] == s && first[r.to()] == s;
                if (fits && first[r.from()] < s && successor[r.from()] < 0 && !follows[r.to()]) {
                    successor[r.from()] = r.to();
                    follows[r.to()] = true;
                }
            }
        }
        List<Tenancy> out = new ArrayList<>();
        for (int b = 0; b < first.length; b++) {
            if (isInside(buffers, b) && first[b] < Integer.MAX_VALUE && !follows[b]) {
                List<Integer> members = new ArrayList<>(List.of(b));
                while (successor[members.getLast()] >= 0) {
                    members.add(successor[members.getLast()]);
                }
                out.add(new Tenancy(first[b], last[members.getLast()], buffers.get(b).length(), members));
            }
        }
        return out;
    }

    private static boolean isInside(List<Schedule.Buffer> buffers, int b) {
        return buffers.get(b).kind() == Schedule.Kind.INSIDE;
    }

    private void place(DType type, List<Tenancy> tenancies, int steps) {
        lowest += peak(tenancies, steps, false) * type.bytes();
        long bound = peak(tenancies, steps, true);
        Comparator<Tenancy> length = Comparator.comparingLong(Tenancy::length).reversed();
        Comparator<Tenancy> area = Comparator.<Tenancy>comparingDouble(t -> (double) t.length * (t.last - t.first + 1)).reversed();
        Comparator<Tenancy> time = Comparator.comparingInt(t -> t.last - t.first);
        List<Comparator<Tenancy>> orders = List.of(length, area, length.thenComparing(time.reversed()), Comparator.comparingInt(Tenancy::first), time.reversed());
        List<Tenancy> sorted = tenancies;
        Packing best = new Packing(new long[0], Long.MAX_VALUE);
        for (Comparator<Tenancy> order : orders) {
            List<Tenancy> candidate = new ArrayList<>(tenancies);
            candidate.sort(order);
            Packing packing = pack(candidate, Long.MAX_VALUE, new int[candidate.size()]);
            if (packing.end < best.end) {
                best = packing;
                sorted = candidate;
            }
            if (best.end == bound) {
                break;
            }
        }
        int[] slab = new int[sorted.size()];
        Packing packing = best.end <= limit ? best : pack(sorted, limit, slab);
        int from = slabs.size();
        for (int t = 0; t < slab.length; t++) {
            long end = packing.places[t] + Storage.padded(sorted.get(t).length);
            while (slabs.size() <= from + slab[t]) {
                slabs.add(new Slab(type, 0));
            }
            Slab known = slabs.get(from + slab[t]);
            slabs.set(from + slab[t], new Slab(type, (int) Math.max(known.length, end)));
            for (int b : sorted.get(t).members) {
                places[b] = (int) packing.places[t];
                slabOf[b] = from + slab[t];
            }
        }
    }

    /// First fit: each tenancy at the lowest place that is free all its time, in a further slab if it would end beyond `limit`.
    private static Packing pack(List<Tenancy> order, long limit, int[] slab) {
        long[] places = new long[order.size()];
        List<List<Integer>> placed = new ArrayList<>(); // for each slab, by place
        long most = 0;
        for (int t = 0; t < places.length; t++) {
            Tenancy tenancy = order.get(t);
            long length = Storage.padded(tenancy.length);
            for (slab[t] = 0; ; slab[t]++) {
                if (slab[t] == placed.size()) {
                    placed.add(new ArrayList<>());
                }
                List<Integer> there = placed.get(slab[t]);
                long at = 0;
                for (int p : there) {
                    Tenancy other = order.get(p);
                    if (other.first <= tenancy.last && tenancy.first <= other.last) {
                        if (at + length <= places[p]) {
                            break;
                        }
                        at = Math.max(at, places[p] + Storage.padded(other.length));
                    }
                }
                if (at + length <= limit || there.isEmpty()) {
                    places[t] = at;
                    most = Math.max(most, at + length);
                    int low = 0;
                    for (int high = there.size(); low < high; ) {
                        int middle = (low + high) / 2;
                        if (places[there.get(middle)] <= at) {
                            low = middle + 1;
                        } else {
                            high = middle;
                        }
                    }
                    there.add(low, t);
                    break;
                }
            }
        }
        return new Packing(places, most);
    }

    /// The largest number of elements alive at one step.
    private static long peak(List<Tenancy> tenancies, int steps, boolean padded) {
        long[] change = new long[steps + 1];
        for (Tenancy t : tenancies) {
            long length = padded ? Storage.padded(t.length) : t.length;
            change[t.first] += length;
            change[t.last + 1] -= length;
        }
        long alive = 0;
        long most = 0;
        for (long c : change) {
            alive += c;
            most = Math.max(most, alive);
        }
        return most;
    }

    /// The slabs.
    List<Slab> slabs() {
        return slabs;
    }

    /// Which slab an inside buffer is in; -1 if no step uses it.
    int slab(int buffer) {
        return slabOf[buffer];
    }

    /// Where an inside buffer begins in its slab.
    int place(int buffer) {
        return places[buffer];
    }

    /// Whether two inside buffers have one place.
    boolean shares(int a, int b) {
        return slabOf[a] >= 0 && slabOf[a] == slabOf[b] && places[a] == places[b];
    }

    /// The size of all slabs.
    long bytes() {
        long bytes = 0;
        for (Slab s : slabs) {
            bytes += s.bytes();
        }
        return bytes;
    }

    /// The least memory for these steps, as [#lowest()] of a plan for them.
    static long lowest(List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        List<Tenancy> all = tenancies(buffers, steps);
        long bytes = 0;
        for (DType type : DType.values()) {
            bytes += peak(ofType(type, all, buffers), steps.size(), false) * type.bytes();
        }
        return bytes;
    }

    /// The bytes alive at the step, for each type, where most are: no plan for these steps can do with less.
    long lowest() {
        return lowest;
    }

    /// The fullest step.
    ///
    /// @param step its number
    /// @param alive the inside buffers that are alive then
    /// @param passing those among them that it does not use
    record Fullest(int step, List<Integer> alive, List<Integer> passing) {}

    /// The step at which most bytes are alive.
    Fullest fullest(List<Schedule.Step> steps) {
        List<Tenancy> all = tenancies(buffers, steps);
        long[] alive = new long[steps.size()];
        for (Tenancy t : all) {
            for (int s = t.first; s <= t.last; s++) {
                alive[s] += t.length * buffers.get(t.members.getFirst()).dtype().bytes();
            }
        }
        int peak = IntStream.range(0, alive.length).reduce(0, (a, b) -> alive[b] > alive[a] ? b : a);
        Lives lives = Lives.of(buffers.size(), steps);
        List<Integer> there = all.stream()
                .flatMap(t -> t.members.stream())
                .filter(b -> lives.first[b] <= peak && lives.last[b] >= peak)
                .toList();
        Schedule.Step step = steps.get(peak);
        return new Fullest(peak, there, there.stream().filter(b -> !step.reads().contains(b) && !step.writes().contains(b)).toList());
    }
}
