package org.cosmograd.autodiff.compile;

import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.kernel.MeshArrangeTask;
import org.cosmograd.autodiff.kernel.MeshSpec;
import org.cosmograd.autodiff.kernel.MeshTask;
import org.cosmograd.autodiff.op.Mesh;

/// From exchanges between particles and meshes as operations to their tasks.
record Meshes(Graph graph, Values values, Steps steps) {

    void arrange(int i, Mesh.Arrange a) {
        Graph.Node n = graph.node(i);
        View x = values.dense(n.in().getFirst());
        int particles = x.shape().dim(0);
        View to = values.define(i);
        // what is kept may be painted with later
        boolean kept = IntStream.of(graph.roots()).anyMatch(r -> r == i);
        boolean sort = kept || IntStream.range(0, graph.size())
                .mapToObj(graph::node)
                .filter(u -> u.in().contains(i))
                .anyMatch(u -> u.op() instanceof Mesh.Paint || MeshTask.scratchLength(spec(u), particles) > 0);
        steps.add(
                () -> new MeshArrangeTask(
                        particles, a.scheme().support(), a.mesh(), graph.node(n.in().getFirst()).dtype(), sort, x.operand(), to.operand()),
                List.of(x),
                List.of(to),
                List.of(i),
                particles);
    }

    void paint(int i) {
        List<View> in = graph.node(i).in().stream().map(values::dense).toList();
        View to = values.define(i);
        exchange(i, in, in.get(0), in.get(1), in.size() > 2 ? in.get(2) : in.get(0), to, to);
    }

    void read(int i) {
        List<View> in = graph.node(i).in().stream().map(values::dense).toList();
        View to = values.define(i);
        exchange(i, in, in.get(1), in.get(2), to, in.get(0), to);
    }

    /// @param x positions of the particles
    /// @param order what [Mesh.Arrange] found
    /// @param numbers what the particles carry to the mesh or from it; the positions if each counts as 1
    private void exchange(int i, List<View> in, View x, View order, View numbers, View mesh, View to) {
        MeshSpec spec = spec(graph.node(i));
        int particles = x.shape().dim(0);
        View scratch = steps.scratch(spec.type(), MeshTask.scratchLength(spec, particles));
        steps.add(
                () -> new MeshTask(spec, particles, x.operand(), order.operand(), numbers.operand(), mesh.operand(), scratch.buffer()),
                in,
                List.of(to, scratch),
                List.of(i),
                spec.operations() * (double) particles);
    }

    /// What a node that paints or reads does.
    private MeshSpec spec(Graph.Node n) {
        Mesh op = (Mesh) n.op();
        boolean read = op instanceof Mesh.Read;
        Shape meshes = read ? graph.node(n.in().getFirst()).shape() : n.shape();
        return new MeshSpec(!read, n.in().size() > 2, n.dtype(), op.scheme().support(), op.mesh(meshes), op.orders(), meshes.dim(0));
    }
}
