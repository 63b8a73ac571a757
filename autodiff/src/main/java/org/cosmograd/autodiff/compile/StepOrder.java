package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.op.Identity;

/// An order of steps in which less memory is alive at once. Steps that free memory come early, steps that only fill it late.
final class StepOrder {
    /// A new order has to save this part of the memory, because the given one often suits the caches.
    private static final double WORTH = 0.03;

    private final List<Schedule.Buffer> buffers;
    private final List<Schedule.Step> steps;
    private final List<List<Integer>> users = new ArrayList<>(); // of a step: those that wait for it
    private final int[] waits; // for how many steps

    private StepOrder(Graph graph, List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        this.buffers = buffers;
        this.steps = steps;
        this.waits = new int[steps.size()];
        int[] writer = new int[buffers.size()];
        Arrays.fill(writer, -1);
        List<List<Integer>> readers = new ArrayList<>();
        for (int b = 0; b < writer.length; b++) {
            readers.add(new ArrayList<>());
        }
        int[] seen = new int[steps.size()]; // the last step found to wait for a step
        Arrays.fill(seen, -1);
        for (int s = 0; s < waits.length; s++) {
            users.add(new ArrayList<>());
            for (int b : steps.get(s).reads()) {
                edge(writer[b], s, seen);
            }
            for (int b : steps.get(s).writes()) {
                edge(writer[b], s, seen);
                for (int r : readers.get(b)) {
                    edge(r, s, seen);
                }
            }
            for (int b : steps.get(s).reads()) {
                readers.get(b).add(s);
            }
            for (int b : steps.get(s).writes()) {
                writer[b] = s;
                readers.get(b).clear();
            }
        }
        addRequests(graph, seen);
    }

    /// A step that uses a node made to wait by [Identity.After] comes after what it waits for.
    private void addRequests(Graph graph, int[] seen) {
        int[] last = new int[graph.size()]; // step of a node
        Arrays.fill(last, -1);
        for (int s = 0; s < waits.length; s++) {
            for (int n : steps.get(s).nodes()) {
                last[n] = s;
            }
        }
        Arrays.fill(seen, -1);
        for (int s = 0; s < waits.length; s++) {
            for (int n : steps.get(s).nodes()) {
                for (int o : graph.node(n).in()) {
                    for (int v = o; Graph.isView(graph.node(v).op()); v = graph.node(v).in().getLast()) {
                        if (graph.node(v).op() instanceof Identity.After && last[graph.node(v).in().getFirst()] < s) {
                            edge(last[graph.node(v).in().getFirst()], s, seen);
                        }
                    }
                }
            }
        }
    }

    private void edge(int from, int to, int[] seen) {
        if (from >= 0 && from != to && seen[from] != to) {
            seen[from] = to;
            users.get(from).add(to);
            waits[to]++;
        }
    }

    /// The steps in the order that needs the least memory of those tried, among them the given one.
    static List<Schedule.Step> lean(Graph graph, List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        List<Schedule.Step> other = new StepOrder(graph, buffers, steps).greedy();
        return MemoryPlan.lowest(buffers, other) <= (1 - WORTH) * MemoryPlan.lowest(buffers, steps) ? other : steps;
    }

    /// For each step the first that has to come after it; the number of steps if there is none.
    static int[] firstUsers(Graph graph, List<Schedule.Buffer> buffers, List<Schedule.Step> steps) {
        StepOrder order = new StepOrder(graph, buffers, steps);
        int[] first = new int[steps.size()];
        for (int s = 0; s < first.length; s++) {
            first[s] = steps.size();
            for (int u : order.users.get(s)) {
                first[s] = Math.min(first[s], u);
            }
        }
        return first;
    }

    private long bytes(int buffer) {
        Schedule.Buffer b = buffers.get(buffer);
        return b.kind() == Schedule.Kind.INSIDE ? (long) b.length() * b.dtype().bytes() : 0;
    }

    /// Of the steps that can run, the one after which the least memory is alive comes next; of equals the first.
    private List<Schedule.Step> greedy() {
        int[] uses = new int[buffers.size()];
        boolean[] alive = new boolean[buffers.size()];
        for (Schedule.Step s : steps) {
            count(s.reads(), 1, uses);
            count(s.writes(), 1, uses);
        }
        int[] waiting = waits.clone();
        List<Integer> ready = new ArrayList<>();
        for (int s = 0; s < waiting.length; s++) {
            if (waiting[s] == 0) {
                ready.add(s);
            }
        }
        List<Schedule.Step> out = new ArrayList<>();
        while (!ready.isEmpty()) {
            int best = 0;
            long least = Long.MAX_VALUE;
            for (int r = 0; r < ready.size(); r++) {
                long more = growth(steps.get(ready.get(r)), uses, alive);
                if (more < least || (more == least && ready.get(r) < ready.get(best))) {
                    least = more;
                    best = r;
                }
            }
            int s = ready.remove(best);
            Schedule.Step step = steps.get(s);
            for (int b : step.writes()) {
                alive[b] = true;
            }
            count(step.reads(), -1, uses);
            count(step.writes(), -1, uses);
            out.add(step);
            for (int u : users.get(s)) {
                if (--waiting[u] == 0) {
                    ready.add(u);
                }
            }
        }
        return out;
    }

    private static void count(List<Integer> buffers, int by, int[] uses) {
        for (int i = 0; i < buffers.size(); i++) {
            uses[buffers.get(i)] += buffers.indexOf(buffers.get(i)) == i ? by : 0;
        }
    }

    private long growth(Schedule.Step step, int[] uses, boolean[] alive) {
        long more = 0;
        List<Integer> reads = step.reads();
        List<Integer> writes = step.writes();
        for (int i = 0; i < writes.size(); i++) {
            int b = writes.get(i);
            if (writes.indexOf(b) == i && !alive[b] && uses[b] > (reads.contains(b) ? 2 : 1)) {
                more += bytes(b);
            }
        }
        for (int i = 0; i < reads.size(); i++) {
            int b = reads.get(i);
            if (reads.indexOf(b) == i && uses[b] == (writes.contains(b) ? 2 : 1)) {
                more -= bytes(b);
            }
        }
        return more;
    }
}
