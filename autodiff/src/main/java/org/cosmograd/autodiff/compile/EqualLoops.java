package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.cosmograd.autodiff.kernel.LoopSpec;
import org.cosmograd.autodiff.kernel.MapTask;
import org.cosmograd.autodiff.kernel.RowsTask;

/// Joins loops that do the same to different tensors, and do not depend on one another, to one step whose threads share them all: the
/// update of all parameters by an optimiser, for one. They run where the last of them ran.
final class EqualLoops {
    /// So much more memory may be alive, as a part of what was: the loops that wait keep their operands.
    private static final double MORE = 0.02;

    private final Map<Schedule.Step, RowsTask.Stage> loops = new IdentityHashMap<>();

    /// Says what the last step does, if it is that of these nodes.
    void loop(List<Schedule.Step> steps, List<Integer> nodes, RowsTask.Stage part) {
        if (!steps.isEmpty() && steps.getLast().nodes().equals(nodes)) {
            loops.put(steps.getLast(), part);
        }
    }

    /// The steps, with equal loops joined.
    List<Schedule.Step> merge(Graph graph, List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        return merge(graph, buffers, steps, s -> true);
    }

    /// The steps, with equal updates joined: loops that make results of the program of arguments of the same size. Nothing else
    /// in a step of an optimiser waits for them, so they need not run on the rows of the products that give the gradients.
    List<Schedule.Step> mergeUpdates(Graph graph, List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        return merge(graph, buffers, steps, s -> isUpdate(s, buffers));
    }

    private static boolean isUpdate(Schedule.Step s, List<Schedule.Buffer> buffers) {
        for (int w : s.writes()) {
            boolean replaces = false;
            for (int r : s.reads()) {
                replaces |= buffers.get(r).kind() == Schedule.Kind.INPUT && buffers.get(r).length() == buffers.get(w).length();
            }
            if (!replaces || buffers.get(w).kind() != Schedule.Kind.OUTPUT) {
                return false;
            }
        }
        return true;
    }

    private List<Schedule.Step> merge(Graph graph, List<Schedule.Buffer> buffers, List<Schedule.Step> steps, Predicate<Schedule.Step> which) {
        int[] used = StepOrder.firstUsers(graph, buffers, steps);
        Map<LoopSpec, List<Integer>> equal = new LinkedHashMap<>();
        for (int s = 0; s < used.length; s++) {
            RowsTask.Stage part = loops.get(steps.get(s));
            if (part != null && which.test(steps.get(s))) {
                equal.computeIfAbsent(part.body(), b -> new ArrayList<>()).add(s);
            }
        }
        int[] at = new int[used.length]; // the step that a step runs with
        for (int s = 0; s < at.length; s++) {
            at[s] = s;
        }
        long most = Long.MIN_VALUE;
        for (List<Integer> members : equal.values()) {
            for (List<Integer> group : independent(members, used)) {
                if (most == Long.MIN_VALUE) {
                    most = (long) ((1 + MORE) * MemoryPlan.lowest(buffers, steps));
                }
                join(group, at, buffers, steps, most);
            }
        }
        return joined(steps, at);
    }

    /// Runs of at least two loops that can all wait for the last.
    private static List<List<Integer>> independent(List<Integer> members, int[] used) {
        List<List<Integer>> out = new ArrayList<>();
        List<Integer> group = new ArrayList<>();
        int bound = Integer.MAX_VALUE;
        for (int s : members) {
            if (s >= bound) {
                out.add(group);
                group = new ArrayList<>();
                bound = Integer.MAX_VALUE;
            }
            group.add(s);
            bound = Math.min(bound, used[s]);
        }
        out.add(group);
        out.removeIf(g -> g.size() < 2);
        return out;
    }

    /// Joins a group, or its halves where that takes too much memory.
    private void join(List<Integer> group, int[] at, List<Schedule.Buffer> buffers, List<Schedule.Step> steps, long most) {
        if (group.size() < 2) {
            return;
        }
        int[] before = at.clone();
        for (int s : group) {
            at[s] = group.getLast();
        }
        if (MemoryPlan.lowest(buffers, joined(steps, at)) > most) {
            System.arraycopy(before, 0, at, 0, at.length);
            int half = group.size() / 2;
            join(group.subList(0, half), at, buffers, steps, most);
            join(group.subList(half, group.size()), at, buffers, steps, most);
        }
    }

    private List<Schedule.Step> joined(List<Schedule.Step> steps, int[] at) {
        Map<Integer, List<Schedule.Step>> groups = new HashMap<>();
        for (int s = 0; s < at.length; s++) {
            if (at[s] != s) {
                groups.computeIfAbsent(at[s], k -> new ArrayList<>()).add(steps.get(s));
            }
        }
        List<Schedule.Step> out = new ArrayList<>();
        for (int s = 0; s < at.length; s++) {
            List<Schedule.Step> group = groups.get(s);
            if (group != null) {
                group.add(steps.get(s));
                out.add(one(group));
            } else if (at[s] == s) {
                out.add(steps.get(s));
            }
        }
        return out;
    }

    private Schedule.Step one(List<Schedule.Step> group) {
        List<RowsTask.Stage> parts = new ArrayList<>();
        Map<Integer, Integer> readers = new HashMap<>();
        for (Schedule.Step s : group) {
            parts.add(loops.get(s));
            for (int b : new HashSet<>(s.reads())) {
                readers.merge(b, 1, Integer::sum);
            }
        }
        List<Schedule.Reuse> reuses = new ArrayList<>();
        for (Schedule.Step s : group) {
            for (Schedule.Reuse r : s.reuses()) {
                // what another loop reads must not be overwritten by this one
                if (readers.getOrDefault(r.from(), 0) == 1) {
                    reuses.add(r);
                }
            }
        }
        return Schedule.Step.joined(() -> new MapTask(parts), group, b -> true, reuses, group.size());
    }
}
