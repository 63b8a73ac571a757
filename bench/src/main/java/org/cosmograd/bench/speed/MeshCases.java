package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.List;
import java.util.function.Function;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.MassAssignment;
import org.cosmograd.autodiff.Tensor;

/// Cloud-in-cell mass assignment: a particle for each cell of a periodic mesh of 128³, in the order of the lattice, displaced by up to a
/// cell along each axis.
final class MeshCases {
    private static final int RUNS = 10;
    private static final int N = 128;

    private MeshCases() {}

    static List<Case> all() {
        return List.of(
                mesh("cic_paint_128", "paint 128³ particles on a mesh of 128³", v -> paint(v.get(0))),
                mesh("cic_read_128", "read a mesh of 128³ at 128³ particles", v -> MassAssignment.CLOUD_IN_CELL.read(v.get(1), v.get(0))),
                mesh("cic_paint_read_128", "paint 128³ particles on a mesh of 128³ and read it at them",
                        v -> MassAssignment.CLOUD_IN_CELL.read(paint(v.get(0)), v.get(0))));
    }

    private static Tensor paint(Tensor x) {
        return MassAssignment.CLOUD_IN_CELL.paint(x, N, N, N);
    }

    private static Case mesh(String name, String about, Function<List<Tensor>, Tensor> f) {
        return Case.of(name, about, RUNS, Expressions.of(f, () -> List.of(particles(), normal(1, N, N, N)))).items((long) N * N * N);
    }

    private static Tensor particles() {
        int[] lattice = {N, N, N};
        Tensor along = Tensor.linspace(0, N - 1, N).cast(DType.F32);
        Tensor sites = Tensor.stack(3,
                along.reshape(N, 1, 1).broadcastTo(lattice), along.reshape(1, N, 1).broadcastTo(lattice), along.reshape(1, 1, N).broadcastTo(lattice));
        return Expressions.evaluated(sites.reshape(-1, 3).add(Key.of(2).uniform(DType.F32, N * N * N, 3)));
    }
}
