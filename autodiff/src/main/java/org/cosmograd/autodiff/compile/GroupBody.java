package org.cosmograd.autodiff.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.ElementFunction;
import org.cosmograd.autodiff.kernel.LoopSpec;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.op.Elementwise;
import org.cosmograd.autodiff.op.Leaf;

/// The computation of a group, gathered from its results backwards.
final class GroupBody {
    private final Graph graph;
    private final List<Integer> members;
    private final boolean[] repeated;
    private final IntFunction<View> view;
    final Map<View, Integer> sources = new LinkedHashMap<>();
    final List<DType> sourceTypes = new ArrayList<>();
    // values before the number of sources is known: sources as -1-i, instructions as i
    final Map<Integer, Integer> values = new HashMap<>();
    final Map<LoopSpec.Instruction, Integer> known = new LinkedHashMap<>();

    /// @param members the nodes of the group
    /// @param repeated nodes that are computed wherever they are used
    /// @param view where the elements of other nodes are
    GroupBody(Graph graph, List<Integer> members, boolean[] repeated, IntFunction<View> view) {
        this.graph = graph;
        this.members = members;
        this.repeated = repeated;
        this.view = view;
    }

    int value(int node) {
        Integer v = values.get(node);
        if (v == null) {
            v = make(node);
            values.put(node, v);
        }
        return v;
    }

    private int make(int node) {
        Graph.Node n = graph.node(node);
        if (n.op() instanceof Leaf.Literal l) {
            return instruction(new Functions.Constant(l.value()), n.dtype(), List.of());
        } else if (!members.contains(node) && !repeated[node]) {
            int shown = graph.base(node);
            return repeated[shown] ? moved(node, graph.node(shown)) : source(view.apply(node), n.dtype());
        }
        ElementFunction f = (Elementwise) n.op();
        List<Integer> in = n.in();
        if (n.op() instanceof Elementwise.Cast) {
            f = new Functions.Convert(graph.node(in.getFirst()).dtype());
        } else if (n.op() instanceof Elementwise.Select
                && (members.contains(in.getFirst()) || repeated[in.getFirst()])
                && graph.node(in.getFirst()).op() instanceof Elementwise.Compare c) {
            List<Integer> compared = graph.node(in.getFirst()).in();
            f = new Functions.Choose(c);
            in = List.of(compared.get(0), compared.get(1), in.get(1), in.get(2));
        }
        List<Integer> arguments = new ArrayList<>();
        for (int o : in) {
            arguments.add(value(o));
        }
        return instruction(f, n.dtype(), arguments);
    }

    private int source(View v, DType type) {
        Integer s = sources.get(v);
        if (s == null) {
            s = sources.size();
            sources.put(v, s);
            sourceTypes.add(type);
        }
        return -1 - s;
    }

    /// What a view shows of a node that is repeated where it is used: its operation on what the view would show of its operands.
    private int moved(int node, Graph.Node shown) {
        List<Integer> arguments = new ArrayList<>();
        for (int o : shown.in()) {
            arguments.add(graph.node(o).isLiteral()
                    ? value(o)
                    : source(Turns.shown(graph, node, view.apply(o)).orElseThrow(), graph.node(o).dtype()));
        }
        return instruction((Elementwise) shown.op(), shown.dtype(), arguments);
    }

    private int instruction(ElementFunction f, DType type, List<Integer> arguments) {
        LoopSpec.Instruction x = new LoopSpec.Instruction(f, type, arguments);
        Integer number = known.putIfAbsent(x, known.size());
        return number == null ? known.size() - 1 : number;
    }

    int number(int node) {
        return place(value(node));
    }

    private int place(int value) {
        return value < 0 ? -1 - value : sources.size() + value;
    }

    List<LoopSpec.Source> sourceSpecs() {
        List<LoopSpec.Source> out = new ArrayList<>();
        for (DType t : sourceTypes) {
            out.add(new LoopSpec.Source(t, Access.UNIT));
        }
        return out;
    }

    List<LoopSpec.Instruction> instructions() {
        List<LoopSpec.Instruction> out = new ArrayList<>();
        for (LoopSpec.Instruction x : known.keySet()) {
            List<Integer> arguments = new ArrayList<>();
            for (int a : x.arguments()) {
                arguments.add(place(a));
            }
            out.add(new LoopSpec.Instruction(x.function(), x.type(), arguments));
        }
        return out;
    }
}
