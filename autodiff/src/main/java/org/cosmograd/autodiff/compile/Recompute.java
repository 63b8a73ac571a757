package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import org.cosmograd.autodiff.kernel.Cost;
import org.cosmograd.autodiff.kernel.Storage;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Identity;
import org.cosmograd.autodiff.op.Leaf;
import org.cosmograd.autodiff.op.Movement;

/// Fits a schedule into a memory limit: what is alive at the fullest step without being used there, and follows by elementwise
/// operations and movements from what is there anyway, is computed again just before its late users instead of being kept. The bits
/// are those of the plain schedule, because the same operations meet the same operands.
///
/// Greedy: candidates that free most bytes per operation come first, and a change stays if the plan becomes smaller.
final class Recompute {
    /// Candidates that are tried alone for one fullest step, and that are tried together at most.
    private static final int TRIALS = 16;

    private static final int TOGETHER = 16;
    private static final int LONGEST_CHAIN = 24;

    private final Graph graph;
    private final int[] firstStep; // of a node; some take several
    private final List<Schedule.Step> steps;
    private final Map<Integer, Set<Integer>> users = new HashMap<>(); // not counting views
    private final Set<Integer> alive = new HashSet<>();
    private final List<Integer> passing = new ArrayList<>();
    private final int peak;

    /// A node to be computed again.
    ///
    /// @param node the node
    /// @param anchor a node after which that happens
    /// @param late its users from then on
    /// @param chain the nodes that are computed again for it, itself among them
    /// @param kept the nodes that have to be kept for it
    private record Candidate(int node, int anchor, Set<Integer> late, Set<Integer> chain, Set<Integer> kept) {}

    /// Nodes to be computed again together, because the same others have to be kept for them.
    ///
    /// @param gain bytes freed for each operation repeated
    private record Bundle(List<Candidate> candidates, double gain) {}

    private Recompute(Graph graph, Schedule schedule) {
        this.graph = graph;
        this.steps = schedule.steps();
        this.firstStep = new int[graph.size()];
        Arrays.fill(firstStep, -1);
        for (int s = steps.size() - 1; s >= 0; s--) {
            for (int n : steps.get(s).nodes()) {
                firstStep[n] = s;
            }
        }
        for (int i = 0; i < graph.size(); i++) {
            if (!Graph.isView(graph.node(i).op())) {
                for (int o : graph.node(i).in()) {
                    users.computeIfAbsent(graph.base(o), k -> new TreeSet<>()).add(i);
                }
            }
        }
        MemoryPlan.Fullest fullest = schedule.memory().fullest(steps);
        this.peak = fullest.step();
        for (int b : fullest.alive()) {
            int node = schedule.buffers().get(b).index();
            if (node >= 0) {
                alive.add(node);
            }
        }
        for (int b : fullest.passing()) {
            int node = schedule.buffers().get(b).index();
            if (node >= 0 && isCheap(node)) {
                passing.add(node);
            }
        }
    }

    /// The schedule of a graph whose planned memory is at most `limit` bytes.
    ///
    /// @throws IllegalArgumentException if no such schedule is found
    static Schedule within(Graph graph, boolean fuse, long limit) {
        Schedule best = new Schedule(graph, fuse);
        Graph now = graph;
        int together = 1;
        while (best.memory().bytes() > limit) {
            Recompute r = new Recompute(now, best);
            List<Bundle> bundles = r.bundles();
            boolean better = false;
            int next = 0;
            while (!better && next < Math.min(TRIALS, bundles.size())) {
                Graph changed = r.apply(bundles.subList(next, Math.min(bundles.size(), next + together)));
                Schedule made = new Schedule(changed, fuse);
                better = made.memory().bytes() < best.memory().bytes();
                if (better) {
                    best = made;
                    now = changed;
                    together = Math.min(TOGETHER, 2 * together);
                } else {
                    next += together == 1 ? 1 : 0;
                    together = 1;
                }
            }
            if (!better) {
                throw new IllegalArgumentException("program: its steps need " + Storage.text(best.memory().bytes())
                        + " of memory even if all that is cheap is computed again, the limit is " + Storage.text(limit)
                        + "; raise the limit or make the arguments smaller");
            }
        }
        return best;
    }

    private boolean isCheap(int node) {
        return graph.node(node).op() instanceof Elementwise || graph.node(node).op() instanceof Movement;
    }

    private long bytes(int node) {
        return (long) graph.node(node).shape().size() * graph.node(node).dtype().bytes();
    }

    private double work(int node) {
        Graph.Node n = graph.node(node);
        boolean cast = n.op() instanceof Elementwise.Cast;
        return n.op() instanceof Elementwise e && !cast ? (double) Cost.of(e, n.in().size(), n.dtype()) * n.shape().size() : n.shape().size();
    }

    // ------------------------------------------------------------------------------------------------- choice

    private List<Bundle> bundles() {
        Map<Set<Integer>, List<Candidate>> byKept = new LinkedHashMap<>();
        for (int node : passing) {
            candidate(node).ifPresent(c -> byKept.computeIfAbsent(c.kept.isEmpty() ? Set.of(c.node) : c.kept, k -> new ArrayList<>()).add(c));
        }
        List<Bundle> out = new ArrayList<>();
        for (List<Candidate> together : byKept.values()) {
            long freed = together.stream().mapToLong(c -> bytes(c.node)).sum();
            long kept = together.getFirst().kept.stream().mapToLong(this::bytes).sum();
            double work = together.stream().flatMap(c -> c.chain.stream()).mapToDouble(this::work).sum();
            if (freed > kept) {
                out.add(new Bundle(together, (freed - kept) / (work + freed)));
            }
        }
        out.sort(Comparator.comparingDouble(Bundle::gain).reversed());
        return out;
    }

    private Optional<Candidate> candidate(int node) {
        Set<Integer> late = new TreeSet<>();
        int begin = steps.size();
        for (int u : users.getOrDefault(node, Set.of())) {
            if (firstStep[u] > peak) {
                late.add(u);
                begin = Math.min(begin, firstStep[u]);
            }
        }
        int before = begin - 1;
        while (before >= peak && steps.get(before).nodes().isEmpty()) {
            before--;
        }
        if (late.isEmpty() || before < peak) {
            return Optional.empty();
        }
        Set<Integer> chain = new TreeSet<>();
        Set<Integer> kept = new TreeSet<>();
        follow(node, chain, kept, LONGEST_CHAIN);
        return Optional.of(new Candidate(node, steps.get(before).nodes().getLast(), late, chain, kept));
    }

    /// Says what is computed again for a node and what has to be kept for that.
    private void follow(int node, Set<Integer> chain, Set<Integer> kept, int depth) {
        chain.add(node);
        for (int o : graph.node(node).in()) {
            int b = graph.base(o);
            if (chain.contains(b) || alive.contains(b) || graph.node(b).op() instanceof Leaf) {
                continue;
            }
            if (isCheap(b) && depth > 0) {
                Set<Integer> longer = new TreeSet<>(chain);
                Set<Integer> more = new TreeSet<>(kept);
                follow(b, longer, more, depth - 1);
                // as much memory, but shared with others that follow from the same
                if (total(more) <= total(kept) + bytes(b)) {
                    chain.addAll(longer);
                    kept.addAll(more);
                    continue;
                }
            }
            kept.add(b);
        }
    }

    private long total(Set<Integer> nodes) {
        return nodes.stream().mapToLong(this::bytes).sum();
    }

    // ------------------------------------------------------------------------------------------------- change

    /// The graph in which candidates are computed again.
    private Graph apply(List<Bundle> bundles) {
        List<Graph.Node> nodes = new ArrayList<>(graph.nodes());
        List<Double> rank = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            rank.add((double) i);
        }
        for (Candidate c : bundles.stream().flatMap(b -> b.candidates.stream()).toList()) {
            Map<Integer, Integer> again = new HashMap<>();
            double at = c.late.stream().mapToInt(Integer::intValue).min().orElseThrow() - 0.5;
            for (int u : c.late) {
                Graph.Node n = nodes.get(u);
                List<Integer> in = n.in().stream().map(o -> o < graph.size() && graph.base(o) == c.node ? copy(o, c, again, nodes) : o).toList();
                nodes.set(u, new Graph.Node(n.op(), in, n.type()));
            }
            while (rank.size() < nodes.size()) {
                rank.add(at);
            }
        }
        return sorted(nodes, rank);
    }

    /// The number of the copy of a node of the chain, or of a view of one; other nodes are only made to wait for the anchor.
    private int copy(int node, Candidate c, Map<Integer, Integer> again, List<Graph.Node> nodes) {
        Integer known = again.get(node);
        if (known != null) {
            return known;
        }
        Graph.Node n = graph.node(node);
        Graph.Node made;
        if (n.isLiteral()) {
            return node;
        } else if (c.chain.contains(node) || (Graph.isView(n.op()) && c.chain.contains(graph.base(node)))) {
            List<Integer> in = new ArrayList<>();
            for (int i = 0; i < n.in().size(); i++) {
                boolean wait = n.op() instanceof Identity.After && i == 0;
                in.add(wait ? n.in().get(i) : copy(n.in().get(i), c, again, nodes));
            }
            made = new Graph.Node(n.op(), List.copyOf(in), n.type());
        } else {
            made = new Graph.Node(new Identity.After(), List.of(c.anchor, node), n.type());
        }
        nodes.add(made);
        again.put(node, nodes.size() - 1);
        return nodes.size() - 1;
    }

    /// What the roots need, operands first, otherwise by rank.
    private Graph sorted(List<Graph.Node> nodes, List<Double> rank) {
        boolean[] needed = new boolean[nodes.size()];
        List<Integer> stack = new ArrayList<>();
        for (int r : graph.roots()) {
            stack.add(r);
        }
        for (int i = 0; i < graph.size(); i++) {
            if (graph.node(i).op() instanceof Leaf.Input || graph.node(i).op() instanceof Leaf.Data) {
                stack.add(i);
            }
        }
        while (!stack.isEmpty()) {
            int i = stack.removeLast();
            if (!needed[i]) {
                needed[i] = true;
                stack.addAll(nodes.get(i).in());
            }
        }
        int[] waits = new int[needed.length];
        List<List<Integer>> waiting = new ArrayList<>();
        PriorityQueue<Integer> ready = new PriorityQueue<>(Comparator.<Integer>comparingDouble(rank::get).thenComparing(Comparator.naturalOrder()));
        for (int i = 0; i < needed.length; i++) {
            waiting.add(new ArrayList<>());
        }
        for (int i = 0; i < needed.length; i++) {
            if (needed[i]) {
                for (int o : nodes.get(i).in()) {
                    waiting.get(o).add(i);
                    waits[i]++;
                }
                if (waits[i] == 0) {
                    ready.add(i);
                }
            }
        }
        int[] to = new int[needed.length];
        List<Graph.Node> out = new ArrayList<>();
        while (!ready.isEmpty()) {
            int i = ready.remove();
            Graph.Node n = nodes.get(i);
            to[i] = out.size();
            out.add(new Graph.Node(n.op(), n.in().stream().map(o -> to[o]).toList(), n.type()));
            for (int u : waiting.get(i)) {
                if (--waits[u] == 0) {
                    ready.add(u);
                }
            }
        }
        for (int i = 0; i < needed.length; i++) {
            if (needed[i] && waits[i] > 0) {
                throw new IllegalStateException("compile: recomputed nodes wait for each other");
            }
        }
        int[] roots = graph.roots();
        for (int r = 0; r < roots.length; r++) {
            roots[r] = to[roots[r]];
        }
        return new Graph(out, roots);
    }
}
